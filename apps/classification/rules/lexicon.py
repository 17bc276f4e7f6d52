"""Words that column names are made of, in seven languages, and the types they speak for."""

from __future__ import annotations

from typing import Final

# Short forms and what they stand for; both sides are single words without accents.
ABBREVIATIONS: Final[dict[str, str]] = dict(
    pair.split("=")
    for pair in """
nm=name nme=name nam=name fnm=fname lnm=lname dt=date dte=date dat=date no=number nr=number num=number
nbr=number nums=number numb=number numero=number nummer=number num_=number numer=number addr=address
adr=address addrs=address adresse=address direccion=address indirizzo=address endereco=address adres=address
cd=code cde=code cod=code kod=code codigo=code codice=code amt=amount amnt=amount tel=phone ph=phone
phon=phone phn=phone telephone=phone telefon=phone telefono=phone telefone=phone telefoon=phone
tlf=phone fon=phone mob=mobile cell=mobile cellulare=mobile movil=mobile celular=mobile handy=mobile
mobiltelefon=mobile portable=mobile cust=customer cst=customer clnt=client emp=employee empl=employee
pat=patient pt=patient usr=user mbr=member acct=account acc=account acnt=account mgr=manager
dept=department qty=quantity cnt=count ct=count cantidad=quantity quantidade=quantity menge=quantity
quantita=quantity pct=percent perc=percent prc=percent percentage=percent prozent=percent ccy=currency
curr=currency waehrung=currency wahrung=currency devise=currency moneda=currency valuta=currency moeda=currency
desc=description descr=description dsc=description beschreibung=description descripcion=description
descrizione=description descricao=description omschrijving=description yr=year jahr=year annee=year ano=year
anno=year jaar=year mon=month monat=month mois=month mes=month mese=month wk=week woche=week ts=timestamp
tstamp=timestamp tmstmp=timestamp cntry=country ctry=country land=country pays=country pais=country
paese=country st=state stt=state prov=province reg=region cty=city ville=city stadt=city ort=city
ciudad=city citta=city cidade=city stad=city plaats=city town=city wohnort=city localidad=city lng=longitude
lon=longitude lat=latitude long=longitude longitud=longitude latitud=latitude pwd=password passwd=password
pswd=password passwort=password kennwort=password contrasena=password senha=password wachtwoord=password
clave=password img=image pic=picture foto=photo msg=message txt=text cmt=comment org=organisation
organization=organisation co=company comp=company firma=company empresa=company entreprise=company
azienda=company bedrijf=company societe=company ditta=company mfg=manufacturer sal=salary wt=weight ht=height
temp=temperature lang=language sprache=language langue=language idioma=language lingua=language taal=language
ua=useragent ins=insurance mail=email emailid=email correo=email posta=email courriel=email flg=flag ind=flag
ref=reference seq=sequence stat=status sts=status estado=status_or_state typ=type tipo=type tp=type
dx=diagnosis rx=prescription lic=license licence=license veh=vehicle reg=registration exp=expiry
expiration=expiry expire=expiry expires=expiry pmt=payment meth=method bal=balance saldo=balance
dob=dob birthdate=birthdate geburtsdatum=birthdate ip=ip mac=mac geb=birth nac=birth nacimiento=birth nascita=birth
nascimento=birth naissance=birth geboorte=birth geburt=birth fec=date fecha=date datum=date data=date
prenom=firstname vorname=firstname voornaam=firstname nombre=nombre nome=nome nom=nom apellido=lastname
apellidos=lastname cognome=lastname nachname=lastname familienname=lastname achternaam=lastname sobrenome=lastname
surname=lastname sname=lastname lname=lastname fname=firstname forename=firstname givenname=firstname
mname=middlename geschlecht=gender sexe=gender sexo=gender sesso=gender genero=gender geslacht=gender sex=gender
alter=age edad=age eta=age idade=age leeftijd=age strasse=street str=street rue=street calle=street via=street
rua=street straat=street hausnummer=housenumber hausnr=housenumber civico=housenumber huisnummer=housenumber
plz=postcode postleitzahl=postcode cap=postcode cep=postcode cp=postcode zip=postcode zipcode=postcode
postalcode=postcode zc=postcode codepostal=postcode betrag=amount montant=amount importe=amount importo=amount
valor=amount bedrag=amount preis=price precio=price prix=price prezzo=price preco=price prijs=price
gehalt=salary salaire=salary salario=salary stipendio=salary loon=salary lohn=salary kunde=customer cliente=customer
klant=customer kunden=customer clientes=customer empleado=employee mitarbeiter=employee employe=employee
dipendente=employee funcionario=employee medewerker=employee paciente=patient patiente=patient paziente=patient
benutzer=user usuario=user utilisateur=user utente=user gebruiker=user benutzername=username
bemerkung=comment bemerkungen=comment notiz=comment notizen=comment remarque=comment observaciones=comment
comentario=comment comentarios=comment kommentar=comment beruf=occupation profesion=occupation
professione=occupation profissao=occupation beroep=occupation metier=occupation kategorie=category
categoria=category categorie=category staatsangehoerigkeit=nationality nationalitat=nationality
nationalite=nationality nacionalidad=nationality nazionalita=nationality nacionalidade=nationality
uhrzeit=time hora=time heure=time ora=time tijd=time zeit=time zeitpunkt=timestamp anzahl=count nombre_=count
aantal=count beginn=start ende=end inicio=start fin=end einkommen=income revenu=income ingresos=income
renda=income reddito=income inkomen=income steuernummer=taxid steuerid=taxid sozialversicherungsnummer=ssn
personalausweis=idcard reisepass=passport pasaporte=passport passeport=passport passaporto=passport
fuehrerschein=driverlicense fuhrerschein=driverlicense kennzeichen=plate matricula=plate targa=plate
kontonummer=accountnumber blutgruppe=bloodtype religion=religion krankheit=disease diagnose=diagnosis
diagnostico=diagnosis diagnostic=diagnosis familienstand=maritalstatus provincia=province bundesland=state
comune=city gemeinde=city kanton=state departement=state departamento=state wijk=district barrio=district
creation=created modified=updated modification=updated upd=updated alta=created geandert=updated erstellt=created
geaendert=updated begin=start url=url uri=url href=url lien=url enlace=url hash=hash chk=check pos=position
poste=position puesto=position cargo=position stelle=position bairro=district rg=idcard
""".split()
)

# Who a name may belong to: "customer_email" is an e-mail as much as "email".
PEOPLE: Final = frozenset(
    """customer client employee patient user member person contact student teacher passenger guest
    applicant candidate subscriber buyer seller driver doctor physician nurse provider player author
    staff worker visitor donor owner tenant resident citizen voter consumer child parent guardian
    spouse beneficiary insured policyholder holder cardholder recipient sender reviewer manager
    supervisor agent assignee requester creator officer attendee participant subject enrollee
    dependent relative kin nominee leader host actor director coach winner loser friend lead people
    customers clients employees patients users members persons contacts students drivers
    players individual individuals""".split()
)
QUALIFIERS: Final = frozenset(
    """primary secondary work home personal private main billing shipping delivery business office
    old new current prev previous other alt alternate alternative emergency permanent mailing
    residential the my their is1 full default official legal registered preferred bill ship to from
    src dst source destination sap crm hr tbl col fld str1 value val raw clean mode max min avg x y
    extracted metadata physical pickup dropoff origin dest remote hq""".split()
)
# Names that mean that rows are organisations, things or happenings.
ORGANISATIONS: Final = frozenset(
    """company companies organisation organisations supplier suppliers vendor vendors store stores
    branch branches shop shops school schools university hospital hospitals bank banks airport
    airports partner partners merchant merchants dealer club clubs team teams publisher publishers
    agency department departments institution facility site office offices location locations
    warehouse enterprise business""".split()
)
THINGS: Final = frozenset(
    """product products item items article articles device devices part parts category categories
    book books film films movie movies song songs vehicle vehicles car cars drug drugs medicine
    country countries city cities currency currencies code codes icd10 icd region regions tax rate
    rates setting settings scenario scenarios concept vocabulary property listing""".split()
)

# type|phrases, each a run of words; a leading "=" means the whole name, nothing before or after.
PHRASES: Final = """
id.record|id, ids, key, pk, fk, number, rowid, sku, =code, customer code, employee number, invoice number, order number, account number, accountnumber, guid id, reference, reference number, serial, case number, ticket, unnamed, record id, cost centre, cost center, =pid, =tid, =cid, sno, =s number, uid, hadm, concept id, identifier, matricule, =filename id, flight
id.uuid|uuid, guid
other|status, type, kind, category, class, group, level, segment, tier, stage, state of, reason, channel, purpose, department, department name, relation, relationship, colour, color, size, unit, priority, grade code, season, weekday, day of week, month, =day, birth month, birth day, day of birth, month of birth, industry, sector, event, action, role type, gender type, phone type, address type, email type, email status, region type, account type, result, method, mode, source type, style, theme, rating class, shift, position type, category name, key name, setting key, habit, size top, favourite, fav, flair, hand, surface, condition type, contract, housing, insurance type, business travel, status_or_state, label type, frequency, plan, pack, language type, name set, branch, travel, source name
quantity|count, quantity, total number, score, rating, rank, weight, height cm, width, length, depth, area, volume, duration count, size mb, bytes, employees, visits, orders, items, seats, points, distance, speed, temperature, humidity, pressure, population, votes, floor area, horizon, years, months inactive, age days, days since, experience, tenure, orders count, line number, line, sequence, sequence number, position number, number of, refills, tablets, satisfaction, rate, capacity, stock, rooms, bedrooms, bathrooms, clicks, opens, views, likes, downloads, children count, household size, calls, latency, ms, kb, mb, gb, kg, km, cm, mm, grams, screen, index, value count, battery, frequency khz, megapixels, marks, performance, quota, tasks, injuries, fatalities, deaths, number children, dependents count, dependent count, zimmer, plazo, peso kg, years at, retries, attempts, followers, ups, downs, supply
percentage|percent, ratio, share, interest rate, tax rate, discount rate, proportion, fraction, probability, likelihood, churn rate, margin, rate percent, percent hike
date|date, day, on, start date, end date, due, hired, hired on, left on, opened on, valid from, valid to, valid until, issued on, period, deadline, starts, starts on, ends, ends on, since, effective, expiry, debut, scored on, checked on, birthday of, order date, created date, updated date, join date, enrolment date, graduation date, valid starting, valid end
datetime|at, timestamp, datetime, time stamp, created at, updated at, deleted at, created, updated, last login, last seen, last updated, last update, modified at, modified on, utc, epoch, signed up, login time, logout time, login at, moment, started, finished, expires at, admittime, dischtime, =ts, created time, time created, write date
time|time, =opens, =closes, clock, start time, end time, opening time, closing time, time of day
year|year, =yyyy, release year, model year, year of
duration|duration, seconds, minutes, hours, days, elapsed, handling, runtime, timeout, ttl, length minutes, tenure days, horizon days, age in days, stay length, length of stay
timezone|timezone, time zone, tz, zeitzone, fuso
boolean|is, has, flag, verified, active, enabled, disabled, deleted, approved, valid, confirmed, allow, allowed, can, should, opt in, optin, subscribed, default, discontinued, billable, passed, member, vip, mfa, newsletter, yn, bool, boolean, owns, own, locked, blocked, archived, completed, paid flag, supported, attrition, churn, required, hidden, public, =hasemail, use, was, are, did
code|code, iso, fips, iata, icao, ticker, tld, promo code, coupon, voucher code, coupon code, dialling code, calling code, phone code, country calling code, area code, currency number, symbol, isin, cusip, naics, sic, status code, http status, response code, error code, hs code, ccn, tariff
language|language, locale, languages, preferred language, language code, mother tongue, culture
text.free|comment, comments, note, notes, remark, remarks, description, text, body, content, message, feedback, review, review text, summary, memo, abstract, bio, biography, about, story, details, instructions, subject, subject line, narrative, clinical notes, medical note, observation, observations, free text, transcript, answer text, complaint, question, explanation, tags, raw text
data.json|json, payload, document, metadata, attributes, properties, params, parameters, config, settings, options, extra, context data, headers, jsonb, response body, request body
data.binary|blob, binary, thumbnail, image, picture data, attachment, bytes data, file data, content blob
data.hash|hash, checksum, md5, sha1, sha256, digest, fingerprint hash, etag, crc, signature hash, content hash, file hash
file.path|path, file path, filepath, file, filename, file name, folder, directory, attachment path, action url
person.full_name|full name, fullname, name of person, customer name, customer nome, nome customer, nombre customer, nombre employee, client name, employee name, patient name, user full name, person name, contact name, contact person, cardholder, cardholder name, card holder, card holder name, account holder, holder name, display name, applicant name, doctor name, physician, physician name, author name, author, student name, teacher, driver name, guest name, passenger name, player, player name, recipient name, sender name, manager name, owner name, spouse name, emergency contact, emergency contact name, emergency name, signatory, assignee name, provider name, =applicant, =customer, =client, =employee, =patient, =doctor, =person, agent name, host full name, legal name, vendedor, vendeur, medico, arzt, created by name, nom complet, nombre completo, nome completo, vollstandiger name, naam, volledige naam, voor en achternaam, name first last, seller name, nominee, next of kin, guardian name, parent name, representative, nome employee, nom employee, name employee, metadata from, director, actor, nachname vorname
person.first_name|first name, firstname, given name, given, first, name first, christian name, host name first, contact first name, =nombre, prename, call name, fore name, nickname, preferred name, rufname
person.middle_name|middle name, middlename, middle initial, middle, second name, initial, patronymic, mi
person.last_name|last name, lastname, family name, family, last, name last, maiden name, maiden, mothers maiden, mother maiden name, birth name, second surname, nom family, nom de famille
person.name_prefix|prefix, salutation, anrede, honorific, name prefix, title of courtesy, courtesy title, name suffix, suffix, civilite, tratamiento, titolo, aanhef, =title
person.date_of_birth|dob, birth date, birthdate, date of birth, date birth, birthday, birth, bday, birth datetime, born, born on, date de birth, date di birth, d o b, geburtstag, birth day full, fec birth, date nasc
person.birth_year|birth year, year of birth, birthyear, yob, geburtsjahr, year birth, year de birth
person.date_of_death|date of death, death date, deceased on, died on, dod, deceased date, death time, deathtime, death datetime, todesdatum, date deces
person.age|age, age years, age group, age range, age band, age at, anchor age, customer age
person.gender|gender, gender code, gender concept id, gender source value, gender source concept id, male female, m f
person.ethnicity|ethnicity, ethnic group, race, ethnic, ethnicity concept id, race concept id, ethnicity source value, race source value, ethnic origin, etnia, ethnie, raza
person.nationality|nationality, citizenship, nacionality, country of citizenship
person.religion|religion, religious, faith, denomination, belief, konfession, confession, religiao
person.political_opinion|political, political party, party affiliation, political affiliation, political opinion, political view, party membership, voting intention
person.sexual_orientation|sexual orientation, orientation sexual, sexuality
person.trade_union|trade union, union member, union membership, labor union, labour union, gewerkschaft, syndicat, sindicato
person.criminal_record|criminal record, criminal, conviction, convictions, offence, offense, felony, criminal history, arrest, casier judiciaire, antecedentes penales, vorstrafen
person.biometric|biometric, fingerprint, face embedding, faceprint, iris, retina, voiceprint, face template, fingerprint template, biometric template, face encoding, facial
person.photo|photo, portrait, selfie, profile picture, profile photo, headshot, avatar image, passport photo, face image
person.score|churn score, risk score, propensity, propensity score, lead score, customer score, fraud score, credit risk score, loyalty score, behaviour score, behavior score, customer lifetime value, clv, engagement score
person.guardian_consent|guardian consent, parental consent, parent consent, consent guardian, consent parent
person.job_title|job title, job, occupation, position, profession, job name, designation, job position, contact title, jobtitle, title of job, job role, specialty source value, applied for, funktion, job description title, role title, employment title, employee title, rank title
person.marital_status|marital status, marital, maritalstatus, civil status, civil state, status_or_state civil, etat civil, estado civil, stato civile, burgerlijke staat, married
person.education|education, education level, degree, qualification, highest education, schooling, academic degree, education type, graduation
consent.record|consent, consent given, gdpr consent, marketing consent, consented, consent status, opt in consent, privacy consent, terms accepted, einwilligung, consentement, consentimiento
contact.email|email, e mail, email address, e mail address, emailaddress, mail address, contact email, email to, email from, work email
contact.phone|phone, phone number, mobile, mobile number, phone mobile, mobile phone, cell phone, contact number, home phone, work phone, phonenumber, phone home, msisdn, landline, whatsapp, call number, festnetz, rufnummer, celphone
contact.fax|fax, fax number, telefax, faxnummer, facsimile
address.street|street, street address, address, address line, address line1, address1, street name, address street, mailing address, billing address, shipping address, home address, full address, residence, strasse, domicilio, domicile, street number name, anschrift, wohnanschrift, streetaddress, via address, lieu dit, locatie, libelle street, thoroughfare, street number
address.house_or_unit|house number, housenumber, house, apartment, apt, apt number, suite, unit number, flat, building number, door number, address line2, address2, second address, street no, complement, hausnummer, floor number, bldg
address.city|city, city name, address city, municipality, locality, birth city, birthplace, place of birth, birth place, suburb, place residence, hometown, customer city
address.region|region, state, province, county, state code, state name, province name, region name, address state, status_or_state, birth state, district, prefecture, state province, territory, state full, landkreis
address.postal_code|postcode, post code, postal code, postal, postcode code, code postal, postal zip, zip code, address post code, postal number, pincode, pin code, eircode, postzahl
address.country|country, country name, country of residence, birth country, death country, nation, address country, country full, country of birth
address.country_code|country code, country iso, iso country, country iso2, country iso3, iso code2, iso code3, cca2, cca3, alpha2, alpha3, alpha two code, =cc, nation code, country2, cioc, company location, iso2, iso3
geo.latitude|latitude, gps latitude, geo latitude, coord y
geo.longitude|longitude, gps longitude, geo longitude, coord x
geo.point|geo point, geolocation, coordinates, lat longitude, latitude longitude, latlng, latlong, latlon, gps, geom, geometry, point, gps coordinates, position gps, coords, location point, pickup location, dropoff location
geo.place|location, place, site, venue, market, neighbourhood, neighborhood, destination, origin, district name, station, origin location, destination location, landmark, area name, zone, continent
gov.national_id|ssn, social security number, social security, national id, nationalid, national identification, national identification number, national insurance number, nino, personal number, personnummer, cpf, dni, nie, nif, curp, nir, aadhaar, aadhar, pan card, codice fiscale, code fiscal, cod fiscale, code fiscale, cf, fiscal code, bsn, burgerservicenummer, pesel, taxid, tax id, tax number, tax payer id, identity number, identity card, idcard, id card number, sin, tin, cedula, rut, citizen id, national number, sozialversicherung, social insurance number, steuer id, id number personal, numero securite sociale, bi number
gov.passport|passport, passport number, passport id, passportnumber, travel document
gov.driver_license|driver license, drivers license, driver license number, driving license, driverlicense, driver license id, license number, dl number, permis de conduire, carta de conducao, permiso conducir, patente, rijbewijs, drivers, driver lic
vehicle.vin|vin, vehicle identification number, vehicle identification, chassis number, chassis, vin number
vehicle.license_plate|license plate, plate, plate number, registration plate, vehicle registration, number plate, vehicle number, licenseplate, placa, nummerschild, kfz
finance.amount|amount, price, cost, fee, charge, total, subtotal, tax, net amount, gross amount, vat amount, discount, revenue, budget, payment amount, value amount, unit price, list price, unit cost, paid, spend, spent, refund, refunds, basket, voucher total, deposit, turnover, sales, profit, loan amount, credit limit, principal, fare, tip, total amount, expense, expenses, gastos, tax withheld, umsatz, kosten, coste, coût, cout, costo, custo, total price, premium, loss amount, annual revenue, price max, price min, rental rate, commission, comisione, rent, bid, budget amount, venda, vendita, ship paid
finance.income|salary, income, wage, wages, pay, gross pay, net pay, annual income, yearly income, monthly income, base salary, compensation, bonus, earnings, hourly rate, daily rate, monthly rate, remuneration, payroll amount, expected salary, income total, stipend, salary amount, income category, salary in usd, gross salary, net salary
finance.account_balance|balance, account balance, current balance, outstanding balance, debt, kontostand, solde, deuda, available balance, closing balance
finance.credit_score|credit score, fico, fico score, credit rating, bonitat, schufa, creditscore, score credit
finance.credit_card_number|credit card, credit card number, card number, cardnumber, creditcard, pan, =ccn, cc number, ccnumber, card no, payment card, debit card, debit card number, kreditkarte, kreditkartennummer, carte bancaire, tarjeta, numero tarjeta, carta credito, primary account number, creditcardnumber, card pan
finance.card_security_code|cvv, cvc, cvv2, cvc2, security code, card security code, cid code, cc cvc, cvn, csc, card verification, prufziffer karte
finance.card_expiry|card expiry, expiry month, expiry year, cc expiry, card exp, exp date card, cc expiry date, ccexpires, cc expiredate, expiry date card, =expiry, valid thru, expiry mmyy, card expiry date, exp month, exp year
finance.card_track_data|track data, track1, track2, magnetic stripe, magstripe, track1 data, track2 data, track 1, track 2
finance.card_pin|card pin, pin block, pin, pinblock, atm pin, pin hash, encrypted pin
finance.card_hash|card hash, pan hash, hash pan, card number hash, hashed pan, card fingerprint, card token hash
finance.card_truncated|pan masked, masked pan, card last4, last4, card last four, last four, masked card, card masked, card number masked, truncated pan, pan truncated, card last 4, last 4 digits, pan last 4, last 4
finance.card_brand|card type, card brand, cc type, cctype, credit card type, card scheme, card network, brand card, cardtype
finance.payment_method|payment method, payment type, method of payment, pay method, payment mode, forma payment, forma pagamento, forma pago, zahlungsart, mode paiement, payment means, pay type, metodo pago
finance.currency_code|currency, currency code, iso currency, salary currency, currency id, base currency, transaction currency
finance.iban|iban, iban number, international bank account
finance.bank_account|bank account, bank account number, account number bank, routing number, sort code, aba, accountnumber bank, kontonr, bankleitzahl, blz, numero cuenta, conta bancaria, bsb
finance.bic|bic, swift, swift code, bic code, swift bic, bic swift
health.record_number|mrn, medical record number, medical record, patient number, chart number, nhs number, hospital number, health record number
health.insurance_id|insurance number, insurance id, health insurance number, insurance member id, health plan id, member id insurance, primary member id, secondary member id, medicare, medicaid, medicare number, beneficiary id, krankenversicherung, krankenversichertennummer, versichertennummer, kvnr, health card number, policy holder id, insurance policy number, subscriber insurance id
health.medical_code|icd, icd10, icd9, icd code, diagnosis code, dx code, procedure code, cpt, cpt code, snomed, loinc, rxnorm, atc, atc code, ndc, drg, hcpcs, medical code, med code, diagnosis icd, drug concept id, drug code, reason code med, icd10 code, med reason code, drug source concept id, drg code, condition code, aic
health.condition_or_procedure|diagnosis, disease, condition, medical condition, illness, symptom, symptoms, allergy, allergies, disability, procedure, treatment, surgery, medical history, health condition, diagnosis name, condition name, disease name, impairment, chief complaint, med reason description, erkrankung, enfermedad, maladie, malattia, doenca, comorbidity, motivo detallado, vaccination, vaccine
health.medication|medication, drug, drug name, medicine, prescription, medication name, medicament, farmaco, active ingredient, medikament, medicamento, drugname, med description, substance, dosage drug
health.measurement|blood pressure, bp systolic, bp diastolic, bp sys, bp dia, systolic, diastolic, heart rate, heartrate, pulse, bmi, glucose, cholesterol, body temperature, respiratory rate, spo2, oxygen saturation, temperature c, hba1c, hemoglobin, creatinine, ldl, hdl, lab result, blood sugar, body weight, body height, altura, waist, triglycerides, insulin
health.blood_type|blood type, blood group, bloodtype, groupe sanguin, grupo sanguineo, gruppo sanguigno, abo, bloodgroup
health.psychotherapy_notes|psychotherapy notes, psychotherapy, therapy notes, therapist notes, counseling notes, counselling notes, session notes therapy, psychiatric notes
health.genetic|genetic, genotype, dna, genome, snp, gene sequence, dna sequence, allele, karyotype, mutation, rsid
health.admission_date|admission date, admit date, admitted on, admitted at, admission time, admission, aufnahmedatum, date admission, admit time
health.discharge_date|discharge date, discharged on, discharged at, discharge time, discharge, entlassdatum, entlassungsdatum, date discharge, disch time
device.id|device id, imei, imsi, idfa, gaid, aaid, advertising id, device identifier, device token, udid, android id, device uuid, device serial, machine id, cookie id, visitor id, client device id, hardware id, meid
net.ipv4|ip, ip address, ipaddress, ipv4, ip4, client ip, remote address, last ip, remote ip, source ip, ip v4, srcaddr, dstaddr, host ip, login ip, signup ip
net.ipv6|ipv6, ip6, ip v6
net.mac_address|mac, mac address, macaddress, hwaddr, bssid, physical address mac, ethernet address
net.hostname|hostname, host name, host, domain, domain name, server name, fqdn, server, domains, subdomain
net.url|url, link, website, web site, homepage, web page, web pages, referrer, referer, permalink, photo url, image url, avatar, picture url, web, callback url, endpoint, site url, landing page, cv url, webpage, source link
net.user_agent|useragent, user agent, browser, agent string, device info, browser agent
user.username|username, user name, login, login name, user login, logon, screen name, handle, nick, userid name, account name, created by, updated by, modified by, uname, twitter handle, skype, github, author username, login id, last modified by, changed by
secret.password|password, pass, passphrase, pin password, user password, secret password, mot de passe, parola, password text, plain password, passcode
secret.password_hash|password hash, pass hash, hashed password, encrypted password, password digest, hash password, password salt, passwordhash, salt
secret.security_answer|security answer, secret answer, answer secret, challenge answer, recovery answer, security question answer, answer to question, hint answer
secret.api_token|api key, api token, token, access token, refresh token, auth token, bearer token, secret, client secret, session token, oauth token, apikey, access key, secret token, private token, webhook secret, jwt, csrf token, reset token, verification token
secret.encryption_key|encryption key, private key, secret key, aes key, master key, data key, signing key, key material, rsa key, symmetric key, ssh key
org.name|company, company name, organisation, organisation name, org name, employer, employer name, supplier name, supplier, vendor name, vendor, store name, shop name, bank name, bank, school name, university, hospital, hospital name, merchant, merchant name, partner name, manufacturer, brand, business name, publisher, agency, institution, airline, team, club, bill to, nome company, nom company, raison sociale, ragione sociale, razon social, trade name, operator, clinic name, insurer, primary insurance, secondary insurance, insurance name, carrier, facility name, branch name, team name, private insurance name, gps provider, firm
org.registration_number|vat, vat number, vat id, vat no, ust id, ustid, registration number company, company number, siren, siret, cnpj, ein, duns, lei, company registration, company registration number, tax registration, gst number, gstin, abn, kvk, trade register, number registration, partita iva, cif, handelsregister, tva, business number, crn
product.name|product, product name, item name, article name, item, produto, produkt, producto, produit, prodotto, article, model name, model, sku name, goods, product title, product description short, material, ingredient, device name, service name, artikel
product.isbn|isbn, isbn13, isbn10, isbn 13
product.barcode|ean, barcode, gtin, upc, ean13, bar code, ean code, jan code, upc code
work.title|title, book name, book title, movie title, film title, song, song title, album, track name, movie, headline, article title, tournament name, event name, story title, series, game, episode, film, tourney name, titel, titulo, titre
"""
# Pieces of names in scripts without spaces, as "piece=type".
SCRIPT_PIECES: Final[tuple[tuple[str, str], ...]] = tuple(
    (pair.partition("=")[0], pair.partition("=")[2])
    for pair in """
電話=contact.phone 电话=contact.phone 手机=contact.phone 携帯=contact.phone 전화=contact.phone
メール=contact.email 邮箱=contact.email 邮件=contact.email 이메일=contact.email почта=contact.email
телефон=contact.phone 氏名=person.full_name 姓名=person.full_name 名前=person.full_name 이름=person.full_name
фио=person.full_name 生年月日=person.date_of_birth 出生日期=person.date_of_birth 생년월일=person.date_of_birth
性別=person.gender 性别=person.gender 성별=person.gender 住所=address.street 地址=address.street
주소=address.street адрес=address.street 郵便番号=address.postal_code 邮编=address.postal_code
город=address.city 城市=address.city фамилия=person.last_name имя=person.first_name 国=address.country
身份证=gov.national_id паспорт=gov.passport 年齢=person.age 年龄=person.age возраст=person.age
パスワード=secret.password 密码=secret.password пароль=secret.password 金額=finance.amount 日付=date 日期=date
""".split()
)

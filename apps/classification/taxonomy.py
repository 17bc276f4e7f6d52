"""The semantic types: what each is called, how sensitive it is, and its Fideslang categories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from .types import SemanticType, Sensitivity

_LEVELS: Final = {
    "p": Sensitivity.PUBLIC.value,
    "i": Sensitivity.INTERNAL.value,
    "c": Sensitivity.CONFIDENTIAL.value,
    "r": Sensitivity.RESTRICTED.value,
}
GROUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "person": "People",
        "contact": "Contact",
        "address": "Address",
        "geo": "Place",
        "gov": "Government numbers",
        "health": "Health",
        "finance": "Finance",
        "secret": "Secrets",
        "user": "Accounts",
        "consent": "Consent",
        "device": "Devices and network",
        "net": "Devices and network",
        "vehicle": "Vehicles",
        "org": "Organisations",
        "product": "Products and works",
        "work": "Products and works",
        "id": "Keys and codes",
        "data": "Files and data",
        "file": "Files and data",
        "text": "Text",
    }
)
# name | title | sensitivity p/i/c/r | personal: always, context, never | category | description
# Data categories are keys of Fideslang (CC BY 4.0), with one extension for trade unions.
_ROWS: Final = """
id.record|Record key|i|context|user.unique_id|Key or business number of a row
id.uuid|UUID|i|context|user.unique_id|Key in the form of a UUID
other|Category|i|never||Status, kind, unit, colour or another short list of words
quantity|Quantity|i|never||A count, measure or score
percentage|Percentage|i|never||A share, rate or ratio
date|Date|i|never||A calendar date
datetime|Date and time|i|never||A moment, also as seconds since 1970
time|Time of day|i|never||A time without a date
year|Year|i|never||A calendar year
duration|Duration|i|never||A length of time
timezone|Time zone|p|never||A time zone
boolean|Yes or no|i|never||A flag with two values
code|Code|p|never||A code from an outside list
language|Language|p|never||A language or locale
text.free|Free text|i|context|user.content.private|Sentences that people wrote
data.json|Document|i|never||JSON or another structured document
data.binary|Binary data|i|never||Bytes, such as pictures or files
data.hash|Checksum|i|never||A digest of something
file.path|File path|i|never||A path or name of a file
person.full_name|Full name|c|always|user.name|A person's whole name
person.first_name|First name|c|always|user.name.first|A given name
person.middle_name|Middle name|c|always|user.name|A middle name or initial
person.last_name|Last name|c|always|user.name.last|A family name, also a former one
person.name_prefix|Form of address|c|always|user.name|A title before or after a name
person.date_of_birth|Date of birth|c|always|user.demographic.date_of_birth|A person's birthday
person.birth_year|Year of birth|c|always|user.demographic.date_of_birth|The year a person was born
person.date_of_death|Date of death|c|always|user.health_and_medical|When a person died
person.age|Age|c|always|user.demographic.age_range|A person's age or age group
person.gender|Gender|c|always|user.demographic.gender|Gender or sex, also coded
person.ethnicity|Ethnicity|r|always|user.demographic.race_ethnicity|Race or ethnic origin
person.nationality|Nationality|c|context|user.demographic.race_ethnicity|A person's citizenship
person.religion|Religion|r|always|user.demographic.religious_belief|Religious belief
person.political_opinion|Political opinion|r|always|user.demographic.political_opinion|Political opinion or party
person.sexual_orientation|Sexual orientation|r|always|user.demographic.sexual_orientation|Sexual orientation
person.trade_union|Trade union|r|always|user.demographic.trade_union|Membership of a trade union
person.criminal_record|Criminal record|r|always|user.criminal_history|Offences and convictions
person.biometric|Biometric data|r|always|user.biometric|Fingerprints, faces or voices made to measure
person.photo|Photograph|c|always|user.content.self_image|A picture of a person
person.score|Score of a person|c|always|user.demographic.profile|A prediction or rating about a person
person.guardian_consent|Guardian's consent|c|always|user.privacy_preferences|Consent that a parent gave
person.job_title|Job title|c|context|user.job_title|What a person does for a living
person.marital_status|Marital status|c|always|user.demographic.marital_status|Whether a person is married
person.education|Education|c|always|user.demographic|A person's schooling or degree
consent.record|Consent|c|always|user.privacy_preferences|Whether a person agreed to something
contact.email|E-mail address|c|always|user.contact.email|An e-mail address
contact.phone|Phone number|c|always|user.contact.phone_number|A telephone number
contact.fax|Fax number|c|always|user.contact.fax_number|A fax number
address.street|Street address|c|context|user.contact.address.street|Street, or a whole address in a line
address.house_or_unit|House or unit|c|context|user.contact.address.street|House, flat or unit number
address.city|City|c|context|user.contact.address.city|A city or town
address.region|Region|c|context|user.contact.address.state|A state, province or county
address.postal_code|Postal code|c|context|user.contact.address.postal_code|A postal code
address.country|Country|i|context|user.contact.address.country|A country's name
address.country_code|Country code|i|context|user.contact.address.country|A country's code
geo.latitude|Latitude|c|context|user.location.precise|Degrees north
geo.longitude|Longitude|c|context|user.location.precise|Degrees east
geo.point|Coordinates|c|context|user.location.precise|Latitude and longitude together
geo.place|Place|i|never||A place that is no city, region or country
gov.national_id|National ID number|r|always|user.government_id.national_identification_number|Social security, tax or identity number of a person
gov.passport|Passport number|r|always|user.government_id.passport_number|A passport's number
gov.driver_license|Driving licence|r|always|user.government_id.drivers_license_number|A driving licence's number
vehicle.vin|Vehicle identification|c|always|user.government_id.vehicle_registration|A vehicle's identification number
vehicle.license_plate|Licence plate|c|always|user.government_id.vehicle_registration|A vehicle's plate
finance.amount|Amount of money|i|never||A price, cost or other sum
finance.income|Income|c|always|user.financial|A person's pay or income
finance.account_balance|Account balance|c|always|user.financial|What is or is owed on an account
finance.credit_score|Credit score|c|always|user.financial|A person's credit rating
finance.credit_card_number|Card number|r|always|user.financial.credit_card|The full number of a payment card
finance.card_security_code|Card security code|r|always|user.authorization.credentials|CVV, CVC or CID of a card
finance.card_expiry|Card expiry|r|always|user.financial.credit_card|When a card expires
finance.card_track_data|Card track data|r|always|user.financial.credit_card|Content of a card's magnetic stripe
finance.card_pin|Card PIN|r|always|user.authorization.credentials|A PIN or its encrypted block
finance.card_hash|Hashed card number|r|always|user.financial.credit_card|A digest of a card number
finance.card_truncated|Truncated card number|c|always|user.financial.credit_card|A card number with its middle hidden
finance.card_brand|Card brand|i|never||The scheme of a card
finance.payment_method|Payment method|i|never||How something is paid
finance.currency_code|Currency|p|never||A currency's code
finance.iban|IBAN|r|always|user.financial.bank_account|International bank account number
finance.bank_account|Bank account|r|always|user.financial.bank_account|A national bank account number
finance.bic|BIC|i|never||A bank's code
health.record_number|Medical record number|r|always|user.health_and_medical.record_id|A patient's number
health.insurance_id|Health insurance number|r|always|user.health_and_medical.insurance_beneficiary_id|Number of an insured person
health.medical_code|Medical code|r|context|user.health_and_medical|Code of a diagnosis, procedure or drug
health.condition_or_procedure|Condition or procedure|r|context|user.health_and_medical|What somebody suffers from or was treated for
health.medication|Medication|r|context|user.health_and_medical|A drug
health.measurement|Health measurement|r|always|user.health_and_medical|Blood pressure, weight and the like
health.blood_type|Blood type|r|always|user.health_and_medical|Blood group
health.psychotherapy_notes|Psychotherapy notes|r|always|user.health_and_medical|Notes of a therapy
health.genetic|Genetic data|r|always|user.health_and_medical.genetic|Genotype or sequence
health.admission_date|Admission date|r|context|user.health_and_medical|When a patient came in
health.discharge_date|Discharge date|r|context|user.health_and_medical|When a patient left
device.id|Device identifier|c|always|user.device.device_id|IMEI, advertising or other device number
net.ipv4|IPv4 address|c|always|user.device.ip_address|An internet address
net.ipv6|IPv6 address|c|always|user.device.ip_address|An internet address of version 6
net.mac_address|MAC address|c|always|user.device.device_id|A network card's address
net.hostname|Host name|i|never||A host or domain name
net.url|Web address|i|never||A link or path on the web
net.user_agent|User agent|i|never||What a browser says of itself
user.username|User name|c|always|user.account.username|The name somebody signs in with
secret.password|Password|r|always|user.authorization.password|A password in plain text
secret.password_hash|Password hash|r|always|user.authorization.password|A hashed password
secret.security_answer|Security answer|r|always|user.authorization.credentials|Answer to a security question
secret.api_token|API token|r|never|system.authentication|A key that opens an interface
secret.encryption_key|Encryption key|r|never|system.authentication|A private or secret key
org.name|Organisation|i|never||Name of a company or other organisation
org.registration_number|Organisation number|i|never||Register or tax number of an organisation
product.name|Product name|p|never||What a product is called
product.isbn|ISBN|p|never||Number of a book
product.barcode|Barcode|p|never||Article number of a product
work.title|Title of a work|p|never||Title of a book, film, article or event
""".strip()


def _read_rows() -> Iterator[SemanticType]:
    for line in _ROWS.splitlines():
        name, title, level, personal, category, description = line.split("|")
        yield SemanticType(
            name=name,
            title=title,
            group=GROUPS.get(name.partition(".")[0], "General"),
            sensitivity=_LEVELS[level],
            personal=personal == "always",
            contextual=personal == "context",
            categories=(category,) if category else (),
            description=description,
        )


TYPES: Final[Mapping[str, SemanticType]] = MappingProxyType(
    {each.name: each for each in _read_rows()}
)
# Keys say that a row is about a person, not which; see RuleJudge for where they point.
KEY_TYPES: Final = frozenset({"id.record", "id.uuid"})


def sensitivity_of(name: str, *, personal: bool) -> str:
    """Sensitivity of a type, which is internal at most where a contextual type has no person."""
    found = TYPES.get(name)
    if found is None:
        return Sensitivity.INTERNAL.value
    if personal or not (found.contextual or found.personal):
        return _raised(found) if personal else found.sensitivity
    return Sensitivity.PUBLIC.value if found.sensitivity == "public" else Sensitivity.INTERNAL.value


def _raised(found: SemanticType) -> str:
    """Free text about people is confidential, although text in general is not."""
    return Sensitivity.CONFIDENTIAL.value if found.name == "text.free" else found.sensitivity


def categories_of(name: str, *, personal: bool) -> tuple[str, ...]:
    """Fideslang categories of a type; none where data that may be personal is not."""
    found = TYPES.get(name)
    if found is None or not (personal or not (found.contextual or found.personal)):
        return ()
    return found.categories

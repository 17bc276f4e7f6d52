"""Recognisers of short closed lists: ways to pay, brands of cards, degrees, forms of address."""

# ruff: noqa: E501 - lists.

from __future__ import annotations

from .gate import word_list
from .words import make_lines

word_list("payment_word", make_lines("""
credit card, debit card, credit, debit, cash, check, cheque, paypal, bank transfer, wire transfer, wire,
transfer, direct debit, apple pay, google pay, gift card, voucher, invoice, cash on delivery, cod, card,
mobile payment, mobile money, klarna, stripe, venmo, bitcoin, crypto, ach, sepa, money order, electronic check,
mailed check, bank transfer (automatic), credit card (automatic), prepaid, ec card, mobile wallet, e-wallet,
credit_card, debit_card, bank_transfer, wire_transfer, apple_pay, google_pay, gift_card, boleto, pix, upi,
net banking, netbanking, amazon pay, store credit, kreditkarte, lastschrift, rechnung, überweisung, bar,
barzahlung, carte bancaire, virement, espèces, chèque, prélèvement, tarjeta de crédito, efectivo,
transferencia, tarjeta, contanti, carta di credito, bonifico, dinheiro, cartão de crédito, no charge, dispute, csh, crd
"""), low=2, high=30, needs="a")  # fmt: skip

word_list("card_brand_word", make_lines("""
visa, mastercard, master card, american express, amex, discover, diners club, diners-club, maestro, jcb,
visa electron, visa-electron, unionpay, union pay, china-unionpay, switch, solo, laser, bankcard, instapayment,
diners-club-carte-blanche, diners-club-enroute, diners-club-us-ca, diners-club-international, rupay, mir, elo,
visa 13 digit, visa 16 digit, jcb 15 digit, jcb 16 digit, diners club / carte blanche, mc, cirrus, dankort, hipercard
"""), low=2, high=30, needs="a")  # fmt: skip

word_list("education_word", make_lines("""
bachelor, bachelors, bachelor's, bachelor's degree, bachelor degree, master, masters, master's, master's degree,
phd, ph.d., doctorate, doctor, doctoral, high school, high school graduate, high-school, hs-grad, some college,
some-college, college, graduate, post-graduate, postgraduate, undergraduate, associate, associate degree,
associate's degree, assoc-voc, assoc-acdm, prof-school, secondary, primary, secondary education,
higher education, uneducated, preschool, below college, less than high school, basic.4y, basic.6y, basic.9y,
high.school, university.degree, professional.course, illiterate, vocational, tertiary, graduation, graduate school,
university, some high school, middle school, elementary school, b.tech, m.tech, b.sc, m.sc, mba, diploma,
abitur, realschule, hauptschule, licence, licenciatura, maestría, laurea, diploma di maturità, ged, 1st-4th,
5th-6th, 7th-8th, 9th, 10th, 11th, 12th, postgrad, k12, advanced degree, bs, ms, ba, ma
"""), low=2, high=40, needs="a")  # fmt: skip

word_list("title_word", make_lines("""
mr, mr., mrs, mrs., ms, ms., miss, dr, dr., prof, prof., sir, madam, rev, rev., honorable, the honorable, lord,
lady, mx, mx., herr, frau, monsieur, madame, mlle, m., mme, sr, sr., sra, sra., srta, don, doña, dott.,
dott.ssa, sig., sig.ra, dhr., mevr., pan, pani, ing., mag., dipl.-ing., univ.prof., jr, jr., ii, iii, iv, phd,
md, m.d., dds, dvm, esq, esq., rn, cpa
"""), low=1, high=15, needs="a")  # fmt: skip

word_list("ethnic_word", make_lines("""
white, black, asian, hispanic, latino, latina, caucasian, native american, african american, black or african american,
black/african american, american indian, american indian or alaska native, alaska native, pacific islander,
native hawaiian, native hawaiian or other pacific islander, hispanic or latino, not hispanic or latino,
non-hispanic, nonhispanic, hispanic/latino, two or more races, multiracial, mixed, mixed race, middle eastern,
asian-pac-islander, amer-indian-eskimo, white british, white irish, any other white background, asian british,
black british, caribbean, african, south asian, east asian, arab, european american, asian american, hawaiian,
black hispanic, white hispanic, chinese, filipino, japanese, korean, vietnamese, indian, mexican, puerto rican,
cuban, cherokee, navajo, sioux, chippewa, choctaw, apache, pueblo, iroquois, creek, blackfeet, lumbee, samoan,
guamanian, american indian/alaska native, white - non hispanic, black - non hispanic, unknown race, group a,
group b, group c, group d, group e
"""), low=4, high=50, needs="a")  # fmt: skip

word_list("language_word", make_lines("""
english, german, french, spanish, italian, portuguese, dutch, russian, chinese, mandarin, cantonese, japanese,
korean, arabic, hindi, bengali, urdu, turkish, polish, swedish, danish, norwegian, finnish, greek, hebrew,
czech, slovak, hungarian, romanian, bulgarian, croatian, serbian, slovenian, ukrainian, thai, vietnamese,
indonesian, malay, tagalog, filipino, swahili, latin, persian, farsi, tamil, telugu, marathi, gujarati, punjabi,
deutsch, français, español, italiano, português, nederlands, polski, svenska, dansk, norsk, suomi, türkçe,
catalan, basque, galician, irish, welsh, icelandic, estonian, latvian, lithuanian, afrikaans, zulu, albanian
"""), low=4, high=20, needs="a")  # fmt: skip

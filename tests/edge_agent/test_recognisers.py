"""Recognisers against values with a known answer."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datawave_edge.features import RECOGNISERS, find_mentions, rate, rate_hits, recognise
from datawave_edge.features.gate import GATES, patterns_of

GOLDENS = {
    "email": (["a.b+c@mail.example.com", "luís@embraer.br"], ["a@b", "a@@b.com", "no"]),
    "phone": (["+49 30 1234567", "(555) 123-4567", "555-123-4567", "+1 (780) 428-9482"],
              ["5551234567", "2024-01-02", "12.5"]),
    "card_number": (["4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005"],
                    ["4111 1111 1111 1112", "1234567890123456", "0000000000000000"]),
    "iban": (["DE89370400440532013000", "GB82 WEST 1234 5698 7654 32"], ["DE88370400440532013000"]),
    "bic": (["DEUTDEFF", "DEUTDEFF500"], ["DEUTZZFF", "DEUT"]),
    "us_ssn": (["123-45-6789"], ["000-45-6789", "666-45-6789", "900-45-6789", "123456789"]),
    "ipv4": (["10.0.0.1", "192.168.1.0/24"], ["256.1.1.1", "1.2.3"]),
    "ipv6": (["::1", "2001:db8::8a2e:370:7334"], ["12:30:00", "1:2"]),
    "mac_address": (["00:1A:2b:3c:4d:5e", "001a.2b3c.4d5e"], ["00:1A:2b:3c:4d"]),
    "url": (["https://example.org/a?b=c", "www.example.org"], ["example", "http:/x"]),
    "hostname": (["db-1.internal.example.org"], ["report.pdf", "localhost"]),
    "uuid": (["123e4567-e89b-12d3-a456-426614174000"], ["123e4567e89b12d3a456426614174000"]),
    "date_iso": (["2024-02-29"], ["2023-02-29", "2024-1-1"]),
    "datetime_iso": (["2024-02-29T10:00:00Z", "2024-02-29 10:00:00.5+02"], ["2024-02-29"]),
    "date_other": (["31/12/2024", "12.31.24", "1 Jan 2024", "Jan 5, 2024", "20240131"],
                   ["40/40/2024", "1.2.3"]),
    "time": (["23:59", "9:05:01 pm"], ["24:00", "9:60"]),
    "boolean_word": (["true", "N", "nein", "1"], ["maybe"]),
    "integer": (["42", "-7", "1,234,567"], ["1.5", "x"]),
    "decimal": (["1.5", "-0,25", "1.2e10"], ["1", "1.2.3"]),
    "hex_hash": (["d41d8cd98f00b204e9800998ecf8427e"], ["d41d8cd98f00b204e9800998ecf8427"]),
    "bcrypt": (["$2b$12$" + "a" * 53], ["$2b$12$abc"]),
    "password_hash": (["$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA", "pbkdf2_sha256$1$s$h1"],
                      ["$5"]),
    "jwt": (["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"], ["eyJ.eyJ"]),
    "base64_token": (["SGVsbG8gV29ybGQhISEhMTIz"], ["just-a-long-slug-of-words-here"]),
    "api_key": (["AKIAIOSFODNN7EXAMPLE", "sk_live_4eC39HqLyjWDarjtT1zdp7dc"], ["sk_none"]),
    "json_object": (['{"a": 1}', "[1, 2]", '{"a": "' + "x" * 90], ["{a}", "null"]),
    "vin": (["1HGCM82633A004352"], ["1HGCM82633A004353"]),
    "isbn": (["978-3-16-148410-0", "0306406152"], ["978-3-16-148410-1"]),
    "ean": (["4006381333931", "96385074"], ["4006381333932"]),
    "currency_code": (["EUR", "USD"], ["eur", "ABC"]),
    "country_code2": (["DE", "US"], ["de", "XX"]),
    "country_code3": (["DEU", "USA"], ["ABC"]),
    "country_name": (["Germany", "united states", "Österreich"], ["Atlantis"]),
    "language_code": (["en", "pt-BR", "zh_Hans"], ["EN", "xx"]),
    "us_state": (["CA", "New York"], ["ca", "ZZ"]),
    "us_zip": (["90210", "90210-1234"], ["9021"]),
    "uk_postcode": (["SW1A 1AA", "m11ae"], ["SW1A"]),
    "postal_code": (["75001", "1012 AB", "K1A 0B1", "00-950"], ["123"]),
    "latitude": (["48.8566", "-33.8688"], ["91.0000", "48.8"]),
    "longitude": (["-122.4194", "179.999"], ["181.000"]),
    "lat_lon_pair": (["48.8566, 2.3522"], ["91.00, 2.00"]),
    "user_agent": (["Mozilla/5.0 (X11; Linux x86_64)"], ["Firefox"]),
    "file_path": (["/var/log/syslog", "C:\\Users\\a\\b.txt", "invoice 1.pdf"], ["a b c"]),
    "mime_type": (["application/json", "text/html; charset=utf-8"], ["a/b"]),
    "icd10": (["E11.9", "J45"], ["E1", "U99"]),
    "blood_type": (["A+", "AB neg", "0+"], ["C+"]),
    "gender_word": (["Female", "männlich"], ["cat"]),
    "gender_code": (["M", "F"], ["Z", "m"]),
    "marital_status": (["Married", "never married", "verheiratet"], ["happy"]),
    "ethnicity_word": (["Hispanic or Latino"], ["green card"]),
    "first_name": (["Anna", "Jean-Pierre", "JÜRGEN"], ["Table", "rose"]),
    "last_name": (["Smith", "O'Connor", "García"], ["Invoice", "black"]),
    "full_name": (["Anna Müller", "Dr. John Q. Smith", "Smith, John"],
                  ["anna müller", "John Street"]),
    "city": (["New York", "köln"], ["Gotham"]),
    "street_address": (["12 Main St", "Hauptstraße 5", "10, rue de la Paix", "PO Box 12"],
                       ["Main Street", "12 apples"]),
    "company_name": (["Acme Inc.", "Müller GmbH", "Smith & Sons"], ["Acme"]),
    "job_title": (["Senior Software Engineer", "Vice-President"], ["banana"]),
    "percent": (["12.5%", "3 %"], ["12"]),
    "money": (["$1,234.50", "12,50 €", "USD 5"], ["12.50"]),
    "free_text": (["please call me back later"], ["too short"]),
    "username": (["anna.smith", "bob42"], ["Anna", "bob"]),
    "credit_card_expiry": (["12/27", "01/2028"], ["13/27"]),
    "cvv_like": (["123", "1234"], ["12345"]),
    "license_plate": (["B-MW 1234", "AB12 CDE"], ["hello 1"]),
    "es_dni": (["54362315K"], ["54362315Z"]),
    "es_nie": (["X2482300W"], ["X2482300A"]),
    "it_codice_fiscale": (["RCCMNL83S18D969H"], ["RCCMNL83S18D969A"]),
    "fr_nir": (["295109912611193"], ["295109912611199"]),
    "uk_nino": (["AB123456C", "AB 12 34 56 C"], ["BG123456C"]),
    "pl_pesel": (["44051401359"], ["44051401358"]),
    "br_cpf": (["390.533.447-05"], ["390.533.447-06"]),
    "br_cnpj": (["16.727.230/0001-97"], ["16.727.230/0001-98"]),
    "in_aadhaar": (["2341 2341 2346"], ["2341 2341 2347"]),
    "de_idnr": (["36574261809"], ["36574261890"]),
    "nl_bsn": (["111222333"], ["111252333"]),
    "se_personnummer": (["880320-0016"], ["880320-0018"]),
    "ar_dni_cuit": (["20-05536168-2"], ["20267565392"]),
    "au_tfn": (["123 456 782"], ["999 999 999"]),
    "be_nn": (["85073003328"], ["85.07.30-033 28"]),
    "bg_egn": (["7523169263"], ["752316 926 3"]),
    "ca_sin": (["123-456-782"], ["999-999-999"]),
    "ch_ssn": (["7569217076985"], ["756.9217.0769.84"]),
    "cl_rut": (["76086428-5"], ["760864285"]),
    "cn_ric": (["360426199101010071"], ["360426199101010001"]),
    "cz_rc": (["710319/2745"], ["7103192745"]),
    "dk_cpr": (["211062-5629"], ["2110625629"]),
    "ee_ik": (["36805280109"], ["36805280108"]),
    "fi_hetu": (["131052-308T"], ["131052-308U"]),
    "gr_amka": (["01013099997"], ["01013099999"]),
    "hr_oib": (["33392005961"], ["HR 33392005961"]),
    "ie_pps": (["6433435F"], ["6433435E"]),
    "il_idnr": (["039337423"], ["3933742-3"]),
    "in_pan": (["ACUPA7085R"], ["s name or holder"]),
    "kr_rrn": (["971013-9019902"], ["9710139019902"]),
    "lt_asmens": (["33309240064"], ["33309240164"]),
    "mx_curp": (["BOXW310820HNERXN09"], ["BOXW310820HNERXN08"]),
    "my_nric": (["770305-02-1234"], ["770305021234"]),
    "no_fodselsnummer": (["151086 95088"], ["151086-95088"]),
    "pt_cc": (["00000000 0 ZZ4"], ["00000000 A ZZ4"]),
    "ro_cnp": (["1630615123457"], ["0800101221142"]),
    "sg_uen": (["00192200M"], ["00192201M"]),
    "th_pin": (["1-2345-45678-78-1"], ["1-2345-45678-78-9"]),
    "tr_tckimlik": (["17291716060"], ["17291716050"]),
    "tw_ubn": (["00501503"], ["00501502"]),
    "us_ein": (["91-1144442"], ["911144442"]),
    "us_itin": (["912-90-3456"], ["912903456"]),
    "za_idnr": (["7503305044089"], ["8503305044089"]),
    "payment_word": (["PayPal", "credit_card"], ["apples"]),
    "card_brand_word": (["Visa", "AMEX"], ["Acme"]),
    "education_word": (["Bachelor's", "HS-grad"], ["table"]),
    "title_word": (["Mr", "Frau"], ["Anna"]),
    "ethnic_word": (["Asian", "Hispanic or Latino"], ["green"]),
    "language_word": (["English", "Deutsch"], ["table"]),
    "eu_vat": (["ATU57194903"], ["XX123456789"]),
}  # fmt: skip


def test_every_recogniser_has_goldens_when_listed() -> None:
    assert set(GOLDENS) == set(RECOGNISERS)


@pytest.mark.parametrize("name", sorted(GOLDENS))
def test_recogniser_answers_right_when_asked_directly_or_through_its_gate(name: str) -> None:
    accepted, refused = GOLDENS[name]
    assert [value for value in accepted if not RECOGNISERS[name](value)] == []
    assert [value for value in accepted if name not in recognise(value)] == []
    assert [value for value in refused if name in recognise(value)] == []


@pytest.mark.parametrize(
    "value", ["", " ", "\x00", "﷽" * 50, "a" * 5_000, "٣٤٥", "½", "²³" * 8, "'\"%{}"]
)
def test_recognisers_do_not_stumble_when_a_value_is_strange(value: str) -> None:
    for name, accepts in RECOGNISERS.items():
        assert accepts(value) in (True, False), name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Write to bob@example.org or call 555-123-4567.", {"email", "phone"}),
        ("Paid with 4111-1111-1111-1111, thanks", {"card_number"}),
        ("IBAN DE89 3704 0044 0532 0130 00 please", {"iban"}),
        ("SSN is 123-45-6789 on file", {"us_ssn"}),
        ("from 10.1.2.3 via https://x.example.org/a", {"ipv4", "url"}),
        ("Order 4711 arrived on 2024-01-02, version 1.2.3", set()),
        ('{"mail": "bob@example.org"}', {"email"}),
        ("card 4111-1111-1111-1112 has a wrong digit", set()),
        ("see www.example.org", {"url"}),
        ("since 2001 at WWW.Example.org", {"url"}),
        ("only ten of 10.1.2", set()),
    ],
)
def test_mentions_are_found_when_text_holds_them(text: str, expected: set[str]) -> None:
    assert find_mentions(text) == expected


EVERY = sorted({value for both in GOLDENS.values() for part in both for value in part})


@given(st.lists(st.sampled_from(EVERY), min_size=1, max_size=40, unique=True))
def test_rates_are_those_of_single_values_when_many_are_tried(values: list[str]) -> None:
    tried = {value: place for place, value in enumerate(values, start=1)}
    expected: Counter[str] = Counter()
    for value, count in tried.items():
        expected.update(dict.fromkeys(recognise(value), count))
    told = rate_hits(tried, patterns_of(tried))
    # The weak ones are asked of the first values before the rest.
    firm = {name for name in expected if not GATES[name].weak}
    total = sum(tried.values())
    assert {name: told.get(name) for name in firm} == {
        name: rate(expected[name], total) for name in firm
    }
    assert told.keys() <= expected.keys()

"""Reads a column's content: which types its kind allows and its recognisers speak for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from .columns import (
    BINARY,
    BOOLEAN,
    DATE,
    DATETIME,
    DECIMAL,
    DURATION,
    FLAG,
    INTEGER,
    JSON,
    PROSE,
    TIME,
    UNKNOWN,
    UUID,
    WORD,
    Column,
)

_LETTERS: Final[Mapping[str, str]] = {
    "b": BOOLEAN, "f": FLAG, "i": INTEGER, "n": DECIMAL, "D": DATE, "T": DATETIME, "t": TIME,
    "s": DURATION, "u": UUID, "j": JSON, "x": BINARY, "w": WORD, "p": PROSE,
}  # fmt: skip
# type|kinds allowed|recogniser:weight ...|points off when none of them accepts anything
_FITS: Final = """
id.record|fiwnu||0
id.uuid|u|uuid:7|7
other|wifbp|gender_code:0|0
quantity|infwT||0
percentage|infw|percent:5|0
date|DTiw|date_iso:3.5 date_other:3.5|1.5
datetime|TDiwn|datetime_iso:4.5|0.5
time|tiw|time:4.5|1.5
year|i||0
duration|insw||0
timezone|w||0
boolean|bfwi|boolean_word:2|1.5
code|wif||0
language|wp|language_code:3|0
text.free|pw|free_text:3|0
data.json|jwp|json_object:5|3
data.binary|xw||0
data.hash|w|hex_hash:4|1.5
file.path|w|file_path:3|1.5
person.full_name|wp|full_name:4.5|1.5
person.first_name|w|first_name:3.6|0.7
person.middle_name|w|first_name:1.2|0
person.last_name|w|last_name:3.6|0.5
person.name_prefix|wf||0
person.date_of_birth|DTiw|date_iso:3.5 date_other:3.5 datetime_iso:3.5|1.5
person.birth_year|i||0
person.date_of_death|DT|date_iso:3.5 date_other:3.5 datetime_iso:4|1.5
person.age|inwf||0
person.gender|wif|gender_word:4.5 gender_code:1.5|0
person.ethnicity|wi|ethnicity_word:4|0
person.nationality|wi|country_name:0.5|0
person.religion|wi||0
person.political_opinion|wi||0
person.sexual_orientation|wi||0
person.trade_union|wibf||0
person.criminal_record|wpbf||0
person.biometric|xwj||0
person.photo|xw||0
person.score|in||0
person.guardian_consent|bfwi|boolean_word:0.5|0
person.job_title|wp|job_title:3.2|0.5
person.marital_status|wif|marital_status:4|0
person.education|wip||0
consent.record|bfwiDT|boolean_word:0.5|0
contact.email|wp|email:7|5
contact.phone|wi|phone:5|0
contact.fax|wi|phone:1.5|0
address.street|wp|street_address:4.5|0.3
address.house_or_unit|wi||0
address.city|wp|city:3.4|0.3
address.region|w|us_state:1.6|0
address.postal_code|wi|us_zip:1.2 uk_postcode:5 postal_code:1|1.5
address.country|wp|country_name:4.5|1
address.country_code|w|country_code2:2.6 country_code3:2.4|1.5
geo.latitude|n|latitude:1.2|1
geo.longitude|n|longitude:1.1|1
geo.point|wj|lat_lon_pair:6|2
geo.place|wp|city:0.5|0
gov.national_id|wi|us_ssn:6 es_dni:6 es_nie:6 it_codice_fiscale:7 fr_nir:6 uk_nino:6 pl_pesel:5 br_cpf:5 in_aadhaar:4 de_idnr:4 nl_bsn:3 se_personnummer:6|0.5
gov.passport|wi||0
gov.driver_license|wi||0
vehicle.vin|w|vin:6|1
vehicle.license_plate|w|license_plate:2.5|0.5
finance.amount|niw|money:4.5|0
finance.income|niw|money:2|0
finance.account_balance|niw|money:2|0
finance.credit_score|i||0
finance.credit_card_number|wi|card_number:6.5|1.5
finance.card_security_code|iw|cvv_like:0.5|1.5
finance.card_expiry|wDi|credit_card_expiry:4|0.7
finance.card_track_data|w||0
finance.card_pin|iw||0
finance.card_hash|w|hex_hash:3|0.5
finance.card_truncated|wi||0
finance.card_brand|w||0
finance.payment_method|w||0
finance.currency_code|w|currency_code:3.6|0.5
finance.iban|w|iban:8|2
finance.bank_account|wi||0
finance.bic|w|bic:4|2
health.record_number|wiu||0
health.insurance_id|wiu||0
health.medical_code|wi|icd10:3.5|0
health.condition_or_procedure|wp||0
health.medication|wp||0
health.measurement|in||0
health.blood_type|w|blood_type:5|1.5
health.psychotherapy_notes|pw||0
health.genetic|wp||0
health.admission_date|DTw|date_iso:3.5 date_other:3.5 datetime_iso:4|1
health.discharge_date|DTw|date_iso:3.5 date_other:3.5 datetime_iso:4|1
device.id|wiu|uuid:0.5|0
net.ipv4|w|ipv4:7|5
net.ipv6|w|ipv6:7 ipv4:1|5
net.mac_address|w|mac_address:7|5
net.hostname|w|hostname:3|1
net.url|wp|url:6 file_path:1.5|1.5
net.user_agent|wp|user_agent:6|1
user.username|w|username:2.4|0.3
secret.password|wi|base64_token:0.5|0
secret.password_hash|w|bcrypt:8 password_hash:8 hex_hash:3|1
secret.security_answer|wp||0
secret.api_token|w|jwt:7 api_key:8 base64_token:2.5 hex_hash:1.5|0.3
secret.encryption_key|wpx|base64_token:1 hex_hash:1|0
org.name|wp|company_name:4|0
org.registration_number|wi|eu_vat:4.5 br_cnpj:5|0
product.name|wp||0
product.isbn|wi|isbn:4|1
product.barcode|wi|ean:3.5|1
work.title|wp||0
""".strip()
# Word lists know only a part of the world's names, so that some hits mean much.
_LISTS: Final = frozenset(
    {"first_name", "last_name", "full_name", "city", "company_name", "job_title", "us_state",
     "street_address", "ethnicity_word", "country_name", "marital_status", "phone", "username",
     "icd10", "language_code"}
)  # fmt: skip
# A date alone never tells whose or which it is; only a name or the siblings do.
_NEVER_BY_CONTENT: Final = frozenset(
    {"person.date_of_birth", "person.date_of_death", "health.admission_date",
     "health.discharge_date"}
)  # fmt: skip
_LIST_ENOUGH: Final = 0.5
_LIST_LEAST: Final = 0.12
_PATTERN_LEAST: Final = 0.4
_ANYTHING: Final = 0.05
WRONG_KIND: Final = -8.0


@dataclass(frozen=True)
class Fit:
    """What content a type allows and which recognisers speak for it."""

    kinds: frozenset[str]
    weights: Mapping[str, float]
    missing: float


@dataclass(frozen=True)
class Vote:
    """What the content says about one type."""

    score: float
    # Recogniser that spoke for it most, with its rate.
    recogniser: str = ""
    rate: float = 0.0


@lru_cache(maxsize=1)
def fits() -> Mapping[str, Fit]:
    """Fit of each type."""
    return dict(_read_fit(line) for line in _FITS.splitlines())


def _read_fit(line: str) -> tuple[str, Fit]:
    name, kinds, listed, missing = line.split("|")
    pairs = (item.split(":") for item in listed.split())
    weights = {recogniser: float(weight) for recogniser, weight in pairs}
    return name, Fit(frozenset(_LETTERS[letter] for letter in kinds), weights, float(missing))


def vote(column: Column, kind: str) -> Vote:
    """What the column's content says about a type."""
    fit = fits()[kind]
    if column.kind == UNKNOWN:
        return Vote(0.0)
    if column.kind not in fit.kinds:
        return Vote(WRONG_KIND)
    if not column.filled or not fit.weights:
        return Vote(0.0)
    return _weigh(column, fit)


def _weigh(column: Column, fit: Fit) -> Vote:
    votes = [
        Vote(_strength(name, column.rate(name)) * weight, name, column.rate(name))
        for name, weight in fit.weights.items()
    ]
    best = max(votes, key=lambda each: each.score)
    if best.score > 0:
        return best
    seen = max(each.rate for each in votes)
    return Vote(0.0 if seen > _ANYTHING else -fit.missing, best.recogniser, seen)


def _strength(recogniser: str, rate: float) -> float:
    if recogniser in _LISTS:
        return min(1.0, rate / _LIST_ENOUGH) if rate >= _LIST_LEAST else 0.0
    return rate if rate >= _PATTERN_LEAST else 0.0


def list_spoken_for(column: Column) -> list[str]:
    """Types that a recogniser speaks for, whatever the column is called."""
    return [
        kind
        for kind, fit in fits().items()
        if kind not in _NEVER_BY_CONTENT
        and any(column.rate(name) >= _LIST_LEAST and weight > 1 for name, weight in fit.weights.items())
    ]

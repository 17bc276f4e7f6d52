"""Plain sentences that tell why a verdict was given; none holds a value."""

from __future__ import annotations

from typing import Final

from apps.classification.judge import Evidence
from apps.classification.taxonomy import find_type

_RECOGNISED: Final = {
    "email": "e-mail addresses",
    "phone": "phone numbers",
    "card_number": "card numbers with a right check digit",
    "iban": "IBANs with right check digits",
    "bic": "BICs",
    "us_ssn": "US social security numbers",
    "ipv4": "IPv4 addresses",
    "ipv6": "IPv6 addresses",
    "mac_address": "MAC addresses",
    "url": "web addresses",
    "hostname": "host names",
    "uuid": "UUIDs",
    "date_iso": "ISO dates",
    "datetime_iso": "ISO dates with a time",
    "date_other": "dates",
    "time": "times of day",
    "boolean_word": "words for yes and no",
    "hex_hash": "hexadecimal digests",
    "bcrypt": "bcrypt hashes",
    "password_hash": "password hashes",
    "jwt": "signed tokens",
    "base64_token": "random-looking tokens",
    "api_key": "API keys",
    "json_object": "JSON documents",
    "vin": "vehicle numbers with a right check digit",
    "isbn": "ISBNs",
    "ean": "article numbers with a right check digit",
    "icd10": "shaped as ICD-10 codes",
    "first_name": "known first names",
    "last_name": "known last names",
    "full_name": "names of people",
    "city": "known cities",
    "country_name": "names of countries",
    "street_address": "street addresses",
    "company_name": "names of companies",
    "job_title": "job titles",
    "free_text": "sentences",
    "money": "amounts with a currency",
    "us_zip": "shaped as US postal codes",
    "uk_postcode": "UK postcodes",
    "postal_code": "shaped as postal codes",
    "lat_lon_pair": "pairs of coordinates",
    "es_dni": "Spanish identity numbers",
    "es_nie": "Spanish foreigners' numbers",
    "it_codice_fiscale": "Italian tax codes",
    "fr_nir": "French social security numbers",
    "uk_nino": "UK national insurance numbers",
    "payment_word": "known ways to pay",
    "card_brand_word": "brands of payment cards",
    "education_word": "degrees and schools",
    "title_word": "forms of address",
    "language_word": "names of languages",
}
_MENTIONED: Final = {
    "email": "an e-mail address",
    "phone": "a phone number",
    "url": "a link",
    "ipv4": "an IP address",
    "card_number": "a card number",
    "iban": "an IBAN",
    "us_ssn": "a social security number",
}


def tell_title(kind: str) -> str:
    """Title of a type inside a sentence."""
    found = find_type(kind)
    title = found.title if found else "unknown"
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def tell_name(kind: str, score: float) -> Evidence:
    """The name speaks for the type."""
    return Evidence(
        supports=True, weight=round(score, 2), text=f"The name speaks of: {tell_title(kind)}"
    )


def tell_recognised(recogniser: str, rate: float, score: float) -> Evidence:
    """A recogniser accepts so many values, or none."""
    what = _RECOGNISED.get(recogniser, recogniser.replace("_", " "))
    share = tell_share(rate)
    return Evidence(
        supports=score > 0, weight=round(abs(score), 2), text=f"{share} of values are {what}"
    )


def tell_mention(recogniser: str, rate: float) -> Evidence:
    """Texts mention something inside."""
    what = _MENTIONED.get(recogniser, recogniser.replace("_", " "))
    return Evidence(
        supports=True, weight=round(rate, 4), text=f"{tell_share(rate)} of texts mention {what}"
    )


def tell_share(rate: float) -> str:
    """A share in whole per cent that is never rounded to none or all when it is not."""
    if rate <= 0:
        return "None"
    if rate >= 1:
        return "100 %"
    return f"{min(99, max(1, round(rate * 100)))} %"


def tell(score: float, text: str) -> Evidence:
    """Any other reason."""
    return Evidence(supports=score > 0, weight=round(abs(score), 2), text=text)

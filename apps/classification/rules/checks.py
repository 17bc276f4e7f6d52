"""Facts that speak for or against single types, beyond kinds and recognisers."""

# ruff: noqa: PLR2004 - the numbers are the rules; each stands beside the sentence that explains it.

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .columns import DECIMAL, INTEGER, Column

Check = tuple[float, str]
_NO: Final[Check] = (0.0, "")
_MONEY_PLACES: Final = 2


def check(column: Column, kind: str) -> Check:
    """Points for or against a type and why; no points where there is nothing to say."""
    if not column.filled:
        return _NO
    found = _CHECKS.get(kind)
    return found(column) if found else _NO


def _check_phone(column: Column) -> Check:
    profile = column.profile
    if column.is_running:
        # Numbers of one exchange can be neighbours; keys are shorter.
        return -1.5 if column.mean_length >= 9 else -6.0, "The numbers run on by one, as keys do"
    if profile.digit_rate < 0.5 or column.mean_length < 6:
        return -6.0, "The values are not made of enough digits for a phone number"
    return _NO


def _check_number(column: Column) -> Check:
    """Licences, passports and card numbers are no running numbers, no flags and no words."""
    if column.is_running and column.mean_length < 8:
        return -6.0, "The numbers run on by one, as keys do"
    if column.profile.digit_rate < 0.25 or column.mean_length < 4:
        return -5.0, "The values hold too few digits"
    return _NO


def _check_card(column: Column) -> Check:
    if not 12 <= column.mean_length <= 23 or column.profile.digit_rate < 0.6:
        return -6.0, "The values have not the length of a card number"
    return _NO


def _check_security_code(column: Column) -> Check:
    if column.profile.max_length > 4 or column.rate("cvv_like") < 0.8:
        return -6.0, "The values are not three or four digits"
    return _NO


def _check_person_name(column: Column) -> Check:
    profile = column.profile
    if profile.digit_rate > 0.1 and profile.letter_rate > 0.6 and profile.mean_words < 1.3:
        return -1.5, "The values are words with numbers at their end"
    if profile.digit_rate > 0.1 or profile.letter_rate < 0.7:
        return -5.0, "The values are not made of letters"
    if column.repeats and column.profile.distinct <= 12:
        return -1.5, "A few values repeat all the time"
    return _NO


def _check_full_name(column: Column) -> Check:
    if column.profile.mean_words > 5.5:
        return -4.0, "The values are sentences"
    return _check_person_name(column)


def _check_age(column: Column) -> Check:
    number = column.profile.number
    if number and (number.high_magnitude > 1 and column.profile.max_length > 3):
        return -4.0, "The numbers are too large for ages"
    if number and number.integer_rate < 0.5:
        return -0.5, "Most numbers are no whole numbers"
    return _NO


def _check_year(column: Column) -> Check:
    number = column.profile.number
    if (
        number
        and number.low_magnitude == 3
        and number.high_magnitude == 3
        and column.profile.max_length == 4
    ):
        return 1.5, "The numbers have four digits"
    return -4.0, "The numbers have not four digits"


def _check_credit_score(column: Column) -> Check:
    number = column.profile.number
    return (
        _NO
        if number and number.high_magnitude == 2
        else (-4.0, "The numbers have not three digits")
    )


def _check_postal_code(column: Column) -> Check:
    profile = column.profile
    if not 3 <= column.mean_length <= 10.5 or profile.digit_rate < 0.2:
        return -5.0, "The values have not the length of postal codes"
    return (-4.0, "The numbers run on by one, as keys do") if column.is_running else _NO


def _check_record(column: Column) -> Check:
    if column.is_running:
        return 2.5, "The numbers run on by one, as keys do"
    if (
        column.kind == DECIMAL
        and column.profile.number
        and column.profile.number.integer_rate < 0.9
    ):
        return -4.0, "Keys have no decimals"
    return _NO


def _check_datetime(column: Column) -> Check:
    if column.kind in (INTEGER, DECIMAL):
        return (
            (1.5, "The numbers have the size of seconds since 1970")
            if is_epoch(column)
            else (-6.0, "The numbers are no moments")
        )
    return _NO


def is_epoch(column: Column) -> bool:
    """Whether whole numbers have the size of seconds or milliseconds since 1970."""
    number = column.profile.number
    return (
        number is not None
        and number.low_magnitude == number.high_magnitude
        and number.low_magnitude in (9, 12)
    )


def _check_date(column: Column) -> Check:
    if column.kind in (INTEGER, DECIMAL):
        return -6.0, "The numbers are no dates"
    return _NO


def _check_boolean(column: Column) -> Check:
    if column.profile.distinct > 3:
        return -5.0, "There are more than three different values"
    return _NO


def _check_few(column: Column) -> Check:
    """Lists of words such as genders have few different values."""
    if column.profile.distinct > 60 and column.distinct_rate > 0.5:
        return -4.0, "Nearly every value is different"
    return _NO


def _check_gender(column: Column) -> Check:
    if column.profile.distinct > 12:
        return -4.0, "There are too many different values"
    return _NO


def _check_letters(column: Column) -> Check:
    if column.profile.letter_rate < 0.5:
        return -4.0, "The values are not made of letters"
    return _NO


def _check_country_code(column: Column) -> Check:
    return _NO if column.profile.max_length <= 3 else (-4.0, "The values are longer than codes")


def _check_free_text(column: Column) -> Check:
    words = column.profile.mean_words
    if words >= 5 and column.distinct_rate > 0.2:
        return 1.5, "The values are sentences"
    if words < 1.6:
        return -2.5, "The values are single words"
    return _NO


def _check_other(column: Column) -> Check:
    if column.kind in (INTEGER, DECIMAL):
        return (-1.5, "The values are numbers")
    if column.repeats:
        return 0.8, "A few values repeat all the time"
    return (-1.0, "Nearly every value is different") if column.distinct_rate > 0.9 else _NO


def _check_truncated(column: Column) -> Check:
    if column.profile.protection in ("masked", "truncated"):
        return 3.0, "The middle of the values is hidden"
    return _NO if column.profile.max_length <= 6 else (-3.0, "Nothing of the values is hidden")


def _check_short_id(column: Column) -> Check:
    return _NO if column.mean_length >= 8 else (-3.0, "The values are too short")


def _check_money(column: Column) -> Check:
    return (-4.0, "The numbers run on by one, as keys do") if column.is_running else _NO


def _check_quantity(column: Column) -> Check:
    if column.kind not in (INTEGER, DECIMAL, "flag") and column.profile.digit_rate < 0.3:
        return -4.0, "The values are no numbers"
    if column.is_running and column.filled > 20:
        return -2.5, "The numbers run on by one, as keys do"
    return _NO


def _check_organisation(column: Column) -> Check:
    if column.rate("full_name") >= 0.5:
        return -2.0, "Most values are names of people"
    return _check_letters_or_words(column)


def _check_letters_or_words(column: Column) -> Check:
    return (
        _NO if column.profile.letter_rate >= 0.3 else (-4.0, "The values are not made of letters")
    )


def _check_street(column: Column) -> Check:
    if column.profile.letter_rate < 0.25 or column.mean_length < 4:
        return -4.0, "The values are too short for streets"
    return (
        (-5.0, "The values are e-mail addresses")
        if column.rate("email", "url", "ipv4") > 0.3
        else _NO
    )


def _check_name_prefix(column: Column) -> Check:
    return _NO if column.mean_length <= 6 else (-4.0, "The values are too long")


def _check_point(column: Column) -> Check:
    symbols = column.profile.symbol_rate * column.mean_length
    if column.profile.space_rate == 0 and symbols < 2.3:
        return -8.0, "Nothing parts two numbers"
    return _NO


def _check_password(column: Column) -> Check:
    return _NO if column.mean_length >= 4 else (-4.0, "The values are too short")


_CHECKS: Final[dict[str, Callable[[Column], Check]]] = {
    "contact.phone": _check_phone,
    "contact.fax": _check_phone,
    "finance.credit_card_number": _check_card,
    "finance.card_security_code": _check_security_code,
    "finance.card_truncated": _check_truncated,
    "finance.card_pin": _check_number,
    "finance.bank_account": _check_number,
    "gov.national_id": _check_number,
    "gov.passport": _check_number,
    "gov.driver_license": _check_number,
    "health.insurance_id": _check_number,
    "device.id": _check_short_id,
    "person.full_name": _check_full_name,
    "person.first_name": _check_person_name,
    "person.last_name": _check_person_name,
    "person.middle_name": _check_letters,
    "person.name_prefix": _check_name_prefix,
    "person.age": _check_age,
    "person.birth_year": _check_year,
    "year": _check_year,
    "finance.credit_score": _check_credit_score,
    "address.postal_code": _check_postal_code,
    "address.street": _check_street,
    "address.city": _check_letters,
    "address.region": _check_letters,
    "address.country": _check_letters,
    "address.country_code": _check_country_code,
    "id.record": _check_record,
    "datetime": _check_datetime,
    "date": _check_date,
    "person.date_of_birth": _check_date,
    "boolean": _check_boolean,
    "person.gender": _check_gender,
    "person.marital_status": _check_few,
    "person.religion": _check_few,
    "person.ethnicity": _check_few,
    "finance.payment_method": _check_few,
    "finance.card_brand": _check_few,
    "text.free": _check_free_text,
    "other": _check_other,
    "quantity": _check_quantity,
    "finance.amount": _check_money,
    "finance.income": _check_money,
    "org.name": _check_organisation,
    "product.name": _check_letters_or_words,
    "work.title": _check_letters_or_words,
    "person.job_title": _check_letters_or_words,
    "geo.point": _check_point,
    "secret.password": _check_password,
    "secret.api_token": _check_short_id,
}

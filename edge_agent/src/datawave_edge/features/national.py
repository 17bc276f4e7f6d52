"""Recognisers of national numbers, through python-stdnum's check digits."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Final

from stdnum.br import cnpj, cpf
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.eu import vat
from stdnum.fr import nir
from stdnum.in_ import aadhaar
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.se import personnummer

from .gate import Accepts, recogniser

_NINO: Final = re.compile(
    r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]"
)
_PERSONNUMMER: Final = re.compile(r"(?:\d{2})?\d{6}[-+]\d{4}")


def _by_check_digits(module: ModuleType) -> Accepts:
    is_valid: Accepts = module.is_valid
    return lambda value: value.isascii() and is_valid(value)


def _is_uk_nino(value: str) -> bool:
    return _NINO.fullmatch(value) is not None


def _is_personnummer(value: str) -> bool:
    return _PERSONNUMMER.fullmatch(value) is not None and personnummer.is_valid(value)


recogniser("es_dni", low=9, high=10, needs="9a", only="9a-")(_by_check_digits(dni))
recogniser("es_nie", low=9, high=11, needs="9a", only="9a-")(_by_check_digits(nie))
recogniser("it_codice_fiscale", low=16, high=16, needs="9a", only="9a")(
    _by_check_digits(codicefiscale)
)
recogniser("fr_nir", low=15, high=21, needs="9", only="9a ")(_by_check_digits(nir))
recogniser("uk_nino", low=9, high=13, needs="9a", only="9a ")(_is_uk_nino)
recogniser("pl_pesel", low=11, high=11, needs="9", only="9")(_by_check_digits(pesel))
recogniser("br_cpf", low=11, high=14, needs="9", only="9.-")(_by_check_digits(cpf))
recogniser("br_cnpj", low=14, high=18, needs="9", only="9.-/")(_by_check_digits(cnpj))
recogniser("in_aadhaar", low=12, high=14, needs="9", only="9 -")(_by_check_digits(aadhaar))
recogniser("de_idnr", low=11, high=14, needs="9", only="9 ")(_by_check_digits(idnr))
recogniser("nl_bsn", low=9, high=9, needs="9", only="9")(_by_check_digits(bsn))
recogniser("se_personnummer", low=11, high=13, needs="9", only="9-+")(_is_personnummer)
recogniser("eu_vat", low=10, high=16, needs="9a", only="9a .-")(_by_check_digits(vat))

"""Recognisers of national numbers, through python-stdnum's check digits."""

from __future__ import annotations

import re
from importlib import import_module
from types import ModuleType
from typing import Final

from stdnum.eu import vat
from stdnum.se import personnummer

from .gate import Accepts, recogniser

_NINO: Final = re.compile(
    r"(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]"
)
# Name -> stdnum's module, and what the number looks like.
_NUMBERS: Final[dict[str, tuple[str, str]]] = {
    "ar_dni_cuit": ("ar.cuit", r"9{11}|99-9{8}-9"),
    "au_tfn": ("au.tfn", r"9{9}|999 999 999"),
    "be_nn": ("be.nn", r"9{11}|99\.99\.99-999[.-]99"),
    "bg_egn": ("bg.egn", r"9{10}"),
    "br_cnpj": ("br.cnpj", r"9{14}|99\.999\.999/9999-99"),
    "br_cpf": ("br.cpf", r"9{11}|999\.999\.999-99"),
    "ca_sin": ("ca.sin", r"9{9}|999[ -]999[ -]999"),
    "ch_ssn": ("ch.ssn", r"9{13}|999\.9999\.9999\.99"),
    "cl_rut": ("cl.rut", r"9{7,8}-[9A]|9{1,2}\.999\.999-[9A]"),
    "cn_ric": ("cn.ric", r"9{17}[9A]"),
    "cz_rc": ("cz.rc", r"9{6}/9{3,4}"),
    "de_idnr": ("de.idnr", r"9{11}|99 999 999 999"),
    "dk_cpr": ("dk.cpr", r"9{6}-9{4}"),
    "ee_ik": ("ee.ik", r"9{11}"),
    "es_dni": ("es.dni", r"9{8}-?A"),
    "es_nie": ("es.nie", r"A-?9{7}-?A"),
    "fi_hetu": ("fi.hetu", r"9{6}[-+A]999[9A]"),
    "fr_nir": ("fr.nir", r"9[9A ]{14,20}"),
    "gr_amka": ("gr.amka", r"9{11}"),
    "hr_oib": ("hr.oib", r"9{11}"),
    "ie_pps": ("ie.pps", r"9{7}A{1,2}"),
    "il_idnr": ("il.idnr", r"9{9}"),
    "in_aadhaar": ("in_.aadhaar", r"9{12}|9999[ -]9999[ -]9999"),
    "in_pan": ("in_.pan", r"A{5}9{4}A"),
    "it_codice_fiscale": ("it.codicefiscale", r"A{6}[A9]{2}A[A9]{2}A[A9]{3}A"),
    "kr_rrn": ("kr.rrn", r"9{6}-9{7}"),
    "lt_asmens": ("lt.asmens", r"9{11}"),
    "mx_curp": ("mx.curp", r"A{4}9{6}A{6}[A9]9"),
    "my_nric": ("my.nric", r"9{6}-99-9{4}"),
    "nl_bsn": ("nl.bsn", r"9{9}"),
    "no_fodselsnummer": ("no.fodselsnummer", r"9{11}|9{6} 9{5}"),
    "pl_pesel": ("pl.pesel", r"9{11}"),
    "pt_cc": ("pt.cc", r"9{8} ?9 ?[A9]{2}9"),
    "ro_cnp": ("ro.cnp", r"9{13}"),
    "sg_uen": ("sg.uen", r"9{8,9}A|A99AA9{4}A"),
    "th_pin": ("th.pin", r"9{13}|9-9{4}-9{5}-99-9"),
    "tr_tckimlik": ("tr.tckimlik", r"9{11}"),
    "tw_ubn": ("tw.ubn", r"9{8}"),
    "us_ein": ("us.ein", r"99-9{7}"),
    "us_itin": ("us.itin", r"999-99-9{4}"),
    "za_idnr": ("za.idnr", r"9{13}"),
}


def _by_check_digits(module: ModuleType) -> Accepts:
    is_valid: Accepts = module.is_valid
    return lambda value: value.isascii() and is_valid(value)


for _name, (_module, _looks) in _NUMBERS.items():
    recogniser(_name, low=8, high=22, needs="9", only="9a .-/+", looks=_looks, weak=True)(
        _by_check_digits(import_module(f"stdnum.{_module}"))
    )


@recogniser("uk_nino", low=9, high=13, needs="9a", only="9a ", looks=r"AA ?99 ?99 ?99 ?A")
def is_uk_nino(value: str) -> bool:
    return _NINO.fullmatch(value) is not None


@recogniser("se_personnummer", low=11, high=13, needs="9", only="9-+", looks=r"(?:99)?9{6}[-+]9{4}")
def is_personnummer(value: str) -> bool:
    return personnummer.is_valid(value)


@recogniser("eu_vat", low=10, high=16, needs="9a", only="9a .-", looks=r"AA[ A9.-]*9[ A9.-]*")
def is_eu_vat(value: str) -> bool:
    return value.isascii() and vat.is_valid(value)

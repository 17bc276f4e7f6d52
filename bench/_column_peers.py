"""Peers from PyPI on the same columns, each in a virtual environment of its own.

A peer's script reads `{id, column, values}` lines and prints `{id, label}` lines; labels are mapped
here, leniently. What a peer can't name is no answer of its.
"""

# ruff: noqa: E501 - tables of labels.

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench._column_measures import COMMON

Row = dict[str, Any]
_HOME = Path(os.environ.get("TMPDIR", "/tmp")) / "datawave-peers"
_LONGEST = 280
_VALUES = 200

_PRESIDIO = """
import collections
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry, predefined_recognizers as known
from presidio_analyzer.nlp_engine import NlpArtifacts
registry = RecognizerRegistry()
names = ("CreditCard", "Crypto", "Date", "Email", "Iban", "Ip", "Phone", "Url", "UsBank", "UsLicense",
         "UsItin", "UsPassport", "UsSsn", "NhsRecognizer", "EsNif", "ItFiscalCode", "ItDriverLicense",
         "ItPassport", "InPan", "InAadhaar", "AuTfn")
for name in names:
    kind = getattr(known, name if name.endswith("Recognizer") else name + "Recognizer", None)
    if kind is not None:
        registry.add_recognizer(kind())
def classify(column, values):
    votes = collections.Counter()
    for value in values:
        found = [r for each in registry.recognizers for r in (each.analyze(value, each.supported_entities, None) or [])]
        if found:
            votes[max(found, key=lambda r: r.score).entity_type] += 1
    return votes.most_common(1)[0][0] if votes else ""
"""
_PROFILER = """
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import pandas, dataprofiler
labeler = dataprofiler.DataLabeler(labeler_type="structured")
def classify(column, values):
    told = labeler.predict(pandas.Series(values))["pred"]
    kinds = [str(each) for each in told]
    best = max(set(kinds), key=kinds.count) if kinds else ""
    return best if best not in ("UNKNOWN", "BACKGROUND") else ""
"""
_COLSCAN = """
import colscan
def classify(column, values):
    return colscan.scan_column(values, column)["type"]
"""
_DBMASK = """
from dbmask.detection.patterns import PatternMatcher
matcher = PatternMatcher(min_samples=1)
def classify(column, values):
    found = matcher.match(values, column)
    return found.name if found else ""
"""
_TAIL = """
import json, sys
for line in sys.stdin:
    row = json.loads(line)
    try:
        label = classify(row["column"], row["values"])
    except Exception:
        label = ""
    print(json.dumps({"id": row["id"], "label": label}), flush=True)
"""


@dataclass(frozen=True)
class Peer:
    """How a peer is installed and asked, and what its labels mean."""

    name: str
    needs: tuple[str, ...]
    script: str
    labels: Mapping[str, str]


_USUAL = {
    "PERSON": "person.full_name", "EMAIL_ADDRESS": "contact.email", "EMAIL": "contact.email",
    "PHONE_NUMBER": "contact.phone", "PHONE": "contact.phone", "ADDRESS": "address.street",
    "CREDIT_CARD": "finance.credit_card_number", "IBAN_CODE": "finance.iban", "IBAN": "finance.iban",
    "US_SSN": "gov.national_id", "SSN": "gov.national_id", "US_ITIN": "gov.national_id",
    "IP_ADDRESS": "net.ipv4", "IPV4": "net.ipv4", "IPV6": "net.ipv6", "MAC_ADDRESS": "net.mac_address",
    "URL": "net.url", "DATE_TIME": "datetime", "DATE": "date", "DATETIME": "datetime", "TIME": "time",
    "US_PASSPORT": "gov.passport", "US_DRIVER_LICENSE": "gov.driver_license", "ES_NIF": "gov.national_id",
    "DRIVERS_LICENSE": "gov.driver_license", "IT_FISCAL_CODE": "gov.national_id", "UUID": "id.uuid",
    "IN_PAN": "gov.national_id", "IN_AADHAAR": "gov.national_id", "UK_NHS": "health.insurance_id",
    "BAN": "finance.iban", "HASH_OR_KEY": "data.hash", "INTEGER": "quantity", "FLOAT": "quantity",
    "QUANTITY": "quantity", "ORDINAL": "id.record", "BOOLEAN": "boolean", "ZIP": "address.postal_code",
    "ZIP_CODE": "address.postal_code", "POSTAL_CODE": "address.postal_code", "COUNTRY": "address.country",
    "CITY": "address.city", "STATE": "address.region", "FIRST_NAME": "person.first_name",
    "LAST_NAME": "person.last_name", "NAME": "person.full_name", "FULL_NAME": "person.full_name",
    "GENDER": "person.gender", "AGE": "person.age", "LATITUDE": "geo.latitude", "LONGITUDE": "geo.longitude",
    "DOB": "person.date_of_birth", "DATE_OF_BIRTH": "person.date_of_birth", "VIN": "vehicle.vin",
    "PASSWORD": "secret.password", "USERNAME": "user.username", "CURRENCY_CODE": "finance.currency_code",
    "PERSON_NAME_FULL": "person.full_name", "PERSON_GIVEN": "person.first_name",
    "PERSON_SURNAME": "person.last_name", "GENDER_LABEL": "person.gender",
    "FISCAL_CODE_IT": "gov.national_id", "NATIONAL_ID": "gov.national_id",
    "STREET_ADDRESS": "address.street", "HOUSE_NUMBER": "address.house_or_unit",
    "POSTCODE": "address.postal_code", "COUNTRY_NAME": "address.country", "REGION_ADMIN": "address.region",
    "BIC": "finance.bic", "AMOUNT": "finance.amount", "COMPANY_NAME": "org.name",
    "INSTITUTION_NAME": "org.name", "JOB_TITLE": "person.job_title", "ICD_CODE": "health.medical_code",
    "YEAR": "year", "DOMAIN": "net.hostname", "HASH_HEX": "data.hash", "SEQUENTIAL_ID": "id.record",
    "DOMAIN_IDENTIFIER": "id.record", "ENUM_CODE": "other", "FILE_PATH": "file.path",
    "MEASUREMENT": "quantity", "FREE_TEXT": "text.free", "VAT_NUMBER": "org.registration_number",
    "COORDINATE": "geo.point", "COUNTRY_CODE": "address.country_code", "CARD": "finance.credit_card_number", "ISBN": "product.isbn",
}  # fmt: skip
PEERS = (
    Peer("presidio", ("presidio-analyzer", "presidio-structured"), _PRESIDIO, _USUAL),
    Peer("dataprofiler", ("DataProfiler[ml]",), _PROFILER, _USUAL),
    Peer("colscan", ("colscan",), _COLSCAN, _USUAL),
    Peer("dbmask", ("dbmask",), _DBMASK, _USUAL),
)


def judge_with_peers(rows: Sequence[Row]) -> Iterator[tuple[str, dict[str, Row], float]]:
    """Each peer that can be installed: its name, its verdicts and columns per second."""
    for peer in PEERS:
        try:
            python = _install(peer)
        except subprocess.SubprocessError as error:
            print(f"{peer.name}: can't be installed here ({type(error).__name__})")
            continue
        started = time.perf_counter()
        verdicts = dict(_ask(peer, python, rows))
        yield peer.name, verdicts, len(verdicts) / (time.perf_counter() - started)


def _install(peer: Peer) -> Path:
    place = _HOME / peer.name
    python = place / "bin/python"
    if not (place / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        subprocess.run(
            [python, "-m", "pip", "install", "-q", *peer.needs], check=True, timeout=_LONGEST
        )
        (place / "ready").touch()
    return python


def _ask(peer: Peer, python: Path, rows: Sequence[Row]) -> Iterator[tuple[str, Row]]:
    """Verdicts as far as the peer comes in the time that it has."""
    lines = [
        json.dumps({"id": row["id"], "column": row["column"], "values": _texts(row)})
        for row in rows
    ]
    try:
        told = subprocess.run(
            [python, "-c", peer.script + _TAIL],
            input="\n".join(lines), capture_output=True, text=True, timeout=_LONGEST, check=False,
        ).stdout  # fmt: skip
    except subprocess.TimeoutExpired as late:
        told = (late.stdout or b"").decode()
    for line in told.splitlines():
        if line.startswith("{"):
            row = json.loads(line)
            kind = peer.labels.get(row["label"].upper().rpartition(".")[2].replace(" ", "_"), "")
            yield row["id"], {"semantic": kind or None, "sensitive": float(kind in COMMON)}


def _texts(row: Row) -> list[str]:
    return [str(value) for value in row["values"][:_VALUES] if value is not None]

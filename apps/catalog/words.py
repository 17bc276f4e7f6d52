"""Splits names into words and spells abbreviations out, for drafts and for search."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

# A lower-case letter or digit before a capital, or the last capital of an acronym before a word.
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W_]+")
_LONGEST_WORD = 60
_MOST_WORDS = 2_000
ABBREVIATIONS: Final[dict[str, str]] = {
    short: spelled
    for short, _, spelled in (
        line.partition(" ")
        for line in """
acc account
acct account
addr address
adr address
agr agreement
amt amount
appt appointment
attr attribute
avg average
bal balance
bday birthday
bin binary
bldg building
br branch
cat category
cc credit card
cd code
cfg configuration
chg charge
cnt count
cntry country
co company
comm communication
cont contact
ctry country
cust customer
dept department
desc description
dim dimension
dir directory
dob date of birth
doc document
dt date
ds description
dur duration
emp employee
ext extension
fct fact
fin financial
fk foreign key
fname first name
freq frequency
fst first
grp group
hist history
hr human resources
img image
ins insurance
inv invoice
itm item
lang language
ln line
lname last name
loc location
lvl level
med medical
mgr manager
mob mobile
mrn medical record number
msg message
mth month
nbr number
nm name
no number
num number
org organisation
ord order
pat patient
pay payment
pct percent
ph phone
pmt payment
pos position
prc price
prd product
prod product
pt patient
pwd password
qty quantity
rec record
ref reference
reg region
rel relation
rpt report
sal salary
sess session
sfx suffix
shp shipment
src source
ssn social security number
st street
sts status
stat status
subs subscription
supp supplier
svc service
tbl table
tel telephone
temp temporary
tmp temporary
trx transaction
txn transaction
typ type
uid user id
upd update
usr user
val value
vend vendor
wh warehouse
xref cross reference
yr year
zip postal code
""".strip().splitlines()
    )
}


def split_words(text: str) -> list[str]:
    """Words of a name or sentence, lower case and without accents: custName -> cust, name."""
    plain = unicodedata.normalize("NFKD", _HUMP.sub(" ", text))
    bare = "".join(char for char in plain if not unicodedata.combining(char))
    return [word[:_LONGEST_WORD] for word in _WORD.findall(bare.casefold())]


@lru_cache(maxsize=20_000)
def spell_out(name: str) -> str:
    """A name as people would say it: cust_addr -> customer address."""
    return " ".join(ABBREVIATIONS.get(word, word) for word in split_words(name))


@lru_cache(maxsize=20_000)
def index_name(name: str) -> str:
    """What a name is found by: its words as written, run together, and spelled out."""
    written = split_words(name)
    joined = ["".join(written)] if len(written) > 1 else []
    return " ".join(dict.fromkeys([*written, *joined, *spell_out(name).split()]))


def index_names(names: Iterable[str]) -> str:
    """What any of the names is found by, each word once."""
    words = dict.fromkeys(word for name in names for word in index_name(name).split())
    return " ".join(list(words)[:_MOST_WORDS])


def index_text(*texts: str) -> str:
    """The words of sentences, each once."""
    words = dict.fromkeys(word for text in texts for word in split_words(text))
    return " ".join(list(words)[:_MOST_WORDS])

"""Policy packs: a closed language for rules about data, each with the examples that prove it."""

from __future__ import annotations

from .errors import CODES, PackInvalid
from .loader import load_pack, load_shipped_packs
from .model import Citation, Defaults, Expr, NamedList, Outcome, Override, Pack, Rule, RuleTest

__all__ = [
    "CODES",
    "Citation",
    "Defaults",
    "Expr",
    "NamedList",
    "Outcome",
    "Override",
    "Pack",
    "PackInvalid",
    "Rule",
    "RuleTest",
    "load_pack",
    "load_shipped_packs",
]

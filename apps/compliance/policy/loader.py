"""Reads policy packs of the form `datawave.policy/v1`, and those that are shipped."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, cast

from .errors import PackInvalid
from .model import SEVERITIES, Defaults, NamedList, Override, Pack, Rule, SeverityName
from .reading import Node
from .rules import RULE_ID, parse_rule
from .safe_yaml import read_yaml

SCHEMA: Final = "datawave.policy/v1"
PACKS: Final = Path(__file__).parent.parent / "packs"
MAX_RULES: Final = 2_000
_SLUG: Final = r"[a-z][a-z0-9_-]{0,63}"
_SEMVER: Final = r"\d{1,5}\.\d{1,5}\.\d{1,5}"
_MOST_DAYS: Final = 180
_Entries = dict[str, Node]


def load_pack(text: str | bytes) -> Pack:
    """Read a pack, or raise `PackInvalid` naming the first place that is wrong."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    entries = Node(read_yaml(raw), "").take("schema pack", "lists defaults rules overrides")
    if entries["schema"].value != SCHEMA:
        raise entries["schema"].fail("schema_unknown", f"expected {SCHEMA}")
    about = entries["pack"].take(
        "id title version", "jurisdiction legal_as_of extends owner review_by sources"
    )
    pack_id = about["id"].text(pattern=_SLUG)
    lists = _parse_lists(entries)
    return Pack(
        id=pack_id,
        title=about["title"].text(longest=200),
        version=about["version"].text(pattern=_SEMVER),
        legal_as_of=about["legal_as_of"].day() if "legal_as_of" in about else None,
        jurisdiction=_texts(about, "jurisdiction"),
        extends=_texts(about, "extends"),
        owner=about["owner"].text(longest=200) if "owner" in about else "",
        review_by=about["review_by"].day() if "review_by" in about else None,
        sources=_texts(about, "sources"),
        defaults=_parse_defaults(entries),
        lists=lists,
        rules=_parse_rules(entries, pack_id, lists),
        overrides=_parse_overrides(entries),
        sha256=hashlib.sha256(raw).hexdigest(),
    )


@lru_cache(maxsize=1)
def load_shipped_packs() -> tuple[Pack, ...]:
    """The packs that come with DataWave, by id; read once."""
    packs = (load_pack(path.read_bytes()) for path in PACKS.glob("*.yaml"))
    return tuple(sorted(packs, key=lambda pack: pack.id))


def _texts(entries: _Entries, key: str) -> tuple[str, ...]:
    return entries[key].texts() if key in entries else ()


def _parse_lists(entries: _Entries) -> dict[str, NamedList]:
    if "lists" not in entries:
        return {}
    node = entries["lists"]
    return {key: _parse_list(node.child(key, value)) for key, value in node.mapping().items()}


def _parse_list(node: Node) -> NamedList:
    entries = node.take("values as_of source")
    name = Node(node.path.rpartition(".")[2], node.path).text(pattern=_SLUG)
    values = entries["values"].texts(least=1)
    return NamedList(name, values, entries["as_of"].day(), entries["source"].text())


def _parse_defaults(entries: _Entries) -> Defaults:
    if "defaults" not in entries:
        return Defaults()
    found = entries["defaults"].take("", "min_confidence on_unknown exception")
    fields: dict[str, object] = {}
    if "min_confidence" in found:
        fields["min_confidence"] = float(found["min_confidence"].number(0, 1))
    if "on_unknown" in found:
        word = found["on_unknown"].choice(("report", "fail"))
        fields["on_unknown"] = cast("Literal['report', 'fail']", word)
    if "exception" in found:
        rules = found["exception"].take("max_days approver_role")
        fields["exception_max_days"] = rules["max_days"].whole(1, _MOST_DAYS)
        fields["exception_approver_role"] = rules["approver_role"].text(longest=80)
    return Defaults(**fields)  # type: ignore[arg-type]  # each was checked above


def _parse_rules(entries: _Entries, pack_id: str, lists: dict[str, NamedList]) -> tuple[Rule, ...]:
    if "rules" not in entries:
        return ()
    items = entries["rules"].items()
    if len(items) > MAX_RULES:
        raise entries["rules"].fail("too_many_rules", f"more than {MAX_RULES:,} rules")
    rules: dict[str, Rule] = {}
    for item in items:
        rule = parse_rule(item, pack_id, lists)
        if rule.id in rules:
            raise item.fail("rule_duplicate", f"there are two rules {rule.id}")
        rules[rule.id] = rule
    return tuple(rules.values())


def _parse_overrides(entries: _Entries) -> tuple[Override, ...]:
    if "overrides" not in entries:
        return ()
    return tuple(_parse_override(item) for item in entries["overrides"].items())


def _parse_override(node: Node) -> Override:
    found = node.take("rule", "severity enabled")
    severity = found["severity"].choice(SEVERITIES) if "severity" in found else None
    return Override(
        found["rule"].text(pattern=RULE_ID),
        cast("SeverityName | None", severity),
        found["enabled"].truth() if "enabled" in found else True,
    )


__all__ = ["PackInvalid", "load_pack", "load_shipped_packs"]

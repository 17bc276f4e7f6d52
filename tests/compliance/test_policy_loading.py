"""Loading packs: what the language takes, and the code and place of whatever it refuses."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml

from apps.compliance.policy import CODES, PackInvalid, load_pack

RULE: dict[str, Any] = {
    "id": "ACME-1",
    "title": "No readable e-mail",
    "citations": [{"law": "internal", "ref": "S-1"}],
    "level": "column",
    "severity": "high",
    "evidence": "indicator",
    "when": {"fact": "column.semantic_type", "op": "in", "value": ["contact.email"]},
    "require": {"fact": "column.protection", "op": "ne", "value": "none"},
    "message": "{column.fqn} is readable.",
    "remediation": "Mask it.",
    "limits": "Shape alone.",
    "tests": [
        {
            "name": "readable",
            "facts": {"column": {"semantic_type": "contact.email", "protection": "none"}},
            "expect": "fail",
        },
        {
            "name": "masked",
            "facts": {"column": {"semantic_type": "contact.email", "protection": "masked"}},
            "expect": "pass",
        },
    ],
}
PACK: dict[str, Any] = {
    "schema": "datawave.policy/v1",
    "pack": {"id": "acme", "title": "Acme", "version": "1.0.0"},
    "rules": [RULE],
}
EXISTS = {"fact": "column.name", "op": "exists"}


class Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


def dump(pack: object) -> str:
    return yaml.dump(pack, Dumper=Plain, sort_keys=False, allow_unicode=True)


def changed(*path: str | int, to: object) -> str:
    """The good pack with one value replaced or added."""
    pack = copy.deepcopy(PACK)
    place: Any = pack
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return dump(pack)


def without(*path: str | int) -> str:
    pack = copy.deepcopy(PACK)
    place: Any = pack
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return dump(pack)


def required(expr: object) -> str:
    return changed("rules", 0, "require", to=expr)


def at_level(level: str, expr: object) -> str:
    pack = copy.deepcopy(PACK)
    del pack["rules"][0]["when"]
    pack["rules"][0] |= {"level": level, "require": expr, "message": "Broken."}
    return dump(pack)


def nested(depth: int) -> object:
    expr: object = EXISTS
    for _ in range(depth):
        expr = {"not": expr}
    return expr


def flow(depth: int) -> str:
    return "[" * depth + "]" * depth


LAUGHS = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 10)
)
CHAIN = "a0: &a0 [1]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 40))
GOOD = dump(PACK)

BAD: list[tuple[str, str, str | bytes, str]] = [
    ("more than 1 MiB", "too_big", "#" * (1024 * 1024 + 1), ""),
    ("not UTF-8", "yaml_invalid", b"schema: \xff\xfe", ""),
    ("control characters", "yaml_invalid", "schema: \x00", ""),
    ("not YAML", "yaml_invalid", "schema: [", ""),
    ("two documents", "yaml_invalid", "a: 1\n---\nb: 2", ""),
    ("an endless number", "yaml_invalid", f"schema: {'9' * 5000}", ""),
    ("an impossible date", "yaml_invalid", "schema: 2026-13-45", ""),
    ("an alias to nothing", "yaml_invalid", "a: *b", ""),
    ("an alias to itself", "yaml_invalid", "a: &a [*a]", ""),
    ("too many aliases", "alias_limit", f"a: &a 1\nb: [{'*a, ' * 101}]", ""),
    ("a billion laughs", "too_big", LAUGHS, ""),
    ("depth through aliases", "too_deep", CHAIN, ""),
    ("deep brackets", "too_deep", flow(21), ""),
    ("very deep brackets", "too_deep", flow(100_000), ""),
    ("a Python object", "tag_forbidden", "!!python/object/apply:os.system ['true']", ""),
    ("a tag of its own", "tag_forbidden", "schema: !env HOME", ""),
    ("a standard tag", "tag_forbidden", "schema: !!str x", ""),
    ("a key twice", "key_duplicate", GOOD + "\nschema: x\n", ""),
    ("a merge key", "type_wrong", "a: &a {b: 1}\nc:\n  <<: *a\n", ""),
    ("a number as a key", "type_wrong", "1: x", ""),
    ("a list as a key", "type_wrong", "? [1]\n: x", ""),
    ("nothing", "type_wrong", "", ""),
    ("a list on top", "type_wrong", "[1]", ""),
    ("another schema", "schema_unknown", changed("schema", to="datawave.policy/v2"), "schema"),
    ("a schema missing", "key_missing", without("schema"), ""),
    ("an unknown key on top", "key_unknown", changed("rulez", to=[]), "rulez"),
    ("an unknown key in pack", "key_unknown", changed("pack", "licence", to="x"), "pack.licence"),
    ("a version of two parts", "value_invalid", changed("pack", "version", to="1.0"),
     "pack.version"),
    ("a version as a number", "type_wrong", changed("pack", "version", to=1.0), "pack.version"),
    ("a date as a text", "type_wrong", changed("pack", "legal_as_of", to="soon"),
     "pack.legal_as_of"),
    ("an unknown key in a rule", "key_unknown", changed("rules", 0, "fix", to="x"),
     "rules[0].fix"),
    ("a message missing", "key_missing", without("rules", 0, "message"), "rules[0]"),
    ("a level unheard of", "value_invalid", changed("rules", 0, "level", to="row"),
     "rules[0].level"),
    ("a grade in short", "value_invalid", changed("rules", 0, "evidence", to="D"),
     "rules[0].evidence"),
    ("no citation", "value_invalid", changed("rules", 0, "citations", to=[]),
     "rules[0].citations"),
    ("an id with a space", "value_invalid", changed("rules", 0, "id", to="A B"), "rules[0].id"),
    ("one rule twice", "rule_duplicate", changed("rules", to=[RULE, RULE]), "rules[1]"),
    ("too many rules", "too_many_rules", changed("rules", to=[1] * 2001), "rules"),
    ("a fact misspelt", "fact_unknown",
     required({"fact": "column.protecton", "op": "exists"}), "rules[0].require.fact"),
    ("a fact misspelt in an example", "fact_unknown",
     changed("rules", 0, "tests", 0, "facts", "column", "semantic", to="x"),
     "rules[0].tests[0].facts.column.semantic"),
    ("an example's fact of a wrong type", "type_wrong",
     changed("rules", 0, "tests", 0, "facts", "column", "null_rate", to="high"),
     "rules[0].tests[0].facts.column.null_rate"),
    ("a column in a rule on tables", "fact_out_of_scope", at_level("table", EXISTS),
     "rules[0].require.fact"),
    ("a table in a rule on sources", "fact_out_of_scope",
     at_level("source", {"fact": "table.owner", "op": "exists"}), "rules[0].require.fact"),
    ("columns in a rule on sources", "fact_out_of_scope",
     at_level("source", {"columns": "any", "where": EXISTS}), "rules[0].require"),
    ("columns in columns", "columns_nested",
     at_level("table", {"columns": "any", "where": {"columns": "any", "where": EXISTS}}),
     "rules[0].require.where"),
    ("an op unheard of", "op_unknown",
     required({"fact": "column.name", "op": "matches", "value": ".*"}), "rules[0].require.op"),
    ("an order of texts", "op_not_for_fact",
     required({"fact": "column.name", "op": "gt", "value": "a"}), "rules[0].require.op"),
    ("a value too much", "value_invalid", required({**EXISTS, "value": 1}), "rules[0].require"),
    ("a value missing", "value_invalid",
     required({"fact": "column.name", "op": "eq"}), "rules[0].require"),
    ("truth as a number", "type_wrong",
     required({"fact": "column.nullable", "op": "eq", "value": 1}), "rules[0].require.value"),
    ("a number as a truth", "type_wrong",
     required({"fact": "column.null_rate", "op": "eq", "value": True}),
     "rules[0].require.value"),
    ("a number that is none", "value_invalid",
     required({"fact": "column.null_rate", "op": "lt", "value": float("nan")}),
     "rules[0].require.value"),
    ("Norway", "type_wrong",
     required({"fact": "column.name", "op": "in", "value": ["DE", False]}),
     "rules[0].require.value[1]"),
    ("a word the fact never is", "value_invalid",
     required({"fact": "column.protection", "op": "in", "value": ["encryptd"]}),
     "rules[0].require.value"),
    ("a list that is none", "type_wrong",
     required({"fact": "column.name", "op": "in", "value": "a"}), "rules[0].require.value"),
    ("a list unheard of", "list_unknown",
     required({"fact": "column.name", "op": "in", "value": "@names"}), "rules[0].require.value"),
    ("a fact compared with a text", "type_wrong",
     at_level("table", {"fact": "table.k_min", "op": "lte_fact", "value": "table.name"}),
     "rules[0].require.value"),
    ("an empty all", "value_invalid", required({"all": []}), "rules[0].require.all"),
    ("all and any at once", "key_unknown",
     required({"all": [EXISTS], "any": [EXISTS]}), "rules[0].require.any"),
    ("a count without n", "value_invalid",
     at_level("table", {"columns": "count", "where": EXISTS}), "rules[0].require"),
    ("n without a count", "value_invalid",
     at_level("table", {"columns": "any", "n": 2, "where": EXISTS}), "rules[0].require"),
    ("conditions too deep", "expr_too_deep", required(nested(12)),
     "rules[0].require" + ".not" * 12),
    ("conditions too many", "expr_too_big", required({"all": [EXISTS] * 200}),
     "rules[0].require.all[198]"),
    ("an attribute in a message", "placeholder_unknown",
     changed("rules", 0, "message", to="{column.__class__}"), "rules[0].message"),
    ("a format in a message", "placeholder_unknown",
     changed("rules", 0, "message", to="{column.fqn!r:>99}"), "rules[0].message"),
    ("a raw value in a message", "placeholder_unknown",
     changed("rules", 0, "message", to="{column.max_value}"), "rules[0].message"),
    ("no example at all", "tests_missing", changed("rules", 0, "tests", to=[]),
     "rules[0].tests"),
    ("no failing example", "tests_missing", changed("rules", 0, "tests", to=RULE["tests"][1:]),
     "rules[0].tests"),
    ("an example that does not hold", "test_failed",
     changed("rules", 0, "tests", 1, "facts", "column", "protection", to="none"),
     "rules[0].tests[1]"),
    ("confidence above one", "value_invalid",
     changed("defaults", to={"min_confidence": 1.5}), "defaults.min_confidence"),
    ("a year of exception", "value_invalid",
     changed("defaults", to={"exception": {"max_days": 365, "approver_role": "dpo"}}),
     "defaults.exception.max_days"),
    ("an undated list", "key_missing", changed("lists", to={"eu": {"values": ["DE"]}}),
     "lists.eu"),
]  # fmt: skip


def test_it_works() -> None:
    pack = load_pack(GOOD)

    assert (pack.id, pack.version, len(pack.rules)) == ("acme", "1.0.0", 1)
    assert pack.rules[0].facts_used == {"column.semantic_type", "column.protection"}
    assert pack.rules[0].types_used == {"contact.email"}
    assert load_pack(GOOD.encode()) == pack
    assert load_pack(GOOD + "# more\n").sha256 != pack.sha256


@pytest.mark.parametrize(("code", "text", "path"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_pack_is_refused_with_code_and_place(code: str, text: str | bytes, path: str) -> None:
    with pytest.raises(PackInvalid) as refused:
        load_pack(text)
    assert (refused.value.code, refused.value.path) == (code, path)
    assert len(refused.value.message) < 500


def test_every_code_is_tried() -> None:
    assert {code for _, code, _, _ in BAD} == CODES


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (required({"fact": "column.protecton", "op": "exists"}), "column.protection"),
        (required({"fact": "table.tag.retention_days", "op": "exists"}), "tags.retention_days"),
        (changed("rules", 0, "remedation", to="x"), "remediation"),
    ],
)
def test_closest_name_is_suggested_when_one_is_misspelt(text: str, hint: str) -> None:
    with pytest.raises(PackInvalid, match=hint):
        load_pack(text)


def test_longest_and_deepest_pass_when_within_the_bounds() -> None:
    load_pack(required({"all": [RULE["require"]] * 198}))
    rule = copy.deepcopy(RULE)
    rule["require"] = {"not": {"not": RULE["require"]}}
    assert load_pack(changed("rules", to=[rule])).rules[0].id == "ACME-1"


def test_aliases_are_followed_when_few() -> None:
    text = GOOD.replace("- contact.email", "- &mail contact.email", 1).replace(
        "semantic_type: contact.email", "semantic_type: *mail"
    )
    assert text.count("*mail") == 2
    assert load_pack(text).rules == load_pack(GOOD).rules


def test_officers_pack_loads_as_the_manual_shows_it() -> None:
    pack = load_pack(
        """
schema: datawave.policy/v1
pack: {id: acme-hr, title: Acme HR rules, version: 1.2.0, extends: [gdpr], owner: dpo@acme.example,
  review_by: 2027-06-30}
lists: {hr_regions: {values: [DE, FR], as_of: 2026-11-01, source: "internal policy HR-7"}}
defaults: {min_confidence: 0.80, on_unknown: report,
  exception: {max_days: 180, approver_role: compliance_officer}}
overrides: [{rule: GDPR-05-2-OWNER, severity: high}, {rule: GDPR-30-ROPA, enabled: false}]
rules:
- id: ACME-HR-01
  title: Salary data stays in HR regions
  citations: [{law: GDPR, ref: "Art. 5(1)(f), 32"}, {law: internal, ref: "HR-7 s.3"}]
  level: table
  severity: high
  evidence: indicator
  when: {columns: any, where: {fact: column.semantic_type, op: in, value: [finance.income]}}
  require: {fact: table.flow_regions, op: subset_of, value: "@hr_regions"}
  message: "Salary data in {table.fqn} reaches {table.flow_regions}."
  remediation: "Move the replica to an HR region or request an exception."
  limits: "Flows outside declared lineage are not seen."
  tests:
  - {name: us, facts: {columns: [{semantic_type: finance.income}], table.flow_regions: [US]},
     expect: fail}
  - {name: de, facts: {columns: [{semantic_type: finance.income}], table.flow_regions: [DE]},
     expect: pass}
  - {name: no lineage, facts: {columns: [{semantic_type: finance.income}]}, expect: unknown}
"""
    )
    assert pack.lists["hr_regions"].values == ("DE", "FR")
    assert pack.extends == ("gdpr",)
    assert [(o.rule, o.severity, o.enabled) for o in pack.overrides] == [
        ("GDPR-05-2-OWNER", "high", True),
        ("GDPR-30-ROPA", None, False),
    ]
    assert pack.rules[0].citation == "GDPR Art. 5(1)(f), 32; internal HR-7 s.3"

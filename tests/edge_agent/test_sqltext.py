"""SQL without its literals: no value passes, whatever the dialect and however it is written."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from datawave_edge.egress import clean_sql
from datawave_edge.sqltext import MAX_TEXT, Quoting, find_checks, strip_literals


@pytest.mark.parametrize(
    ("quoting", "text", "told"),
    [
        ("postgresql", "SELECT a.id, 'x''y' AS n FROM t", "SELECT a.id, ? AS n FROM t"),
        ("postgresql", r"(a <> E'it\'s' AND b > 5)", "(a <> ? AND b > ?)"),
        ("postgresql", "a IN ('x', 'y', 'z')", "a IN (?)"),
        ("postgresql", "a = ANY (ARRAY['x'::text])", "a = ANY (ARRAY[?::text])"),
        ("postgresql", "$$zq$$ || $t$ zq $$ $t$ || U&'zq'", "? || ? || ?"),
        ("postgresql", "x + 1.5e3 - .5 - 1_000 - 0xff", "x + ? - ? - ? - ?"),
        ("postgresql", "a -- zq\n, b /* zq */ , c", "a  \n, b   , c"),
        ("postgresql", 'SELECT "we ird"."5 a" FROM "T"', 'SELECT "we ird"."5 a" FROM "T"'),
        ("postgresql", """SELECT 'Anna' AS "Anna" """, 'SELECT ? AS "…"'),
        ("postgresql", 'SELECT x AS "a@b.example"', 'SELECT x AS "…"'),
        ("mysql", "select `a` AS `b`,'zq' AS `zq` from `t`", 'select `a` AS `b`,? AS "…" from `t`'),
        ("mysql", "a = _utf8mb4'x' or b = \"zq\" or 0x1F", "a = ? or b = ? or ?"),
        ("mssql", "SELECT [a b] FROM [t] WHERE x = N'zq'", "SELECT [a b] FROM [t] WHERE x = ?"),
        ("unknown", "SELECT \"A\" FROM T WHERE B = 'z''q'", 'SELECT "A" FROM T WHERE B = ?'),
        ("oracle", "SELECT \"A\" FROM T WHERE B = 'zq'", 'SELECT "A" FROM T WHERE B = ?'),
    ],
)
def test_literals_are_gone_when_stripped(quoting: Quoting, text: str, told: str) -> None:
    assert strip_literals(text, quoting) == told


@pytest.mark.parametrize(
    ("quoting", "text"),
    [
        ("postgresql", "SELECT 'zq"),
        ("postgresql", 'SELECT "zq'),
        ("postgresql", "a /* x /* y */ zq */ b"),
        ("postgresql", "$t$ zq"),
        # With and without backslashes as escapes this reads differently.
        ("mysql", r"select 'a\' as x, 'zq' as y"),
        ("unknown", r"SELECT 'a\' AS x, 'zq' AS y"),
        ("unknown", "SELECT `zq`"),
        ("unknown", "SELECT $$zq$$"),
        ("unknown", "SELECT q'[it's zq]'"),
        ("oracle", "SELECT q'[it's zq]' FROM dual"),
        ("sqlite", "SELECT ‘zq’"),
        ("sqlite", "x" * 300_000),
    ],
)
def test_text_is_given_up_when_it_can_be_read_in_two_ways(quoting: Quoting, text: str) -> None:
    assert strip_literals(text, quoting) == ""


def test_double_quotes_are_a_string_when_no_such_name_is_known() -> None:
    text = 'SELECT "name", "zq", [zq], `zq` FROM "people"'
    told = strip_literals(text, "sqlite", {"name", "people"})
    assert told == 'SELECT "name", "…", "…", "…" FROM "people"'


def test_checks_are_found_when_a_table_has_some() -> None:
    text = """CREATE TABLE t (a INT CHECK (a > 5 AND (a < 9)), "b)c" TEXT,
        CONSTRAINT k CHECK("b)c" <> 'zq)') )"""
    assert find_checks(text, "sqlite", {"b)c"}) == ["a > ? AND (a < ?)", '"b)c" <> ?']


def test_text_is_cut_when_it_is_long() -> None:
    told = strip_literals(" ".join(["word"] * 5_000), "postgresql")
    assert len(told) == MAX_TEXT
    assert told.endswith("…")


SECRET = "zqsecret"
FILL = st.text(st.sampled_from("a'\"\\`[]$-/*#?;(),E \n1_é"), max_size=12)
DIALECTS = st.sampled_from(["postgresql", "mysql", "sqlite", "mssql", "oracle"])


@given(quoting=DIALECTS, before=FILL, inside=FILL, after=FILL)
@example(quoting="mysql", before="\\'", inside="", after="")
@example(quoting="postgresql", before="E'\\''", inside="\\", after="")
def test_no_value_passes_when_quoted_as_the_dialect_does(
    quoting: Quoting, before: str, inside: str, after: str
) -> None:
    doubled = f"{inside}{SECRET}{inside}".replace("'", "''")
    if quoting in ("postgresql", "mysql"):
        doubled = doubled.replace("\\", "\\\\")
    prefix = "E" if "\\" in doubled and quoting == "postgresql" else ""
    other = before.replace("'", "''").replace("\\", "")
    text = f"SELECT '{other}' AS a, {prefix}'{doubled}' AS b, '{other}' FROM t"
    assert SECRET not in strip_literals(text, quoting, {"a", "b", "t"})
    assert SECRET not in strip_literals(f"{text} {after}", quoting, {"a"})


@given(quoting=DIALECTS, text=st.text(max_size=60))
def test_what_is_stripped_passes_the_last_check_when_it_has_no_odd_names(
    quoting: Quoting, text: str
) -> None:
    told = strip_literals(text, quoting, set())
    assert "'" not in told
    assert clean_sql(told) in ("", told.replace("\x00", "\ufffd"))


@pytest.mark.parametrize("text", ["a = 'zq'", "a > 5", "a -- zq", "a /* zq */", "$$zq$$"])
def test_text_is_refused_at_egress_when_a_literal_is_left(text: str) -> None:
    assert clean_sql(text) == ""


def test_text_passes_egress_when_only_names_hold_digits() -> None:
    assert clean_sql('SELECT a1, "2024 b", `3` FROM t') == 'SELECT a1, "2024 b", `3` FROM t'

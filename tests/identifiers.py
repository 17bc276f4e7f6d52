"""About 400 hostile names, as catalogues of source databases may hold them."""

from __future__ import annotations

from typing import Final

# Each comes alone, at the start, in the middle and at the end of a name.
_PARTS: Final = (
    "'", '"', "`", '""', "''", "\\", "\\'", "%", "%s", "%(x)s", "%%", "{}", "{0}", "{{x}}", "${x}",
    ".", "..", "a.b", "/", "//", "../..", ":", ":x", "::text", "?", "?x=1", "#", "--", "/*", "*/",
    ";", ",", "(", ")", "[", "]", "[]", "<", ">", "&", "&amp;", "=", "+", "-", "@", "|", "~", "!",
    "$", "$1", "$$", "\t", "\n", "\r\n", "\x01", "\x1b[31m", "\x7f", " ", "  ", "\u00a0", "\u200b",
    "\u202e", "\u2028", "\ufeff", "é", "e\u0301", "ß", "İ", "Ω", "日本", "עברית", "العربية", "𝔘",
    "🙂", "👩‍👩‍👧", "ｆｕｌｌ", "\u3000",
)  # fmt: skip
_WHOLE: Final = (
    "select", "SELECT", "table", "user", "order", "group", "null", "NULL", "true", "None", "nan",
    "rowid", "oid", "ctid", "xmin", "tableoid", "default", "public", "information_schema", "dual",
    "Robert'); DROP TABLE students;--", "' OR '1'='1", "1; SELECT pg_sleep(9)", "x' UNION SELECT 1",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>',
    "{{ 7*7 }}", "{% debug %}", "${jndi:ldap://x}", "=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C'!A0",
    "＝1+1", "\t=1", "INFO 2024-01-01 all is well", "a\nERROR forged", "a\r\nSet-Cookie: x=1",
    "../../etc/passwd", "C:\\x", "con", "con.txt", "file:///x", "http://x.example/", "a@b.example",
    "0", "1", "007", "1e9", "0x1F", "1.5", "-0", "2024-01-01", "a", "A", "aA", "Aa", "_", "__",
    "__init__", "constructor", "__proto__", "toString", "length", "id", "ID", "x" * 63, "é" * 31,
    "日" * 21, "🙂" * 15,
)  # fmt: skip
LONG: Final = ("x" * 64, "y" * 128, "日" * 128, "z" * 1_000)


def make_identifiers() -> list[str]:
    """All of them, each once, in a steady order."""
    names = [
        name for part in _PARTS for name in (part, f"{part}after", f"be{part}fore", f"before{part}")
    ]
    return list(dict.fromkeys([*names, *_WHOLE]))


def fits_postgres(name: str) -> bool:
    """Whether PostgreSQL keeps the name as it is."""
    return 0 < len(name.encode()) <= 63 and "\x00" not in name


def fits_mysql(name: str) -> bool:
    """Whether MySQL takes the name: it stores the basic plane alone and no blank at the end."""
    return len(name) <= 60 and max(map(ord, name)) < 0x10000 and not name[-1].isspace()

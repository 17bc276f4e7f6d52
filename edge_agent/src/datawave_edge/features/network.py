"""Recognisers of addresses and names on networks, of files and of software."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from .gate import recogniser

EMAIL: Final = r"[\w.%+'-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,24}"
IPV4: Final = r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)"

_EMAIL = re.compile(EMAIL)
_IPV4 = re.compile(IPV4 + r"(?:/\d{1,2})?")
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}")
_MAC_CISCO = re.compile(r"(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}")
_URL = re.compile(
    r"(?:https?|ftps?|wss?|s3|ssh|git)://[^\s]{2,}|www\.[^\s.]+\.[^\s]{2,}", re.IGNORECASE
)
_HOSTNAME = re.compile(
    r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}", re.IGNORECASE
)
_UUID = re.compile(
    r"\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?", re.IGNORECASE
)
_AGENT = re.compile(r"(?:Mozilla|Opera|curl|Wget|python-requests|okhttp|Dalvik|PostmanRuntime)/\d")
_PATH = re.compile(r"(?:[A-Za-z]:\\|\\\\|~?/|\.{1,2}/)[^\s:*?\"<>|]*[^\s:*?\"<>|/\\.]\.?\w*")
_FILE = re.compile(
    r"[\w. ()-]{1,120}\.(?:pdf|docx?|xlsx?|pptx?|csv|txt|jpe?g|png|gif|zip|json"
    r"|xml|html?|mp[34]|svg)",
    re.IGNORECASE,
)
_MIME = re.compile(
    r"(?:application|audio|font|image|message|model|multipart|text|video)/[\w.+-]{2,80}"
    r"(?:;\s*[\w-]+=[\w.-]+)?"
)
_FILE_ENDINGS: Final = frozenset(
    [
        "pdf",
        "doc",
        "docx",
        "xls",
        "xlsx",
        "csv",
        "txt",
        "jpg",
        "jpeg",
        "png",
        "gif",
        "zip",
        "json",
        "xml",
        "html",
        "htm",
        "py",
        "js",
        "sql",
        "log",
        "svg",
    ]
)


@recogniser("email", low=6, high=254, needs="@.a", only="a9@.-_+%'*")
def is_email(value: str) -> bool:
    return _EMAIL.fullmatch(value) is not None and ".." not in value


@recogniser("ipv4", low=7, high=18, needs="9.", only="9./")
def is_ipv4(value: str) -> bool:
    return _IPV4.fullmatch(value) is not None


@recogniser("ipv6", low=2, high=49, needs=":", only="a9:./%")
def is_ipv6(value: str) -> bool:
    if value.count(":") < 2:  # noqa: PLR2004 - the shortest is "::"
        return False
    try:
        ipaddress.IPv6Network(value, strict=False)
    except ValueError:
        return False
    return True


@recogniser("mac_address", low=14, high=17, only="a9:-.")
def is_mac_address(value: str) -> bool:
    return bool(_MAC.fullmatch(value) or _MAC_CISCO.fullmatch(value))


@recogniser("url", low=8, high=4_000, needs=".a", looks=r"(?s:[Aa]+9?://.*|[Aa]{3}\..*)")
def is_url(value: str) -> bool:
    return _URL.fullmatch(value) is not None


@recogniser("hostname", low=4, high=253, needs=".a", only="a9.-")
def is_hostname(value: str) -> bool:
    if value.rpartition(".")[2].lower() in _FILE_ENDINGS:
        return False
    return _HOSTNAME.fullmatch(value) is not None


@recogniser(
    "uuid", low=36, high=38, needs="-", only="a9-{}", looks=r"\{?\w{8}(?:-\w{4}){3}-\w{12}\}?"
)
def is_uuid(value: str) -> bool:
    return _UUID.fullmatch(value) is not None


@recogniser("user_agent", low=8, high=2_000, needs="/9")
def is_user_agent(value: str) -> bool:
    return _AGENT.match(value) is not None


@recogniser("file_path", low=3, high=2_000, needs="a", one_of="/.\\")
def is_file_path(value: str) -> bool:
    return bool(_PATH.fullmatch(value) or _FILE.fullmatch(value))


@recogniser("mime_type", low=6, high=120, needs="/a")
def is_mime_type(value: str) -> bool:
    return _MIME.fullmatch(value) is not None

"""Where a database server is: a host by name or number, never a socket, a list or a URL."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from datawave_edge.faults import SourceFault

PORTS: Final = {"postgresql": 5432, "mysql": 3306}
_HOST: Final = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?")


def require_host(host: str) -> str:
    """The host, if it is one. Raises SourceFault `host_unresolved`."""
    if _HOST.fullmatch(host) or _is_ipv6(host):
        return host
    raise SourceFault("host_unresolved")


def _is_ipv6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6  # noqa: PLR2004
    except ValueError:
        return False

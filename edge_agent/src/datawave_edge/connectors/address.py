"""Where a database server is: a host by name or number, never a socket, a list or a URL."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Sequence
from typing import Final

from datawave_edge.faults import SourceFault
from datawave_edge.protocol import ConnectionSpec

PORTS: Final = {"postgresql": 5432, "mysql": 3306, "mssql": 1433, "oracle": 1521}
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Checked addresses of one host, in the resolver's order.
Addresses = Sequence[tuple[socket.AddressFamily, str]]
# All hosts of a network; and where clouds tell a machine its secrets, beside the link-local one:
# AWS by IPv6, Alibaba, Azure, Oracle.
_NEVER: Final = frozenset(
    ("255.255.255.255", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_HOST: Final = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
    r"(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?"
)
# Resolvers read 127.1, 0x7f.1 and 2130706433 as addresses, so a name must not end like one.
_NUMBER: Final = re.compile(r"(?:.*\.)?(?:\d+|0[xX][0-9A-Fa-f]*)\.?")


def is_host(text: str) -> bool:
    """Whether the text is a host's name or an IP address and nothing else."""
    if _is_address(text):
        return True
    return bool(_HOST.fullmatch(text)) and not _NUMBER.fullmatch(text)


def is_reachable(address: str) -> bool:
    """Whether a database may be there: link-local ones are of the network or the cloud itself."""
    found = _number(address)
    refused = found.is_link_local or found.is_multicast or found.is_unspecified
    return not refused and str(found) not in _NEVER


def is_loopback(host: str) -> bool:
    """Whether a host is surely the one that asks, so that nobody is between."""
    if _is_address(host):
        return _number(host).is_loopback
    name = host.lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost")


def _number(address: str) -> _Address:
    return _unwrap(ipaddress.ip_address(address.partition("%")[0]))


def _unwrap(address: _Address) -> _Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def require_host(host: str) -> str:
    """The host, if it is one. Raises SourceFault `host_unresolved` or `address_refused`."""
    if not is_host(host):
        raise SourceFault("host_unresolved")
    if _is_address(host) and not is_reachable(host):
        raise SourceFault("address_refused")
    return host


def require_port(spec: ConnectionSpec) -> int:
    """The port, by default the engine's usual one. Raises SourceFault where there is none."""
    port = spec.port or PORTS.get(spec.engine)
    if port is None:
        raise SourceFault("connect_refused", hint="Give the port: a dialect has no usual one.")
    return port


def resolve(host: str, port: int) -> Addresses:
    """The host's addresses. Raises SourceFault `address_refused` when one of them is refused."""
    try:
        found = socket.getaddrinfo(require_host(host), port, type=socket.SOCK_STREAM)
    except UnicodeError:
        # A part of the name is too long for the DNS.
        raise SourceFault("host_unresolved") from None
    addresses = {str(address[0]): family for family, _, _, _, address in found}
    if not all(map(is_reachable, addresses)):
        raise SourceFault("address_refused")
    return [(family, address) for address, family in addresses.items()]


def dial(addresses: Addresses, port: int, seconds: float) -> socket.socket:
    """A connection to the first of the addresses that answers; no name is looked up again.
    Raises OSError.
    """
    fault: OSError = ConnectionRefusedError()
    for family, address in addresses:
        dialled = socket.socket(family, socket.SOCK_STREAM)
        dialled.settimeout(seconds)
        try:
            dialled.connect((address, port))
            dialled.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            dialled.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except OSError as error:
            dialled.close()
            fault = error
        else:
            return dialled
    raise fault


def require_peer(descriptor: int, addresses: Addresses) -> Addresses:
    """The one of the addresses at which a connection ended. Raises SourceFault
    `address_changed` if it ended at none of them.
    """
    with socket.fromfd(descriptor, socket.AF_INET, socket.SOCK_STREAM) as connected:
        told = connected.getpeername()
    # Of a socket in the file system the peer is no pair.
    peer = _number(str(told[0])) if isinstance(told, tuple) else None
    found = [each for each in addresses if _number(each[1]) == peer]
    if not found:
        raise SourceFault("address_changed")
    return found


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text)) and "%" not in text
    except ValueError:
        return False

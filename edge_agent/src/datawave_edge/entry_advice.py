"""What to do about a server that is not believed or does not let in, by what exactly is wrong.

A driver's own text never leaves the host: it is read here only to choose one of these sentences.
"""

from __future__ import annotations

import re
from typing import Final

_WITHOUT_PROOF: Final = " Until then “Required” in the source encrypts without proving who answers."
SIGNER: Final = (
    "Whoever signed the server's certificate is not known on the agent's host. There are three"
    " ways out: name the authority that signed it in DATAWAVE_CA_FILE there; choose “Required” in"
    " the source, which encrypts without proving who answers; or choose “Off” in a network that"
    " you trust."
)
NO_TLS: Final = (
    "The server offers no TLS: switch it on there, or choose “Off” in the source in a network that"
    " you trust. Nobody has signed in."
)
CA_FILE: Final = (
    "DATAWAVE_CA_FILE on the agent's host names a file that can't be read or holds no certificate."
)
MAY_DEMAND_TLS: Final = (
    "The account or the server may also demand encryption (REQUIRE SSL), which is “Off” in the"
    " source."
)
MAY_DEMAND_CERTIFICATE: Final = (
    "The account may also demand a client certificate (REQUIRE X509), which the agent has none of."
)
_NAME: Final = (
    "The server's certificate is made out to another name: give the source the host by a name that"
    " the certificate bears, or have one issued that bears this name." + _WITHOUT_PROOF
)
_EXPIRED: Final = (
    "The server's certificate has run out: have it renewed on the server." + _WITHOUT_PROOF
)
_NOT_YET: Final = (
    "The server's certificate is not valid yet: compare the clocks of the agent's host and of the"
    " one that issued it."
)
_CLIENT_CERTIFICATE: Final = (
    "The server wants a certificate of whoever signs in, and the agent has none: let this user in"
    " by a password over TLS."
)
_UNENCRYPTED: Final = (
    "The server has no rule that lets this user in from the agent's host without encryption: choose"
    " an encryption in the source, see that the server offers TLS, or add the rule."
)
_DEMANDS_TLS: Final = (
    "The server lets nobody in without encryption: choose another than “Off” in the source."
)
_CLEAR: Final = (
    "The server asks for the password itself, which is told only to a proven one: choose"
    " “Required, certificate checked” in the source, or let the server use scram-sha-256."
)

# First what the system's libraries say of a certificate, then what drivers and servers do.
_SAID: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "tls_failed": (
        (r"has expired", _EXPIRED),
        (r"not yet valid", _NOT_YET),
        (r"(hostname|ip address) mismatch|does not match host name", _NAME),
        (r"self[- ]signed|unable to (get|verify)", SIGNER),
        (r"certificate[ _]required", _CLIENT_CERTIFICATE),
        (r"root certificate file", CA_FILE),
        (r"server (does not|doesn't) support", NO_TLS),
        (r"insecure transport|fatal: +ssl required", _DEMANDS_TLS),
    ),
    "auth_failed": (
        (r"valid client certificate", _CLIENT_CERTIFICATE),
        (r"cleartext", _CLEAR),
        (r"no encryption|ssl off", _UNENCRYPTED),
    ),
}


def advise(code: str, cause: BaseException) -> str:
    """A hint that fits an error better than its code's own; empty where there is none."""
    text = str(cause).lower()
    return next((hint for said, hint in _SAID.get(code, ()) if re.search(said, text)), "")

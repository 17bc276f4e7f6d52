"""An enrolled agent without a server, and what the doctor finds of it."""

from __future__ import annotations

from pathlib import Path

from datawave_edge.doctor import Check, run_checks
from datawave_edge.identity import Identity, IdentityFile, make_identity


def enrolled(spool: Path, server: str = "http://127.0.0.1:9") -> Identity:
    identity = make_identity(server)
    identity.agent, identity.name = "00000000-0000-4000-8000-000000000001", "site 1"
    IdentityFile(spool).save(identity)
    return identity


def find_check(spool: Path, name: str, verdict: str) -> Check:
    checks = list(run_checks(spool))
    found = [each for each in checks if (each.name, each.verdict) == (name, verdict)]
    assert found, checks
    return found[0]

"""Prints a systemd unit that runs the agent with as few rights as it needs."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Final

from .config import BadConfig, is_http_allowed

STATE_ROOT: Final = Path("/var/lib")
# What means nothing else to systemd or to a shell.
_PLAIN_PATH: Final = re.compile(r"[A-Za-z0-9/_.@+,:=-]+")
_PLAIN_USER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")
_PLAIN_HTTP: Final = "DATAWAVE_ALLOW_HTTP=1"

_UNIT: Final = """\
# Save as /etc/systemd/system/datawave-edge.service, then:
#   useradd --system --home-dir {directory} --shell /usr/sbin/nologin {user}
#   install -d -m 0700 -o {user} -g {user} {directory}
#   {enrol}
#   systemctl daemon-reload && systemctl enable --now datawave-edge
[Unit]
Description=DataWave edge agent
Documentation=https://pypi.org/project/datawave-edge/
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
ExecStart={command} run
Environment=DATAWAVE_SPOOL={directory} {given}
# Passwords that sources refer to as env:NAME; the file is root's, mode 0600.
EnvironmentFile=-/etc/datawave-edge.env
User={user}
Restart=always
RestartSec=5
# 77: refused by the server, 78: wrong settings. Starting again would not help.
RestartPreventExitStatus=77 78
TimeoutStopSec=30
KillSignal=SIGTERM

UMask=0077
{state}
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome={home}
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
# A call that is refused fails; it does not kill the agent.
SystemCallErrorNumber=EPERM
MemoryMax=512M
TasksMax=64
Nice=10

[Install]
WantedBy=multi-user.target
"""


def describe_unit(*, directory: Path, user: str, enrolled: Path | None = None) -> str:
    """The unit's text, for the command as it is installed here. Raises BadConfig.

    An identity in `enrolled` moves to the service, for the code that made it works no more.
    """
    if not _PLAIN_PATH.fullmatch(str(directory)):
        raise BadConfig(
            "Give the service a directory without spaces and signs: --spool /var/lib/edge"
        )
    if not _PLAIN_USER.fullmatch(user):
        raise BadConfig("Give the service a user of this host: --user datawave-edge")
    command = _find_command()
    given = f"{_PLAIN_HTTP} " if is_http_allowed() else ""
    in_home = command.startswith(("/home/", "/root/"))
    text = _UNIT.format(
        directory=directory,
        user=user,
        command=command,
        given=given,
        enrol=_describe_enrolment(directory, user, enrolled, f"{given}{command}"),
        state=_describe_state(directory),
        home="read-only" if in_home else "yes",
    )
    return text.replace(" \n", "\n")


def _describe_enrolment(directory: Path, user: str, enrolled: Path | None, command: str) -> str:
    if enrolled is None:
        return f"runuser -u {user} -- env DATAWAVE_SPOOL={directory} {command} enroll URL CODE"
    # Moved and not copied: two that use one identity are both refused.
    return (
        f"mv {shlex.quote(str(enrolled))}/* {directory}/ && chown -R {user}: {directory}"
        "   # once it is stopped there"
    )


def _describe_state(directory: Path) -> str:
    if directory.parent == STATE_ROOT:
        return f"StateDirectory={directory.name}\nStateDirectoryMode=0700"
    return f"ReadWritePaths={directory}"


def _find_command() -> str:
    beside = Path(sys.executable).with_name("datawave-edge")
    if beside.is_file():
        return str(beside)
    return shutil.which("datawave-edge") or f"{sys.executable} -m datawave_edge"

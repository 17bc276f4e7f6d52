"""Every code that a run, a batch or a table can fail with: whose matter it is, and what to do.

Pages, the API and mails all read this table. What the agent says of a source is worded by the
agent itself; this adds whose matter it is and the next step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from datawave_edge.faults import ADVICE

from .types import ErrorClass

AGAIN: Final = "Discover again; if it stays, look at the agent’s log."
WAIT: Final = "Discover again when the database answers and is less busy."


@dataclass(frozen=True)
class ErrorKind:
    """What people are told about a code."""

    code: str
    group: ErrorClass
    sentence: str
    next_step: str


# Code of the agent -> whose matter it is, and the next step.
_AGENT: Final[dict[str, tuple[ErrorClass, str]]] = {
    "host_unresolved": (ErrorClass.SOURCE, "Check the host name of the source and the DNS."),
    "host_unreachable": (ErrorClass.TRANSIENT, "Check routes and firewalls, then resume the run."),
    "address_refused": (
        ErrorClass.AGENT,
        "Check the source’s host; if it is right, allow its address in the agent’s settings.",
    ),
    "address_changed": (
        ErrorClass.SOURCE,
        "Ask whoever runs the network or the DNS, or give the source the host that it is sent to.",
    ),
    "not_read_only": (
        ErrorClass.SOURCE,
        "Give the source the database’s own host and port, or set the pooler to sessions.",
    ),
    "connect_refused": (
        ErrorClass.TRANSIENT,
        "Check the port and that the server runs, then resume the run.",
    ),
    "connect_timeout": (ErrorClass.TRANSIENT, WAIT),
    "tls_failed": (
        ErrorClass.SOURCE,
        "Name the certificate’s authority on the agent’s host, or choose another encryption.",
    ),
    "auth_failed": (
        ErrorClass.SOURCE,
        "Check the source’s user and password, and that the agent’s host may connect.",
    ),
    "database_missing": (ErrorClass.SOURCE, "Check the database’s name in the source."),
    "file_missing": (ErrorClass.SOURCE, "Check the path on the agent’s host."),
    "file_unreadable": (ErrorClass.SOURCE, "Let the agent’s user read the file."),
    "not_a_database": (ErrorClass.PERMANENT, "Choose another file, or restore it from a backup."),
    "file_broken": (
        ErrorClass.SOURCE,
        "Repair the file or leave it out with a pattern; it is not taken for gone.",
    ),
    "permission_denied": (
        ErrorClass.SOURCE,
        "Grant the user SELECT on it, or leave it out with a pattern.",
    ),
    "driver_missing": (
        ErrorClass.AGENT,
        "Install datawave-edge with the extra of that database on the agent’s host.",
    ),
    "dialect_refused": (
        ErrorClass.AGENT,
        "Name the dialect in DATAWAVE_DIALECTS on the agent’s host if it may be used.",
    ),
    "query_timeout": (
        ErrorClass.SOURCE,
        "Discover again when the source is less busy, or leave it out with a pattern.",
    ),
    "budget_spent": (
        ErrorClass.SOURCE,
        "Raise the source’s budget, or let the next discovery go on.",
    ),
    "table_missing": (
        ErrorClass.TRANSIENT,
        "It was dropped meanwhile; the next discovery will notice.",
    ),
    "connection_lost": (ErrorClass.TRANSIENT, WAIT),
    "secret_missing": (
        ErrorClass.AGENT,
        "Set the named variable or file on the agent’s host.",
    ),
    "source_busy": (ErrorClass.TRANSIENT, WAIT),
    "view_broken": (
        ErrorClass.PERMANENT,
        "Repair or drop the view; it may name a table or column that is gone.",
    ),
    "unsupported": (ErrorClass.PERMANENT, "Leave it out with a pattern."),
    "record_refused": (ErrorClass.AGENT, "Bring agent and server to one version."),
    "batch_refused": (ErrorClass.AGENT, "Bring agent and server to one version."),
    "description_refused": (
        ErrorClass.AGENT,
        (
            "Bring agent and server to one version and discover again; on the agent’s host, "
            "“datawave-edge dead” shows what was refused."
        ),
    ),
    "spool_lost": (ErrorClass.AGENT, "Resume the run: what is lacking is read again."),
    "spool_failed": (ErrorClass.AGENT, "Free space on the agent’s disk, then resume the run."),
    "cancelled": (ErrorClass.PERMANENT, "Discover again when you like."),
    "internal": (ErrorClass.AGENT, AGAIN),
}
_RESUME: Final = "All batches are safe. Resume the run."
_SERVER: Final = (
    ErrorKind(
        "no_agent",
        ErrorClass.AGENT,
        "No agent has taken this discovery up.",
        "Start the agent that serves this source, then resume the run.",
    ),
    ErrorKind(
        "agent_outdated",
        ErrorClass.AGENT,
        "The agent is too old for this kind of source.",
        "Update datawave-edge on the agent’s host, then resume the run.",
    ),
    ErrorKind(
        "agent_lost",
        ErrorClass.AGENT,
        "The agent fell silent again and again during this discovery.",
        "Look at the agent’s log and at its network, then resume the run.",
    ),
    ErrorKind(
        "job_overdue",
        ErrorClass.AGENT,
        "Reading went on for longer than a discovery may take.",
        "Look at the agent’s log, then resume the run; for a source that takes so long, raise"
        " DATAWAVE_JOB_HOURS.",
    ),
    ErrorKind(
        "job_given_up",
        ErrorClass.AGENT,
        "The agent took this discovery up several times and did not finish it.",
        "Look at the agent’s log, then resume the run.",
    ),
    ErrorKind(
        "stream_conflict",
        ErrorClass.AGENT,
        "The agent contradicts itself: two different batches bear one number.",
        "Check that no two agents share one token or spool, then discover again.",
    ),
    ErrorKind(
        "batch_invalid",
        ErrorClass.AGENT,
        "A batch did not pass validation.",
        "Check that the agent has the server’s version, then discover again.",
    ),
    ErrorKind(
        "profile_unread",
        ErrorClass.SOURCE,
        "Tables are stored without a profile, because their rows could not be read.",
        "The run’s page names the reason for each table.",
    ),
    ErrorKind(
        "absence_doubted",
        ErrorClass.PERMANENT,
        "Tables were no longer listed: many at once, or by an account that may not see all.",
        "Say on the run’s page whether they are gone, then discover again.",
    ),
    ErrorKind(
        "balance_broken",
        ErrorClass.OURS,
        "Tables were lost on the way: the balance did not hold.",
        "Discover again; if it stays, send the server’s log to its administrators.",
    ),
    ErrorKind(
        "settle_failed",
        ErrorClass.OURS,
        "What was found could not be put together.",
        "All batches are safe. Resume the run to put it together again.",
    ),
    ErrorKind(
        "settle_lost",
        ErrorClass.OURS,
        "The process that put the results together stopped again and again.",
        "All batches are safe. Look at the server’s memory and log, then resume the run.",
    ),
    ErrorKind(
        "worker_lost",
        ErrorClass.OURS,
        "The worker stopped each time that it worked on this.",
        "Look at the server’s memory and log, then press Retry.",
    ),
    ErrorKind(
        "stage_overran",
        ErrorClass.OURS,
        "A stage did not end within the time that it may take.",
        "Press Retry; if it stays, raise DATAWAVE_STAGE_LIMIT.",
    ),
    ErrorKind(
        "stage_memory",
        ErrorClass.OURS,
        "A stage needs more memory than it may have.",
        "Give the worker more memory, then press Retry.",
    ),
    ErrorKind(
        "data_error",
        ErrorClass.PERMANENT,
        "Something that was found does not fit into DataWave’s database.",
        "Trying again does not help: discard the batch, and send the server’s log to its"
        " administrators.",
    ),
    ErrorKind(
        "permission_error",
        ErrorClass.PERMANENT,
        "DataWave may not use a file that it needs.",
        "Let the server’s user use the file that the server’s log points to, then press Try again.",
    ),
    *(
        ErrorKind(
            code,
            ErrorClass.PERMANENT,
            "This version of DataWave can’t read what is stored of a table.",
            "Bring all of the server’s processes to one version, then press Try again.",
        )
        for code in ("validation_error", "decode_error", "batch_rejected")
    ),
    *(
        ErrorKind(
            code,
            ErrorClass.TRANSIENT,
            "The database of DataWave or its network did not answer.",
            "Press Retry when it is well again.",
        )
        for code in (
            "operational_error",
            "interface_error",
            "connection_error",
            "connection_refused_error",
            "connection_reset_error",
            "connection_aborted_error",
            "broken_pipe_error",
            "timeout_error",
        )
    ),
)
TABLE: Final[dict[str, ErrorKind]] = {
    **{
        code: ErrorKind(code, group, ADVICE[code].message, step)
        for code, (group, step) in _AGENT.items()
    },
    **{kind.code: kind for kind in _SERVER},
}


def find_kind(code: str) -> ErrorKind:
    """What people are told; an exception's name that nobody foresaw is our own matter."""
    unforeseen = ErrorKind(
        code,
        ErrorClass.OURS,
        "A part of DataWave met an error that it did not expect.",
        "Press Retry; if it stays, send the server’s log to its administrators.",
    )
    return TABLE.get(code, unforeseen)

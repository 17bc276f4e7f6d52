"""The doorbell closes from a signal's handler, whatever that interrupts."""

from __future__ import annotations

import subprocess
import sys

STORM = """
import signal
from apps.discovery import doorbell
signal.signal(signal.SIGALRM, lambda *_: doorbell.close())
signal.setitimer(signal.ITIMER_REAL, 3e-4, 3e-4)
for _ in range(200_000):
    doorbell.close()
signal.setitimer(signal.ITIMER_REAL, 0)
print(doorbell.is_closing())
"""


def test_it_closes_when_a_signal_interrupts_a_close() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STORM], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "True\n"

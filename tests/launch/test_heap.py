"""What is loaded at the start is left alone by the collector of cycles."""

from __future__ import annotations

import subprocess
import sys

SETTLE = """
import gc
from datawave.launch.heap import settle_heap
kept, often = [[] for _ in range(1000)], gc.get_threshold()[0]
settle_heap()
assert gc.get_threshold()[0] > often
print(any(each is kept[0] for each in gc.get_objects()), gc.get_freeze_count() > len(kept))
"""


def test_what_is_there_is_not_looked_at_again_when_the_heap_is_settled() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SETTLE], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == ["False", "True"]

"""What is loaded at the start is left alone by the collector of cycles."""

from __future__ import annotations

import subprocess
import sys

import pytest

SETTLE = """
import gc
from {module} import settle_heap
kept, often = [[] for _ in range(1000)], gc.get_threshold()[0]
settle_heap()
assert gc.get_threshold()[0] > often
print(any(each is kept[0] for each in gc.get_objects()), gc.get_freeze_count() > len(kept))
"""


@pytest.mark.parametrize("module", ["datawave.launch.heap", "datawave_edge.heap"])
def test_what_is_there_is_not_looked_at_again_when_the_heap_is_settled(module: str) -> None:
    script = SETTLE.format(module=module)
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == ["False", "True"]

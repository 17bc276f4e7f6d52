"""Bounds that both sides of the protocol keep."""

from typing import Final

PROTOCOL_VERSION: Final = "1.2"
MAX_PACKED_BYTES: Final = 1024 * 1024
MAX_BODY_BYTES: Final = 8 * 1024 * 1024
MAX_RECORDS: Final = 2_000
MAX_STRING: Final = 8 * 1024
MAX_DEPTH: Final = 12
# Batches that may be ahead of the last contiguous one before the server asks the agent to wait.
WINDOW: Final = 32
# On the answer to a batch: how many may be ahead now, of those. A server that is behind says fewer,
# and with Retry-After how long to wait before the next.
WINDOW_HEADER: Final = "DataWave-Edge-Window"

"""So that `python -m datawave_edge` works."""

from __future__ import annotations

import sys

from .cli import main

sys.exit(main())

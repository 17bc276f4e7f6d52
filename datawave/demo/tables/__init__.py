"""The tables of the demo company, each after those it points at."""

from __future__ import annotations

from datawave.demo.spec import Table, View

from .billing import BILLING
from .clinic import CLINIC
from .crm import CRM
from .hr import HR
from .odd import ODD
from .sales import SALES
from .views import VIEWS
from .web import CLICKSTREAM, WEB

TABLES: tuple[Table, ...] = (*CRM, *SALES, *HR, *BILLING, *WEB, *CLINIC, *ODD)

__all__ = ["CLICKSTREAM", "TABLES", "VIEWS", "Table", "View"]

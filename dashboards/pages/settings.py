"""Which weights and thresholds the figures rest on, and which changes are proposed."""

from __future__ import annotations

from dashboards.settings_view import decisions, heading, proposing, table, waiting_file
from dashboards.signed_in import viewer
from graphmodel.settings import settings

who = viewer()
agreed = settings()
heading(agreed)
table(agreed, who)
decisions(agreed, who)
proposing(agreed)
waiting_file(agreed, who)

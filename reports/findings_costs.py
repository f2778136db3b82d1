"""Who gives more lead work than it pays into the pooled budget: a frame in, a sentence out."""

from __future__ import annotations

from typing import Final

import pandas as pd

from reports.findings import Finding
from reports.findings_fairness import sector_name
from reports.words import per_cent

WATCH: Final = 0.05
"""A smaller difference of shares is called none."""
_FEWEST: Final = 2


def pounds(value: float) -> str:
    """An amount to two figures or a pound: `£240,000`."""
    rounded = float(f"{value:.3g}")
    return f"£{rounded:,.0f}"


def cost_sectors(sectors: pd.DataFrame) -> Finding:
    """Which sector gives most beyond what it pays.

    Columns: sector, pounds, share, contribution_share, difference; hidden ones are NaN.
    """
    known = sectors.dropna(subset=["share", "contribution_share", "difference"])
    if len(known) < _FEWEST:
        text = "Lead work cannot be set against contributions: too few of them are on record or shown."
        return Finding("costs", "unknown", text)
    top = known.iloc[int(known["difference"].to_numpy().argmax())]
    gap = float(top["difference"])
    if gap < WATCH:
        text = "Each sector's share of lead work by cost is near its share of the pooled budget."
        return Finding("costs", "fine", text, gap)
    name = sector_name(str(top["sector"]))
    text = (
        f"{name[:1].upper()}{name[1:]} do {per_cent(top['share'])} of the lead work by cost, about "
        f"{pounds(top['pounds'])} a year, and pay {per_cent(top['contribution_share'])} of the pooled budget."
    )
    return Finding("costs", "watch", text, gap)

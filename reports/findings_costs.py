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
    """Which sector's lead work is furthest from what it pays.

    Columns: sector, pounds, share, contribution_share, difference; hidden ones are NaN. Nothing is said of
    sectors that are hidden.
    """
    known = sectors.dropna(subset=["share", "contribution_share", "difference"])
    if len(known) < _FEWEST:
        text = "Lead work cannot be set against contributions: too few of them are on record or shown."
        return Finding("costs", "unknown", text)
    top = known.iloc[int(known["difference"].abs().to_numpy().argmax())]
    gap = float(top["difference"])
    if abs(gap) < WATCH:
        shown = "Each sector's" if len(known) == len(sectors) else "Of the sectors shown, each one's"
        text = f"{shown} share of lead work by cost is near its share of the pooled budget."
        return Finding("costs", "fine", text, abs(gap))
    name = sector_name(str(top["sector"]))
    work = f"do {per_cent(top['share'])} of the lead work by cost, about {pounds(top['pounds'])} a year"
    paid = f"pay {per_cent(top['contribution_share'])} of the pooled budget"
    text = f"{work}, and {paid}" if gap > 0 else f"{paid} and {work}"
    return Finding("costs", "watch", f"{name[:1].upper()}{name[1:]} {text}.", abs(gap))

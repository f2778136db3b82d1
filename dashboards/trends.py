"""How the partnership's counts moved over the months, small ones hidden as on the day itself."""

from __future__ import annotations

from datetime import date
from typing import Final

import pandas as pd

from analysis.workload import month_ends
from dashboards import coverage
from dashboards.data import Held
from dashboards.duplication import WHAT_TO_DO
from dashboards.shown import duplicates, headline
from reports.findings import Finding
from reports.words import COVERAGE_KINDS, DUPLICATE_KINDS, listed, month_name

PERIODS: Final = {12: "1 year", 24: "2 years", 36: "3 years"}
LOAD_PANELS: Final = {
    "overloaded": "overloaded leads",
    "leading": "practitioners who lead",
    "active_tacs": "active TACs",
    "without_lead": "TACs without a lead",
}


def ends(found: Held, day: date, months: int) -> list[date]:
    """The month ends to show, and the day itself, oldest first; none before the first team opened."""
    return sorted({end for end in month_ends(day, months) if end >= found.first_day})


def load(found: Held, days: list[date], locality: str | None = None) -> pd.DataFrame:
    """The counts of `LOAD_PANELS` on each day; NaN where suppressed."""
    rows = [{"day": day, **{n: headline(found, day, locality)[n] for n in LOAD_PANELS}} for day in days]
    return pd.DataFrame(rows, columns=["day", *LOAD_PANELS]).astype(dict.fromkeys(LOAD_PANELS, float))


def duplication(found: Held, days: list[date], locality: str | None = None) -> pd.DataFrame:
    """Cases of each kind of duplication on each day; NaN where suppressed."""
    return _kinds(days, [duplicates(found, day, WHAT_TO_DO, locality) for day in days], list(WHAT_TO_DO))


def gaps(found: Held, days: list[date], locality: str | None = None) -> pd.DataFrame:
    """Cases of each gap in cover on each day; NaN where suppressed."""
    return _kinds(days, [coverage.counts(found, day, locality) for day in days], list(COVERAGE_KINDS))


def _kinds(days: list[date], frames: list[pd.DataFrame], names: list[str]) -> pd.DataFrame:
    rows = [
        dict(zip(f["kind"], f["cases"], strict=True)) | {"day": d} for d, f in zip(days, frames, strict=True)
    ]
    return pd.DataFrame(rows, columns=["day", *names]).astype(dict.fromkeys(names, float))


def moved(months: pd.DataFrame, topic: str) -> Finding:
    """Which kind rose most and which fell most, each between the first and the last day it is shown on."""
    words = COVERAGE_KINDS | DUPLICATE_KINDS
    changes = {}
    for name in months.columns.drop("day"):
        known = months.dropna(subset=[name])
        if len(known) > 1:
            changes[name] = (known[name].iloc[0], known[name].iloc[-1])
    if not changes:
        return Finding(topic, "unknown", "Too few months are shown to say how this moved.")
    since = month_name(pd.Timestamp(months["day"].iloc[0]).date())
    most = max(changes, key=lambda n: changes[n][1] - changes[n][0])
    least = min(changes, key=lambda n: changes[n][1] - changes[n][0])
    said = []
    for name, rose in ((most, True), (least, False)):
        first, last = changes[name]
        if (last > first) if rose else (last < first):
            verb = "risen" if rose else "fallen"
            text = words[name]
            said.append(f"“{text}” has {verb} most, from {first:,.0f} to {last:,.0f}")
    if not said:
        return Finding(topic, "fine", f"Nothing has moved since {since}.")
    sentence = f"Since {since} {listed(said)}."
    rise = changes[most][1] - changes[most][0]
    return Finding(topic, "watch" if rise > 0 else "fine", sentence, float(max(rise, 0)))

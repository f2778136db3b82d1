"""Findings on who leads beyond what the teams explain: a frame in, a sentence with its numbers out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd

from reports.findings import Finding
from reports.words import count, label, month_name, per_cent, role_name

CLEAR: Final = 0.05
"""A count is called clear of chance below this adjusted p."""
STEADY: Final = 0.01
"""A smaller change of the part to be moved is called none."""
GIVEN: Final = "Given who sits in which team and how much time they have, "
SECTORS: Final[Mapping[str, str]] = {
    "education": "schools and colleges",
    "health": "health agencies",
    "housing": "housing agencies",
    "local_authority": "the local authority's services",
    "other": "other agencies",
    "police": "the police",
    "voluntary": "voluntary agencies",
    "youth_justice": "the youth offending service",
}


def sector_name(code: str) -> str:
    """A sector in the words of a sentence: `education` → `schools and colleges`."""
    return SECTORS.get(code, role_name(code).lower())


def expected_sectors(sectors: pd.DataFrame) -> Finding:
    """Which sector leads furthest beyond what its seats in the teams explain.

    Columns: sector, teams, observed, expected, expected_low, expected_high, p_adjusted; hidden ones are NaN.
    """
    return _expected(sectors.assign(name=sectors["sector"].map(sector_name)), "sector")


def expected_agencies(agencies: pd.DataFrame) -> Finding:
    """The same over agencies (columns agency_id, observed, expected, …; name if known)."""
    return _expected(agencies.assign(name=label(agencies)), "agency")


def _expected(frame: pd.DataFrame, what: str) -> Finding:
    columns = ["observed", "expected", "expected_low", "expected_high", "p_adjusted"]
    if any(c not in frame for c in columns) or frame[columns].dropna().empty:
        text = "No team has exactly one lead with capacity, so nothing can be expected."
        return Finding("expected", "unknown", text)
    known = frame.dropna(subset=columns)
    gap = known["observed"] - known["expected"]
    clear = known[(known["p_adjusted"] < CLEAR) & (gap > 0)]
    if clear.empty:
        words = {"sector": "no sector", "agency": "no agency"}[what]
        text = f"{GIVEN}{words} leads clearly more teams than would be expected."
        return Finding("expected", "fine", text)
    widest = gap[clear.index]
    top = clear.iloc[int(widest.to_numpy().argmax())]
    return Finding("expected", "watch", GIVEN + _sentence(top, what), float(widest.max()))


def _sentence(row: pd.Series, what: str) -> str:
    beyond = round(float(row["observed"] - row["expected"]))
    more = f"{count(beyond, 'team', 'teams')} more" if beyond else "less than one team more"
    low, mean, high = (float(row[c]) for c in ("expected_low", "expected", "expected_high"))
    observed = float(row["observed"])
    if what == "sector":
        parts = [per_cent(x / row["teams"]) for x in (mean, low, high, observed)]
        range_ = f"{parts[0]} of teams, with 95% between {parts[1]} and {parts[2]}"
        led = f"{observed:,.0f} ({parts[3]})"
        return f"{row['name']} would be expected to lead {range_}; they lead {led}, {more}."
    range_ = f"{mean:,.1f} teams, with 95% between {low:,.0f} and {high:,.0f}"
    return f"{row['name']} would be expected to lead {range_}; it leads {observed:,.0f}, {more}."


INDEX_WORDS: Final[Mapping[str, str]] = {
    "hoover": "Lead work that would have to move (Hoover)",
    "gini": "Unevenness of people (Gini)",
    "jain": "Evenness of agencies (Jain)",
}


def fairness_trend(months: pd.DataFrame) -> Finding:
    """How the part of lead work that would have to move has changed (columns day, hoover)."""
    known = months.dropna(subset=["hoover"])
    if len(known) < 2:  # noqa: PLR2004  (a change has two ends)
        return Finding("fairness_trend", "unknown", "There are too few months to say how fairness changes.")
    first, last = (float(x) for x in known["hoover"].iloc[[0, -1]])
    since = month_name(pd.Timestamp(known["day"].iloc[0]).date())
    change = last - first
    part = "the part of lead work that would have to move for each agency to carry its share"
    if abs(change) < STEADY:
        return Finding("fairness_trend", "fine", f"Since {since} {part} has stayed at {per_cent(last)}.")
    went = "risen" if change > 0 else "fallen"
    text = f"Since {since} {part} has {went} from {per_cent(first)} to {per_cent(last)}."
    return Finding("fairness_trend", "watch" if change > 0 else "fine", text, change)

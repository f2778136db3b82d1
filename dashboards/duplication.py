"""Duplication as counts that may be shown: by kind, by agencies and by category, never by child."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import combinations
from typing import Final

import pandas as pd

from dashboards import data
from dashboards.data import Held
from dashboards.shown import duplicates
from dashboards.tallies import masked

WHAT_TO_DO: Final[Mapping[str, str]] = {
    "duplicate_services": (
        "Let the lead ask both agencies which of the two services goes on, and put it in the delivery plan. "
        "Where a pair of agencies comes up often, agree between them who offers this kind of service."
    ),
    "repeat_assessments": (
        "Look for an existing assessment before starting one: done once, shared by all. "
        "Where a pair of agencies comes up often, check that the second can see the first one's assessments."
    ),
    "sibling_teams": (
        "Ask the leads of one family whether one of them could lead for all the children, "
        "or at least hold the meetings together."
    ),
    "multiple_leads": (
        "Agree at the next TAC meeting who leads, end the other lead on that day, and tell the family. "
        "If it is disputed, take it to the line managers."
    ),
    "multiple_tacs": (
        "Bring the teams together: one child, one team and one delivery plan. "
        "Close the team that is not needed."
    ),
}


BETWEEN_AGENCIES: Final = frozenset({"duplicate_services", "repeat_assessments", "sibling_teams"})
GROUPS: Final[Mapping[str, tuple[str, str]]] = {
    "duplicate_services": ("category", "Kind of service"),
    "repeat_assessments": ("kind", "Kind of assessment"),
}


def counts(found: Held, day: date, locality: str | None = None) -> pd.DataFrame:
    """Cases of each kind: kind, cases (NaN where suppressed), suppressed."""
    return duplicates(found, day, WHAT_TO_DO, locality)


def between_agencies(found: Held, kind: str, day: date) -> pd.DataFrame:
    """Cases of a kind by pair of agencies: first, second, cases (NaN where suppressed), suppressed.

    The ids of a pair are in order; equal ids: a case within one agency. A case among three agencies counts
    for each of the three pairs.
    """
    rows = data.query(found, kind, day)
    if kind == "repeat_assessments":
        pairs = [
            tuple(sorted(p)) for p in zip(rows["first_agency_id"], rows["second_agency_id"], strict=True)
        ]
    else:
        pairs = [pair for ids in rows["agency_ids"] for pair in _pairs(ids)]
    frame = masked(found, "pair", Counter(pairs))
    frame.insert(0, "second", [pair[1] for pair in frame["pair"]])
    frame.insert(0, "first", [pair[0] for pair in frame["pair"]])
    return frame.drop(columns="pair")


def by_group(found: Held, kind: str, column: str, day: date) -> pd.DataFrame:
    """Cases of a kind by a column of its rows (category of service, kind of assessment), most first."""
    return masked(found, column, Counter(data.query(found, kind, day)[column].astype(str)))


def _pairs(ids: Iterable[str]) -> list[tuple[str, str]]:
    known = sorted(set(ids))
    return [(a, b) for a, b in combinations(known, 2)] or [(a, a) for a in known]

"""What the filter of localities asks of the data: counts that may be shown, and who works where."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from analysis import locality as measures
from dashboards import data
from dashboards.data import KEPT_FRAMES, Held
from reports.masking_places import hidden_by_place
from reports.words import COVERAGE_KINDS, DUPLICATE_KINDS

KINDS = (*DUPLICATE_KINDS, *COVERAGE_KINDS)


@st.cache_data(max_entries=KEPT_FRAMES, show_spinner=False)
def _counts(day: date, key: str, _found: Held) -> tuple[pd.DataFrame, pd.DataFrame]:  # noqa: ARG001
    cases = {name: data.query(_found, name, day) for name in KINDS}
    plain = measures.counts(_found.slice, day, data.load(_found, day), cases)
    whole = data.counts(_found, day) | {name: float(len(cases[name])) for name in KINDS}
    return plain, hidden_by_place(plain, whole, _found.settings.disclosure.suppress_up_to)


def counts(found: Held, day: date, locality: str) -> dict[str, float | None]:
    """The counts of a locality by name, None where one must not be shown; a locality without cases has 0."""
    plain, gone = _counts(day, found.key, found)
    if locality not in plain.index:
        return dict.fromkeys(plain.columns, 0.0)
    at = plain.index.get_loc(locality)
    return {str(name): None if gone[name].iloc[at] else float(plain[name].to_numpy()[at]) for name in plain}


@st.cache_data(max_entries=KEPT_FRAMES, show_spinner=False)
def _near(day: date, key: str, leading: bool, _found: Held) -> dict[str, frozenset[str]]:  # noqa: ARG001
    return measures.near(_found.slice, day, leading=leading)


def people(found: Held, day: date, locality: str, *, leading: bool) -> frozenset[str]:
    """The practitioners who on the day are in the team of a child of a locality, or only who lead one."""
    near = _near(day, found.key, leading, found)
    return frozenset(who for who, where in near.items() if locality in where)


def agencies(found: Held, day: date, locality: str, *, leading: bool) -> frozenset[str]:
    """The home agencies of `people`, and the agencies that they are part of."""
    load = data.load(found, day)
    homes = load.loc[load["practitioner_id"].isin(people(found, day, locality, leading=leading))]
    table = found.slice.table("agencies")
    parent = dict(zip(table["agency_id"], table["parent_agency_id"], strict=True))
    known: set[str] = set()
    for agency in homes["home_agency_id"].dropna().unique():
        step: object = agency
        while isinstance(step, str) and step not in known:
            known.add(step)
            step = parent.get(step)
    return frozenset(known)

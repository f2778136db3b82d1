"""What a page is asked for: the day, the agencies and the locality, kept in the address; and what it gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import pandas as pd
import streamlit as st

from analysis.locality import localities
from dashboards import guarding, places
from dashboards.data import Held
from dashboards.plain import plain
from graphmodel.access import Viewer
from reports.theme import THEMES, Theme
from reports.words import day_name, listed

AGENCIES: Final = "agency"
AS_OF: Final = "as_of"
LOCALITY: Final = "locality"
MOST_MONTHS: Final = 120
MOST_NAMED: Final = 200
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2200

Reach = Literal["cases", "leads", "near", "whole"]
REACH: Final[Mapping[str, Reach]] = {
    "overview": "cases",
    "duplication": "cases",
    "coverage": "cases",
    "trends": "cases",
    "overload": "leads",
    "certainty": "leads",
    "fairness": "near",
    "network": "near",
    "what_if": "near",
}
"""What a locality narrows on a page; on one that is not named here nothing."""
REACH_WORDS: Final[Mapping[Reach, str]] = {
    "cases": "TACs, cases and leads of children who live in **{name}**. A practitioner's load and capacity, "
    "and the agencies' shares, count all localities.",
    "leads": "Practitioners who lead for children who live in **{name}**. Load and capacity count all "
    "localities: the filter chooses the people, not their work.",
    "near": "Agencies and practitioners who work with children who live in **{name}**. Their figures count "
    "all localities: the filter chooses the rows, not their work.",
    "whole": "The locality chosen does not narrow this page: its figures count all localities.",
}


@dataclass(frozen=True)
class Asked:
    """What the page is asked for: a day, the agencies to show (none: all), and a locality (None: all)."""

    as_of: date
    agencies: tuple[str, ...]
    locality: str | None = None

    @property
    def before(self) -> date:
        """The day a month earlier; a month's end has the end of the month before."""
        return month_before(self.as_of)


@dataclass(frozen=True)
class View:
    """What a page gets: the data, what is asked of them, and how to draw."""

    found: Held
    asked: Asked
    viewer: Viewer
    page: str = ""

    @property
    def reach(self) -> Reach:
        """What the locality narrows on this page."""
        return REACH.get(self.page, "whole")

    @property
    def locality(self) -> str | None:
        """The locality that this page is narrowed to; None where there is none, or it does not narrow it."""
        return None if self.reach == "whole" else self.asked.locality

    @property
    def theme(self) -> Theme:
        """The colours of the ground that the reader has chosen."""
        return THEMES[st.context.theme.type or "light"]

    @property
    def scope(self) -> str:
        """The agencies shown, and the locality, in words."""
        names = listed([self.name(a) for a in self.asked.agencies]) if self.asked.agencies else "all agencies"
        return f"{names}{self.place}"

    @property
    def place(self) -> str:
        """The locality that the page is narrowed to, to stand behind its scope; empty for all."""
        if self.locality is None:
            return ""
        what = {"cases": "locality", "leads": "who lead in locality", "near": "who work in locality"}
        return f", {what[self.reach]} {self.locality}"

    @property
    def source(self) -> str:
        """Whence and as of when, for a chart or a table that leaves the page."""
        return self._source(self.scope)

    @property
    def whole_source(self) -> str:
        """`source` of a figure that no filter narrows."""
        return self._source("all agencies")

    def _source(self, scope: str) -> str:
        load = self.found.slice.load_id or "none"
        day, weights = day_name(self.asked.as_of), self.found.settings.stamp
        return f"As of {day}; {scope}; load {load}; weights {weights}"

    @property
    def sees_everybody(self) -> bool:
        """Whether the viewer may see every practitioner by id, so that counting them is no secret."""
        return self.viewer.may("practitioners") and self.viewer.agency_id is None

    def name(self, agency_id: object) -> str:
        """An agency's name, its id where it has none."""
        if not isinstance(agency_id, str):
            return "no post"
        return self.found.agency_names.get(agency_id, agency_id)

    def within(self, frame: pd.DataFrame, column: str) -> pd.DataFrame:
        """The rows of the agencies asked for, and of the locality: its practitioners, else its agencies.

        A locality chooses rows and never cuts a figure in them.
        """
        kept = frame[frame[column].isin(self.asked.agencies)] if self.asked.agencies else frame
        if self.locality is None or self.reach == "cases":
            return kept
        found, day, leading = self.found, self.asked.as_of, self.reach == "leads"
        if "practitioner_id" in kept:
            who = places.people(found, day, self.locality, leading=leading)
            return kept[kept["practitioner_id"].isin(who)]
        return kept[kept[column].isin(places.agencies(found, day, self.locality, leading=leading))]

    def people(self, frame: pd.DataFrame, column: str = "home_agency_id") -> pd.DataFrame:
        """The rows about practitioners whom the viewer may see by id; `column` holds their home agency."""
        return guarding.people(frame, self.found, self.viewer, column)


ENDS_ONLY: Final = (
    "Your role sees figures as of month ends: the counts of two near days could tell that a single child "
    "came or went."
)


def month_end(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def month_before(day: date) -> date:
    """The same day of the month before, its last day where it is shorter or `day` ends its own month."""
    last = day.replace(day=1) - timedelta(days=1)
    return last if day == month_end(day) else last.replace(day=min(day.day, last.day))


def _months(found: Held) -> list[date]:
    """The month ends there are data for, latest first; the running month is not over, so it is not one."""
    months: list[date] = []
    at = month_end(found.last_day)
    if at > found.last_day:
        at = month_before(at)
    while at >= found.first_day and len(months) < MOST_MONTHS:
        months.append(at)
        at = month_before(at)
    return months


def _day_of(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    # what lies beyond cannot be reckoned with by month and by pandas
    return day if day is not None and FIRST_YEAR <= day.year < LAST_YEAR else None


def last_month_end(day: date) -> date:
    """The latest month end that is not after a day."""
    return day if day == month_end(day) else day.replace(day=1) - timedelta(days=1)


def settled(found: Held, viewer: Viewer) -> bool:
    """Whether this viewer is shown month ends only."""
    return viewer.month_ends_only and found.settings.disclosure.days == "month_ends"


def ask(found: Held, viewer: Viewer) -> Asked:
    """The pickers of day, month, agencies and locality, kept in the address so that a view can be sent.

    An address that is no date or names no agency or locality is passed over, and said.
    """
    known, areas = found.agency_names, localities(found.slice)
    only_ends = settled(found, viewer)
    _take_address(found, known, areas, only_ends=only_ends)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "End of month",
            _months(found),
            index=None,
            key="month",
            format_func=lambda day: f"{day:%B %Y}",
            placeholder="Choose a month",
            on_change=_to_month_end,
            width=200,
        )
        if not only_ends:
            st.date_input("As of (one day for all pages)", key=AS_OF, format="DD/MM/YYYY", width=220)
        st.multiselect(
            "Agencies",
            sorted(known, key=lambda a: str(known[a]).casefold()),
            key=AGENCIES,
            format_func=lambda a: str(known.get(a, a)),
            placeholder="All agencies",
            width=360,
        )
        if len(areas) > 1:
            st.selectbox("Locality", areas, index=None, key=LOCALITY, placeholder="All localities", width=220)
    day = st.session_state[AS_OF] or found.default_day()
    asked = Asked(day, tuple(st.session_state[AGENCIES]), st.session_state.get(LOCALITY))
    _put_address(asked)
    if only_ends:
        st.caption(ENDS_ONLY)
    return asked


def _take_address(found: Held, known: Mapping[str, str], areas: list[str], *, only_ends: bool) -> None:
    """From the address into the pickers, when the address is not the one last written here."""
    params = st.query_params
    given = (params.get(AS_OF), tuple(params.get_all(AGENCIES)), params.get(LOCALITY))
    written = st.session_state.get("address")
    if written and AS_OF not in st.session_state and given[0] is None:
        # a page left by the menu before its pickers were drawn takes their values and the address along
        given = written
    if AS_OF not in st.session_state or (given != written and given[0] is not None):
        day = _day_of(given[0])
        if given[0] and day is None:
            st.warning(
                f"The address asks for “{_named(given[0])}”, which is no date: the latest day is shown."
            )
        st.session_state[AS_OF] = day or found.default_day()
        st.session_state[AGENCIES] = [a for a in given[1] if a in known]
        st.session_state[LOCALITY] = given[2] if given[2] in areas else None
        unknown = [a for a in given[1] if a not in known]
        if unknown:
            st.warning(f"The address names agencies that are not known: {_named(', '.join(unknown))}.")
        if given[2] and given[2] not in areas:
            st.warning(
                f"The address names the locality “{_named(given[2])}”, which is not known: all are shown."
            )
    if only_ends:
        st.session_state[AS_OF] = last_month_end(min(st.session_state[AS_OF], found.last_day))
    st.session_state.setdefault(AGENCIES, [])
    st.session_state.setdefault(LOCALITY, None)
    at = st.session_state[AS_OF]
    st.session_state["month"] = at if at in _months(found) else None


def _named(text: str) -> str:
    """What an address names, to be said again: as letters, cut where it is long."""
    return plain(text if len(text) <= MOST_NAMED else f"{text[:MOST_NAMED]}…")


def _put_address(asked: Asked) -> None:
    st.query_params[AS_OF] = asked.as_of.isoformat()
    for name, value in ((AGENCIES, list(asked.agencies)), (LOCALITY, asked.locality)):
        if value:
            st.query_params[name] = value
        elif name in st.query_params:
            del st.query_params[name]
    st.session_state["address"] = (asked.as_of.isoformat(), asked.agencies, asked.locality)


def _to_month_end() -> None:
    if st.session_state["month"] is not None:
        st.session_state[AS_OF] = st.session_state["month"]

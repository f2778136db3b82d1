"""The page Ecomap: asked for with role and reason, recorded, and gone when the day changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import pandas as pd
import streamlit as st

from dashboards import asking, data, data_one, widgets
from dashboards.asked import View
from dashboards.plain import plain
from graphmodel.access import Viewer
from graphmodel.errors import AccessRefused, QueryError
from queries import answer
from reports import charts
from reports.words import count

SHOWN: Final = "ecomap"
COLUMNS: Final = ["practitioner_id", "role", "agency_id", "via", "since"]
Kind = Literal["A child", "A practitioner"]


@dataclass(frozen=True)
class Ecomap:
    """What was asked for and found, for one day."""

    kind: Kind
    about: str
    day: date
    rows: pd.DataFrame
    known: bool

    @property
    def centre(self) -> str:
        """Whom it is about, in words."""
        return f"{'Child' if self.kind == 'A child' else 'Practitioner'} {self.about}"


def asked(shown: View) -> Ecomap | None:
    """The form, and what it found; kept while the day stays."""
    with st.form("ecomap-form"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            kind: Kind = st.radio("About", ["A child", "A practitioner"], key="ecomap-kind", horizontal=True)
            about = st.text_input("Id, letter by letter", key="ecomap-id", max_chars=120, width=280)
        told = asking.stated("ecomap", "them")
        pressed = st.form_submit_button("Show the ecomap")
    if pressed:
        st.session_state.pop(SHOWN, None)
        if not about.strip():
            st.error("Not shown: write the id of a child or a practitioner.")
            return None
        try:
            found = look(shown, told.viewer(), kind, about.strip())
        except (AccessRefused, QueryError) as problem:
            st.error(plain(f"Not shown: {problem.thing}: {problem.fault}. {problem.mend}"))
            return None
        st.session_state[SHOWN] = found
    held: Ecomap | None = st.session_state.get(SHOWN)
    return held if held is not None and held.day == shown.asked.as_of else None


def look(shown: View, viewer: Viewer, kind: Kind, about: str) -> Ecomap:
    """Who works with one child or one practitioner; on the record before it is shown.

    Raises `AccessRefused` where the viewer may not see it.
    """
    day, store = shown.asked.as_of, data.store()
    if kind == "A child":
        result = answer("who_works_with", as_of=day, store=store, viewer=viewer, child_id=about)
        rows = pd.DataFrame(result.rows.rows, columns=COLUMNS)
        return Ecomap(kind, about, day, rows, _known(shown, "children", "child_id", about))
    told = f"practitioner_id={about}"
    with store.audit.refusals(viewer, "ecomap", about=told):
        viewer.must_see_children()
        viewer.must_see_practitioners()
    found = data_one.colleagues(shown.found, day, about)
    store.audit.record(viewer, "ecomap", about=told, rows=len(found))
    rows = found.assign(
        agency_id=found["home_agency_id"],
        via=[f"{count(n, 'common TAC', 'common TACs')}" for n in found["shared_tacs"]],
    )[COLUMNS]
    return Ecomap(kind, about, day, rows, _known(shown, "practitioners", "practitioner_id", about))


def _known(shown: View, table: str, column: str, about: str) -> bool:
    return bool((shown.found.slice.table(table)[column] == about).any())


def draw(shown: View, found: Ecomap) -> None:
    """The picture, its words and its table."""
    if not found.known:
        widgets.empty(
            f"No {found.kind[2:]} has the id {plain(found.about)}.", "Ids are compared letter by letter."
        )
        return
    chart = charts.ecomap(
        found.rows, centre=found.centre, name=shown.name, source=shown.source, theme=shown.theme
    )
    widgets.chart_block(chart)
    if found.kind == "A child":
        st.caption(
            "Practitioners of sensitive services (sexual health, mental health, substance misuse) are here "
            "only where consent is recorded: that somebody is missing does not mean that nobody is there."
        )

"""A practitioner's own load: its working, how it moved, and a way to say that a figure is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboards import data, data_one, keeping, widgets
from dashboards.asked import View
from dashboards.plain import plain_cells
from graphmodel.audit_log import AuditLog
from graphmodel.settings import data_folder
from reports import charts
from reports.words import count, day_name, number, per_cent, role_name

FIGURES: Final[dict[str, str]] = {
    "tacs_led": "TACs I lead",
    "tacs_supported": "TACs I support",
    "level": "The needs level of a child",
    "points": "My points",
    "capacity": "My posts or my capacity",
    "since": "A date",
}
FAULTS: Final[dict[str, str]] = {
    "ended": "It is over: it should no longer count",
    "missing": "Something is missing",
    "not_mine": "It is not mine",
    "value": "The value is another",
    "not_known": "I cannot tell why it is so",
}


def whose(shown: View) -> str | None:
    """The practitioner: the one who signed in; without a sign-in one that is chosen by id."""
    if shown.viewer.practitioner_id is not None:
        return shown.viewer.practitioner_id
    known = data.load(shown.found, shown.asked.as_of)["practitioner_id"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen: str | None = st.selectbox(
            "Practitioner", sorted(known), index=None, key="me", width=300, placeholder="Choose an id"
        )
    return chosen


def finding(row: dict[Any, Any], threshold: float) -> str:
    """The load in a sentence."""
    led, supported = int(row["tacs_led"]), int(row["tacs_supported"])
    work = f"lead {count(led, 'TAC', 'TACs')} and support {count(supported, 'TAC', 'TACs')}"
    if not row["capacity"] > 0:
        return f"You {work}; no post gives you capacity for it"
    part = row["utilisation"]
    state = "above" if part > threshold + 1e-9 else "within"
    return f"You {work}: {per_cent(part)} of your capacity, {state} the line of {per_cent(threshold)}"


def teams(shown: View, who: str) -> None:
    """Each team with the points that it costs, by part; ids of teams only for those who signed in."""
    st.header("Where your points come from", anchor=False)
    rows = data_one.teams_of(shown.found, shown.asked.as_of, who)
    if rows.empty:
        widgets.empty("You are in no active team on this day.")
        return
    table = pd.DataFrame(
        {
            "As": rows["as"].map({"lead": "lead", "member": "supporter"}),
            "Since": rows["since"].map(lambda day: f"{day:%Y-%m-%d}"),
            "TAC opened": rows["opened_on"].map(lambda day: f"{day:%Y-%m-%d}"),
            "Needs level": rows["level"],
            "Team": rows["members"],
            "Leading": rows["base"].round(2),
            "Need": rows["need"].round(2),
            "Large team": rows["team_size"].round(2),
            "Set-up": rows["set_up"].round(2),
            "Supporting": rows["supporting"].round(2),
            "Points": rows["points"].round(2),
        }
    )
    own = shown.viewer.practitioner_id == who
    if own:
        table.insert(0, "TAC", rows["tac_id"])
        _record(shown, who, len(rows))
    st.dataframe(table, hide_index=True, width="stretch", alt="Your TACs with their points by part")
    widgets.downloads(table, "my-teams", "TACs with their points by part", shown.source)
    total = number(float(rows["points"].sum()), 1)
    st.caption(
        f"The points of a row are the sum of its parts; all together {total}. Leading: a lead at the usual "
        "needs level; need: more or less for the child's level; large team and set-up: what these add; "
        "supporting: being in the team without leading it."
        + ("" if own else " Without a sign-in as a practitioner the TACs are shown without their ids.")
    )


def _record(shown: View, who: str, rows: int) -> None:
    """One's own teams by id are a look at children too: on the record once a session and day."""
    told = (who, shown.asked.as_of)
    if st.session_state.get("me-told") != told:
        viewer = replace(shown.viewer, reason="one's own load")
        AuditLog(data_folder()).record(viewer, "own view", about=f"TACs of {who}", rows=rows)
        st.session_state["me-told"] = told


def capacity(shown: View, who: str) -> None:
    """Capacity by post."""
    st.header("Where your capacity comes from", anchor=False)
    posts = data.posts(shown.found, who, shown.asked.as_of)
    if posts.empty:
        widgets.empty("No post of yours is running on this day.", "So there is no capacity to carry points.")
        return
    points = shown.found.settings.workload.points_per_fte
    table = pd.DataFrame(
        {
            "Agency": posts["agency_id"].map(shown.name),
            "Full time": posts["fte"].map(per_cent),
            "Of that for case work": posts["tac_share"].map(per_cent),
            "Points": posts["capacity"].map(lambda x: f"{x:,.1f}"),
        }
    )
    st.table(plain_cells(table), hide_index=True)
    text = f"A full-time post that is all for case work carries {number(points, 1)} points"
    part = float(posts["qualified"].iloc[0])
    early = f"; while you count as newly qualified, {per_cent(part)} of that" if part < 1 else ""
    st.caption(f"{text}{early}.")


def trend(shown: View, who: str) -> None:
    """How the part of capacity moved over the last twelve month ends."""
    past = data_one.history(shown.found, shown.asked.as_of, who)
    days = pd.DataFrame(
        {"day": past["day"], "value": 100 * past["utilisation"].astype(float), "suppressed": False}
    )
    chart = charts.over_days(
        days, "Points as % of capacity", name="my-months", source=shown.source, theme=shown.theme
    )
    widgets.chart_block(chart)


def _choice(label: str, options: Mapping[str, str], key: str, empty: str, width: int) -> str | None:
    found: str | None = st.selectbox(
        label,
        list(options),
        index=None,
        format_func=options.__getitem__,
        key=key,
        placeholder=empty,
        width=width,
    )
    return found


def say_wrong(shown: View, who: str, row: dict[Any, Any]) -> None:
    """A form of choices only, so that no word about a case can be left; kept for Data quality."""
    st.header("Is something wrong?", anchor=False)
    with st.form("wrong", clear_on_submit=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            figure = _choice("Which figure", FIGURES, "wrong-figure", "Choose a figure", 280)
            fault = _choice("What is wrong with it", FAULTS, "wrong-fault", "Choose what is wrong", 380)
        st.caption(
            "Those who see to the data get your id, the day, the figure and what you chose, no other word. "
            "Figures change when the data are mended at their source and loaded again."
        )
        pressed = st.form_submit_button("This is wrong")
    if not pressed:
        return
    if figure is None or fault is None:
        st.error("Not kept: choose a figure and what is wrong with it.")
        return
    shown_value = row.get(figure)
    keeping.keep(
        data_folder() / keeping.WRONG,
        shown.viewer,
        practitioner_id=who,
        as_of=shown.asked.as_of.isoformat(),
        load_id=shown.found.slice.load_id,
        figure=figure,
        fault=fault,
        shown=None if shown_value is None else round(float(shown_value), 4),
    )
    st.success("Kept. Those who see to the data find it on the page Data quality.")


def about(row: dict[Any, Any], shown: View) -> str:
    """Role, home agency and day, in words."""
    return f"{role_name(row['role'])}, {shown.name(row['home_agency_id'])}, {day_name(shown.asked.as_of)}"

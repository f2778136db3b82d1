"""The rows of the overload page: the list of leads, names for those who may see them, and the working."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboards import data
from dashboards.asking import asked_viewer, refused
from dashboards.widgets import View
from graphmodel.access import Viewer
from graphmodel.errors import AccessRefused
from reports.words import day_name, per_cent, role_name

NAMES: Final = """
MATCH (p:Practitioner)
WHERE p.practitioner_id IN $practitioner_ids
RETURN p.practitioner_id AS practitioner_id, p.name AS practitioner_name
ORDER BY practitioner_id
"""

COLUMNS: Final[dict[str, Any]] = {
    "% of capacity": st.column_config.NumberColumn(format="%.0f", help="Points per 100 points of capacity"),
    "Points above": st.column_config.NumberColumn(format="%.1f", help="Points beyond capacity"),
    "Since": st.column_config.TextColumn(help="The first day of the unbroken run of days above capacity"),
    "Days": st.column_config.NumberColumn(help="Days above capacity without a break"),
    "Points": st.column_config.NumberColumn(format="%.1f", help="Workload points on the day"),
    "Capacity": st.column_config.NumberColumn(format="%.1f", help="Points that the posts can carry"),
    "Last 12 months": st.column_config.LineChartColumn(
        help="Part of capacity at each month end, and on the day itself", y_min=0, width=120
    ),
}


def by_role(load: pd.DataFrame) -> pd.DataFrame:
    """Practitioners who lead and those above capacity, by role: role, leading, overloaded."""
    leads = load[load["tacs_led"] > 0]
    grouped = leads.groupby("role", as_index=False).agg(
        leading=("practitioner_id", "size"), overloaded=("overloaded", "sum")
    )
    return grouped.astype({"leading": float, "overloaded": float})


def listing(shown: View, over: pd.DataFrame, names: Mapping[str, str] | None) -> pd.DataFrame:
    """The overloaded leads with plain headings; names only where they were asked for and may be seen."""
    since = [
        f"{'before ' if longer else ''}{day_name(begun)}"
        for begun, longer in zip(over["since"], over["longer"], strict=True)
    ]
    table = pd.DataFrame(
        {
            "Practitioner": over["practitioner_id"],
            "Role": over["role"].map(role_name),
            "Home agency": over["home_agency_id"].map(shown.name),
            "% of capacity": (100 * over["utilisation"]).round(1),
            "Points above": (over["points"] - over["capacity"]).round(2),
            "Severe": over["severe"].map({True: "yes", False: "no"}),
            "Since": since,
            "Days": over["days"],
            "TACs led": over["tacs_led"],
            "TACs supported": over["tacs_supported"],
            "Points": over["points"].round(2),
            "Capacity": over["capacity"].round(2),
            "Last 12 months": over["past"],
        }
    )
    if names is not None:
        table.insert(1, "Name", over["practitioner_id"].map(names).fillna("not on record"))
    return table


def names_form(over: pd.DataFrame) -> dict[str, str] | None:
    """Names by id after role and reason were stated and recorded; None where they were not asked for."""
    with st.expander("Show names (asks for your role and reason, and is recorded)"):
        viewer = asked_viewer("names", "names")
        if viewer is None:
            return None
        try:
            return _names(viewer, sorted(over["practitioner_id"]))
        except AccessRefused as problem:
            refused(problem)
            return None


def _names(viewer: Viewer, practitioner_ids: list[str]) -> dict[str, str]:
    viewer.must_see_names()
    rows = data.store().read(
        NAMES,
        {"practitioner_ids": practitioner_ids},
        viewer=viewer,
        what="dashboard: names of overloaded leads",
        about=", ".join(practitioner_ids),
    )
    return {str(who): str(name) for who, name in rows.rows if name is not None}


def working(shown: View, over: pd.DataFrame) -> None:
    """How one practitioner's points and capacity come about, and how they moved; no child in it."""
    found, day = shown.found, shown.asked.as_of
    st.header("The working of one practitioner's points", anchor=False)
    who = st.selectbox("Practitioner", list(over["practitioner_id"]), key="working", width=300)
    if who is None:
        return
    row = over.set_index("practitioner_id").loc[who]
    supporting = float(row["points"]) - float(row["lead_points"])
    posts = data.posts(found, str(who), day)
    left, middle, right = st.columns(3, gap="large")
    with left:
        st.markdown("**Points from TACs**")
        st.table(
            pd.DataFrame(
                {
                    "Part": ["Leads", "Supports", "Together"],
                    "TACs": [
                        f"{row['tacs_led']:,}",
                        f"{row['tacs_supported']:,}",
                        f"{row['tacs_led'] + row['tacs_supported']:,}",
                    ],
                    "Points": [f"{x:,.1f}" for x in (row["lead_points"], supporting, row["points"])],
                }
            ),
            hide_index=True,
        )
    with middle:
        st.markdown("**Capacity from posts**")
        st.table(
            pd.DataFrame(
                {
                    "Agency": posts["agency_id"].map(shown.name),
                    "Full time": [per_cent(x) for x in posts["fte"]],
                    "Of that for case work": [per_cent(x) for x in posts["tac_share"]],
                    "Points": [f"{x:,.1f}" for x in posts["capacity"]],
                }
            ),
            hide_index=True,
        )
    with right:
        past = row["past"]
        st.metric(
            "Points as a part of capacity",
            per_cent(float(row["utilisation"])),
            f"{100 * (past[-1] - past[-2]):+.0f} points" if len(past) > 1 else None,
            delta_color="inverse",
            delta_description="since the last month end",
            border=True,
        )
        since = "before " if row["longer"] else ""
        st.caption(f"Above capacity without a break since {since}{day_name(row['since'])}.")

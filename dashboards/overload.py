"""The rows of the overload page: the list of leads, names for those who may see them, and the working."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboards import data, widgets
from dashboards.asked import View
from dashboards.asking import asked_viewer, refused
from dashboards.certainty import SURE
from dashboards.shown import headline, staff
from graphmodel.access import Viewer
from graphmodel.errors import AccessRefused
from reports import findings, tabling
from reports.words import day_name, role_name

NAMES: Final = """
MATCH (p:Practitioner)
WHERE p.practitioner_id IN $practitioner_ids
RETURN p.practitioner_id AS practitioner_id, p.name AS practitioner_name
ORDER BY practitioner_id
"""

WHAT: Final = "dashboard: names of overloaded leads"
COLUMNS: Final[dict[str, Any]] = {
    "% of capacity": st.column_config.NumberColumn(format="%.0f", help="Points per 100 points of capacity"),
    "Points above": st.column_config.NumberColumn(format="%.1f", help="Points beyond capacity"),
    "How sure": SURE,
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


def title(shown: View, leading: pd.DataFrame, over: pd.DataFrame, *, counted: bool) -> str:
    """How many leads are above capacity: of those shown, or (`counted`) of all or a locality, as masked."""
    if not counted:
        return str(findings.overload(len(leading), len(over), int(over["severe"].sum())))
    known = headline(shown.found, shown.asked.as_of, shown.locality)
    return str(findings.overload(known["leading"], known["overloaded"], known["severe"]))


def agencies_table(shown: View) -> None:
    """Leads above capacity by agency, small counts hidden, for roles that see no practitioner."""
    if shown.locality is not None:
        widgets.groups_note(shown)
        return
    rows = staff(shown.found, shown.asked.as_of, "agency_id")
    rows = rows[rows["agency_id"].isin(shown.asked.agencies)] if shown.asked.agencies else rows
    if rows.empty:
        widgets.empty("Nobody leads in the agencies chosen.")
        return
    cells = {
        head: tabling.shown(rows[name], tabling.concealed(rows, name), "{:,.0f}".format)
        for head, name in (("Practitioners who lead", "leading"), ("Above capacity", "overloaded"))
    }
    table = pd.DataFrame({"Home agency": rows["agency_id"].map(shown.name), **cells})
    widgets.table(table, "overloaded-by-agency", "Leads above capacity by agency", shown.source)
    widgets.suppression_note(shown.found)


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
            "How sure": over["verdict"],
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
    store, about = data.store(), ", ".join(practitioner_ids)
    with store.audit.refusals(viewer, WHAT, about=about):
        viewer.must_see_names()
    rows = store.read(NAMES, {"practitioner_ids": practitioner_ids}, viewer=viewer, what=WHAT, about=about)
    return {str(who): str(name) for who, name in rows.rows if name is not None}

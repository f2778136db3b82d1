"""The page Data quality: loads, what they rejected and found, and what readers say is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd
import streamlit as st

from dashboards import asking, data, keeping, widgets
from dashboards.asked import View
from dashboards.own_view import FAULTS, FIGURES
from graphmodel.audit_log import AuditLog
from graphmodel.errors import AccessRefused
from graphmodel.settings import data_folder
from reports import quality
from reports.words import role_name

MOST_LOADS: Final = 50
ROWS: Final = "rejects and findings"
LOADS: Final = """
MATCH (l:Load)
RETURN l.load_id AS load_id, l.source AS source, l.format AS format, l.path_name AS path_name,
  l.started_at AS started_at, l.finished_at AS finished_at, l.outcome AS outcome, l.rows_read AS rows_read,
  l.rows_created AS rows_created, l.rows_updated AS rows_updated, l.rows_retired AS rows_retired,
  l.rows_rejected AS rows_rejected, l.findings AS findings
ORDER BY l.load_id DESC
LIMIT 50
"""
LOAD_COLUMNS: Final = (
    *("load_id", "source", "format", "path_name", "started_at", "finished_at", "outcome"),
    *("rows_read", "rows_created", "rows_updated", "rows_retired", "rows_rejected", "findings"),
)


@st.cache_data(ttl=5, max_entries=2, show_spinner=False)
def loads(home: str) -> pd.DataFrame:  # noqa: ARG001
    """The latest loads on record, latest first."""
    return pd.DataFrame(data.store().fetch(LOADS), columns=list(LOAD_COLUMNS))


def lists(load_id: str) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    """Rejects and findings of a load; None where this data folder does not have its lists."""
    folder = data_folder() / "loads" / Path(load_id).name
    return quality.listed(folder, quality.REJECTS), quality.listed(folder, quality.FINDINGS)


def load_table(shown: View, found: pd.DataFrame) -> None:
    """The latest loads with their counts."""
    st.header("The latest loads", anchor=False)
    if found.empty:
        widgets.empty("No load is on record.", "The data were put in by another way.")
        return
    table = pd.DataFrame(
        {
            "Load": found["load_id"],
            "Source": found["source"],
            "Format": found["format"],
            "File or folder": found["path_name"],
            "Outcome": found["outcome"].map(
                lambda told: "cut off, or running" if told == "running" else told
            ),
            "Finished (UTC)": found["finished_at"].map(
                lambda at: str(at)[:16].replace("T", " ") if at else "no"
            ),
            "Rows read": found["rows_read"],
            "New": found["rows_created"],
            "Changed": found["rows_updated"],
            "Retired": found["rows_retired"],
            "Rejected": found["rows_rejected"],
            "Findings": found["findings"],
        }
    )
    widgets.table(table, "loads", f"The latest {MOST_LOADS} loads", shown.source)


def _no_rows(rows: pd.DataFrame | None, path: str, none: str) -> None:
    if rows is None:
        widgets.empty("The list of this load is not in this data folder.", f"Look for {path}.")
    else:
        widgets.empty(none)


def rejects(shown: View, load_id: str, rows: pd.DataFrame | None) -> None:
    """Rejected rows of a load by fault."""
    st.header("Rows that were rejected", anchor=False)
    if rows is None or rows.empty:
        _no_rows(rows, f"loads/{load_id}/rejects.csv", "No row was rejected.")
        return
    table = quality.by_fault(rows)
    named = table.rename(
        columns={"file": "File", "column": "Column", "fault": "What is wrong", "rows": "Rows"}
    )
    widgets.table(named, "rejects", "Rejected rows by fault", shown.source)


def findings(shown: View, load_id: str, rows: pd.DataFrame | None) -> None:
    """Suspicious but legal facts of a load by kind."""
    st.header("What is suspicious", anchor=False)
    if rows is None or rows.empty:
        _no_rows(rows, f"loads/{load_id}/findings.csv", "Nothing suspicious was found.")
        return
    table = quality.by_kind(rows)[["what", "table", "cases", "mend"]]
    table.columns = pd.Index(["What", "Table", "Cases", "What to do"])
    widgets.table(table, "findings", "Findings by kind", shown.source)


def row_by_row(load_id: str, rejected: pd.DataFrame | None, found: pd.DataFrame | None) -> None:
    """The rows themselves, which hold ids of children: after role and reason, on the record."""
    with st.expander("Show the rows (they hold ids of children: asks for role and reason, and is recorded)"):
        viewer = asking.asked_viewer("rows", "the rows")
        if viewer is None:
            return
        log, about = AuditLog(data_folder()), f"load {load_id}"
        try:
            with log.refusals(viewer, ROWS, about=about):
                viewer.must_see_children()
        except AccessRefused as problem:
            asking.refused(problem)
            return
        many = sum(len(rows) for rows in (rejected, found) if rows is not None)
        log.record(viewer, ROWS, about=about, rows=many)
        for rows, title in ((rejected, "Rejected rows"), (found, "Findings")):
            if rows is not None and len(rows):
                st.markdown(f"**{title}**")
                st.dataframe(rows, hide_index=True, width="stretch", alt=title)


def roles(shown: View) -> pd.DataFrame:
    """Roles without a place in the code list."""
    st.header("Roles that are not mapped", anchor=False)
    table = quality.unmapped_roles(shown.found.slice)
    if table.empty:
        widgets.empty("Every role is in the code list.")
        return table
    named = pd.DataFrame({"Role": table["role"], "Practitioners": table["practitioners"]})
    widgets.table(named, "unmapped-roles", "Roles that are not mapped", shown.source)
    share = shown.found.settings.workload.default_tac_share
    st.caption(f"Until they are mapped, {share:.0%} of such a post counts as case work.")
    return table


def no_capacity(shown: View, load: pd.DataFrame) -> None:
    """Practitioners with points and no capacity; by id for whoever sees to the data."""
    st.header("Work, but no capacity on record", anchor=False)
    if load.empty:
        widgets.empty("Everybody with work on this day has a post with capacity.")
        return
    table = pd.DataFrame(
        {
            "Practitioner": load["practitioner_id"],
            "Role": load["role"].map(role_name),
            "Home agency": load["home_agency_id"].map(shown.name),
            "TACs led": load["tacs_led"],
            "TACs supported": load["tacs_supported"],
            "Points": load["points"].round(2),
        }
    )
    st.dataframe(table, hide_index=True, width="stretch", alt="Work, but no capacity on record")
    widgets.downloads(table, "no-capacity", "Practitioners with work and no capacity", shown.source)
    st.caption("See to their posts: without hours (FTE) in a running post no part of capacity can be given.")


def beyond_full_time(shown: View, posts: pd.DataFrame) -> None:
    """Practitioners with more than a full-time post; by id for whoever sees to the data."""
    st.header("More than full time", anchor=False)
    if posts.empty:
        widgets.empty("Nobody's posts on this day come to more than full time.")
        return
    table = pd.DataFrame(
        {
            "Practitioner": posts["practitioner_id"],
            "Posts": posts["posts"],
            "Full-time posts in all": posts["fte"].round(2),
        }
    )
    widgets.table(table, "beyond-full-time", "Practitioners with posts beyond full time", shown.source)
    st.caption(
        "Their capacity counts in full. Where two sources state one post under different agencies (a case "
        "system and the workforce census), it counts twice; see `tacgraph where-from practitioner`."
    )


def to_decide(waiting: dict[str, int]) -> None:
    """How many records of several sources may be one and wait for somebody who can tell; counts only."""
    st.header("Records that may be one person", anchor=False)
    if not waiting:
        widgets.empty("No pair of records waits for a decision.", "Compare them by `tacgraph match`.")
        return
    counts = ", ".join(f"{count:,} of {kind}" for kind, count in waiting.items())
    st.markdown(f"Pairs that wait for a decision: {counts}. A safeguarding lead decides on “Same child?”.")


def notes(shown: View, kept: list[dict[str, object]]) -> None:
    """What practitioners said is wrong with their own figures, latest first; by id, never by name."""
    st.header("Figures said to be wrong", anchor=False)
    if not kept:
        widgets.empty("Nobody has said that a figure of theirs is wrong.")
        return
    rows = list(reversed(kept))
    table = pd.DataFrame(
        {
            "Said (UTC)": [str(row["at"])[:16].replace("T", " ") for row in rows],
            "Practitioner": [row["practitioner_id"] for row in rows],
            "As of": [row["as_of"] for row in rows],
            "Figure": [FIGURES.get(str(row["figure"]), str(row["figure"])) for row in rows],
            "What is wrong": [FAULTS.get(str(row["fault"]), str(row["fault"])) for row in rows],
            "Shown": ["" if row.get("shown") is None else f"{row['shown']}" for row in rows],
            "Load": [row.get("load_id") or "" for row in rows],
        }
    )
    st.dataframe(table, hide_index=True, width="stretch", alt="Figures said to be wrong")
    widgets.downloads(table, "said-wrong", "Figures said to be wrong", shown.source)


def said_wrong() -> list[dict[str, object]]:
    """The notes kept in the data folder."""
    return keeping.kept(data_folder() / keeping.WRONG)

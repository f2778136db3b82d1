"""The audit record, gone through: unusual looks first, the chain verified; this look is recorded too."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboards import asking, data, signed_in, widgets
from dashboards.plain import plain
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import AccessRefused
from graphmodel.settings import data_folder, settings
from reports import audit
from reports.words import role_name

PERIODS: Final[dict[str, int | None]] = {
    "Last 7 days": 7,
    "Last 30 days": 30,
    "Last 12 months": 365,
    "All of the record": None,
}
LOOKER: Final = "audit-viewer"
WHAT: Final = "the audit record"
DIGEST: Final = re.compile(r"sha256:[0-9a-f]*")


def read() -> tuple[list[dict[str, Any]], list[str]]:
    """The entries of the record and the faults of its chain, for whoever has the right to see them."""
    signed_in.viewer().must("audit")
    path = AuditLog(data_folder()).path
    facts = path.stat() if path.exists() else None
    return data.audit_record(str(path.parent), (facts.st_mtime_ns, facts.st_size) if facts else None)


def within(found: pd.DataFrame, days: int | None) -> pd.DataFrame:
    """The looks of the last so many days; all of them for None, those without an instant too."""
    if days is None or found.empty:
        return found
    since = datetime.now().astimezone() - timedelta(days=days)
    return found[pd.to_datetime(found["at"], utc=True) >= since]


def chain(entries: list[dict[str, Any]], faults: list[str]) -> None:
    """Whether the record is as it was written, in words."""
    st.header("Is the record whole?", anchor=False)
    if not entries:
        widgets.empty("Nobody has looked at a child or a named practitioner yet.")
    elif not faults:
        one = "Yes: its one line is as it was written."
        many = f"Yes: each of the {len(entries):,} lines follows from the one before it."
        st.success(one if len(entries) == 1 else many)
    else:
        st.error(
            f"No. {len(faults):,} faults: {'; '.join(faults[:5])}{' …' if len(faults) > 5 else ''}."  # noqa: PLR2004
        )
        st.markdown(
            "**What to do:** keep the file as it is, compare it with the latest copy held elsewhere, and ask "
            "who could write in the data folder. That lines were taken off the end cannot be seen from the "
            "file alone: keep a copy of it elsewhere, day by day."
        )


def people(found: pd.DataFrame) -> None:
    """Who looked how often, as a table without anybody who was looked at."""
    st.header("Who looked how often", anchor=False)
    table = audit.by_person(found)
    if table.empty:
        widgets.empty("Nobody looked in this time.")
        return
    shown = pd.DataFrame(
        {
            "Who": table["who"],
            "Role": table["role"].map(role_name),
            "Looks": table["looks"],
            "Unusual": table["unusual"],
            "Last": table["last"].map(_moment),
        }
    )
    st.dataframe(shown, hide_index=True, width="stretch", alt="Who looked how often")
    widgets.downloads(shown, "audit-people", "Who looked how often", source())


def looks(found: pd.DataFrame, days: int | None) -> None:
    """Every look, unusual first, once the reason for going through them was stated."""
    st.header("Every look, unusual first", anchor=False)
    viewer = _asked()
    if viewer is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        who = st.multiselect(
            "Who", sorted(found["who"].unique()), key="audit-who", placeholder="Everybody", width=280
        )
        what = st.multiselect(
            "What", sorted(found["what"].unique()), key="audit-what", placeholder="Everything", width=280
        )
        about = st.text_input("About (a part of it)", key="audit-about", max_chars=80, width=240)
        odd = st.checkbox("Only unusual ones", key="audit-odd")
    rows = found
    rows = rows[rows["who"].isin(who)] if who else rows
    rows = rows[rows["what"].isin(what)] if what else rows
    rows = about_it(rows, about.strip()) if about.strip() else rows
    rows = rows[rows["unusual"].map(bool)] if odd else rows
    _record(
        viewer, len(rows), days=days, asked_who=who, asked_what=what, asked_about=about.strip(), unusual=odd
    )
    if rows.empty:
        widgets.empty("No look in this time fits.")
        return
    table = shown_rows(rows)
    st.dataframe(table, hide_index=True, width="stretch", alt="Every look, unusual first")
    widgets.downloads(table, "audit-looks", "Every look, unusual first", source())


def about_it(rows: pd.DataFrame, part: str) -> pd.DataFrame:
    """The looks whose "about" has this part, in capitals or not; a digest of a text where it is asked for.

    An id as short as C2 lies in most digests by chance.
    """
    told = rows["about"] if DIGEST.match(part) else rows["about"].str.replace(DIGEST, "", regex=True)
    return rows[told.str.contains(part, case=False, regex=False)]


def shown_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """The looks with plain headings and words."""
    return pd.DataFrame(
        {
            "When": rows["at"].map(_moment),
            "Who": rows["who"],
            "Role": rows["role"].map(role_name),
            "Unusual": rows["unusual"].map(lambda names: "; ".join(audit.UNUSUAL[name] for name in names)),
            "What": rows["what"],
            "About": rows["about"],
            "Reason": rows["reason"],
            "Rows": rows["rows"],
            "Line": rows["line"],
        }
    )


def source() -> str:
    """Where the table comes from and what counts as unusual, for a file that leaves the page."""
    rules = settings().audit
    return (
        f"The audit record of this data folder, read {datetime.now().astimezone():%d %B %Y %H:%M}. Unusual: "
        f"{rules.burst_looks} looks or more by one person within {rules.burst_minutes} minutes; a child at "
        f"whom only one person looks (from {rules.rare_from} looks at children on); before "
        f"{rules.opens_at}:00, from {rules.closes_at}:00 on or at a weekend; no reason stated"
    )


def _moment(at: Any) -> str:
    return "not known" if at is None or pd.isna(at) else f"{at:%Y-%m-%d %H:%M}"


def _asked() -> Viewer | None:
    """Who goes through the record and why; asked once in a session."""
    held: Viewer | None = st.session_state.get(LOOKER)
    if held is not None:
        st.caption(plain(f"You look as {role_name(held.role).lower()}: {held.reason}"))
        return held
    viewer = asking.asked_viewer("audit", "the looks")
    if viewer is None:
        return None
    try:
        viewer.must("audit")
    except AccessRefused as problem:
        asking.refused(problem)
        return None
    st.session_state[LOOKER] = viewer
    return viewer


def _record(viewer: Viewer, rows: int, **asked: Any) -> None:
    """Leave a record of this look, once for each thing that is asked for."""
    told = ", ".join(f"{name}={value}" for name, value in asked.items() if value)
    if st.session_state.get("audit-told") != told:
        AuditLog(data_folder()).record(viewer, WHAT, about=told or "all of it", rows=rows)
        st.session_state["audit-told"] = told

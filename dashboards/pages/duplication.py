"""Where families meet the same thing twice, between which agencies, and what is to be done."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboards import widgets
from dashboards.duplication import BETWEEN_AGENCIES, GROUPS, WHAT_TO_DO, between_agencies, by_group, counts
from reports import charts, findings
from reports.words import DUPLICATE_KINDS, DUPLICATE_UNITS, SUPPRESSED, role_name

shown = widgets.view()
found, day = shown.found, shown.asked.as_of
kinds = counts(found, day, shown.locality)

widgets.header(str(findings.duplication(kinds)), shown)
widgets.suppression_note(found)
widgets.groups_note(shown)
widgets.chart_block(charts.duplication_counts(kinds, source=shown.source, theme=shown.theme), heading=False)


def cells(frame: pd.DataFrame) -> list[str]:
    """Cases as text, suppressed ones as c."""
    return [
        SUPPRESSED if h else f"{n:,.0f}" for n, h in zip(frame["cases"], frame["suppressed"], strict=True)
    ]


def agencies(kind: str) -> None:
    """The pairs of agencies of one kind; the filter chooses rows after suppression, so it opens none."""
    pairs = between_agencies(found, kind, day)
    if shown.asked.agencies:
        pairs = pairs[pairs["first"].isin(shown.asked.agencies) | pairs["second"].isin(shown.asked.agencies)]
    if pairs.empty:
        widgets.empty("None between the agencies chosen.")
        return
    kept = pairs[~pairs["suppressed"]]
    if len(kept) < len(pairs):
        # not how many: with the total it would tell that each has one
        also = "Other pairs" if len(kept) else "All pairs"
        st.markdown(f"{also} of agencies concerned have a few cases each (c: suppressed).")
    if kept.empty:
        return
    table = pd.DataFrame(
        {
            "Agency": kept["first"].map(shown.name),
            "And": kept["second"].map(shown.name),
            "Cases": cells(kept),
        }
    )
    widgets.table(table, f"{kind}-agencies", f"{DUPLICATE_KINDS[kind]}, by agencies", shown.source)


def groups(kind: str, column: str, head: str) -> None:
    """The cases of one kind by a column."""
    frame = by_group(found, kind, column, day)
    if frame["suppressed"].all():
        st.markdown("By " + head.lower() + ": a few cases of each concerned (c: suppressed).")
        return
    table = pd.DataFrame({head: frame[column].map(role_name), "Cases": cells(frame)})
    widgets.table(table, f"{kind}-{column}", f"{DUPLICATE_KINDS[kind]}, by {head.lower()}", shown.source)


for kind, cases, hidden in zip(kinds["kind"], kinds["cases"], kinds["suppressed"], strict=True):
    st.header(DUPLICATE_KINDS[kind], anchor=False)
    many = None if hidden else float(cases)
    units = DUPLICATE_UNITS[kind]
    words = f"A few {units} (c: suppressed)" if many is None else f"{many:,.0f} {units}"
    st.markdown(f"**{words}.** What to do: {WHAT_TO_DO[kind]}")
    if many == 0 or shown.locality is not None:
        continue
    column, head = GROUPS.get(kind, ("", ""))
    left, right = st.columns(2, gap="large")
    with left:
        if kind in BETWEEN_AGENCIES:
            agencies(kind)
    with right:
        if column:
            groups(kind, column, head)

widgets.foot(shown, list(WHAT_TO_DO))

"""Who is not covered as they should be: no lead, the wrong lead, overdue, or about to turn 18."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboards import widgets
from dashboards.coverage import GROUP_WORDS, by_group, counts
from reports import charts, findings_coverage
from reports.gaps import KINDS
from reports.words import COVERAGE_KINDS, SUPPRESSED, count

shown = widgets.view()
found, day = shown.found, shown.asked.as_of
kinds = counts(found, day, shown.locality)

widgets.header(str(findings_coverage.coverage(kinds)), shown)
widgets.suppression_note(found)
widgets.groups_note(shown)
widgets.chart_block(charts.coverage_counts(kinds, source=shown.source, theme=shown.theme), heading=False)


def groups(name: str) -> None:
    """The cases of one kind by its group; the filter chooses rows after suppression, so it opens none."""
    frame, group = by_group(found, name, day), KINDS[name].group
    wanted = set(shown.asked.agencies)
    if wanted and frame["agencies"].map(bool).any():
        frame = frame[frame["agencies"].map(lambda ids: bool(wanted & set(ids)))]
    if frame.empty:
        widgets.empty("None of the agencies chosen.")
        return
    if frame["suppressed"].all():
        st.markdown(f"By {GROUP_WORDS[group].lower()}: a few cases of each concerned (c: suppressed).")
        return
    cells = [
        SUPPRESSED if h else f"{n:,.0f}" for n, h in zip(frame["cases"], frame["suppressed"], strict=True)
    ]
    table = pd.DataFrame({GROUP_WORDS[group]: frame["group"], "Cases": cells})
    title = f"{COVERAGE_KINDS[name]}, by {GROUP_WORDS[group].lower()}"
    widgets.table(table, f"{name}-groups", title, shown.source)


for name, cases, hidden in zip(kinds["kind"], kinds["cases"], kinds["suppressed"], strict=True):
    kind = KINDS[name]
    st.header(COVERAGE_KINDS[name], anchor=False)
    many = None if hidden else float(cases)
    words = count(many, kind.units.removesuffix("s") if kind.units != "children" else "child", kind.units)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"**{words[:1].upper()}{words[1:]}.** What to do: {kind.what_to_do}")
    if many != 0 and shown.locality is None:
        with right:
            groups(name)

widgets.foot(shown, list(KINDS))

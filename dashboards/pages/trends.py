"""How load, fairness, duplication and cover have moved over the months."""

from __future__ import annotations

import streamlit as st

from dashboards import data_fairness, trends, widgets
from dashboards.duplication import WHAT_TO_DO
from dashboards.trends import LOAD_PANELS, PERIODS
from reports import charts, findings
from reports.words import COVERAGE_KINDS, DUPLICATE_KINDS, day_name

shown = widgets.view()
found, day, source, theme = shown.found, shown.asked.as_of, shown.source, shown.theme
months = int(st.session_state.get("trend-months") or min(PERIODS))
days = trends.ends(found, day, months)
load = trends.load(found, days, shown.locality)

widgets.header(str(findings.trend(load)), shown, scope="whole partnership")
st.segmented_control(
    "How far back",
    list(PERIODS),
    default=min(PERIODS),
    required=True,
    key="trend-months",
    format_func=lambda count: PERIODS[count],
    bind="query-params",
)
if len(days) < months + 1:
    first = day_name(days[0]) if days else "none"
    st.caption(f"There are data for {len(days)} of these {months + 1} days; the first is {first}.")
widgets.suppression_note(found)

left, right = st.columns(2, gap="large")
with left:
    st.header("Who carries what", anchor=False)
    finding = findings.trend(load)
    chart = charts.over_months(load, LOAD_PANELS, finding, name="trend-load", source=source, theme=theme)
    widgets.chart_block(chart, heading=False)
with right:
    st.header("How evenly it lies", anchor=False)
    indices = data_fairness.trend(found, day, months=months)
    widgets.chart_block(charts.fairness_trend(indices, source=shown.whole_source, theme=theme), heading=False)

left, right = st.columns(2, gap="large")
for place, head, frame, words in (
    (
        left,
        "What is done twice",
        trends.duplication(found, days, shown.locality),
        {k: DUPLICATE_KINDS[k] for k in WHAT_TO_DO},
    ),
    (right, "Who is not covered", trends.gaps(found, days, shown.locality), COVERAGE_KINDS),
):
    with place:
        st.header(head, anchor=False)
        finding = trends.moved(frame, head)
        st.markdown(f"**{finding}**")
        name = f"trend-{head.replace(' ', '-').lower()}"
        chart = charts.over_months(frame, words, finding, name=name, source=source, theme=theme)
        widgets.chart_block(chart, heading=False)

widgets.foot(shown, ["workload", "agency_fairness", *WHAT_TO_DO, *COVERAGE_KINDS])

"""Who carries what against capacity, and whether it is more than chance or statute would make it."""

from __future__ import annotations

import streamlit as st

from dashboards import costs, data, data_fairness, data_overload, widgets
from dashboards.certainty import SIDE_HELP, SURE, agency_column
from dashboards.fairness import (
    HELP,
    INDEX_WORDS,
    agency_table,
    expected_sentence,
    finite,
    sector_table,
)
from dashboards.plain import plain
from dashboards.shown import agencies, sectors
from reports import charts, findings, findings_certainty, findings_fairness
from reports.words import NOT_DEFINED

shown = widgets.view()
found, day = shown.found, shown.asked.as_of

discretionary = st.toggle(
    "Leave out the teams whose lead is fixed by statute or guidance",
    key="discretionary",
    bind="query-params",
    help="A status such as a child protection plan says who has to lead: that is no unfairness.",
)
fair = data.fair(found, day, discretionary=discretionary, full=True)
rows = shown.within(agencies(found, day, discretionary=discretionary), "agency_id")

widgets.header(str(findings.disparity(rows)), shown)
if rows.empty:
    widgets.empty("No agency shown has capacity on this day.", "Capacity comes from posts active on the day.")
else:
    source, theme = shown.source, shown.theme
    left, right = st.columns(2, gap="large")
    with left:
        widgets.chart_block(charts.load_against_capacity(rows, source=source, theme=theme, most=12))
    with right:
        widgets.chart_block(charts.disparity_intervals(rows, source=source, theme=theme, most=12))

    st.header("Every agency in figures", anchor=False)
    columns = {head: st.column_config.TextColumn(help=words) for head, words in HELP.items()}
    sure = agency_column(found, day, rows, discretionary=discretionary)
    table = agency_table(rows.assign(verdict=sure))
    widgets.table(table, "agency-fairness", "Every agency in figures", source, {**columns, "How sure": SURE})
    widgets.suppression_note(found)
    certain = data_overload.certainty(found, day, discretionary=discretionary)
    st.caption(f"{findings_certainty.agencies(certain.agencies, certain.variation)} {SIDE_HELP}")

    st.header("More leads than the teams explain?", anchor=False)
    by_sector = sectors(found, day, discretionary=discretionary)
    st.markdown(f"**{findings_fairness.expected_sectors(by_sector)}** (All agencies of the partnership.)")
    st.markdown(plain(findings_fairness.expected_agencies(rows)))
    st.markdown(plain(expected_sentence(rows)))
    widgets.table(sector_table(by_sector), "sector-leads", "Leads against those expected, by sector", source)

    widgets.chart_block(
        charts.fairness_trend(
            data_fairness.trend(found, day, discretionary=discretionary), source=source, theme=theme
        )
    )

    costs.section(shown)

    st.header("The whole partnership in four numbers", anchor=False)
    with st.container(horizontal=True):
        for name, (label, words) in INDEX_WORDS.items():
            value = getattr(fair, name)
            with st.container(border=True, width=300):
                st.metric(label, NOT_DEFINED if value is None else f"{value:.2f}")
                st.caption(words)
    curve = data.lorenz(found, day)
    widgets.chart_block(charts.lorenz(curve, gini=finite(fair.gini), source=source, theme=theme))

widgets.foot(shown, ["agency_fairness", "workload"])

"""How the partnership stands, and what should be looked at first."""

from __future__ import annotations

import streamlit as st

from dashboards import widgets
from dashboards.certainty import MARK_HELP, mark
from dashboards.overview import figures, guide, month_findings
from dashboards.plain import plain
from dashboards.shown import agencies
from reports import charts
from reports.words import day_name

shown = widgets.view()
found, asked = shown.found, shown.asked
sentences = month_findings(found, asked.as_of, shown.locality)

widgets.header(str(sentences[0]), shown, scope="whole partnership")
if asked.agencies:
    st.info("This page is about the whole partnership; the agencies chosen narrow the other pages.")

guide()
st.caption(f"The small figures are the change since {day_name(asked.before)}.")
now, before = (figures(found, day, shown.locality) for day in (asked.as_of, asked.before))
with st.container(horizontal=True):
    for name, figure in now.items():
        figure.show(before[name])

left, right = st.columns([2, 3], gap="large")
with left:
    st.header("What to look at, most serious first", anchor=False)
    for number, sentence in enumerate(sentences, start=1):
        severity = widgets.SEVERITY_WORDS[sentence.severity]
        st.markdown(
            f"{number}. {severity} {plain(sentence)}{mark(found, asked.as_of, sentence, shown.locality)}"
        )
    st.caption(MARK_HELP)
    widgets.suppression_note(found)
with right:
    rows = agencies(found, asked.as_of)
    chart = charts.load_against_capacity(rows, source=shown.whole_source, theme=shown.theme, most=8)
    widgets.chart_block(chart)

widgets.foot(shown, ["workload", "overloaded_leads", "tacs_without_lead", "agency_fairness"])

"""Which lead roles to hand over, what that would change, and what no handover can mend."""

from __future__ import annotations

import streamlit as st

from dashboards import advice, data_advice, widgets
from dashboards.shown import headline, sectors
from reports import charts, findings_advice, findings_fairness

shown = widgets.view()
found, day = shown.found, shown.asked.as_of

today = headline(found, day)["overloaded"]
heading = st.empty()
if not data_advice.at_hand(found, day):
    with heading.container():
        widgets.header(str(findings_advice.meanwhile(today)), shown, scope="all agencies")
with st.spinner("Working out the best handovers for each number of them…", show_time=True):
    held = data_advice.advice(found, day)
curve = advice.curve_of(shown, held)
up_to = found.settings.disclosure.suppress_up_to
below = st.container()
if advice.few_hidden(shown, curve):
    with heading.container():
        widgets.header("What could be handed over is not shown: few leads are concerned (c)", shown)
        st.markdown(str(findings_fairness.expected_sectors(sectors(found, day))))
else:
    with below:
        place = advice.point_chosen(curve)
    point = held.points[place]
    with heading.container():
        finding = findings_advice.title(curve.iloc[place], today, point.unhelped, hide_up_to=up_to)
        widgets.header(str(finding), shown, scope="all agencies")
        st.markdown(str(findings_fairness.expected_sectors(sectors(found, day))))
    advice.figures(curve, place, point)
    chart = charts.handover_curve(curve, point.handovers, source=shown.source, theme=shown.theme)
    widgets.chart_block(chart)
    if point.handovers:
        advice.moves(shown, point, day)
        advice.pairs(shown, point)
    advice.unhelped(shown, point, float(curve["overloaded"].iloc[place]))
widgets.suppression_note(found)
advice.who_leads(shown, day)
st.caption(advice.RULES)
widgets.foot(shown, ["overloaded_leads", "agency_fairness"])

"""Which lead roles to hand over, what that would change, and what no handover can mend."""

from __future__ import annotations

import streamlit as st

from dashboards import advice, data_advice, widgets
from dashboards.shown import sectors
from reports import charts, findings_advice, findings_fairness

shown = widgets.view()
found, day = shown.found, shown.asked.as_of

with st.spinner("Working out the best handovers for each number of them…", show_time=True):
    held = data_advice.advice(found, day)
curve = advice.curve_of(held)
heading, below = st.container(), st.container()
with below:
    place = advice.point_chosen(curve)
point = held.points[place]
over = int(held.before["overloaded"] or 0)
with heading:
    finding = findings_advice.title(curve.iloc[place], over, point.unhelped)
    widgets.header(str(finding), shown, scope="all agencies")
    st.markdown(str(findings_fairness.expected_sectors(sectors(found, day))))
advice.figures(held, point)
widgets.chart_block(charts.handover_curve(curve, point.handovers, source=shown.source, theme=shown.theme))
if point.handovers:
    advice.moves(shown, point, day)
    advice.pairs(shown, point)
advice.unhelped(shown, point)
advice.who_leads(shown, day)
st.caption(advice.RULES)
widgets.foot(shown, ["overloaded_leads", "agency_fairness"])

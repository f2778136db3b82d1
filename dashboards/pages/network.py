"""Who works with whom: who keeps to themselves, who connects, whose leaving would cut others off."""

from __future__ import annotations

import streamlit as st

from dashboards import data_network, network, widgets
from reports import charts, findings_network

shown = widgets.view()
with st.spinner("Measuring who works with whom, and random networks beside it…", show_time=True):
    held = data_network.network(shown.found, shown.asked.as_of)
agencies = network.agencies_of(shown, held)

points = shown.within(held.single_points, "agency_id")
widgets.header(findings_network.page_title(agencies, len(points)), shown)
if not len(held.measures.ties):
    widgets.empty("Nobody shares a team with anybody on this day, so there is no network.")
else:
    network.figures(held)
    left, right = st.columns(2, gap="large")
    with left:
        network.agency_picture(shown, held)
    with right:
        widgets.chart_block(charts.ties_outside(agencies, source=shown.source, theme=shown.theme))
    network.single_points(shown, held)
    network.brokers(shown, held)
    network.communities(held)
    network.people_picture(shown, held)
    st.caption(
        f"By chance: {held.measures.runs:,} random networks in which everybody keeps their number of ties "
        f"({held.measures.path_runs:,} for shortest ways and single points), seed "
        f"{shown.found.settings.network.seed}; p adjusted for the number of agencies or practitioners asked "
        "about. These networks know no localities and no teams: part of what is beyond chance is nearness. "
        "The agencies chosen above narrow the tables, not the network."
    )

widgets.foot(shown, ["collaboration"])

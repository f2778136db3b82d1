"""What one practitioner carries, and how it comes about."""

from __future__ import annotations

import streamlit as st

from dashboards import data, widgets
from dashboards.own_view import about, capacity, finding, say_wrong, teams, trend, whose
from dashboards.plain import plain

shown = widgets.view()
found, day = shown.found, shown.asked.as_of

who = whose(shown)
if who is None:
    widgets.header("Your own load and its working", shown, scope="one practitioner")
    widgets.empty("Choose a practitioner.", "Whoever signs in as a practitioner sees their own load here.")
else:
    load = data.load(found, day)
    mine = load[load["practitioner_id"] == who]
    if mine.empty:
        widgets.header("You are in no team and have no post on this day", shown, scope=f"practitioner {who}")
        widgets.empty("Nothing is on record for this id on this day.", "Choose another day.")
    else:
        row = mine.to_dict(orient="records")[0]
        line = found.settings.workload.overload_threshold
        widgets.header(finding(row, line), shown, scope=f"practitioner {who}")
        st.markdown(plain(f"{about(row, shown)}."))
        left, right = st.columns([3, 2], gap="large")
        with left:
            trend(shown, who)
        with right:
            capacity(shown, who)
        teams(shown, who)
        say_wrong(shown, who, row)

widgets.foot(shown, ["workload"])

"""What would happen if: posts go or come, demand grows, schools close, other weights count."""

from __future__ import annotations

from math import isnan

import streamlit as st

from analysis.whatif import FIGURES, Comparison
from dashboards import data_what_if, widgets
from dashboards.plain import plain
from dashboards.what_if import (
    agency_table,
    asked_changes,
    figure_table,
    people_table,
    safe_agencies,
    safe_figures,
    safe_newly,
    safe_notes,
)
from graphmodel.errors import SettingsError
from reports.charts.what_if import what_if as chart
from reports.findings_whatif import what_if
from reports.words import count

DRAWN = ("leads", "overloaded", "severe", "tacs_without_lead", "without_capacity")

shown = widgets.view()
found, day = shown.found, shown.asked.as_of
place = st.container()
texts, scheme, reassign = asked_changes(shown)

comparison: Comparison | None = None
try:
    comparison = data_what_if.compared(found, day, texts, scheme=scheme, reassign=reassign)
except SettingsError as problem:
    with place:
        widgets.header("This cannot be worked out", shown)
        st.error(plain(f"{problem.thing}: {problem.fault}."))
        st.markdown(f"**What to do:** {problem.mend}")

if comparison is not None:
    figures = safe_figures(shown, comparison)
    change = dict(zip(figures["figure"], figures["change"], strict=True))
    finding = what_if(comparison.scenario, change, shown.name)
    with place:
        widgets.header(str(finding), shown, scope="all agencies")
        st.caption("Worked out on a copy: nothing is changed in the database.")
    if not comparison.scenario.empty:
        for note in safe_notes(shown, comparison):
            st.markdown(f"- {plain(note)}")
        source, theme = f"{shown.source}; {comparison.scenario}", shown.theme
        table = figure_table(figures)
        counts = figures[figures["figure"].isin(DRAWN)]
        words = counts["figure"].map(lambda name: FIGURES[name][:1].upper() + FIGURES[name][1:])
        widgets.chart_block(chart(counts, words, finding, table, source=source, theme=theme))

        st.header("Every figure, today and then", anchor=False)
        widgets.table(table, "what-if-figures", "Today and then", source)

        st.header("Agencies for which something changes", anchor=False)
        agencies = safe_agencies(shown, comparison)
        if agencies.empty:
            widgets.empty("Nothing changes for the agencies shown.")
        else:
            widgets.table(
                agency_table(shown, agencies), "what-if-agencies", "Agencies, today and then", source
            )

        people = shown.people(shown.within(comparison.practitioners, "home_agency_id"))
        newly = safe_newly(shown, comparison, figures)
        head = f"{count(newly, 'practitioner', 'practitioners')} newly above capacity"
        st.header("Newly above capacity (c)" if isnan(newly) else head[:1].upper() + head[1:], anchor=False)
        if people.empty:
            widgets.empty("Nobody whom you may see comes above capacity, or below it.")
        else:
            widgets.table(people_table(shown, people), "what-if-people", "Leads whose load changes", source)
        widgets.suppression_note(found)

widgets.foot(shown, ["workload", "agency_fairness", "tacs_without_lead"])

"""How sure are we: which findings stay when the agreed weights are a quarter higher or lower."""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboards import data_overload, widgets
from dashboards.certainty import (
    agencies_table,
    leads_table,
    leads_words,
    safe_weights,
    weights_table,
    with_home,
)
from dashboards.shown import agencies, headline
from reports import charts
from reports import findings_certainty as sure
from reports.words import day_name, per_cent

NOT_BY_ID: Final = (
    "Your role sees how sure the figures are, not of whom: single leads are for those who manage them."
)

shown = widgets.view()
found, day = shown.found, shown.asked.as_of
rules = found.settings
certain = data_overload.certainty(found, day)
leads = with_home(shown, certain.leads)
over = leads[leads["overloaded"]].sort_values(["share", "utilisation"], kind="stable")
near = leads[leads["practitioner_id"].isin(certain.near["practitioner_id"])].sort_values(
    "share", ascending=False, kind="stable"
)
plus = f"± {per_cent(certain.variation)}"

up_to = rules.disclosure.suppress_up_to
agreed_count = headline(found, day)["overloaded"]
weights = safe_weights(shown)

widgets.header(leads_words(found, day), shown)
st.markdown(
    f"Weights are agreed, not measured. So each was made up to {per_cent(certain.variation)} higher or "
    f"lower, alone and all at once in {len(certain.draws):,} draws. A finding that holds in "
    f"{per_cent(rules.certainty.robust_from)} of the draws is *robust*, in "
    f"{per_cent(rules.certainty.leaning_from)} *leaning*, in fewer it *depends on the weights*."
)
left, right = st.columns(2, gap="large")
with left:
    widgets.chart_block(
        charts.weights_alone(
            weights,
            None if agreed_count is None else int(agreed_count),
            source=shown.source,
            theme=shown.theme,
        )
    )
with right:
    if leads.empty and not shown.viewer.may("practitioners"):
        widgets.empty(NOT_BY_ID)
    else:
        chart = charts.certainty_of_leads(over, source=shown.source, theme=shown.theme, hide_up_to=up_to)
        widgets.chart_block(chart)

st.header("The table of weights", anchor=False)
agreed = f"on {day_name(rules.agreed_on)}" if rules.agreed_on else "on no day stated"
st.markdown(
    f"Version **{rules.version}**, agreed by: {rules.agreed_by}; {agreed}. The page Settings has every value."
)
widgets.table(weights_table(weights, up_to), "weights", f"Weights and rules, each alone {plus}", shown.source)

st.header("Leads above capacity, the least sure first", anchor=False)
if over.empty:
    widgets.empty("No lead that you may see is above capacity on this day.")
else:
    widgets.table(leads_table(shown, over), "sure-of-leads", "How sure of each lead", shown.source)
if len(near):
    st.markdown("**Not above capacity, but in more than half of the draws:**")
    widgets.table(leads_table(shown, near), "sure-near-the-line", "Near the line", shown.source)

st.header(str(sure.agencies(certain.agencies, certain.variation)), anchor=False)
tau = certain.spread()["tau"]
st.markdown(
    f"Kendall's tau of the agencies' order with that of the agreed weights is {tau[1]:.2f} in the middle "
    f"draw, {tau[0]:.2f} to {tau[2]:.2f} in 90% of them (1 is the same order)."
)
masked = shown.within(agencies(found, day), "agency_id")
widgets.table(
    agencies_table(masked, certain.agencies), "sure-of-agencies", "How sure of each agency", shown.source
)
widgets.suppression_note(found)
widgets.foot(shown, ["overloaded_leads", "agency_fairness"])

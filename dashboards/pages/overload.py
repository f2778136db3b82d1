"""Who leads beyond capacity, how far, and since when."""

from __future__ import annotations

from typing import Final

import pandas as pd
import streamlit as st

from dashboards import data, data_overload, widgets
from dashboards.certainty import HELP, verdicts
from dashboards.overload import COLUMNS, by_role, listing, names_form
from dashboards.overload_explained import may_be_next, why
from reports import charts, findings, findings_certainty
from reports.words import count

NOT_BY_ID: Final = "Your role sees how many, not who: single practitioners are for those who manage them."

shown = widgets.view()
found, day = shown.found, shown.asked.as_of
rules = found.settings.workload
load = shown.within(data.load(found, day), "home_agency_id")
over = shown.within(data.overload(found, day), "home_agency_id")
over = over.assign(verdict=over["practitioner_id"].map(verdicts(found, day)))
leading = load[load["tacs_led"] > 0]
# the title counts everybody; rows are of those whom the viewer may see
seen = shown.people(over)

widgets.header(str(findings.overload(len(leading), len(over), int(over["severe"].sum()))), shown)
no_capacity = int(((load["points"] > 0) & ~(load["capacity"] > 0)).sum())
if no_capacity:
    st.caption(
        f"{count(no_capacity, 'practitioner has', 'practitioners have')} work but no post with capacity on "
        "this day, so no part of capacity can be given for them: see to their posts in the data."
    )

if leading.empty:
    widgets.empty("Nobody leads a TAC on this day in the agencies chosen.")
else:
    drawn = seen if len(over) else shown.people(leading)
    left, right = st.columns(2, gap="large")
    with left:
        if drawn.empty:
            widgets.empty(NOT_BY_ID)
        else:
            widgets.chart_block(
                charts.utilisation_bars(
                    drawn,
                    threshold=rules.overload_threshold,
                    severe=rules.severe_threshold,
                    source=shown.source,
                    theme=shown.theme,
                    most=12,
                )
            )
    with right:
        widgets.chart_block(charts.overload_by_role(by_role(load), source=shown.source, theme=shown.theme))

st.header("Who, how far above, and since when", anchor=False)
if over.empty:
    widgets.empty("No lead is above capacity on this day.")
elif seen.empty:
    by_agency = (
        over.assign(agency=over["home_agency_id"].map(shown.name))
        .groupby("agency")
        .agg(above=("severe", "size"), severe=("severe", "sum"))
        .reset_index()
    )
    by_agency.columns = pd.Index(["Home agency", "Leads above capacity", "Of them severely"])
    widgets.table(by_agency, "overloaded-by-agency", "Leads above capacity by agency", shown.source)
else:
    names = names_form(seen)
    table = listing(shown, seen, names)
    widgets.table(table, "overloaded-leads", "Leads above capacity", shown.source, COLUMNS)
    certain = data_overload.certainty(found, day)
    st.caption(f"{findings_certainty.leads(certain.overloaded, certain.variation)} {HELP}")
    why(shown, seen)
if len(leading) and shown.viewer.may("practitioners"):
    may_be_next(shown)

widgets.foot(shown, ["overloaded_leads", "workload"])

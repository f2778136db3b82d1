"""Who leads beyond capacity, how far, and since when."""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboards import data, widgets
from dashboards.certainty import HELP, leads_words, verdicts
from dashboards.overload import COLUMNS, agencies_table, by_role, listing, names_form, title
from dashboards.overload_explained import may_be_next, why
from dashboards.shown import staff
from reports import charts
from reports.words import count

NOT_BY_ID: Final = "Your role sees how many, not who: single practitioners are for those who manage them."

shown = widgets.view()
found, day = shown.found, shown.asked.as_of
rules = found.settings.workload
load = shown.within(data.load(found, day), "home_agency_id")
over = shown.within(data.overload(found, day), "home_agency_id")
over = over.assign(verdict=over["practitioner_id"].map(verdicts(found, day)))
leading = load[load["tacs_led"] > 0]
# rows are of those whom the viewer may see
seen = shown.people(over)
# whoever sees no rows about children could take counts by agency and locality from one another
counted = shown.viewer.month_ends_only

widgets.header(title(shown, leading, over, counted=counted), shown)
no_capacity = int(((load["points"] > 0) & ~(load["capacity"] > 0)).sum())
if no_capacity and not counted:
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
        if counted and shown.locality is not None:
            widgets.groups_note(shown)
        else:
            roles = staff(found, day, "role") if counted else by_role(load)
            source = shown.whole_source if counted else shown.source
            widgets.chart_block(charts.overload_by_role(roles, source=source, theme=shown.theme))

st.header("Who, how far above, and since when", anchor=False)
if counted and seen.empty:
    agencies_table(shown)
elif over.empty:
    widgets.empty("No lead is above capacity on this day.")
else:
    names = names_form(seen)
    table = listing(shown, seen, names)
    widgets.table(table, "overloaded-leads", "Leads above capacity", shown.source, COLUMNS)
    st.caption(f"{leads_words(found, day)} {HELP}")
    why(shown, seen)
if len(leading) and shown.viewer.may("practitioners"):
    may_be_next(shown)

widgets.foot(shown, ["overloaded_leads", "workload"])

"""What lead work costs, against what each agency pays in: a section of the Fairness page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import pandas as pd
import streamlit as st

from analysis.costs import by_sector, payers
from dashboards import data, data_fairness, widgets
from dashboards.asked import View
from dashboards.data import Held
from dashboards.shown import agencies as shown_agencies
from reports.charts.costs import cost_shares
from reports.findings_costs import pounds
from reports.suppress import Count, Rule, masked
from reports.tabling import concealed, shown
from reports.words import label, role_name

_DERIVED: Final = ("tacs_led", "lead_points", "hours", "pounds", "share", "difference", "difference_gbp")
_FEWEST: Final = 2


def safe_costs(found: Held, day: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Costs by paying agency (with `name`) and by sector, each with `suppressed`; hidden figures are NaN.

    A row is hidden where it counts few leads, or where a count that the page hides for one of its agencies
    could be worked out from it. A sector goes likewise with the paying agencies hidden in it.
    """
    frame = data_fairness.costs(found, day)
    up_to = found.settings.disclosure.suppress_up_to
    led = data.fair(found, day).agencies.set_index("agency_id")["tacs_led"]
    gone = shown_agencies(found, day)
    hidden = led.reindex(gone.loc[gone["suppressed"], "agency_id"])
    safe = _masked(frame, "agency_id", hidden, payers(found.slice), up_to)
    sector = found.slice.table("agencies").set_index("agency_id")["sector"].to_dict()
    lost = frame.set_index("agency_id")["tacs_led"].reindex(safe.loc[safe["suppressed"], "agency_id"])
    sectors = _masked(by_sector(found.slice, frame), "sector", lost, sector, up_to)
    return safe.assign(name=safe["agency_id"].map(found.agency_names)), sectors


def _masked(
    frame: pd.DataFrame, name: str, hidden: pd.Series, group_of: Mapping[Any, str], up_to: int
) -> pd.DataFrame:
    groups = hidden.groupby(hidden.index.map(group_of)).agg(["size", "sum"])
    bare = groups[(groups["size"] < _FEWEST) | (groups["sum"] <= up_to)].index
    # a row that would give a hidden one away stands as a small count, so that another goes with it
    counts = frame["tacs_led"].astype(float).mask(frame[name].isin(bare), 1.0)
    return masked(frame, {"cost": Rule(_DERIVED, (Count(list(counts)),))}, up_to=up_to).numbers


def cost_table(frame: pd.DataFrame, head: str, names: pd.Series) -> pd.DataFrame:
    """The figures as text, widest gap first."""
    ordered = frame.assign(label=names).sort_values("difference", ascending=False, na_position="last")
    table = pd.DataFrame({head: ordered["label"]})
    for column, words, style in (
        ("hours", "Hours a year", "{:,.0f}".format),
        ("pounds", "Cost a year", pounds),
        ("share", "Share of all lead work", "{:.1%}".format),
        ("contribution", "Pays a year", "£{:,.0f}".format),
        ("contribution_share", "Share of the pooled budget", "{:.1%}".format),
        ("difference", "Gives beyond its share", "{:+.1%}".format),
    ):
        hidden = concealed(ordered, column)
        table[words] = shown(ordered[column], hidden if column in _DERIVED else ~(hidden | True), style)
    return table


def section(view: View) -> None:
    """The section: a chart by sector, a table by paying agency, and where the hours and pounds come from."""
    found, day = view.found, view.asked.as_of
    agencies, sectors = safe_costs(found, day)
    st.header("What lead work costs, against what each agency pays in", anchor=False)
    if agencies["contribution"].notna().sum() == 0:
        widgets.empty("No contribution to a pooled budget is on record.", "It stands with the agencies.")
        return
    rules = found.settings.costs
    source = f"{view.source}; {rules.hours_per_point:g} hours a month and point ({rules.hours_source})"
    names = sectors["sector"].map(role_name)
    chart = cost_shares(
        sectors.assign(name=names),
        cost_table(sectors, "Sector", names),
        source=source,
        theme=view.theme,
    )
    widgets.chart_block(chart)
    rows = view.within(agencies, "agency_id")
    table = cost_table(rows, "Agency that pays", label(rows))
    widgets.table(
        table, "lead-costs-by-agency", "Lead work against contributions, by the agency that pays", source
    )
    st.caption(
        f"A year at the level of this day. {rules.hours_per_point:g} hours a month for each workload point "
        f"({rules.hours_source}), at £{rules.pounds_per_hour:g} an hour ({rules.pounds_source}). Teams count "
        "with the agency above them that pays."
    )

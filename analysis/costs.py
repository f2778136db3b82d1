"""What lead work costs each agency a year, against what it pays into the pooled budget.

See the measures page, Costs (DU 10, 18-20: pooled budgets; MG 5.21, TG 4.5: leading takes time).
"""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from analysis import asof, fairness
from analysis.coded import Floats, coded, day_number
from analysis.rows import column
from analysis.tables import Slice
from analysis.workload import Day
from graphmodel.settings import Settings

MONTHS: Final = 12
_SUMS: Final = ("agencies", "tacs_led", "lead_points", "hours", "pounds")


def payers(tables: Slice) -> dict[str, str]:
    """Who pays for each agency: the nearest with a contribution on record, itself first, then upwards.

    Where none has one, the highest above it. A loop of parents ends at the agency that closes it.
    """
    table = tables.table("agencies")
    parent = dict(zip(table["agency_id"], table["parent_agency_id"], strict=True))
    paying = set(table.loc[table["pooled_contribution_gbp"].notna(), "agency_id"])
    found = {}
    for agency in table["agency_id"]:
        at, seen = agency, {agency}
        while at not in paying and isinstance(parent.get(at), str) and parent[at] in parent:
            if parent[at] in seen:
                break
            at = parent[at]
            seen.add(at)
        found[agency] = at
    return found


def _by_agency(tables: Slice, d: date, settings: Settings) -> pd.DataFrame:
    """Lead points, hours and pounds a year of each agency with capacity, by agency_id."""
    data, rules = coded(tables), settings.costs
    state = Day(data, day_number(d), settings)
    posts = state.posts
    part = np.nan_to_num(asof.divided(posts.capacity, posts.total[posts.practitioner]))
    points: Floats = state.lead_points[posts.practitioner] * part
    rates = np.array(
        [rules.pounds_per_hour_by_role.get(r, rules.pounds_per_hour) for r in data.role_names.texts] or [0.0]
    )
    hours = points * rules.hours_per_point * MONTHS
    pounds = hours * rates[data.role[posts.practitioner]]
    count = len(data.agencies)
    sums = [np.bincount(posts.agency, weights=x, minlength=count) for x in (points, hours, pounds)]
    frame = pd.DataFrame(dict(zip(_SUMS[2:], sums, strict=True)), index=data.agencies.texts)
    able = np.bincount(posts.agency, weights=posts.capacity, minlength=count) > 0
    led = fairness.agency_fairness(tables, d, settings).set_index("agency_id")["tacs_led"]
    return frame[able].join(led).assign(agencies=1)


def costs(tables: Slice, d: date, settings: Settings) -> pd.DataFrame:
    """Lead work in hours and pounds a year at the level of `d`, by the agency that pays: see `payers`.

    A row each agency that has lead work, capacity or a contribution. Columns: agency_id, agencies (with
    capacity, itself and those it pays for), tacs_led, lead_points, hours, pounds, share (of all pounds; NaN
    where nobody leads), contribution (pounds a year, NaN where none is on record), contribution_share (of
    all contributions; NaN where none is on record or all are 0), difference (share less contribution_share)
    and difference_gbp (pounds less what its contribution_share of all pounds would be). Points of a
    practitioner are shared over the posts as for fairness; those without capacity do not enter.
    """
    of = payers(tables)
    each = _by_agency(tables, d, settings)
    sums = each.groupby(each.index.map(of))[list(_SUMS)].sum()
    table = tables.table("agencies").set_index("agency_id")
    paid = table["pooled_contribution_gbp"].dropna().rename("contribution")
    frame = sums.join(paid, how="outer").sort_index()
    frame[list(_SUMS)] = frame[list(_SUMS)].fillna(0)
    return _compared(frame, "agency_id")


def by_sector(tables: Slice, found: pd.DataFrame) -> pd.DataFrame:
    """The rows of `costs` summed up by the paying agency's sector: the same columns, `sector` first."""
    table = tables.table("agencies").set_index("agency_id")
    sector = found["agency_id"].map(table["sector"])
    sums = found.groupby(sector)[list(_SUMS)].sum()
    paid = found.groupby(sector)["contribution"].sum(min_count=1)
    return _compared(sums.join(paid), "sector")


def _compared(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    whole, paid = float(frame["pounds"].sum()), float(frame["contribution"].sum())
    share = frame["pounds"] / whole if whole > 0 else pd.Series(np.nan, index=frame.index)
    part = frame["contribution"] / paid if paid > 0 else pd.Series(np.nan, index=frame.index)
    made = frame.assign(share=share, contribution_share=part)
    made["difference"] = made["share"] - made["contribution_share"]
    made["difference_gbp"] = made["pounds"] - made["contribution_share"] * whole
    for counted in ("agencies", "tacs_led"):
        made[counted] = made[counted].astype(np.int64)
    order = [*_SUMS, "share", "contribution", "contribution_share", "difference", "difference_gbp"]
    names = pd.DataFrame({name: column(made.index)})
    return pd.concat([names, made[order].astype({"contribution": np.float64}).reset_index(drop=True)], axis=1)

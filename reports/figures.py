"""The figures of one month, from the slice: at month end, as the mean of the days, and what may be shown.

Nothing is measured here: measures come from `analysis`, this module gathers them by partnership, agency
and role, and masks them for circulation. See the measures page, "A month's figures".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from analysis import SECOND_ROADS, fairness, workload
from analysis.tables import Slice
from graphmodel.settings import Settings
from reports.words import COVERAGE_KINDS, DUPLICATE_KINDS

Progress = Callable[[str, int, int], None]
Counts = dict[str, float]

STATES: Final = ("children", "active_tacs", "leading", "overloaded", "severe", "without_lead")
TREND_MONTHS: Final = 12
NO_AGENCY: Final = "No agency with capacity"
LORENZ_PARTS: Final = (10, 5)


@dataclass(frozen=True)
class Month:
    """All raw figures of one month. Not for circulation: see `reports.masking.Shown`.

    `before` are the counts at the month end before, `year_before` those a year before this month's end;
    empty where the first TAC opened later. `coverage` has the gaps in cover and `leads` the agencies' leads
    (agency_id, tacs_led, disparity) at "end", "before" and "year"; an end before all records is left out.
    """

    first: date
    last: date
    days: int
    end: Counts
    before: Counts
    sums: Counts
    agencies: pd.DataFrame
    roles: pd.DataFrame
    indices: pd.DataFrame
    curve: pd.DataFrame
    trend: pd.DataFrame
    year_before: Counts = field(default_factory=dict)
    coverage: dict[str, Counts] = field(default_factory=dict)
    leads: dict[str, pd.DataFrame] = field(default_factory=dict)


def gather(tables: Slice, first: date, settings: Settings, *, progress: Progress | None = None) -> Month:
    """Measure one month; `first` is any day of it."""
    first, last = workload.month_days(first.year, first.month)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    say = progress or (lambda _what, _done, _total: None)
    sums: Counts = {}
    end: Counts = {}
    for done, day in enumerate(days, start=1):
        end = counts_on(tables, day, settings)
        sums = {name: sums.get(name, 0.0) + value for name, value in end.items()}
        say("the month day by day", done, len(days))
    people = workload.month(tables, first.year, first.month, settings)
    shares = fairness.month(tables, first.year, first.month, settings)
    loads = workload.load_by_practitioner(tables, last, settings)
    ends = _ends(tables, first, last)
    counted = {name: counts_on(tables, day, settings) for name, day in ends.items()}
    return Month(
        first=first,
        last=last,
        days=len(days),
        end=end,
        before=counted.get("before", {}),
        year_before=counted.get("year", {}),
        coverage={name: coverage_on(tables, day, settings) for name, day in ends.items()},
        leads={
            name: fairness.agency_fairness(tables, day, settings)[["agency_id", "tacs_led", "disparity"]]
            for name, day in ends.items()
        },
        sums=sums,
        agencies=_agencies(tables, last, settings, shares=shares.agencies, people=people),
        roles=_roles(loads, people, len(days)),
        indices=_indices(shares),
        curve=_curve(loads, settings.disclosure.suppress_up_to),
        trend=_trend(tables, last, settings),
    )


def _ends(tables: Slice, first: date, last: date) -> dict[str, date]:
    """The month ends to compare: this one, the one before, and that of the same month a year before."""
    opened = tables.table("tacs")["opened_on"].min()
    _, year = workload.month_days(last.year - 1, last.month)
    ends = {"end": last, "before": first - timedelta(days=1), "year": year}
    return {
        name: day
        for name, day in ends.items()
        if name == "end" or (pd.notna(opened) and opened <= pd.Timestamp(day))
    }


def coverage_on(tables: Slice, day: date, settings: Settings) -> Counts:
    """The gaps in cover on a day by kind, raw."""
    return {kind: float(len(SECOND_ROADS[kind](tables, day, settings))) for kind in COVERAGE_KINDS}


def counts_on(tables: Slice, day: date, settings: Settings) -> Counts:
    """The partnership's counts on a day: `STATES`, `led` (leads, each TAC's each), and cases by kind."""
    tacs = tables.table("tacs")
    at = pd.Timestamp(day)
    live = tacs[(tacs["opened_on"] <= at) & (tacs["closed_on"].isna() | (at < tacs["closed_on"]))]
    row = workload.trend(tables, day, settings, months=0).iloc[-1]
    loads = workload.load_by_practitioner(tables, day, settings)
    counts: Counts = {
        "children": float(live["child_id"].nunique()),
        "active_tacs": float(row["active_tacs"]),
        "leading": float(row["leads"]),
        "overloaded": float(row["overloaded"]),
        "severe": float(row["severe"]),
        "without_lead": float(row["tacs_without_lead"]),
        "led": float(loads["tacs_led"].sum()),
    }
    for kind in DUPLICATE_KINDS:
        counts[kind] = float(len(SECOND_ROADS[kind](tables, day, settings)))
    return counts


def _over_days(people: pd.DataFrame, days: int) -> pd.DataFrame:
    """The sums over the month's days that means are made of."""
    led = (people["mean_tacs_led"] * days).round()
    return people.assign(
        leading=people["tacs_led"] > 0, sum_led=led, sum_overloaded=people["days_overloaded"]
    )


STAFF_COUNTS: Final = ("leading", "overloaded", "sum_overloaded")


def _agencies(
    tables: Slice, last: date, settings: Settings, *, shares: pd.DataFrame, people: pd.DataFrame
) -> pd.DataFrame:
    """A row each agency with capacity in the month, and one for leads outside all of them.

    Load and capacity come from `analysis.fairness.month`, intervals from `analysis.fairness.intervals`;
    practitioners count for the home agency at month end, `sum_…` are sums of daily counts.
    """
    known = tables.table("agencies")[["agency_id", "name", "sector"]]
    bounds = fairness.intervals(tables, last, settings)
    frame = shares.merge(bounds, on="agency_id", how="left").merge(known, on="agency_id", how="left")
    frame["sum_led"] = (frame["mean_tacs_led"] * frame["days"]).round()
    staff = _over_days(people, last.day)
    home = staff["home_agency_id"].where(staff["home_agency_id"].isin(frame["agency_id"]), None)
    by = staff.assign(home=home).groupby("home")[list(STAFF_COUNTS)].sum()
    for column in STAFF_COUNTS:
        found = by[column].to_dict()
        frame[column] = [float(found.get(agency, 0)) for agency in frame["agency_id"]]
    rest: dict[str, Any] = {
        column: float(staff[column].sum() - frame[column].sum())
        for column in ("tacs_led", "sum_led", *STAFF_COUNTS)
    }
    if any(value > 0 for value in rest.values()):
        named = {"agency_id": NO_AGENCY, "name": NO_AGENCY, "mean_tacs_led": rest["sum_led"] / last.day}
        frame = pd.concat([frame, pd.DataFrame([rest | named])], ignore_index=True)
    frame["mean_overloaded"] = frame["sum_overloaded"] / last.day
    return frame


def _roles(loads: pd.DataFrame, people: pd.DataFrame, days: int) -> pd.DataFrame:
    """A row each role that led in the month."""
    staff = _over_days(people, days).merge(
        loads[["practitioner_id", "lead_points"]], on="practitioner_id", how="left"
    )
    columns = ["leading", "overloaded", "tacs_led", "sum_led", "lead_points", "sum_overloaded"]
    frame = staff.groupby("role", sort=True)[columns].sum().astype(float).reset_index()
    frame = frame[frame["sum_led"] > 0].reset_index(drop=True)
    frame["mean_tacs_led"] = frame["sum_led"] / days
    frame["mean_overloaded"] = frame["sum_overloaded"] / days
    return frame


def _indices(shares: fairness.FairnessMonth) -> pd.DataFrame:
    end = shares.end.indices()
    rows = [{"index": name, "end": end[name], "mean": shares.mean[name]} for name in fairness.INDICES]
    return pd.DataFrame(rows).astype({"end": float, "mean": float})


def _curve(loads: pd.DataFrame, up_to: int) -> pd.DataFrame:
    """The Lorenz curve of utilisation at tenths (or fifths), each of more than `up_to` practitioners."""
    values = np.sort(loads.loc[loads["capacity"] > 0, "utilisation"].to_numpy(dtype=float))
    parts = next((n for n in LORENZ_PARTS if len(values) >= (up_to + 1) * n), 0)
    if not parts or values.sum() <= 0:
        return pd.DataFrame({"practitioners": [], "load": []}, dtype=float)
    at = np.arange(parts + 1) / parts
    cumulated = np.concatenate([[0.0], np.cumsum(values)]) / values.sum()
    return pd.DataFrame(
        {"practitioners": at, "load": np.interp(at, np.arange(len(values) + 1) / len(values), cumulated)}
    )


def _trend(tables: Slice, last: date, settings: Settings) -> pd.DataFrame:
    frame = workload.trend(tables, last, settings, months=TREND_MONTHS)
    return frame.rename(columns={"leads": "leading", "tacs_without_lead": "without_lead"})

"""The figures of one month, from the slice: at month end, as the mean of the days, and what may be shown.

Nothing is measured here: measures come from `analysis`, this module gathers them by partnership, agency
and role, and masks them for circulation. See the measures page, "A month's figures".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from analysis import SECOND_ROADS, fairness, workload
from analysis.tables import Slice
from graphmodel.settings import Settings
from reports.suppress import Count, Masked, Rule, masked, small
from reports.words import DUPLICATE_KINDS

Progress = Callable[[str, int, int], None]
Counts = dict[str, float]

STATES: Final = ("children", "active_tacs", "leading", "overloaded", "severe", "without_lead")
TREND_MONTHS: Final = 12
NO_AGENCY: Final = "No agency with capacity"
LORENZ_PARTS: Final = (10, 5)


@dataclass(frozen=True)
class Month:
    """All raw figures of one month. Not for circulation: see `Shown`."""

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


@dataclass(frozen=True)
class Shown:
    """The figures of one month that may be circulated: small counts and what derives from them are NaN.

    `headline` has a row a measure: measure, end, mean, change, and `hidden_end`, `hidden_mean`,
    `hidden_change`; `children_range` says the children in words where the exact count would give a
    small one away. `agencies` and `roles` as in `Month`, masked; `others`: the agencies
    whose load is hidden taken together, empty where their sum would give a count away.
    """

    headline: pd.DataFrame
    children_range: str
    agencies: Masked
    others: dict[str, float]
    roles: Masked
    duplicates: pd.DataFrame
    trend: pd.DataFrame


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
    return Month(
        first=first,
        last=last,
        days=len(days),
        end=end,
        before=counts_on(tables, first - timedelta(days=1), settings),
        sums=sums,
        agencies=_agencies(tables, last, settings, shares=shares.agencies, people=people),
        roles=_roles(loads, people, len(days)),
        indices=_indices(shares),
        curve=_curve(loads, settings.disclosure.suppress_up_to),
        trend=_trend(tables, last, settings),
    )


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


def hidden_counts(counts: Mapping[str, float], up_to: int, *, days: int = 1) -> set[str]:
    """Which of the partnership's counts must not be shown: small ones, and those that leave a small rest.

    The rests: leads not overloaded, overloaded but not severely, TACs with a lead, and TACs beyond one a
    child. `counts` may be sums over `days`.
    """
    limit = up_to * days
    gone = {name for name, value in counts.items() if small(value, limit)}
    for whole, part in (
        ("leading", "overloaded"),
        ("overloaded", "severe"),
        ("active_tacs", "without_lead"),
        ("active_tacs", "children"),
    ):
        if {whole, part} <= counts.keys() and small(counts[whole] - counts[part], limit):
            gone.add(part)
    if "overloaded" in gone:
        gone.add("severe")
    return {name for name in gone if counts.get(name, 0) > 0 or name == "severe"}


def shown(month: Month, settings: Settings) -> Shown:
    """Mask the month for circulation with the settings' `disclosure.suppress_up_to`."""
    up_to = settings.disclosure.suppress_up_to
    end = hidden_counts(month.end, up_to)
    mean = hidden_counts(month.sums, up_to, days=month.days) | end
    before = hidden_counts(month.before, up_to)
    headline = _headline(month, end, mean, end | before)
    low, high = month.end["active_tacs"] - up_to, month.end["active_tacs"] - 1
    ranged = "children" in end and "active_tacs" not in end and not small(month.end["children"], up_to)
    agencies = _masked(month, month.agencies, end, up_to)
    return Shown(
        headline=headline,
        children_range=f"{low:,.0f} to {high:,.0f}" if ranged else "",
        agencies=agencies,
        others=_others(month, agencies.hidden["tacs_led"], up_to),
        roles=_masked(month, month.roles, end, up_to),
        duplicates=headline[headline["measure"].isin(DUPLICATE_KINDS)]
        .rename(columns={"measure": "kind", "end": "cases", "hidden_end": "suppressed"})
        .reset_index(drop=True),
        trend=_masked_trend(month.trend, up_to),
    )


def _headline(month: Month, end: set[str], mean: set[str], change: set[str]) -> pd.DataFrame:
    rows = [
        {
            "measure": name,
            "end": np.nan if name in end else month.end[name],
            "mean": np.nan if name in mean else month.sums[name] / month.days,
            "change": np.nan if name in change else month.end[name] - month.before[name],
            "hidden_end": name in end,
            "hidden_mean": name in mean,
            "hidden_change": name in change,
        }
        for name in (*STATES, *DUPLICATE_KINDS)
    ]
    return pd.DataFrame(rows)


LOAD_COLUMNS: Final = (
    "tacs_led", "mean_tacs_led", "expected_tacs_led", "mean_expected_tacs_led", "lead_points",
    "mean_lead_points", "capacity", "mean_capacity", "load_share", "mean_load_share", "load_share_low",
    "load_share_high", "capacity_share", "mean_capacity_share", "disparity", "mean_disparity",
    "disparity_low", "disparity_high", "days", "sum_led",
)  # fmt: skip


def _masked(month: Month, frame: pd.DataFrame, end: set[str], up_to: int) -> Masked:
    """Agencies or roles: what they lead with all that derives from it, who leads, who is overloaded.

    Lead counts add up, with the TACs without a lead and less the leads beyond one a TAC, to the active
    TACs: where one of these three is small, no table may give the sum of its lead counts.
    """
    guarded = _guarded(month.end, up_to)
    guarded_sum = _guarded(month.sums, up_to * month.days)
    known = "overloaded" not in end
    columns = tuple(c for c in LOAD_COLUMNS if c in frame)
    rules = {
        "load": Rule(
            columns,
            (
                Count(list(frame["tacs_led"])),
                Count(list(frame["tacs_led"]), guarded=guarded),
                Count(list(frame["sum_led"]), days=month.days),
                Count(list(frame["sum_led"]), guarded=guarded_sum, days=month.days),
            ),
        ),
        "leading": Rule(("leading",), (Count(list(frame["leading"])),), ("load",)),
        "overloaded": Rule(
            ("overloaded", "mean_overloaded", "sum_overloaded"),
            (
                Count(list(frame["overloaded"]), shown=known),
                Count(list(frame["leading"] - frame["overloaded"]), shown=known),
                Count(list(frame["sum_overloaded"]), days=month.days),
            ),
            ("leading",),
        ),
    }
    return masked(frame, rules, up_to=up_to)


def _guarded(counts: Counts, limit: int) -> bool:
    """Whether the sum of all leads would give away a small count that is hidden elsewhere."""
    return any(small(v, limit) for v in (counts["active_tacs"], counts["without_lead"], _beyond(counts)))


def _beyond(counts: Counts) -> float:
    return counts["led"] - (counts["active_tacs"] - counts["without_lead"])


def _others(month: Month, hidden: pd.Series, up_to: int) -> dict[str, float]:
    """The sum of the hidden agencies, which anybody could take from the whole, so that the table adds up.

    Not where the TACs without a lead, or the leads beyond one a TAC, are small: then it would give them
    away. Means are over all days of the month.
    """
    frame = month.agencies[hidden.to_numpy(dtype=bool)]
    led, days = float(frame["tacs_led"].sum()), float(frame["sum_led"].sum())
    limit = up_to * month.days
    given_away = small(led, up_to) or small(days, limit)
    given_away |= _guarded(month.end, up_to) or _guarded(month.sums, limit)
    if len(frame) <= 1 or given_away:
        return {}
    columns = ("expected_tacs_led", "lead_points", "capacity", "load_share", "capacity_share")
    found = {"tacs_led": led, "mean_tacs_led": days / month.days}
    for column in columns:
        found[column] = float(frame[column].sum())
        found[f"mean_{column}"] = float((frame[f"mean_{column}"] * frame["days"]).sum() / month.days)
    for prefix in ("", "mean_"):
        fair = found[f"{prefix}capacity_share"]
        found[f"{prefix}disparity"] = found[f"{prefix}load_share"] / fair if fair > 0 else np.nan
    return found


def _masked_trend(frame: pd.DataFrame, up_to: int) -> pd.DataFrame:
    columns = ("active_tacs", "leading", "overloaded", "severe", "without_lead")
    rows = []
    for record in frame.to_dict(orient="records"):
        counts = {name: float(record[name]) for name in columns}
        gone = hidden_counts(counts, up_to)
        rows.append({"day": record["day"], **{n: np.nan if n in gone else counts[n] for n in columns}})
    kept = pd.DataFrame(rows, columns=["day", *columns])
    return kept.rename(columns={"without_lead": "tacs_without_lead"})

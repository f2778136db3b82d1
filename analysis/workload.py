"""Who carries how much against which capacity, on a day and over a month.

See the measures page, Teams and load (MG 5.18, 5.21; TG 4.5).
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from analysis import asof
from analysis.coded import Bools, Coded, Floats, Ints, coded, day_number
from analysis.rows import EQUAL, column, ordered
from analysis.tables import Slice
from graphmodel.settings import Settings

CATALOGUE: Final = [
    "practitioner_id",
    "role",
    "home_agency_id",
    "tacs_led",
    "tacs_supported",
    "points",
    "capacity",
    "utilisation",
]
_DAILY: Final = ["tacs_led", "tacs_supported", "points", "capacity", "utilisation"]


class Day:
    """Figures by practitioner code on one day."""

    def __init__(self, data: Coded, day: int, settings: Settings) -> None:
        self.teams = asof.teams(data, day)
        self.posts = asof.posts(data, day, settings)
        count = len(data.practitioners)
        who, leads = self.teams.practitioner, self.teams.is_lead
        earned = asof.points(data, self.teams, settings)
        self.points: Floats = np.bincount(who, weights=earned, minlength=count).astype(np.float64)
        self.lead_points: Floats = np.bincount(who[leads], weights=earned[leads], minlength=count).astype(
            np.float64
        )
        self.led: Ints = np.bincount(who[leads], minlength=count).astype(np.int64)
        self.supported: Ints = np.bincount(who[~leads], minlength=count).astype(np.int64)
        self.utilisation = asof.divided(self.points, self.posts.total)
        self.in_team: Bools = self.led + self.supported > 0

    def overloaded(self, threshold: float) -> Bools:
        """Leads at least one TAC, and utilisation is above the threshold (not within 1e-9 of it)."""
        with np.errstate(invalid="ignore"):
            above: Bools = (self.led > 0) & (self.utilisation > threshold + EQUAL)
        return above


def load_by_practitioner(tables: Slice, d: date, settings: Settings) -> pd.DataFrame:
    """Load, capacity and utilisation of every practitioner in a team or with a post on `d`.

    Columns of the catalogue query `workload`, then `lead_points`, `overloaded`, `severe`, `z` (modified
    z-score of the utilisation in the role) and `outlier`. Points and capacity are in points, one lead of a
    small team at needs level 2 being 1. Utilisation is NaN without capacity; z is NaN outside teams, without
    utilisation, in a role with fewer than `outlier_minimum` such practitioners, or where MAD is 0.
    """
    data = coded(tables)
    state = Day(data, day_number(d), settings)
    shown = np.flatnonzero(state.in_team | (state.posts.held > 0))
    z = _modified_z(data.role, state, settings)
    rules = settings.workload
    frame = pd.DataFrame(
        {
            "practitioner_id": column(data.practitioners.texts[shown]),
            "role": column(data.role_names.named(data.role[shown])),
            "home_agency_id": column(data.agencies.named(state.posts.home[shown])),
            "tacs_led": state.led[shown],
            "tacs_supported": state.supported[shown],
            "points": state.points[shown],
            "capacity": state.posts.total[shown],
            "utilisation": state.utilisation[shown],
            "lead_points": state.lead_points[shown],
            "overloaded": state.overloaded(rules.overload_threshold)[shown],
            "severe": state.overloaded(rules.severe_threshold)[shown],
            "z": z[shown],
        }
    )
    return frame.assign(outlier=frame["z"] > rules.outlier_z + EQUAL)


def _modified_z(roles: Ints, state: Day, settings: Settings) -> Floats:
    z: Floats = np.full(len(roles), np.nan)
    judged = np.flatnonzero(state.in_team & ~np.isnan(state.utilisation))
    for role in np.unique(roles[judged]):
        peers = judged[roles[judged] == role]
        if len(peers) < settings.workload.outlier_minimum:
            continue
        values = state.utilisation[peers]
        distance = values - np.median(values)
        spread = float(np.median(np.abs(distance)))
        if spread > EQUAL:
            z[peers] = 0.6745 * distance / spread
    return z


def workload(tables: Slice, d: date, settings: Settings) -> pd.DataFrame:
    """The catalogue query `workload`: every practitioner in a team or with a post on `d`."""
    return ordered(load_by_practitioner(tables, d, settings)[CATALOGUE])


def overloaded_leads(
    tables: Slice, d: date, settings: Settings, *, threshold: float | None = None
) -> pd.DataFrame:
    """The catalogue query `overloaded_leads`: leads used above `threshold`, highest first."""
    limit = settings.workload.overload_threshold if threshold is None else threshold
    frame = load_by_practitioner(tables, d, settings)[CATALOGUE]
    above = frame[(frame["tacs_led"] > 0) & (frame["utilisation"] > limit + EQUAL)]
    return ordered(above, ["utilisation"], descending=True)


def without_capacity(tables: Slice, d: date, settings: Settings) -> pd.DataFrame:
    """Practitioners with points on `d` and no capacity: a fault of the data, not an overload."""
    frame = load_by_practitioner(tables, d, settings)[CATALOGUE]
    return ordered(frame[(frame["points"] > 0) & ~(frame["capacity"] > 0)])


def beyond_full_time(tables: Slice, d: date) -> pd.DataFrame:
    """Practitioners whose posts held on `d` come to more than one full-time post, most first.

    Columns: practitioner_id, posts, fte. Two part posts rarely do; one post stated by two sources does, and
    its capacity counts twice.
    """
    posts = tables.table("posts")
    day = pd.Timestamp(d)
    held = posts[(posts["started_on"] <= day) & (posts["ended_on"].isna() | (posts["ended_on"] > day))]
    found = held.groupby("practitioner_id", as_index=False).agg(posts=("fte", "size"), fte=("fte", "sum"))
    found = found[found["fte"] > 1 + EQUAL]
    return found.sort_values(["fte", "practitioner_id"], ascending=[False, True]).reset_index(drop=True)


def _days(first: date, last: date) -> Iterator[int]:
    return iter(range(day_number(first), day_number(last) + 1))


def daily(tables: Slice, first: date, last: date, settings: Settings) -> pd.DataFrame:
    """One row a day and practitioner in a team or with a post that day, from `first` to `last` inclusive.

    Columns: day, practitioner_id, tacs_led, tacs_supported, points, capacity, utilisation (NaN without
    capacity), overloaded, severe.
    """
    data, rules = coded(tables), settings.workload
    parts = []
    for day in _days(first, last):
        state = Day(data, day, settings)
        shown = np.flatnonzero(state.in_team | (state.posts.held > 0))
        parts.append(
            pd.DataFrame(
                {
                    "day": np.full(len(shown), day).astype("datetime64[D]").astype("datetime64[s]"),
                    "practitioner_id": data.practitioners.texts[shown],
                    "tacs_led": state.led[shown],
                    "tacs_supported": state.supported[shown],
                    "points": state.points[shown],
                    "capacity": state.posts.total[shown],
                    "utilisation": state.utilisation[shown],
                    "overloaded": state.overloaded(rules.overload_threshold)[shown],
                    "severe": state.overloaded(rules.severe_threshold)[shown],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def month_days(year: int, month: int) -> tuple[date, date]:
    """First and last day of a month."""
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def month(tables: Slice, year: int, month: int, settings: Settings) -> pd.DataFrame:
    """Figures at month end and their mean over the month, one row for everybody in play on any day of it.

    Columns: practitioner_id, role, home_agency_id (at month end), then for each of tacs_led, tacs_supported,
    points, capacity, utilisation the value at month end and `mean_…`, the mean of the daily values;
    `overloaded` and `severe` at month end; `days_overloaded`. A day without a team or a post counts
    as 0 in every mean but that of utilisation, which is taken over the days with capacity (NaN: none).
    """
    first, last = month_days(year, month)
    data, rules = coded(tables), settings.workload
    count = len(data.practitioners)
    sums = {name: np.zeros(count) for name in _DAILY}
    defined, seen = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=bool)
    over = np.zeros(count, dtype=np.int64)
    state = Day(data, day_number(last), settings)
    for day in _days(first, last):
        state = Day(data, day, settings)
        seen |= state.in_team | (state.posts.held > 0)
        defined += ~np.isnan(state.utilisation)
        over += state.overloaded(rules.overload_threshold)
        for name, values in _values(state).items():
            sums[name] += np.nan_to_num(values)
    length = (last - first).days + 1
    shown = np.flatnonzero(seen)
    columns: dict[str, object] = {
        "practitioner_id": column(data.practitioners.texts[shown]),
        "role": column(data.role_names.named(data.role[shown])),
        "home_agency_id": column(data.agencies.named(state.posts.home[shown])),
    }
    for name, values in _values(state).items():
        days = defined if name == "utilisation" else np.full(count, length)
        columns[name] = values[shown]
        columns[f"mean_{name}"] = asof.divided(sums[name][shown], days[shown].astype(np.float64))
    columns["overloaded"] = state.overloaded(rules.overload_threshold)[shown]
    columns["severe"] = state.overloaded(rules.severe_threshold)[shown]
    columns["days_overloaded"] = over[shown]
    return pd.DataFrame(columns)


def _values(state: Day) -> dict[str, Floats | Ints]:
    return {
        "tacs_led": state.led,
        "tacs_supported": state.supported,
        "points": state.points,
        "capacity": state.posts.total,
        "utilisation": state.utilisation,
    }


def month_ends(d: date, months: int) -> list[date]:
    """The last `months` month ends before `d`'s month, then `d` itself, oldest first."""
    ends, year, month = [d], d.year, d.month
    for _ in range(months):
        year, month = (year - 1, 12) if month == 1 else (year, month - 1)
        ends.append(month_days(year, month)[1])
    return ends[::-1]


def trend(tables: Slice, d: date, settings: Settings, *, months: int = 12) -> pd.DataFrame:
    """The partnership at the last `months` month ends and on `d`, a row each.

    Columns: day, active_tacs, leads (practitioners who lead), overloaded, severe, points, capacity,
    utilisation (all points of those with capacity over all capacity; NaN without any), tacs_without_lead.
    """
    data, rules = coded(tables), settings.workload
    rows = []
    for end in month_ends(d, months):
        state = Day(data, day_number(end), settings)
        able = state.posts.total > 0
        capacity = float(state.posts.total.sum())
        led = np.unique(state.teams.tac[state.teams.is_lead])
        rows.append(
            {
                "day": end,
                "active_tacs": int(state.teams.active.sum()),
                "leads": int((state.led > 0).sum()),
                "overloaded": int(state.overloaded(rules.overload_threshold).sum()),
                "severe": int(state.overloaded(rules.severe_threshold).sum()),
                "points": float(state.points.sum()),
                "capacity": capacity,
                "utilisation": float(state.points[able].sum()) / capacity if capacity > 0 else np.nan,
                "tacs_without_lead": int(state.teams.active.sum()) - len(led),
            }
        )
    return pd.DataFrame(rows)


def history(
    tables: Slice, practitioner_id: str, d: date, settings: Settings, *, months: int = 12
) -> pd.DataFrame:
    """One practitioner at the last `months` month ends and on `d`: day and the figures of `workload`."""
    data = coded(tables)
    code = data.practitioners.code(practitioner_id)
    rows = []
    for end in month_ends(d, months) if code >= 0 else []:
        state = Day(data, day_number(end), settings)
        figures = {name: values[code].item() for name, values in _values(state).items()}
        rows.append({"day": end, **figures})
    return pd.DataFrame(rows, columns=["day", *_DAILY])

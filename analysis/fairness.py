"""How fairly lead work is spread over agencies and practitioners, given their capacity.

See the measures page, Fairness across agencies (PL: the allocation of lead professionals is to be fairly
distributed between partner agencies). Every figure has a discretionary variant, which leaves out the TACs
whose child has a status with a required or expected lead role.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from analysis import asof, inequality
from analysis.allocation import bound_tacs
from analysis.coded import Bools, Coded, Floats, Ints, coded, day_number
from analysis.expected import Trials, tested
from analysis.rows import column, ordered
from analysis.tables import Slice
from analysis.workload import month_days, month_ends
from graphmodel.settings import Settings

INDICES: Final = ("gini", "theil", "theil_between", "theil_within", "hoover", "jain")
_SHARES: Final = ("load_share", "disparity")


@dataclass(frozen=True)
class Indices:
    """None where undefined: no capacity, or no points (Hoover, Jain: no lead points) to be shared."""

    gini: float | None
    theil: float | None
    theil_between: float | None
    theil_within: float | None
    hoover: float | None
    jain: float | None


@dataclass(frozen=True, eq=False)
class Fairness(Indices):
    """The indices of one day with a row an agency: see `agency_fairness`, `intervals`, `expected_leads`."""

    as_of: date
    discretionary: bool
    agencies: pd.DataFrame
    sectors: pd.DataFrame | None = None

    def indices(self) -> dict[str, float | None]:
        return {name: getattr(self, name) for name in INDICES}

    def record(self) -> dict[str, Any]:
        """All of it as plain values, missing figures None: what `tacgraph fairness --format json` prints."""
        about = {"as_of": self.as_of.isoformat(), "discretionary": self.discretionary}
        found = {**about, **self.indices(), "agencies": plain(self.agencies)}
        return found if self.sectors is None else {**found, "sectors": plain(self.sectors)}


def plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as plain values, days as text, missing figures None."""
    rows = frame.to_dict(orient="records")
    return [{str(name): _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return None if pd.isna(value) else value


class _Day:
    """Who leads what against which capacity on one day, by code."""

    def __init__(self, data: Coded, d: date, settings: Settings, *, discretionary: bool) -> None:
        self.data, day = data, day_number(d)
        state = self.teams = asof.teams(data, day)
        self.posts = asof.posts(data, day, settings)
        kept: Bools = state.active.copy()
        if discretionary:
            kept &= ~bound_tacs(data, day, settings.allocation_profile)
        self.tacs: Ints = np.flatnonzero(kept)
        counted: Bools = kept[state.tac]
        earned = asof.points(data, state, settings)
        able = self.posts.total > 0
        self.leading: Bools = counted & state.is_lead
        self.entering: Bools = self.leading & able[state.practitioner]
        self.in_team: Bools = counted
        self.earned = earned
        people, agencies = len(data.practitioners), len(data.agencies)
        self.able: Ints = np.flatnonzero(able)
        points = np.bincount(state.practitioner[counted], weights=earned[counted], minlength=people)
        self.utilisation: Floats = points[self.able] / self.posts.total[self.able]
        who = state.practitioner[self.entering]
        lead_points = np.bincount(who, weights=earned[self.entering], minlength=people)
        # the part of a practitioner's capacity that each of the posts is
        self.part: Floats = np.nan_to_num(
            asof.divided(self.posts.capacity, self.posts.total[self.posts.practitioner])
        )
        shared = lead_points[self.posts.practitioner] * self.part
        self.capacity: Floats = np.bincount(
            self.posts.agency, weights=self.posts.capacity, minlength=agencies
        ).astype(np.float64)
        self.lead_points: Floats = np.bincount(self.posts.agency, weights=shared, minlength=agencies).astype(
            np.float64
        )
        self.led: Ints = np.bincount(self.posts.home[who], minlength=agencies).astype(np.int64)
        self.shown: Ints = np.flatnonzero(self.capacity > 0)

    def shares(self) -> tuple[Floats, Floats]:
        """Load share and capacity share of the agencies shown; load NaN where nobody leads."""
        points, capacity = self.lead_points[self.shown], self.capacity[self.shown]
        total = np.full(len(points), points.sum())
        return asof.divided(points, total), capacity / capacity.sum()

    def indices(self) -> Indices:
        load, fair = self.shares()
        between, within = inequality.theil_parts(self.utilisation, self.posts.home[self.able])
        return Indices(
            gini=inequality.gini(self.utilisation),
            theil=inequality.theil(self.utilisation),
            theil_between=between,
            theil_within=within,
            hoover=inequality.hoover(load, fair),
            jain=inequality.jain(self.lead_points[self.shown] / self.capacity[self.shown]),
        )

    def trials(self, *, entering: bool) -> Trials:
        """TACs with exactly one lead and some capacity in the team: see `expected_leads`.

        With `entering` only those whose lead has capacity. The groups are home agencies.
        """
        state, count = self.teams, len(self.data.tacs)
        leads = np.bincount(state.tac[self.leading], minlength=count)
        total = self.posts.total[state.practitioner]
        of_team = np.bincount(state.tac[self.in_team], weights=total[self.in_team], minlength=count)
        tried: Bools = (leads == 1) & (of_team > 0)
        if entering:
            tried &= np.bincount(state.tac[self.entering], minlength=count) > 0
        entry = self.in_team & tried[state.tac] & (total > 0)
        tac = state.tac[entry]
        width = max(len(self.data.agencies), 1)
        pairs, which = np.unique(
            tac * width + self.posts.home[state.practitioner[entry]], return_inverse=True
        )
        chance = np.bincount(which, weights=total[entry] / of_team[tac], minlength=len(pairs)).astype(
            np.float64
        )
        led = self.entering & tried[state.tac]
        return Trials(pairs // width, pairs % width, chance, self.posts.home[state.practitioner[led]])

    def expected(self) -> Floats:
        """Expected lead count by agency code."""
        _, agency, chance, _ = self.trials(entering=False)
        return np.bincount(agency, weights=chance, minlength=len(self.data.agencies)).astype(np.float64)

    def frame(self) -> pd.DataFrame:
        load, fair = self.shares()
        return pd.DataFrame(
            {
                "agency_id": column(self.data.agencies.texts[self.shown]),
                "tacs_led": self.led[self.shown],
                "expected_tacs_led": self.expected()[self.shown],
                "lead_points": self.lead_points[self.shown],
                "capacity": self.capacity[self.shown],
                "load_share": load,
                "capacity_share": fair,
                "disparity": load / fair,
            }
        )


def agency_fairness(
    tables: Slice, d: date, settings: Settings, *, discretionary: bool = False
) -> pd.DataFrame:
    """The catalogue query `agency_fairness`: a row each agency with capacity on `d`.

    Points and capacity of a practitioner are shared over the agencies of the posts; the lead count goes to
    the home agency. `load_share` and `disparity` are NaN where nobody with capacity leads.
    """
    return ordered(_Day(coded(tables), d, settings, discretionary=discretionary).frame())


def expected_leads(
    tables: Slice, d: date, settings: Settings, *, discretionary: bool = False
) -> pd.DataFrame:
    """How many leads each agency would have given who sits in which team, and how unlikely its own count is.

    For each active TAC with exactly one lead, every team member with capacity could have led, with a chance
    proportional to capacity. TACs whose lead has no capacity are left out, for a chance of 0 that came true
    is a fault of the data and would make every agency look short of leads; so `expected` may be below the
    catalogue's `expected_tacs_led`, which counts them. Columns: agency_id, observed (the leads of those same
    TACs, by home agency), expected, expected_low and expected_high (the exact central interval of the count
    at the settings' `confidence`: see `analysis.chance.central`), variance, z, p (exact two-sided
    Poisson-binomial: see `analysis.chance.two_sided`), p_adjusted (Benjamini-Hochberg over the agencies).
    z is NaN where the variance is 0; z, p, p_adjusted and the interval are NaN where no TAC enters.
    """
    day = _Day(coded(tables), d, settings, discretionary=discretionary)
    names = pd.DataFrame({"agency_id": column(day.data.agencies.texts[day.shown])})
    figures = tested(day.trials(entering=True), day.shown, settings.fairness.confidence)
    return ordered(pd.concat([names, figures], axis=1))


def expected_by_sector(
    tables: Slice, d: date, settings: Settings, *, discretionary: bool = False
) -> pd.DataFrame:
    """`expected_leads` of the agencies of each sector together, a row each sector with capacity.

    Columns: sector, agencies (with capacity), teams (the TACs that enter, the same in every row), then those
    of `expected_leads`; Benjamini-Hochberg goes over the sectors. Members of one team from two agencies of a
    sector are one chance, so the interval is not the sum of the agencies'.
    """
    day = _Day(coded(tables), d, settings, discretionary=discretionary)
    sector_of = dict(zip(*(tables.table("agencies")[x] for x in ("agency_id", "sector")), strict=True))
    each = [sector_of[agency] for agency in day.data.agencies.texts]
    names = sorted({each[agency] for agency in day.shown})
    # a sector without capacity can still be home to somebody with capacity elsewhere: it is not shown
    group = np.array([names.index(x) if x in names else len(names) for x in each], dtype=np.int64)
    trials = day.trials(entering=True)
    found = tested(trials.joined(group), np.arange(len(names)), settings.fairness.confidence)
    of_sector = np.bincount(group[day.shown], minlength=len(names)).astype(np.int64)
    about = {"sector": column(names), "agencies": of_sector, "teams": len(np.unique(trials.tac))}
    return pd.concat([pd.DataFrame(about), found], axis=1)


def intervals(tables: Slice, d: date, settings: Settings, *, discretionary: bool = False) -> pd.DataFrame:
    """Bootstrap intervals of each agency's load share and disparity.

    The TACs active on `d` are drawn with replacement, as many as there are, `bootstrap_draws` times with a
    fixed seed; capacity stays. Bounds are the percentiles of the settings' `confidence`. Columns: agency_id,
    load_share_low, load_share_high, disparity_low, disparity_high; NaN where nobody leads.
    """
    day = _Day(coded(tables), d, settings, discretionary=discretionary)
    rules = settings.fairness
    drawn = _draws(day, rules.bootstrap_draws, rules.bootstrap_seed)
    total = drawn.sum(axis=1, keepdims=True)
    shares = (drawn / np.where(total > 0, total, 1))[total[:, 0] > 0]
    tail = (1 - rules.confidence) / 2
    empty = np.full((2, len(day.shown)), np.nan)
    low, high = np.quantile(shares, [tail, 1 - tail], axis=0) if len(shares) else empty
    fair = day.shares()[1]
    frame = pd.DataFrame(
        {
            "agency_id": column(day.data.agencies.texts[day.shown]),
            "load_share_low": low,
            "load_share_high": high,
            "disparity_low": low / fair,
            "disparity_high": high / fair,
        }
    )
    return ordered(frame)


def _draws(day: _Day, draws: int, seed: int) -> Floats:
    """Lead points by draw and agency shown."""
    points = _tac_points(day)
    count = len(day.tacs)
    generator = np.random.default_rng(seed)
    weights = np.zeros((draws, count))
    for row in weights:
        row[:] = np.bincount(generator.integers(count, size=count), minlength=count) if count else 0
    return weights @ points


def _tac_points(day: _Day) -> Floats:
    """Lead points of each counted TAC (rows, in order of TAC) shared over the agencies shown (columns)."""
    entry = np.flatnonzero(day.entering)
    order = np.argsort(day.posts.practitioner, kind="stable")
    holder = day.posts.practitioner[order]
    who = day.teams.practitioner[entry]
    first = np.searchsorted(holder, who, side="left")
    held = np.searchsorted(holder, who, side="right") - first
    row = np.repeat(np.arange(len(entry)), held)
    post = order[np.arange(len(row)) - np.repeat(np.cumsum(held) - held, held) + np.repeat(first, held)]
    points = np.zeros((len(day.tacs), len(day.data.agencies)))
    tac = np.searchsorted(day.tacs, day.teams.tac[entry][row])
    np.add.at(points, (tac, day.posts.agency[post]), day.earned[entry][row] * day.part[post])
    shown: Floats = points[:, day.shown]
    return shown


def fairness(
    tables: Slice, d: date, settings: Settings, *, discretionary: bool = False, full: bool = False
) -> Fairness:
    """All indices of `d` and a row an agency; with `full` also intervals and the tests of lead counts.

    Gini and Theil are over the utilisation of all practitioners with capacity on `d`, in a team or not;
    Theil's groups are home agencies. Hoover compares load and capacity shares, Jain is over the agencies'
    lead points per capacity. With one agency Hoover is 0 and Jain 1.
    """
    day = _Day(coded(tables), d, settings, discretionary=discretionary)
    agencies, sectors = ordered(day.frame()), None
    if full:
        sectors = expected_by_sector(tables, d, settings, discretionary=discretionary)
        for more in (intervals, expected_leads):
            found = more(tables, d, settings, discretionary=discretionary)
            agencies = pd.concat([agencies, found.drop(columns="agency_id")], axis=1)
    indices = asdict(day.indices())
    return Fairness(**indices, as_of=d, discretionary=discretionary, agencies=agencies, sectors=sectors)


@dataclass(frozen=True, eq=False)
class FairnessMonth:
    """Figures at month end, and the means of the daily values: `mean` of each index, `agencies` by agency."""

    end: Fairness
    mean: dict[str, float | None]
    agencies: pd.DataFrame


def month(
    tables: Slice, year: int, month: int, settings: Settings, *, discretionary: bool = False
) -> FairnessMonth:
    """Fairness at month end and as the mean of its daily values over the month.

    An index's mean is over the days on which it is defined (None: none). `agencies` has a row each agency
    with capacity on any day: agency_id, then each figure of `agency_fairness` at month end (NaN without
    capacity then) and its `mean_…` over the days on which the agency had capacity and the figure is defined;
    `days` counts the days with capacity.
    """
    first, last = month_days(year, month)
    data = coded(tables)
    found, frames = [], []
    for offset in range((last - first).days + 1):
        day = _Day(data, first + timedelta(days=offset), settings, discretionary=discretionary)
        found.append(asdict(day.indices()))
        frames.append(day.frame())
    together = pd.concat(frames, ignore_index=True)
    means = together.groupby("agency_id", sort=True).mean()
    days = together.groupby("agency_id", sort=True).size()
    ends = frames[-1].set_index("agency_id").reindex(means.index)
    columns: dict[str, Any] = {"agency_id": column(means.index), "days": days.to_numpy()}
    for name in means.columns:
        columns[name] = ends[name].to_numpy(dtype=np.float64)
        columns[f"mean_{name}"] = means[name].to_numpy(dtype=np.float64)
    end = fairness(tables, last, settings, discretionary=discretionary)
    return FairnessMonth(end, {n: _mean([x[n] for x in found]) for n in INDICES}, pd.DataFrame(columns))


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def trend(
    tables: Slice, d: date, settings: Settings, *, months: int = 12, discretionary: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Indices (a row a day) and agencies (a row a day and agency) at the last month ends and on `d`."""
    data, rows, frames = coded(tables), [], []
    for end in month_ends(d, months):
        day = _Day(data, end, settings, discretionary=discretionary)
        rows.append({"day": end, **asdict(day.indices())})
        frames.append(day.frame().assign(day=end))
    indices = pd.DataFrame(rows).astype(dict.fromkeys(INDICES, np.float64))
    return indices, pd.concat(frames, ignore_index=True)

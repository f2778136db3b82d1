"""Early warning: who leads and will be above capacity within weeks, and how often such a warning was right.

See the measures page, Early warning. Two plain rules, both judged on past month ends: *trend* (what is on
record, carried forward along the trend of the last half year) and *one more* (one further lead would do it).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pandas as pd

from analysis import asof
from analysis.coded import FAR, Bools, Coded, Floats, Ints, Spans, coded, day_number, to_date
from analysis.overload import entry_parts
from analysis.rows import EQUAL, column, ordered
from analysis.tables import Slice
from analysis.workload import Day, month_ends
from graphmodel.settings import Settings

RULES: Final = ("trend", "one_more")
_WEEK: Final = 7
_NORMAL: Final = 1.959963984540054
COLUMNS: Final = (
    "practitioner_id",
    "role",
    "home_agency_id",
    "utilisation",
    "room",
    "trend",
    "forecast",
    "crosses_on",
    "by_trend",
    "by_one_more",
)


def known(data: Coded, day: int) -> Coded:
    """The data as they could be known on a day: what starts later is gone, what ends later is open.

    A record does not say when an end was entered, so an end after the day counts as not yet known. Until
    when somebody counts as newly qualified is fixed as they begin, so it is known.
    """

    def held(spans: Spans) -> Spans:
        begun = spans.start <= day
        end = np.where(spans.end[begun] > day, FAR, spans.end[begun])
        return Spans(spans.left[begun], spans.right[begun], spans.start[begun], end)

    posts = data.posts.start <= day
    return data.but(
        opened=np.where(data.opened > day, FAR, data.opened),
        closed=np.where((data.closed > day) | (data.opened > day), FAR, data.closed),
        members=held(data.members),
        leads=held(data.leads),
        posts=held(data.posts),
        fte=data.fte[posts],
        home=data.home[posts],
        tac_share=data.tac_share[posts],
        needs=held(data.needs),
        statuses=held(data.statuses),
    )


@dataclass(frozen=True, eq=False)
class _Outlook:
    """By candidate (a lead with capacity, not overloaded): see `early_warning`."""

    who: Ints
    state: Day
    room: Floats
    trend: Floats
    forecast: Floats
    crosses: Ints
    one_more: Bools

    def warned(self, rule: str) -> Bools:
        return self.one_more if rule == "one_more" else self.crosses >= 0


def _outlook(data: Coded, ahead: Coded, day: int, settings: Settings) -> _Outlook:
    rules, limit = settings.early_warning, settings.workload.overload_threshold
    state = Day(data, day, settings)
    able = (state.led > 0) & (state.posts.total > 0) & ~state.overloaded(limit)
    who: Ints = np.flatnonzero(able)
    slope = _slopes(data, who, day, settings)
    forecast: Floats = np.full(len(who), -np.inf)
    crosses: Ints = np.full(len(who), -1, dtype=np.int64)
    steps = [*range(_WEEK, rules.horizon_days, _WEEK), rules.horizon_days]
    for step in steps:
        then = Day(ahead, day + step, settings)
        expected = then.points[who] + slope * step
        used = asof.divided(expected, then.posts.total[who])
        used = np.where((then.led[who] > 0) & ~np.isnan(used), used, -np.inf)
        crosses = np.where((crosses < 0) & (used > limit + EQUAL), day + step, crosses)
        forecast = np.maximum(forecast, used)
    room: Floats = limit * state.posts.total[who] - state.points[who]
    one = settings.workload.need_weight[settings.workload.default_needs_level]
    return _Outlook(
        who=who,
        state=state,
        room=room,
        trend=slope * rules.horizon_days,
        forecast=np.where(np.isfinite(forecast), forecast, np.nan),
        crosses=crosses,
        one_more=room < one - EQUAL,
    )


def _slopes(data: Coded, who: Ints, day: int, settings: Settings) -> Floats:
    """Points a day gained by each practitioner: the Theil-Sen slope of the weekly points without set-up.

    The median of the slopes between all pairs of weeks with capacity; 0 with fewer weeks than `fewest_weeks`.
    """
    rules, count = settings.early_warning, len(data.practitioners)
    weeks = range(rules.trend_days // _WEEK, -1, -1)
    lines = np.full((len(weeks), len(who)), np.nan)
    for row, back in enumerate(weeks):
        at = day - back * _WEEK
        state, held = asof.teams(data, at), asof.posts(data, at, settings)
        added = entry_parts(data, state, settings)
        lasting = sum(x for name, x in added.items() if name != "set_up")
        points = np.bincount(state.practitioner, weights=lasting, minlength=count)
        lines[row] = np.where(held.total[who] > 0, points[who], np.nan)
    return _theil_sen(lines, rules.fewest_weeks) / _WEEK


def _theil_sen(lines: Floats, fewest: int) -> Floats:
    """The slope a row of each column; NaN rows are left out, 0 with fewer than `fewest` left."""
    found: Floats = np.zeros(lines.shape[1])
    enough = np.flatnonzero((~np.isnan(lines)).sum(axis=0) >= max(fewest, 2))
    if len(enough):
        i, j = np.triu_indices(len(lines), 1)
        rise = (lines[np.ix_(j, enough)] - lines[np.ix_(i, enough)]) / (j - i)[:, None]
        found[enough] = np.nanmedian(rise, axis=0)
    return found


def early_warning(tables: Slice, d: date, settings: Settings, *, planned: bool = False) -> pd.DataFrame:
    """Those who lead on `d`, are not overloaded and are warned of by a rule, least room first.

    *Trend*: on one of the weekly days up to `horizon_days` after `d` the points then on record, with set-up
    phases lapsed, plus the trend, exceed the threshold. *One more*: the room left is less than one lead at
    the default needs level. Without `planned` only what began by `d` counts, and every interval that runs on
    `d` is taken to go on; with it, beginnings and ends on record after `d` are taken as plans (for the last
    day of the data, not for days gone by). Columns: practitioner_id, role, home_agency_id, utilisation, room
    (points up to the line), trend (points gained in the horizon), forecast (highest utilisation in the
    horizon; NaN where no capacity or no lead is left), crosses_on (None: not by trend), by_trend,
    by_one_more.
    """
    everything, day = coded(tables), day_number(d)
    data = known(everything, day)
    found = _outlook(data, everything if planned else data, day, settings)
    who = found.who
    frame = pd.DataFrame(
        {
            "practitioner_id": column(data.practitioners.texts[who]),
            "role": column(data.role_names.named(data.role[who])),
            "home_agency_id": column(data.agencies.named(found.state.posts.home[who])),
            "utilisation": found.state.utilisation[who],
            "room": found.room,
            "trend": found.trend,
            "forecast": found.forecast,
            "crosses_on": column(None if x < 0 else to_date(x) for x in found.crosses),
            "by_trend": found.warned("trend"),
            "by_one_more": found.warned("one_more"),
        },
        columns=list(COLUMNS),
    )
    return ordered(frame[frame["by_trend"] | frame["by_one_more"]], ["room"])


@dataclass(frozen=True, eq=False)
class BackTest:
    """How the rules would have done.

    `months`: a row each month end and rule: month_end, rule, candidates, crossed, warned, hits (warned and
    crossed), naive_hits (of as many of the fullest candidates). `rules`: a row each rule over all months:
    rule, candidates, crossed, base_rate (crossed of candidates), warned, hits, precision (hits of warned),
    precision_low, precision_high (95 % Wilson interval), recall (hits of crossed), naive_precision,
    naive_recall; NaN where nothing is to be divided by. `better` says of a rule that even the low end of its
    precision is above the base rate; `best` is the rule with the highest F1 (equal: the first), None where
    nobody was warned of rightly.
    """

    as_of: date
    months: pd.DataFrame
    rules: pd.DataFrame

    def better(self, rule: str) -> bool:
        row = self.rules.set_index("rule").loc[rule]
        return bool(row["precision_low"] > row["base_rate"] + EQUAL)

    @property
    def best(self) -> str | None:
        rows = self.rules[self.rules["hits"] > 0]
        f1 = 2 * rows["hits"] / (rows["warned"] + rows["crossed"])
        return None if rows.empty else str(rows["rule"].to_numpy()[int(f1.to_numpy().argmax())])

    def record(self) -> dict[str, Any]:
        """Plain values for a machine."""
        rows = self.rules.astype(object).where(self.rules.notna(), None).to_dict(orient="records")
        months = self.months.assign(month_end=[m.isoformat() for m in self.months["month_end"]])
        return {"rules": rows, "best": self.best, "months": months.to_dict(orient="records")}


def back_test(tables: Slice, d: date, settings: Settings) -> BackTest:
    """The rules at the last `backtest_months` month ends whose horizon had passed by `d`.

    At each month end the warnings come from what could be known then; a candidate crossed where it was
    overloaded on any of the next `horizon_days` days. Nothing after `d` is looked at.
    """
    rules, data = settings.early_warning, coded(tables)
    past = [m for m in month_ends(d, rules.backtest_months + 3) if m < d]
    ends = [m for m in past if m + timedelta(days=rules.horizon_days) <= d][-rules.backtest_months :]
    days: dict[int, Bools] = {}
    rows: list[dict[str, Any]] = []
    for end in ends:
        day = day_number(end)
        held = known(data, day)
        found = _outlook(held, held, day, settings)
        crossed = np.zeros(len(data.practitioners), dtype=np.bool_)
        for at in range(day + 1, day + rules.horizon_days + 1):
            if at not in days:
                days[at] = Day(data, at, settings).overloaded(settings.workload.overload_threshold)
            crossed |= days[at]
        rows += _judged(end, found, crossed[found.who])
    names = ["month_end", "rule", "candidates", "crossed", "warned", "hits", "naive_hits"]
    months = pd.DataFrame(rows, columns=names)
    return BackTest(d, months, pd.DataFrame([_summary(months, rule) for rule in RULES]))


def _judged(end: date, found: _Outlook, crossed: Bools) -> list[dict[str, Any]]:
    fullest = np.argsort(-np.round(found.state.utilisation[found.who], 9), kind="stable")
    rows = []
    for rule in RULES:
        warned = found.warned(rule)
        count = int(warned.sum())
        rows.append(
            {
                "month_end": end,
                "rule": rule,
                "candidates": len(crossed),
                "crossed": int(crossed.sum()),
                "warned": count,
                "hits": int((warned & crossed).sum()),
                "naive_hits": int(crossed[fullest[:count]].sum()),
            }
        )
    return rows


def _summary(months: pd.DataFrame, rule: str) -> dict[str, Any]:
    own = months[months["rule"] == rule]
    names = ("candidates", "crossed", "warned", "hits", "naive_hits")
    candidates, crossed, warned, hits, naive = (int(own[name].sum()) for name in names)
    low, high = wilson(hits, warned)
    return {
        "rule": rule,
        "candidates": candidates,
        "crossed": crossed,
        "base_rate": _of(crossed, candidates),
        "warned": warned,
        "hits": hits,
        "precision": _of(hits, warned),
        "precision_low": low,
        "precision_high": high,
        "recall": _of(hits, crossed),
        "naive_precision": _of(naive, warned),
        "naive_recall": _of(naive, crossed),
    }


def _of(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The 95 % Wilson interval of a share; NaN of nothing."""
    if not whole:
        return float("nan"), float("nan")
    share, square = part / whole, _NORMAL**2
    middle = share + square / (2 * whole)
    spread = _NORMAL * np.sqrt(share * (1 - share) / whole + square / (4 * whole**2))
    return float((middle - spread) / (1 + square / whole)), float((middle + spread) / (1 + square / whole))

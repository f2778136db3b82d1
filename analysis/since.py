"""Since when somebody has been above capacity without a break."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from analysis import asof
from analysis.coded import Bools, Coded, Ints, Spans, coded, day_number, to_date
from analysis.rows import EQUAL, column
from analysis.tables import Slice
from graphmodel.settings import Settings


def overloaded_since(
    tables: Slice, d: date, settings: Settings, *, most_days: int = 366, only: str | None = None
) -> pd.DataFrame:
    """The first day of the unbroken run of days, `d` the last of them, on which each lead was overloaded.

    Overloaded as on the measures page: leads a TAC and utilisation above the threshold. Columns:
    practitioner_id, since (date), days (with `since` and `d`), longer (the run may have begun earlier: it
    fills the `most_days` looked back). One row for each practitioner overloaded on `d`, in order of id (with
    `only`: of that one).
    """
    data = coded(tables)
    last = day_number(d)
    current = np.flatnonzero(_overloaded(data, last, settings))
    if only is not None:
        current = current[current == data.practitioners.code(only)]
    part = of_these(data, current, last - most_days + 1, last)
    since: Ints = np.full(len(data.practitioners), last, dtype=np.int64)
    running = current
    for day in range(last - 1, last - most_days, -1):
        running = running[_overloaded(part, day, settings)[running]]
        if not len(running):
            break
        since[running] = day
    begun = since[current]
    return pd.DataFrame(
        {
            "practitioner_id": column(data.practitioners.texts[current]),
            "since": column(to_date(day) for day in begun),
            "days": last - begun + 1,
            "longer": begun == last - most_days + 1,
        }
    )


def _overloaded(data: Coded, day: int, settings: Settings) -> Bools:
    state = asof.teams(data, day)
    count = len(data.practitioners)
    carried = np.bincount(
        state.practitioner, weights=asof.points(data, state, settings), minlength=count
    ).astype(np.float64)
    leads = np.bincount(state.practitioner[state.is_lead], minlength=count) > 0
    used = asof.divided(carried, asof.posts(data, day, settings).total)
    with np.errstate(invalid="ignore"):
        above: Bools = leads & (used > settings.workload.overload_threshold + EQUAL)
    return above


def of_these(data: Coded, people: Ints, first: int, last: int) -> Coded:
    """The same data with only the TACs in which one of these people is on a day from `first` to `last`.

    Every member of such a TAC stays, since the size of the team counts; so figures of these people, and
    of nobody else, are what they are in all the data.
    """
    wanted = np.zeros(len(data.practitioners), dtype=bool)
    wanted[people] = True
    theirs = np.zeros(len(data.tacs), dtype=bool)
    for spans in (data.leads, data.members):
        live = _overlapping(spans, first, last) & wanted[spans.left]
        theirs[spans.right[live]] = True
    children = np.zeros(len(data.children), dtype=bool)
    children[data.tac_child[theirs & (data.tac_child >= 0)]] = True

    def of_tacs(spans: Spans) -> Spans:
        return _kept(spans, _overlapping(spans, first, last) & theirs[spans.right])

    level_of_theirs = _overlapping(data.needs, first, last) & children[data.needs.left]
    return data.but(
        leads=of_tacs(data.leads),
        members=of_tacs(data.members),
        needs=_kept(data.needs, level_of_theirs),
    )


def _overlapping(spans: Spans, first: int, last: int) -> Bools:
    """Which are active on a day from `first` to `last`, between two known ends."""
    found: Bools = (spans.start <= last) & (spans.end > first) & (spans.left >= 0) & (spans.right >= 0)
    return found


def _kept(spans: Spans, which: Bools) -> Spans:
    return Spans(spans.left[which], spans.right[which], spans.start[which], spans.end[which])

"""Since when a lead has been overloaded without a break.

Between two changes (an interval that begins or ends, a set-up phase that is over) a lead's utilisation stays
as it is, so only the days on which something changes are looked at, backwards from the as-of date.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from analysis.coded import FAR, Bools, Coded, Ints, Spans, coded, day_number, to_date
from analysis.rows import column, ordered
from analysis.tables import Slice
from analysis.workload import Day
from graphmodel.settings import Settings

_NARROW_EVERY: Final = 16


def overloaded_since(
    tables: Slice, d: date, settings: Settings, *, threshold: float | None = None
) -> pd.DataFrame:
    """Each lead overloaded on `d`, with the first day of the uninterrupted spell and its length in days.

    Columns: practitioner_id, since, days (1 where the spell began on `d`).
    """
    limit = settings.workload.overload_threshold if threshold is None else threshold
    data, day = coded(tables), day_number(d)
    waiting = Day(data, day, settings).overloaded(limit)
    spells: dict[int, int] = {}
    while waiting.any():
        part = _narrowed(data, waiting)
        for begin in _changes(part, settings, day)[:_NARROW_EVERY]:
            over = Day(part, int(begin) - 1, settings).overloaded(limit)
            ended = np.flatnonzero(waiting & ~over)
            spells.update((int(code), int(begin)) for code in ended)
            waiting[ended] = False
            day = int(begin) - 1
    found = sorted(spells)
    frame = pd.DataFrame(
        {
            "practitioner_id": column(data.practitioners.texts[found] if found else []),
            "since": column(to_date(spells[code]) for code in found),
            "days": np.array([day_number(d) - spells[code] + 1 for code in found], dtype=np.int64),
        }
    )
    return ordered(frame)


def _narrowed(data: Coded, who: Bools) -> Coded:
    """The facts that bear on some practitioners: their posts, the teams they were ever in, those children."""
    tacs = np.zeros(len(data.tacs), dtype=np.bool_)
    for spans in (data.members, data.leads):
        tacs[spans.right[who[spans.left]]] = True
    children = np.zeros(len(data.children) + 1, dtype=np.bool_)
    children[data.tac_child[tacs]] = True
    posts = who[data.posts.left]
    return replace(
        data,
        members=_some(data.members, tacs[data.members.right]),
        leads=_some(data.leads, tacs[data.leads.right]),
        posts=_some(data.posts, posts),
        fte=data.fte[posts],
        home=data.home[posts],
        tac_share=data.tac_share[posts],
        needs=_some(data.needs, children[data.needs.left]),
        opened=np.where(tacs, data.opened, FAR),
        closed=np.where(tacs, data.closed, FAR),
    )


def _some(spans: Spans, which: Bools) -> Spans:
    return Spans(spans.left[which], spans.right[which], spans.start[which], spans.end[which])


def _changes(data: Coded, settings: Settings, until: int) -> Ints:
    """The days up to `until` on which something begins or ends, latest first."""
    days = [data.opened, data.closed, data.opened + settings.workload.set_up_days]
    for spans in (data.members, data.leads, data.posts, data.needs):
        days += [spans.start, spans.end]
    every = np.unique(np.concatenate(days))
    return every[every <= until][::-1]

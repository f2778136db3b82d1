"""What changed for a practitioner from one day to the next, in points towards the line of overload.

The line is `points = threshold x capacity`; each change says how far it moved the points beyond the line.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from analysis import asof
from analysis.coded import Bools, Coded, Floats, Ints, day_number
from analysis.rows import column
from analysis.since import of_these
from graphmodel.settings import Settings

CHANGES: Final = (
    "lead_of_new_team",
    "lead_taken_over",
    "lead_given_up",
    "lead_of_team_closed",
    "supporter_to_lead",
    "lead_to_supporter",
    "support_begun",
    "support_ended",
    "supported_team_closed",
    "need_rose",
    "need_fell",
    "team_grew",
    "team_shrank",
    "set_up_ended",
    "post_ended",
    "post_begun",
    "newly_qualified_ended",
    "first_post",
)
"""`first_post`: until then the practitioner had no capacity, so no utilisation and no overload."""
_NONE, _SUPPORTS, _LEADS = 0, 1, 2
Entries = dict[str, Any]


def changes_on(data: Coded, people: Ints, day: date, settings: Settings) -> pd.DataFrame:
    """Every change for these practitioners (codes, ascending) from the day before `day` to `day`.

    Columns: practitioner_id, day, change (one of `CHANGES`), tac_id (None: a post's), agency_id (None: a
    TAC's), points. Of a TAC led on both days the change of needs level is taken first, then that of the
    team's size, then the end of set-up. A post's points are its capacity times the threshold: below 0 where
    it begins; what it gains as its holder no longer counts as newly qualified comes after. The points of
    one practitioner add up to the change of `points - threshold x capacity`.
    """
    at = day_number(day)
    part = of_these(data, people, at - 1, at)
    rows = [*_of_tacs(part, people, at, settings), *_of_posts(data, people, at, settings)]
    joined = {name: np.concatenate([r[name] for r in rows]) for name in ("who", "tac", "agency", "points")}
    kinds = [kind for r in rows for kind in [r["change"]] * len(r["who"])]
    return pd.DataFrame(
        {
            "practitioner_id": column(data.practitioners.texts[joined["who"].astype(np.int64)]),
            "day": column([day] * len(kinds)),
            "change": column(kinds),
            "tac_id": column(data.tacs.named(joined["tac"].astype(np.int64))),
            "agency_id": column(data.agencies.named(joined["agency"].astype(np.int64))),
            "points": joined["points"].astype(np.float64),
        }
    )


class _Side:
    """One of the two days: by key (practitioner and TAC) the place in the team, weight, size, set-up."""

    def __init__(self, data: Coded, people: Ints, at: int, settings: Settings) -> None:
        state, rules = asof.teams(data, at), settings.workload
        theirs: Bools = np.isin(state.practitioner, people)
        tac = state.tac[theirs]
        self.keys: Ints = state.practitioner[theirs] * max(len(data.tacs), 1) + tac
        order = np.argsort(self.keys)
        self.keys = self.keys[order]
        tac = tac[order]
        self.place: Ints = np.where(state.is_lead[theirs], _LEADS, _SUPPORTS)[order]
        self.weight: Floats = asof.weights(data, at, settings)[tac]
        self.size: Floats = 1.0 + rules.team_size_step * np.maximum(
            0, state.size[tac] - rules.team_size_free
        ).astype(np.float64)
        self.start: Floats = np.where(at - data.opened[tac] < rules.set_up_days, rules.set_up_factor, 1.0)

    def at(self, keys: Ints, values: Any) -> Any:
        """The values of these keys, 0 where the practitioner is not in that team."""
        place = np.searchsorted(self.keys, keys)
        found = np.append(self.keys, -1)[np.minimum(place, len(self.keys))] == keys
        return np.where(found, np.append(values, 0)[np.minimum(place, len(self.keys))], 0)


def _of_tacs(data: Coded, people: Ints, at: int, settings: Settings) -> list[Entries]:
    old, new = (_Side(data, people, x, settings) for x in (at - 1, at))
    keys = np.union1d(old.keys, new.keys)
    who, tac = np.divmod(keys, max(len(data.tacs), 1))
    was, now = old.at(keys, old.place), new.at(keys, new.place)
    w0, w1 = old.at(keys, old.weight), new.at(keys, new.weight)
    f0, f1 = old.at(keys, old.size), new.at(keys, new.size)
    s0, s1 = old.at(keys, old.start), new.at(keys, new.start)
    support = settings.workload.supporting_factor
    before = np.select([was == _LEADS, was == _SUPPORTS], [w0 * f0 * s0, w0 * support], 0.0)
    after = np.select([now == _LEADS, now == _SUPPORTS], [w1 * f1 * s1, w1 * support], 0.0)
    opened, closed = data.opened[tac] == at, data.closed[tac] == at
    led, supported = (was == _LEADS) & (now == _LEADS), (was == _SUPPORTS) & (now == _SUPPORTS)
    level = np.where(led, (w1 - w0) * f0 * s0, (w1 - w0) * support)
    grown, ended = w1 * (f1 - f0) * s0, w1 * f1 * (s1 - s0)
    moved = after - before

    def rows(change: str, which: Bools, points: Floats) -> Entries:
        chosen = np.flatnonzero(which)
        none = np.full(len(chosen), -1, dtype=np.int64)
        return {
            "change": change,
            "who": who[chosen],
            "tac": tac[chosen],
            "agency": none,
            "points": points[chosen],
        }

    return [
        rows("lead_of_new_team", (was == _NONE) & (now == _LEADS) & opened, moved),
        rows("lead_taken_over", (was == _NONE) & (now == _LEADS) & ~opened, moved),
        rows("lead_given_up", (was == _LEADS) & (now == _NONE) & ~closed, moved),
        rows("lead_of_team_closed", (was == _LEADS) & (now == _NONE) & closed, moved),
        rows("supporter_to_lead", (was == _SUPPORTS) & (now == _LEADS), moved),
        rows("lead_to_supporter", (was == _LEADS) & (now == _SUPPORTS), moved),
        rows("support_begun", (was == _NONE) & (now == _SUPPORTS), moved),
        rows("support_ended", (was == _SUPPORTS) & (now == _NONE) & ~closed, moved),
        rows("supported_team_closed", (was == _SUPPORTS) & (now == _NONE) & closed, moved),
        rows("need_rose", (led | supported) & (w1 > w0), level),
        rows("need_fell", (led | supported) & (w1 < w0), level),
        rows("team_grew", led & (grown > 0), grown),
        rows("team_shrank", led & (grown < 0), grown),
        rows("set_up_ended", led & (ended != 0), ended),
    ]


def _of_posts(data: Coded, people: Ints, at: int, settings: Settings) -> list[Entries]:
    old, new = (asof.posts(data, x, settings) for x in (at - 1, at))
    wide, limit = max(len(data.agencies), 1), settings.workload.overload_threshold
    sides = []
    for held in (old, new):
        theirs = np.isin(held.practitioner, people)
        keys, which = np.unique(held.practitioner[theirs] * wide + held.agency[theirs], return_inverse=True)
        sides.append((keys, np.bincount(which, weights=held.experienced[theirs], minlength=len(keys))))
    (keys0, before), (keys1, after) = sides
    keys = np.union1d(keys0, keys1)
    who, agency = np.divmod(keys, wide)
    then, now = np.zeros(len(keys)), np.zeros(len(keys))
    then[np.searchsorted(keys, keys0)] = before
    now[np.searchsorted(keys, keys1)] = after
    posted = (now - then) * old.qualified[who]
    grown = now * (new.qualified[who] - old.qualified[who])
    first = (old.total[who] <= 0) & (new.total[who] > 0)

    def rows(change: str, which: Bools, gained: Floats) -> Entries:
        chosen = np.flatnonzero(which)
        none = np.full(len(chosen), -1, dtype=np.int64)
        return {
            "change": change,
            "who": who[chosen],
            "tac": none,
            "agency": agency[chosen],
            "points": -limit * gained[chosen],
        }

    return [
        rows("first_post", first & (posted + grown > 0), posted + grown),
        rows("post_begun", ~first & (posted > 0), posted),
        rows("post_ended", ~first & (posted < 0), posted),
        rows("newly_qualified_ended", ~first & (grown != 0), grown),
    ]

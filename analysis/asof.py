"""The state on one day: teams, levels, points, capacity and home agencies.

See the measures page, Teams and load.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.coded import Bools, Coded, Floats, Ints
from graphmodel.settings import Settings


@dataclass(frozen=True, eq=False)
class Teams:
    """Who is in which active team on `day`: one entry a pair, in order of TAC and practitioner.

    `is_lead` marks active leads (members or not), `is_member` active memberships; each pair has one or both.
    `active` and `size` are aligned with the TAC codes; `size` is 0 where the TAC is not active.
    """

    day: int
    active: Bools
    tac: Ints
    practitioner: Ints
    is_lead: Bools
    is_member: Bools
    size: Ints


def teams(data: Coded, day: int) -> Teams:
    """Every `team(t, d)`: members and leads of TACs active on the day, each once."""
    active: Bools = (data.opened <= day) & (day < data.closed)
    width = max(len(data.practitioners), 1)

    def pairs(which: str) -> Ints:
        spans = data.leads if which == "leads" else data.members
        live = spans.on(day) & (spans.right >= 0) & (spans.left >= 0)
        live &= active[spans.right] if len(active) else False
        return np.unique(spans.right[live] * width + spans.left[live])

    leading, belonging = pairs("leads"), pairs("members")
    keys = np.union1d(leading, belonging)
    tac, practitioner = np.divmod(keys, width)
    return Teams(
        day=day,
        active=active,
        tac=tac,
        practitioner=practitioner,
        is_lead=np.isin(keys, leading, assume_unique=True),
        is_member=np.isin(keys, belonging, assume_unique=True),
        size=np.bincount(tac, minlength=len(active)).astype(np.int64),
    )


def levels(data: Coded, day: int, settings: Settings) -> Ints:
    """`level(c, d)` by child code: the highest needs level active on the day, the default where none is."""
    found = np.zeros(len(data.children), dtype=np.int64)
    live = data.needs.on(day) & (data.needs.left >= 0)
    np.maximum.at(found, data.needs.left[live], data.needs.right[live])
    found[found == 0] = settings.workload.default_needs_level
    return found


def weights(data: Coded, day: int, settings: Settings) -> Floats:
    """`need_weight` of the child of each TAC on the day, by TAC code."""
    rules = settings.workload.need_weight
    table = np.zeros(max(rules) + 1)
    table[list(rules)] = list(rules.values())
    known = np.append(levels(data, day, settings), settings.workload.default_needs_level)
    weighed: Floats = table[known[data.tac_child]]
    return weighed


def points(data: Coded, state: Teams, settings: Settings) -> Floats:
    """Workload points of each entry of `state`: of the lead where it leads, of a supporter elsewhere."""
    rules = settings.workload
    over = np.maximum(0, state.size - rules.team_size_free)
    starting = state.day - data.opened < rules.set_up_days
    leading = (1.0 + rules.team_size_step * over) * np.where(starting, rules.set_up_factor, 1.0)
    factor = np.where(state.is_lead, leading[state.tac], rules.supporting_factor)
    earned: Floats = weights(data, state.day, settings)[state.tac] * factor
    return earned


@dataclass(frozen=True, eq=False)
class Posts:
    """The posts active on a day, and by practitioner code their capacity in points and home agency (-1).

    `experienced` is what the capacity of each post were if nobody counted as newly qualified; times
    `qualified` of its holder it is `capacity`.
    """

    practitioner: Ints
    agency: Ints
    experienced: Floats
    qualified: Floats
    capacity: Floats
    held: Ints
    total: Floats
    home: Ints


def newly_qualified(data: Coded, day: int) -> Bools:
    """By practitioner code, whether they count as newly qualified on the day."""
    early: Bools = day < data.newly_qualified_until
    return early


def posts(data: Coded, day: int, settings: Settings) -> Posts:
    """Capacity of every post active on the day, and home agencies.

    `fte x tac_share x points per FTE`, of the newly qualified times their share.
    """
    live = np.flatnonzero(data.posts.on(day) & (data.posts.left >= 0))
    practitioner, agency = data.posts.left[live], data.posts.right[live]
    rules = settings.workload
    by_role = np.array(
        [rules.tac_share.get(r, rules.default_tac_share) for r in data.role_names.texts] or [0.0]
    )
    share = data.tac_share[live]
    share = np.where(np.isnan(share), by_role[data.role[practitioner]], share)
    experienced = data.fte[live] * share * rules.points_per_fte
    qualified = np.where(newly_qualified(data, day), rules.newly_qualified_share, 1.0)
    capacity = experienced * qualified[practitioner]
    count = len(data.practitioners)
    home = np.full(count, -1, dtype=np.int64)
    order = np.lexsort((agency, data.posts.start[live], ~data.home[live], practitioner))
    first = np.unique(practitioner[order], return_index=True)[1]
    home[practitioner[order][first]] = agency[order][first]
    return Posts(
        practitioner=practitioner,
        agency=agency,
        experienced=experienced,
        qualified=qualified,
        capacity=capacity,
        held=np.bincount(practitioner, minlength=count).astype(np.int64),
        total=np.bincount(practitioner, weights=capacity, minlength=count).astype(np.float64),
        home=home,
    )


def homes(data: Coded, who: Ints, when: Ints) -> Ints:
    """Home agency of practitioner `who[i]` on day `when[i]`, -1 where it has no post then."""
    order = np.lexsort((data.posts.right, data.posts.start, ~data.home, data.posts.left))
    left = data.posts.left[order]
    first = np.searchsorted(left, who, side="left")
    count = np.where(who >= 0, np.searchsorted(left, who, side="right") - first, 0)
    row = np.repeat(np.arange(len(who)), count)
    post = order[np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)]
    live = (data.posts.start[post] <= when[row]) & (when[row] < data.posts.end[post])
    found = np.full(len(who), -1, dtype=np.int64)
    rows, best = np.unique(row[live], return_index=True)
    found[rows] = data.posts.right[post[live][best]]
    return found


def divided(above: Floats, below: Floats) -> Floats:
    """Quotients, NaN where the divisor is 0."""
    quotients: Floats = np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
    return quotients

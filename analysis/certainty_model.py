"""A day's points and capacity as counts that weights multiply: many tables of weights in one product.

Points of a lead are `w (1 + step k) (1 + s b)` with the weight w of the level, k members above the free
size, b whether set-up runs and s its supplement: `w + w step k + w s b + w step s k b`. So four sums by
practitioner and level, and a count of supporting, hold all that a table of weights needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Self

import numpy as np
from scipy.sparse import csr_array

from analysis import asof
from analysis.allocation import bound_tacs
from analysis.certainty_weights import DEFAULT_SHARE, NEWLY_QUALIFIED, Values
from analysis.coded import Bools, Coded, Floats, Ints, coded, day_number
from analysis.rows import EQUAL
from analysis.tables import Slice
from graphmodel.settings import Settings


@dataclass(frozen=True, eq=False)
class Figures:
    """A column a draw: by practitioner points, capacity (points); by agency shown lead points, capacity."""

    points: Floats
    capacity: Floats
    led: Ints
    agency_points: Floats
    agency_capacity: Floats
    limit: Floats
    severe_limit: Floats

    @cached_property
    def utilisation(self) -> Floats:
        """Points over capacity, NaN without capacity."""
        used: Floats = np.divide(
            self.points, self.capacity, out=np.full(self.points.shape, np.nan), where=self.capacity > 0
        )
        return used

    @cached_property
    def overloaded(self) -> Bools:
        return self._above(self.limit)

    @cached_property
    def severe(self) -> Bools:
        return self._above(self.severe_limit)

    def _above(self, limit: Floats) -> Bools:
        with np.errstate(invalid="ignore"):
            above: Bools = (self.led > 0)[:, None] & (self.utilisation > limit + EQUAL)
        return above

    @cached_property
    def shares(self) -> tuple[Floats, Floats]:
        """Load share (NaN: no lead points) and capacity share by agency shown."""
        total, capacity = self.agency_points.sum(axis=0), self.agency_capacity.sum(axis=0)
        load = np.divide(
            self.agency_points,
            total[None, :],
            out=np.full(self.agency_points.shape, np.nan),
            where=np.broadcast_to(total > 0, self.agency_points.shape),
        )
        return load, self.agency_capacity / np.where(capacity > 0, capacity, 1.0)

    @cached_property
    def disparity(self) -> Floats:
        load, fair = self.shares
        return load / fair

    def hoover(self) -> Floats:
        load, fair = self.shares
        if not len(load):
            return np.full(load.shape[1], np.nan)
        half: Floats = np.abs(load - fair).sum(axis=0) / 2
        return half

    def gini(self) -> Floats:
        """Of the utilisation of everybody with capacity; NaN where nobody carries anything."""
        able = self.capacity[:, 0] > 0
        values = np.sort(self.utilisation[able], axis=0)
        count, total = len(values), values.sum(axis=0)
        rank = 2.0 * np.arange(1, count + 1) - count - 1
        found: Floats = np.divide(
            rank @ values, count * total, out=np.full(values.shape[1], np.nan), where=total > 0
        )
        return found

    def beside(self, other: Figures) -> Figures:
        """These columns and then those of the other, of the same practitioners and agencies."""
        return Figures(
            points=np.hstack([self.points, other.points]),
            capacity=np.hstack([self.capacity, other.capacity]),
            led=self.led,
            agency_points=np.hstack([self.agency_points, other.agency_points]),
            agency_capacity=np.hstack([self.agency_capacity, other.agency_capacity]),
            limit=np.hstack([self.limit, other.limit]),
            severe_limit=np.hstack([self.severe_limit, other.severe_limit]),
        )


@dataclass(frozen=True, eq=False)
class Components:
    """The counts of a day, by practitioner code and post; `shown` are the agencies with capacity."""

    data: Coded
    led: Ints
    counts: csr_array  # practitioner x (level, [leads, k, b, k b, supports])
    of_leads: csr_array  # practitioner x (level, [leads, k, b, k b]) of the leads that agencies answer for
    holder: Ints
    agency: Ints
    fte: Floats
    stated: Floats  # NaN where the role's share counts
    role: Ints
    role_keys: tuple[str, ...]
    early: Bools  # by post, whether its holder counts as newly qualified
    shares_in_use: frozenset[str]
    shown: Ints

    @classmethod
    def of(cls, tables: Slice, d: date, settings: Settings, *, discretionary: bool) -> Self:
        data, day, work = coded(tables), day_number(d), settings.workload
        state = asof.teams(data, day)
        people = len(data.practitioners)
        level_of = np.append(asof.levels(data, day, settings), work.default_needs_level)
        place = np.searchsorted(sorted(work.need_weight), level_of[data.tac_child[state.tac]])
        over = np.maximum(0, state.size - work.team_size_free)[state.tac].astype(np.float64)
        start = (day - data.opened[state.tac] < work.set_up_days).astype(np.float64)
        lead = state.is_lead.astype(np.float64)
        each = np.stack([lead, lead * over, lead * start, lead * over * start, 1.0 - lead], axis=1)
        kept = state.is_lead.copy()
        if discretionary:
            kept &= ~bound_tacs(data, day, settings.allocation_profile)[state.tac]
        width = len(work.need_weight)
        held = asof.posts(data, day, settings)
        live = np.flatnonzero(data.posts.on(day) & (data.posts.left >= 0))
        keys = tuple(str(r) if r in work.tac_share else DEFAULT_SHARE for r in data.role_names.texts) or (
            DEFAULT_SHARE,
        )
        open_to_role = np.isnan(data.tac_share[live]) & (data.fte[live] > 0)
        used = {keys[code] for code in np.unique(data.role[held.practitioner[open_to_role]])}
        early = asof.newly_qualified(data, day)[held.practitioner]
        if work.newly_qualified_share < 1 and (early & (held.experienced > 0)).any():
            used.add(NEWLY_QUALIFIED)
        capacity = np.bincount(held.agency, weights=held.capacity, minlength=len(data.agencies))
        return cls(
            data=data,
            led=np.bincount(state.practitioner[state.is_lead], minlength=people).astype(np.int64),
            counts=_summed(state.practitioner, place, each, people, width),
            of_leads=_summed(state.practitioner[kept], place[kept], each[kept, :4], people, width),
            holder=held.practitioner,
            agency=held.agency,
            fte=data.fte[live],
            stated=data.tac_share[live],
            role=data.role[held.practitioner],
            role_keys=keys,
            early=early,
            shares_in_use=frozenset(used),
            shown=np.flatnonzero(capacity > 0),
        )

    def figures(self, values: Values) -> Figures:
        """Points, capacity and the agencies' shares with these weights, a column a draw."""
        draws, people = len(values.supporting), len(self.data.practitioners)
        one = np.ones(draws)
        leading = np.stack([one, values.step, values.set_up, values.step * values.set_up])
        full = np.concatenate([leading, values.supporting[None, :]])
        points: Floats = self.counts @ _by_level(values.need, full)
        lead_points: Floats = self.of_leads @ _by_level(values.need, leading)
        by_role = np.stack([values.share[key] for key in self.role_keys])
        share = np.where(np.isnan(self.stated)[:, None], by_role[self.role], self.stated[:, None])
        capacity = self.fte[:, None] * share * values.per_fte[None, :]
        capacity *= np.where(self.early[:, None], values.newly_qualified[None, :], 1.0)
        places = np.arange(len(self.holder))
        to_holder = csr_array((np.ones(len(places)), (self.holder, places)), shape=(people, len(places)))
        total: Floats = to_holder @ capacity
        of_holder = total[self.holder]
        part = np.divide(capacity, of_holder, out=np.zeros(capacity.shape), where=of_holder > 0)
        known = self.agency >= 0
        to_agency = csr_array(
            (np.ones(int(known.sum())), (self.agency[known], places[known])),
            shape=(len(self.data.agencies), len(places)),
        )[self.shown]
        return Figures(
            points=points,
            capacity=total,
            led=self.led,
            agency_points=to_agency @ (lead_points[self.holder] * part),
            agency_capacity=to_agency @ capacity,
            limit=np.full(draws, values.limit),
            severe_limit=np.full(draws, values.severe),
        )


def _by_level(need: Floats, factors: Floats) -> Floats:
    """Coefficients by level and component: each level's weight times each factor."""
    product: Floats = (need[:, None, :] * factors[None, :, :]).reshape(-1, need.shape[1])
    return product


def _summed(who: Ints, level: Ints, each: Floats, people: int, levels: int) -> csr_array:
    kinds = each.shape[1]
    rows = np.repeat(who, kinds)
    columns = (level[:, None] * kinds + np.arange(kinds)).ravel()
    return csr_array((each.ravel(), (rows, columns)), shape=(people, levels * kinds))

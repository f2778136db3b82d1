"""Which handovers of the lead role are allowed on a day, and what each would do to the figures.

A handover gives the lead role of a TAC to another member of its team; the former lead stays a member. So
the team's size and every other TAC stay as they are, and exactly `shift` points, what leading earns beyond
supporting, go from one practitioner to the other. See the decision page on advice for the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from analysis import asof
from analysis.allocation import BINDING, rules_of, ruling
from analysis.coded import FAR, Bools, Coded, Floats, Ints, coded, day_number, days, flags
from analysis.rows import EQUAL
from analysis.tables import Slice
from graphmodel.settings import Settings

CAUSES: Final = (
    "open",
    "several_leads",
    "family_choice",
    "statute",
    "statutory_threshold",
    "long_relationship",
    "siblings",
    "alone",
    "no_capacity",
    "untrained",
    "role",
)
"""Why a TAC's lead stays, the first that holds; `open`: a handover is allowed."""
OPEN, SEVERAL, FAMILY, STATUTE, LEVEL, LONG, SIBLINGS, ALONE, NO_CAPACITY, UNTRAINED, ROLE = range(
    len(CAUSES)
)


@dataclass(frozen=True, eq=False)
class Options:
    """The handovers allowed, in order of TAC and taker: practitioner codes, points, and how each weighs.

    `work` is the points of leading, `shift` those beyond supporting, `cost` the weight of the handover,
    `relationship` the days that the giver has led, `mends` whether it ends a breach of the allocation table.
    """

    tac: Ints
    giver: Ints
    taker: Ints
    work: Floats
    shift: Floats
    cost: Floats
    relationship: Ints
    mends: Bools

    def __len__(self) -> int:
        return len(self.tac)


@dataclass(frozen=True, eq=False)
class Problem:
    """One day: who carries what against which capacity, and the handovers allowed.

    `points`, `capacity` (times the threshold of overload), `led`, `lead_points` are by practitioner code;
    `part` is the part of a practitioner's capacity in each agency, `fair` each agency's share of capacity.
    `lead` is the one lead of each TAC (-1: none or several), `cause` by TAC code an index of `CAUSES`
    (-1 where nobody leads).
    """

    data: Coded
    day: int
    settings: Settings
    teams: asof.Teams
    home: Ints
    points: Floats
    capacity: Floats
    led: Ints
    lead_points: Floats
    part: Floats
    fair: Floats
    lead: Ints
    cause: Ints
    trained: Bools
    options: Options

    @property
    def limit(self) -> Floats:
        """The points beyond which each practitioner is overloaded."""
        held: Floats = self.capacity * self.settings.workload.overload_threshold
        return held

    def after(self, chosen: Ints) -> State:
        """The day as it would be measured after the handovers `chosen` (places in `options`)."""
        o, count = self.options, len(self.capacity)
        giver, taker = o.giver[chosen], o.taker[chosen]
        moved = np.bincount(taker, weights=o.shift[chosen], minlength=count)
        moved -= np.bincount(giver, weights=o.shift[chosen], minlength=count)
        work = np.bincount(taker, weights=o.work[chosen], minlength=count)
        work -= np.bincount(giver, weights=o.work[chosen], minlength=count)
        led = np.bincount(taker, minlength=count) - np.bincount(giver, minlength=count)
        return State(self, self.points + moved, self.lead_points + work, self.led + led)


@dataclass(frozen=True, eq=False)
class State:
    """Points, points of leading and TACs led by practitioner code, and the figures to be bettered."""

    problem: Problem
    points: Floats
    lead_points: Floats
    led: Ints

    @property
    def overload(self) -> float:
        """Points above capacity over all practitioners; without capacity all points are above it."""
        return float(np.maximum(0.0, self.points - self.problem.limit).sum())

    @property
    def utilisation(self) -> Floats:
        return asof.divided(self.points, self.problem.capacity)

    def overloaded(self, threshold: float) -> Bools:
        """As on the measures page: leads, has capacity, and is used above the threshold."""
        with np.errstate(invalid="ignore"):
            above: Bools = (self.led > 0) & (self.utilisation > threshold + EQUAL)
        return above

    @property
    def agency_points(self) -> Floats:
        """Lead points of those with capacity, by agency code."""
        able = self.problem.capacity > 0
        return np.asarray(self.lead_points[able] @ self.problem.part[able], dtype=np.float64)

    @property
    def distance(self) -> float:
        """Lead points that would have to move to another agency for perfect fairness: Hoover in points."""
        held = self.agency_points
        return float(np.maximum(0.0, held - held.sum() * self.problem.fair).sum())

    @property
    def hoover(self) -> float | None:
        """The Hoover index of the measures page; None where nobody with capacity leads."""
        total = float(self.agency_points.sum())
        return self.distance / total if total > 0 else None


def problem(tables: Slice, d: date, settings: Settings) -> Problem:
    """What may be handed over on `d`, and what it would do."""
    data, day = coded(tables), day_number(d)
    teams, posts = asof.teams(data, day), asof.posts(data, day, settings)
    people, agencies = len(data.practitioners), len(data.agencies)
    earned = asof.points(data, teams, settings)
    who, leads = teams.practitioner, teams.is_lead
    part = np.zeros((people, agencies))
    np.add.at(part, (posts.practitioner, posts.agency), posts.capacity)
    total = posts.total[:, None]
    part = np.divide(part, total, out=np.zeros_like(part), where=total > 0)
    held = np.bincount(posts.agency, weights=posts.capacity, minlength=agencies).astype(np.float64)
    known = tables.arrow["practitioners"]
    trained: Bools = days(known["lead_trained_on"], FAR) <= day
    rules = _Rules(tables, settings, teams, posts.total, trained, earned)
    lead, cause, options = rules.found()
    return Problem(
        data=data,
        day=day,
        settings=settings,
        teams=teams,
        home=posts.home,
        points=np.bincount(who, weights=earned, minlength=people).astype(np.float64),
        capacity=posts.total,
        led=np.bincount(who[leads], minlength=people).astype(np.int64),
        lead_points=np.bincount(who[leads], weights=earned[leads], minlength=people).astype(np.float64),
        part=part,
        fair=held / held.sum() if held.sum() > 0 else held,
        lead=lead,
        cause=cause,
        trained=trained,
        options=options,
    )


@dataclass(eq=False)
class _Rules:
    """The rules of a handover, each as one array by TAC or by entry of a team."""

    tables: Slice
    settings: Settings
    teams: asof.Teams
    capacity: Floats
    trained: Bools
    earned: Floats

    def __post_init__(self) -> None:
        teams, self.data = self.teams, coded(self.tables)
        count = len(self.data.tacs)
        self.leads = np.bincount(teams.tac[teams.is_lead], minlength=count)
        self.lead = np.full(count, -1, dtype=np.int64)
        self.lead[teams.tac[teams.is_lead]] = teams.practitioner[teams.is_lead]
        self.lead[self.leads != 1] = -1
        self.since = self._since()

    def _since(self) -> Ints:
        """By TAC: the day on which its one lead first began to lead it."""
        spans, day = self.data.leads, self.teams.day
        mine = (spans.right >= 0) & (spans.left >= 0) & (spans.start <= day) & (spans.start < spans.end)
        mine &= spans.left == np.append(self.lead, -1)[spans.right]
        first = np.full(len(self.data.tacs), day, dtype=np.int64)
        np.minimum.at(first, spans.right[mine], spans.start[mine])
        return first

    def _family(self) -> Bools:
        """By TAC: whether an active lead is there by the family's choice."""
        spans = self.data.leads
        reasons = np.asarray(self.tables.arrow["leads"]["reason"].to_pylist(), dtype=object)
        chosen = np.zeros(len(self.data.tacs), dtype=np.bool_)
        live = spans.on(self.teams.day) & (spans.right >= 0)
        chosen[spans.right[live & (reasons == "family_choice")]] = True
        return chosen

    def _siblings(self) -> Bools:
        """By TAC: whether its lead leads another active TAC of the same child or family."""
        teams, data = self.teams, self.data
        family = np.where(data.family >= 0, data.family, len(data.families) + np.arange(len(data.children)))
        tac, lead = teams.tac[teams.is_lead], teams.practitioner[teams.is_lead]
        width = len(data.families) + len(data.children) + 1
        pairs = lead * width + np.append(family, width - 1)[data.tac_child[tac]]
        _, which, times = np.unique(pairs, return_inverse=True, return_counts=True)
        found = np.zeros(len(data.tacs), dtype=np.bool_)
        found[tac[times[which] > 1]] = True
        return found

    def _asked(self) -> tuple[Ints, Bools, Bools]:
        """By TAC the place of the rule that its child's ruling status has (-1: none); rule by role; binding.

        The last row of the table by role is for no rule: every role will do.
        """
        rules = rules_of(self.settings.allocation_profile)
        by_child = np.append(ruling(self.data, self.teams.day, rules), -1)
        fits = np.zeros((len(rules) + 1, len(self.data.role_names) + 1), dtype=np.bool_)
        fits[-1] = True
        for number, rule in enumerate(rules):
            for role in rule.roles:
                fits[number, self.data.role_names.code(role)] = True
            fits[number, -1] = False
        binding = np.array([rule.strength in BINDING for rule in rules] + [False], dtype=np.bool_)
        return by_child[self.data.tac_child], fits, binding

    def found(self) -> tuple[Ints, Ints, Options]:
        teams, data, rules = self.teams, self.data, self.settings.advice
        asked, fits, binding = self._asked()
        role = np.append(data.role, -1)
        lawful: Bools = fits[asked, role[self.lead]]
        bound: Bools = binding[asked]
        levels = np.append(asof.levels(data, teams.day, self.settings), 0)[data.tac_child]
        # a breach of a binding rule may be mended by a role that it asks for; an advised role is not left
        needs_role = (asked >= 0) & (bound | lawful)
        other = ~teams.is_lead
        able = other & (self.capacity[teams.practitioner] > 0)
        if not rules.to_term_time_only:
            able &= ~flags(self.tables.arrow["practitioners"]["term_time_only"])[teams.practitioner]
        ready = able & self.trained[teams.practitioner]
        fitting = ready & (fits[asked[teams.tac], role[teams.practitioner]] | ~needs_role[teams.tac])

        def some(entries: Bools) -> Bools:
            found: Bools = np.bincount(teams.tac[entries], minlength=len(data.tacs)) > 0
            return found

        reasons = {
            SEVERAL: self.leads > 1,
            FAMILY: self._family(),
            STATUTE: bound & lawful,
            LEVEL: (levels >= rules.keep_from_level) & ~bound,
            LONG: teams.day - self.since >= rules.keep_relationship_days,
            SIBLINGS: self._siblings() & rules.keep_siblings_together,
            ALONE: ~some(other),
            NO_CAPACITY: ~some(able),
            UNTRAINED: ~some(ready),
            ROLE: ~some(fitting),
        }
        cause = np.full(len(data.tacs), OPEN, dtype=np.int64)
        for number in sorted(reasons, reverse=True):
            cause[reasons[number]] = number
        cause[~teams.active | (self.leads == 0)] = -1
        return self.lead, cause, self._options(fitting & (cause[teams.tac] == OPEN), bound & ~lawful)

    def _options(self, entry: Bools, breach: Bools) -> Options:
        teams, settings = self.teams, self.settings
        tac, taker = teams.tac[entry], teams.practitioner[entry]
        work = np.zeros(len(self.data.tacs))
        work[teams.tac[teams.is_lead]] = self.earned[teams.is_lead]
        need = asof.weights(self.data, teams.day, settings)[tac]
        relationship = teams.day - self.since[tac]
        return Options(
            tac=tac,
            giver=self.lead[tac],
            taker=taker,
            work=work[tac],
            shift=work[tac] - self.earned[entry],
            cost=need * (1.0 + relationship / settings.advice.relationship_weight_days),
            relationship=relationship,
            mends=breach[tac],
        )

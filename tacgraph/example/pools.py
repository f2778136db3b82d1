"""Drawing seats: who leads and who sits in a team, by kind of agency, locality, school and capacity."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tacgraph.example import sizes
from tacgraph.example.people import Children
from tacgraph.example.workforce import GROUPS_OF_HEALTH, GROUPS_OF_OTHERS, Workforce
from tacgraph.example.world import Bools, Floats, Ints, Texts, World

PICKS = 32
COMPOSITE = {
    "health": GROUPS_OF_HEALTH,
    "health_young": ("hv", "midwifery", "gp", "hv"),
    "health_school": ("nurse", "camhs", "gp"),
    "other": GROUPS_OF_OTHERS,
}
SUPPORTERS = ("csc", "eh", "voluntary", "school", "health_young", "health_school", "other")


class Pools:
    """Seats to draw from: `lead` odds favour a team and spare another, `member` odds follow capacity."""

    def __init__(self, world: World, force: Workforce, children: Children) -> None:
        self.world, self.force, self.children = world, force, children
        self.group, self.locality = force.group, force.locality
        capacity = force.capacity
        usual = force.fte * np.array([sizes.ROLE_SHARE[role] for role in force.role]) * sizes.POINTS_PER_FTE
        spared = force.agency == force.agencies.of("hv")[0]
        self.odds: dict[str, Floats] = {
            "member": capacity**sizes.TOWARDS_CAPACITY,
            "lead": np.where(spared, 0.0, usual**sizes.TOWARDS_CAPACITY),
        }
        self.turn: dict[tuple[str, int], int] = {}
        self.supporting = self.supporting_groups(capacity)
        self.schools = np.array(force.agencies.of("school"))
        self.school_of_family = self.enrol()
        self.school_seats = {name: self.school_table(odds) for name, odds in self.odds.items()}

    def supporting_groups(self, capacity: Floats) -> Floats:
        """Odds of each supporting group: its capacity, social workers' much reduced."""
        odds = np.array([capacity[self.within(name)].sum() for name in SUPPORTERS])
        odds[0] *= sizes.SOCIAL_WORKER_SUPPORT
        return np.asarray(odds)

    def within(self, group: str) -> Bools:
        return np.isin(self.group.astype(str), COMPOSITE.get(group, (group,)))

    def enrol(self) -> Ints:
        """The school of each family's children: one in their locality."""
        places = self.world.localities
        families = int(self.children.family.max()) + 1
        area = np.zeros(families, dtype=np.int64)
        area[self.children.family] = self.children.locality
        near = (len(self.schools) - area + places - 1) // places
        return area + places * (self.world.rng.random(families) * near).astype(np.int64)

    def school_table(self, odds: Floats) -> Ints:
        """For each school, `PICKS` seats in proportion to their odds."""
        rows = []
        for school in self.schools:
            seats = np.flatnonzero(self.force.agency == school)
            steps = np.cumsum(odds[seats]) / odds[seats].sum()
            rows.append(seats[np.searchsorted(steps, (np.arange(PICKS) + 0.5) / PICKS)])
        return np.array(rows)

    def own_school(self, child: Ints, odds: str) -> Ints:
        """A seat in each child's own school."""
        school = self.school_of_family[self.children.family[child]]
        return self.school_seats[odds][school, self.world.rng.integers(0, PICKS, len(child))]

    def draw(self, groups: Texts, child: Ints, odds: str) -> Ints:
        """A seat for each child out of the group named beside it; of the own school for `school`."""
        seat = np.full(len(child), -1, dtype=np.int64)
        area = self.children.locality[child]
        chance = self.world.rng.random(len(child))
        for group in sorted(set(groups.tolist())):
            chosen = groups == group
            if group == "school":
                seat[chosen] = self.own_school(child[chosen], odds)
                continue
            for place in np.unique(area[chosen]):
                here = chosen & (area == place)
                seats, steps = self.near(group, int(place), odds)
                seat[here] = seats[np.minimum(np.searchsorted(steps, chance[here]), len(seats) - 1)]
        return seat

    def near(self, group: str, place: int, odds: str) -> tuple[Ints, Floats]:
        """Seats of a group that serve a locality (of all, where none does) and their cumulative odds."""
        able = self.within(group) & (self.odds[odds] > 0)
        local = able & np.isin(self.locality, (-1, place))
        seats = np.flatnonzero(local if local.any() else able)
        spread = np.where(self.locality[seats] < 0, 1 / self.world.localities, 1.0)
        steps = np.cumsum(self.odds[odds][seats] * spread)
        return seats, steps / steps[-1]

    def in_turn(self, group: str, child: Ints, day: Ints) -> Ints:
        """A seat for each child, taken in turn by day within the locality: how allocated cases are spread."""
        seat = np.full(len(child), -1, dtype=np.int64)
        area = self.children.locality[child]
        for place in np.unique(area):
            seats, _ = self.near(group, int(place), "lead")
            rota = np.repeat(seats, np.maximum(1, np.round(self.force.fte[seats] * 10)).astype(np.int64))
            rota = rota[np.random.default_rng([self.world.seed, int(place)]).permutation(len(rota))]
            here = np.flatnonzero(area == place)
            here = here[np.argsort(day[here], kind="stable")]
            first = self.turn.get((group, int(place)), 0)
            seat[here] = rota[(first + np.arange(len(here))) % len(rota)]
            self.turn[group, int(place)] = first + len(here)
        return seat

    def early_help_groups(self, child: Ints, day: Ints) -> Texts:
        """Which kind of agency leads an early help team, by the child's age."""
        older = self.children.age(child, day) >= sizes.SCHOOL_AGE
        return np.where(
            older,
            self.named(sizes.EARLY_HELP_LEADS["school_age"], len(child)),
            self.named(sizes.EARLY_HELP_LEADS["under_school_age"], len(child)),
        ).astype(object)

    def named(self, parts: Mapping[str, float], count: int) -> Texts:
        """Names drawn with the given parts."""
        odds = np.array(list(parts.values()))
        at = self.world.rng.choice(len(parts), size=count, p=odds / odds.sum())
        return np.array(list(parts), dtype=object)[at]

    def supporters(self, child: Ints, day: Ints) -> Ints:
        """A member's seat for each child: own school for pupils, health by age, in proportion to capacity."""
        group = self.named(dict(zip(SUPPORTERS, self.supporting, strict=True)), len(child))
        older = self.children.age(child, day) >= sizes.SCHOOL_AGE
        group[older & (group == "health_young")] = "health_school"
        group[~older & np.isin(group.astype(str), ("health_school", "school"))] = "health_young"
        return self.draw(group, child, "member")

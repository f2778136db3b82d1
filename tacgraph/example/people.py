"""Children and their families: ages, siblings, localities, schools, and how readily each comes to notice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tacgraph.example import identity, sizes
from tacgraph.example.world import Bools, Floats, Ints, Texts, World, numbered

OLDEST_YEARS = 18.4
FAMILY_SIZES = (0.45, 0.36, 0.14, 0.05)


@dataclass
class Children:
    """Children as columns; the first `reserved` ones are kept for plants and have no other facts."""

    ids: Texts
    family: Ints
    birth: Ints
    locality: Ints
    weight: Ints
    reserved: int

    def pick(self, rng: np.random.Generator, days: Ints, ages: tuple[float, float] = (0.0, 18.0)) -> Ints:
        """A child for each day, of an age within `ages` years on it; -1 where nobody is.

        Children of readier families come up more often, in proportion to `weight`.
        """
        pool = np.repeat(np.arange(len(self.ids)), self.weight)
        pool = pool[np.argsort(self.birth[pool], kind="stable")]
        births = self.birth[pool]
        oldest = np.searchsorted(births, days - int(ages[1] * 365.25), side="right")
        youngest = np.searchsorted(births, days - int(ages[0] * 365.25), side="right")
        room = youngest - oldest
        at = oldest + (rng.random(len(days)) * room).astype(np.int64)
        return np.where(room > 0, pool[np.minimum(at, len(pool) - 1)], -1)

    def age(self, child: Ints, day: Ints) -> Floats:
        """Age in years on a day."""
        return (day - self.birth[child]) / 365.25


def make_children(world: World, reserved_families: list[int]) -> Children:
    """All children of the authority; `reserved_families` gives the sizes of the plants' families."""
    rng, count = world.rng, world.children
    reserved = sum(reserved_families)
    drawn = rng.choice(np.arange(1, 5), size=count, p=FAMILY_SIZES)
    family_sizes = np.concatenate([np.array(reserved_families, dtype=np.int64), drawn])
    family = np.repeat(np.arange(len(family_sizes)), family_sizes)[:count]
    families = int(family.max()) + 1
    birth = world.until - rng.integers(1, int(OLDEST_YEARS * 365.25), size=count)
    birth[:reserved] = world.until - rng.integers(6 * 365, 15 * 365, size=reserved)
    locality = rng.integers(0, world.localities, families)[family]
    readiness = np.minimum(rng.geometric(0.45, families), 8)
    weight = 2 * readiness[family] + np.round(locality_rank(world)[locality] * 2).astype(np.int64)
    weight[:reserved] = 0
    ids = numbered("C", count, 6)
    family_ids = numbered("F", families, 6)[rng.permutation(families)]
    children = Children(ids[rng.permutation(count)], family, birth, locality, weight, reserved)
    write_children(world, children, family_ids, families)
    return children


def locality_rank(world: World) -> Floats:
    """How hard life is in each locality, 0 to 1."""
    return np.linspace(0.0, 1.0, world.localities)


def write_children(world: World, children: Children, family_ids: Texts, families: int) -> None:
    rng, count = world.rng, len(children.ids)
    school_age = of_school_age(world, children)
    area = np.array([f"Locality {number + 1:02d}" for number in range(world.localities)], dtype=object)
    last = identity.last_names(rng, families)[children.family]
    code = identity.postcodes(rng, families)[children.family]
    world.add(
        "children",
        {
            "child_id": children.ids,
            "family_id": family_ids[children.family],
            "school_id": "",
            "birth_date": world.days(children.birth),
            "locality": area[children.locality],
            "upn": identity.only(
                identity.upns(rng, count), school_age & (rng.random(count) < sizes.WITH_UPN)
            ),
            "nhs_number": identity.only(
                identity.nhs_numbers(rng, count), rng.random(count) < sizes.WITH_NHS_NUMBER
            ),
            "first_name": identity.first_names(rng, count),
            "last_name": last,
            "postcode": code,
        },
    )


def of_school_age(world: World, children: Children) -> Bools:
    aged: Bools = (world.until - children.birth) > 5 * 365
    return aged


def write_schools(world: World, children: Children, school_of_family: Ints, schools: list[str]) -> None:
    """The school of each child of school age; brothers and sisters go to the same one."""
    attended = np.array(schools, dtype=object)[school_of_family[children.family]]
    world.tables["children"]["school_id"] = np.where(of_school_age(world, children), attended, "")

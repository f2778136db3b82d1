"""Agencies, the seats in them, and the practitioners who hold a seat one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tacgraph.example import sizes
from tacgraph.example.sizes import AgencyKind
from tacgraph.example.world import OPEN, Bools, Floats, Ints, Texts, World, flags, numbered

MOST_HOLDERS = 8
GROUPS_OF_HEALTH = ("hv", "nurse", "midwifery", "camhs")
GROUPS_OF_OTHERS = ("youth", "yos", "housing", "police", "leaving_care", "disability")


@dataclass
class Agencies:
    """Agencies as columns; `locality` is -1 for one that serves the whole authority."""

    ids: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    sectors: list[str] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)
    gbp: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    locality: list[int] = field(default_factory=list)

    def add(self, name: str, sector: str, parent: str, *, gbp: str, group: str, locality: int) -> str:
        identifier = f"A{len(self.ids) + 1:04d}"
        self.ids.append(identifier)
        self.names.append(name)
        self.sectors.append(sector)
        self.parents.append(parent)
        self.gbp.append(gbp)
        self.groups.append(group)
        self.locality.append(locality)
        return identifier

    def of(self, group: str) -> list[int]:
        return [at for at, known in enumerate(self.groups) if known == group]


@dataclass
class Workforce:
    """Seats as columns, and their holders (practitioners) sorted by seat and day."""

    agencies: Agencies
    agency: Ints
    role: Texts
    fte: Floats
    share: Floats
    steady: Bools
    holder_seat: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    holder_from: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    holder_to: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    holder_ids: Texts = field(default_factory=lambda: np.empty(0, dtype=object))
    managers: dict[str, str] = field(default_factory=dict)
    practitioners: int = 0

    @property
    def capacity(self) -> Floats:
        """Points of each seat (the measures page)."""
        usual = np.array([sizes.ROLE_SHARE[role] for role in self.role])
        return self.fte * np.where(np.isnan(self.share), usual, self.share) * sizes.POINTS_PER_FTE

    @property
    def group(self) -> Texts:
        return np.array(self.agencies.groups, dtype=object)[self.agency]

    @property
    def locality(self) -> Ints:
        return np.array(self.agencies.locality)[self.agency]

    def holder_on(self, seat: Ints, day: Ints) -> Ints:
        """The holder of each seat on each day; of an empty seat, the steady holder in its agency."""
        key = self.holder_seat * 2**31 + self.holder_from
        at = np.maximum(np.searchsorted(key, seat * 2**31 + day, side="right") - 1, 0)
        held = (self.holder_seat[at] == seat) & (day < self.holder_to[at])
        first_of_agency = np.searchsorted(self.agency, self.agency[seat], side="left")
        steady = np.searchsorted(self.holder_seat, first_of_agency, side="left")
        return np.where(held, at, steady)

    def steady_holders(self, group: str | None = None) -> Ints:
        """Holders with a post that never ends, of one group of agencies or of all."""
        wanted = self.steady & (self.capacity > 0)
        if group is not None:
            wanted &= self.group == group
        return np.flatnonzero(wanted[self.holder_seat])


def make_workforce(world: World) -> Workforce:
    """All agencies, seats, practitioners and posts of the background."""
    agencies, cells = make_agencies(world)
    force = make_seats(world, agencies, cells)
    fill_seats(world, force)
    write_staff(world, force)
    return force


def make_agencies(world: World) -> tuple[Agencies, list[tuple[int, str, int]]]:
    """The agencies, and how many seats of which role each of them has."""
    agencies, cells = Agencies(), []
    parents = {
        key: agencies.add(name, sector, "", gbp=str(world.rng.integers(*gbp)), group=key, locality=-1)
        for key, (name, sector, gbp) in sizes.PARENTS.items()
    }
    for kind in sizes.AGENCY_KINDS:
        count = max(kind.fewest, round(kind.agencies * world.size))
        for number in range(count):
            gbp = contribution(world, kind)
            locality = number % world.localities if kind.local else -1
            name = f"{kind.name} {number + 1:03d}"
            parent = parents.get(kind.parent, "")
            agencies.add(name, kind.sector, parent, gbp=gbp, group=kind.group, locality=locality)
            at = len(agencies.ids) - 1
            cells += [(at, role, seats) for role, seats in seats_of(world, kind, count)]
    return agencies, cells


def contribution(world: World, kind: AgencyKind) -> str:
    """Pounds a year into the pooled budget; schools by the pupil (DU), some partners nothing."""
    if kind.group == "school":
        pupils = sizes.PUPILS_PER_SCHOOL * world.rng.uniform(0.4, 1.9)
        return str(round(pupils) * sizes.SCHOOL_GBP_PER_PUPIL)
    return str(world.rng.integers(*kind.gbp)) if kind.gbp[1] else ""


def seats_of(world: World, kind: AgencyKind, count: int) -> list[tuple[str, int]]:
    """Seats by role in one agency of a kind; parts of a seat are drawn."""
    if kind.group == "csc":
        cases = sizes.CIN_STOCK_PER_10K * world.children / 10_000
        mean_fte = float(np.dot(sizes.FTE_VALUES, sizes.FTE_PARTS))
        return [("social_worker", max(1, round(cases / sizes.CASELOAD_PER_FTE / mean_fte / count)))]
    scale = 1.0 if kind.group == "school" else max(0.05, kind.agencies * world.size / count)
    seats = []
    for role, each in kind.seats:
        whole, part = divmod(each * min(scale, 1.5), 1)
        seats.append((role, int(whole) + int(world.rng.random() < part)))
    first_role, first_count = seats[0]
    return [(first_role, max(1, first_count)), *[cell for cell in seats[1:] if cell[1]]]


def make_seats(world: World, agencies: Agencies, cells: list[tuple[int, str, int]]) -> Workforce:
    rng = world.rng
    counts = np.array([seats for _, _, seats in cells])
    agency = np.repeat(np.array([at for at, _, _ in cells]), counts)
    role = np.repeat(np.array([role for _, role, _ in cells], dtype=object), counts)
    fte = rng.choice(sizes.FTE_VALUES, p=sizes.FTE_PARTS, size=len(agency))
    share = np.full(len(agency), np.nan)
    share[agency == agencies.of("eh")[0]] = sizes.FAVOURED_SHARE
    first = np.append(True, agency[1:] != agency[:-1])
    return Workforce(agencies, agency, role, fte, share, steady=first)


def fill_seats(world: World, force: Workforce) -> None:
    """Who holds each seat when: people leave at the turnover rate, some seats stay empty a while."""
    rng, seats = world.rng, len(force.agency)
    stay = rng.exponential(365.25 / sizes.TURNOVER_A_YEAR, (seats, MOST_HOLDERS)).astype(np.int64) + 1
    empty = np.where(
        rng.random((seats, MOST_HOLDERS)) < sizes.VACANCY[0],
        rng.integers(7, sizes.VACANCY[1], (seats, MOST_HOLDERS)),
        0,
    )
    empty[:, 0] = 0
    stay[force.steady, 0] = OPEN
    ends = world.run_up + np.cumsum(stay + empty, axis=1)
    starts = ends - stay
    starts[:, 0] = world.run_up - rng.integers(200, 4000, seats)
    there = starts <= world.until
    force.steady = force.steady | (ends[:, 0] > world.until)
    seat, _ = np.nonzero(there)
    force.holder_seat, force.holder_from = seat, starts[there]
    force.holder_to = world.ended(ends[there])
    force.practitioners = len(seat)
    force.holder_ids = numbered("P", len(seat), 5)


def write_staff(world: World, force: Workforce) -> None:
    agencies = force.agencies
    force.managers = {
        agency: f"P{force.practitioners + at + 1:05d}" for at, agency in enumerate(agencies.ids)
    }
    force.practitioners += len(agencies.ids)
    write_practitioners(world, force)
    write_posts(world, force)
    world.add(
        "agencies",
        {
            "agency_id": agencies.ids,
            "name": agencies.names,
            "sector": agencies.sectors,
            "parent_agency_id": agencies.parents,
            "pooled_contribution_gbp": agencies.gbp,
        },
    )


def write_practitioners(world: World, force: Workforce) -> None:
    rng, holders, agencies = world.rng, len(force.holder_seat), force.agencies
    seat = force.holder_seat
    role = force.role[seat]
    sector = np.array(agencies.sectors, dtype=object)[force.agency[seat]]
    trained = world.days(np.maximum(force.holder_from, world.since - 1500) + rng.integers(0, 500, holders))
    late = np.maximum(force.holder_from, world.since - 1500) + 500 > world.until
    trained[(rng.random(holders) > sizes.TRAINED) | late] = ""
    manager = np.array(list(force.managers.values()), dtype=object)[force.agency[seat]]
    world.add(
        "practitioners",
        {
            "practitioner_id": force.holder_ids,
            "role": role,
            "name": [f"Practitioner {number:05d}" for number in range(1, holders + 1)],
            "line_manager_id": manager,
            "lead_trained_on": trained,
            "term_time_only": flags((sector == "education") & (rng.random(holders) < sizes.TERM_TIME_ONLY)),
        },
    )
    own = list(force.managers.values())
    above = [force.managers.get(parent, "") for parent in agencies.parents]
    main_role = {int(at): str(role) for at, role in zip(force.agency[::-1], force.role[::-1], strict=True)}
    world.add(
        "practitioners",
        {
            "practitioner_id": own,
            "role": [main_role.get(at, "social_worker") for at in range(len(own))],
            "name": [f"Practitioner {number:05d}" for number in range(holders + 1, holders + len(own) + 1)],
            "line_manager_id": above,
            "lead_trained_on": "",
            "term_time_only": "false",
        },
    )


def write_posts(world: World, force: Workforce) -> None:
    """The post that goes with each seat, second posts of part-time staff, managers' posts without cases."""
    rng, seat, agencies = world.rng, force.holder_seat, force.agencies
    ids = np.array(agencies.ids, dtype=object)
    share = np.array([f"{value:g}" if value == value else "" for value in force.share], dtype=object)  # noqa: PLR0124
    fte = force.fte[seat]
    post = {
        "practitioner_id": force.holder_ids,
        "agency_id": ids[force.agency[seat]],
        "started_on": world.days(force.holder_from),
        "ended_on": world.days(force.holder_to),
        "fte": fte,
        "home": "true",
        "tac_share": share[seat],
    }
    world.add("posts", post)
    second = np.flatnonzero((fte <= sizes.HALF_TIME_OR_SO) & (rng.random(len(seat)) < sizes.SPLIT_POST))
    places = np.array(agencies.of("eh")[1:] + agencies.of("voluntary") + agencies.of("youth"))
    place = places[rng.integers(0, len(places), len(second))]
    elsewhere = place != force.agency[seat[second]]
    second, place = second[elsewhere], place[elsewhere]
    split = {name: np.asarray(column)[second] for name, column in post.items() if name != "home"}
    split |= {"agency_id": ids[place], "fte": 0.4, "home": "false"}
    world.add("posts", split)
    started = world.days(np.full(len(ids), world.run_up - 4200))
    world.add(
        "posts",
        {
            "practitioner_id": list(force.managers.values()),
            "agency_id": ids,
            "started_on": started,
            "ended_on": "",
            "fte": 1.0,
            "home": "true",
            "tac_share": "0",
        },
    )

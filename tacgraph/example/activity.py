"""What teams and services do: needs levels, reviews, actions, the directory of services, interventions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tacgraph.example import sizes
from tacgraph.example.cases import Spans, part_of
from tacgraph.example.people import Children
from tacgraph.example.pools import Pools
from tacgraph.example.teams import Teams, levels
from tacgraph.example.workforce import Workforce
from tacgraph.example.world import OPEN, Ints, Texts, World, flags, numbered

MOST_REVIEWS = 48
OFFERS = {
    # Chosen: which kinds of agency offer which categories, first ones by each, the others by some
    "eh": ("parenting", "family_support", "attendance"),
    "youth": ("mentoring", "sexual_health"),
    "disability": ("family_support", "speech_language"),
    "hv": ("parenting",),
    "nurse": ("sexual_health",),
    "camhs": ("mental_health", "counselling"),
    "midwifery": ("parenting",),
    "yos": ("substance_misuse", "mentoring"),
    "housing": ("housing_support",),
    "voluntary": ("parenting", "counselling", "substance_misuse"),
    "school": ("mentoring", "attendance"),
}
SENSITIVE = ("sexual_health", "mental_health", "substance_misuse")
READILY = {"school": 0.25}


def write_needs(world: World, children: Children, teams: Teams, spans: Spans) -> None:
    """Needs levels: one at a time, each ended by the next, some stepping up or down half-way."""
    level = levels(world, teams)
    closed = teams.closed + 60
    half = (teams.opened + teams.closed) // 2
    stepping = part_of(world, len(level), 0.3) & (half > teams.opened + 20)
    turned = np.clip(level + np.where(part_of(world, len(level), 0.75), -1, 1), 1, 4)
    ladder = spans.where(np.isin(spans.kind.astype(str), ("CIN", "CP", "LAC")))
    frame = pd.DataFrame(
        {
            "child": np.concatenate([teams.child, teams.child[stepping], ladder.child]),
            "level": np.concatenate([level, turned[stepping], np.where(ladder.kind == "CIN", 3, 4)]),
            "start": np.concatenate([teams.opened, half[stepping], ladder.start]),
            "end": np.concatenate([closed, closed[stepping], ladder.end + 90]),
        }
    )
    frame = frame.sort_values(["child", "start", "level"], kind="stable").drop_duplicates(
        ["child", "start"], keep="last"
    )
    following = frame.groupby("child")["start"].shift(-1, fill_value=OPEN)
    frame["end"] = np.minimum(frame["end"], following)
    frame = frame[(frame["end"] > world.since) & (frame["start"] <= world.until)]
    world.add(
        "needs",
        {
            "child_id": children.ids[frame["child"].to_numpy()],
            "level": frame["level"].to_numpy(),
            "started_on": world.days(frame["start"].to_numpy()),
            "ended_on": world.days(world.ended(frame["end"].to_numpy())),
        },
    )


def write_tacs(world: World, children: Children, teams: Teams, ids: Texts) -> None:
    """Teams and their reviews; a missed review leaves its day as the next one, overdue."""
    rng, count = world.rng, len(ids)
    gaps = rng.integers(sizes.REVIEW_DAYS[0], sizes.REVIEW_DAYS[1] + 1, (count, MOST_REVIEWS))
    planned = teams.opened[:, None] + np.cumsum(gaps, axis=1)
    held = (planned <= world.until) & (planned < teams.closed[:, None])
    number = held.sum(axis=1)
    missed = part_of(world, count, sizes.REVIEW_MISSED) & (number > 0) & (teams.closed > world.until)
    number = number - missed
    held &= np.arange(MOST_REVIEWS) < number[:, None]
    upcoming = planned[np.arange(count), np.minimum(number, MOST_REVIEWS - 1)]
    told = (teams.closed > world.until) & ~part_of(world, count, 0.15)
    row, _ = np.nonzero(held)
    world.add("reviews", {"tac_id": ids[row], "held_on": world.days(planned[held])})
    models = {"tac": 0.84, "panel": 0.05, "team": 0.07, "integrated_service": 0.04}
    world.add(
        "tacs",
        {
            "tac_id": ids,
            "child_id": children.ids[teams.child],
            "opened_on": world.days(teams.opened),
            "closed_on": world.days(world.ended(teams.closed)),
            "model": pools_named(world, models, count),
            "assessment_id": teams.assessment,
            "next_review_on": world.days(np.where(told, upcoming, OPEN)),
        },
    )


def pools_named(world: World, parts: dict[str, float], count: int) -> Texts:
    names = np.array(list(parts), dtype=object)
    return names[world.rng.choice(len(names), size=count, p=list(parts.values()))]


def write_actions(world: World, pools: Pools, teams: Teams, ids: Texts, members: pd.DataFrame) -> None:
    """Actions owned by members while they are members; most done about their day, some late, some not."""
    rng = world.rng
    team, holder, start = (members[name].to_numpy() for name in ("team", "holder", "start"))
    end = np.minimum(members["end"].to_numpy(), world.until)
    count = rng.poisson(sizes.ACTIONS_A_YEAR * np.maximum(end - start, 0) / 365.25)
    row = np.repeat(np.arange(len(count)), count)
    agreed = start[row] + (rng.random(len(row)) * (end - start)[row]).astype(np.int64)
    due = agreed + rng.integers(7, 63, len(row))
    done = np.maximum(agreed + 1, due + np.round(rng.normal(-4, 9, len(row))).astype(np.int64))
    done = np.where(part_of(world, len(row), sizes.ACTION_DONE) & (done <= world.until), done, OPEN)
    lapsed = (done == OPEN) & (teams.closed[team[row]] <= world.until) & part_of(world, len(row), 0.8)
    done = np.where(lapsed, np.minimum(np.maximum(due, agreed + 1), world.until), done)
    world.add(
        "actions",
        {
            "action_id": numbered("X", len(row), 7),
            "tac_id": ids[team[row]],
            "practitioner_id": pools.force.holder_ids[holder[row]],
            "due_on": world.days(due),
            "done_on": world.days(done),
        },
    )


@dataclass
class Directory:
    """Services as columns."""

    ids: Texts
    agency: Ints
    category: Texts
    odds: np.typing.NDArray[np.float64]

    def one(self, force: Workforce, group: str, category: str) -> tuple[str, str]:
        """The first service of a category by a group of agencies, and its agency."""
        wanted = np.isin(self.agency, force.agencies.of(group)) & (self.category == category)
        at = int(np.flatnonzero(wanted)[0])
        return str(self.ids[at]), force.agencies.ids[int(self.agency[at])]


def write_services(world: World, force: Workforce) -> Directory:
    """The directory: each agency offers the first category of its kind, and the others mostly."""
    agency, category, odds = [], [], []
    for at, group in enumerate(force.agencies.groups):
        offered = OFFERS.get(group, ())
        for place, name in enumerate(offered):
            if place == 0 or at == force.agencies.of(group)[0] or world.rng.random() < sizes.OFFERED:
                agency.append(at)
                category.append(name)
                odds.append(READILY.get(group, 1.0))
    ids = numbered("S", len(agency), 4)
    kinds = np.array(category, dtype=object)
    agency_ids = np.array(force.agencies.ids, dtype=object)
    world.add(
        "services",
        {
            "service_id": ids,
            "agency_id": agency_ids[agency],
            "category": kinds,
            "name": [
                f"{name.replace('_', ' ').capitalize()} {number + 1:04d}" for number, name in enumerate(kinds)
            ],
            "sensitive": flags(np.isin(kinds.astype(str), SENSITIVE)),
        },
    )
    return Directory(ids, np.array(agency), kinds, np.array(odds))


def write_interventions(world: World, pools: Pools, teams: Teams, directory: Directory) -> None:
    """Services to children with a team, and to some without one."""
    rng, children = world.rng, pools.children
    each = rng.poisson(1.3, len(teams.child))
    with_team = np.repeat(np.arange(len(each)), each)
    window = world.until - world.since + 1
    alone = rng.poisson(sizes.SINGLE_SERVICE_PER_10K * world.children / 10_000 * (1 + window / 160))
    lone_start = world.since - 160 + rng.integers(0, window + 160, alone)
    lone_child = children.pick(rng, lone_start)
    lone_start, lone_child = lone_start[lone_child >= 0], lone_child[lone_child >= 0]
    span = np.minimum(teams.closed, world.until + 60)[with_team] - teams.opened[with_team]
    start = teams.opened[with_team] + (rng.random(len(with_team)) * span * 0.8).astype(np.int64)
    child = np.concatenate([teams.child[with_team], lone_child])
    start = np.concatenate([start, lone_start])
    end = start + 21 + rng.gamma(2.0, 70.0, len(start)).astype(np.int64)
    here = (start <= world.until) & (end > world.since)
    child, start, end = child[here], start[here], end[here]
    service = services_near(world, pools, child, directory)
    sensitive = np.isin(directory.category[service].astype(str), SENSITIVE)
    world.add(
        "interventions",
        {
            "intervention_id": numbered("I", len(child), 6),
            "child_id": children.ids[child],
            "service_id": directory.ids[service],
            "practitioner_id": deliverers(world, pools, directory.agency[service], start),
            "started_on": world.days(start),
            "ended_on": world.days(world.ended(end)),
            "consent": flags(sensitive & part_of(world, len(child), sizes.CONSENT)),
        },
    )


def services_near(world: World, pools: Pools, child: Ints, directory: Directory) -> Ints:
    """A service for each child, of an agency that serves the child's locality."""
    locality = np.array(pools.force.agencies.locality)[directory.agency]
    area = pools.children.locality[child]
    service = np.zeros(len(child), dtype=np.int64)
    chance = world.rng.random(len(child))
    for place in np.unique(area):
        near = np.flatnonzero(np.isin(locality, (-1, place)))
        odds = directory.odds[near] * np.where(locality[near] < 0, 1 / world.localities, 1.0)
        steps = np.cumsum(odds) / odds.sum()
        here = area == place
        service[here] = near[np.minimum(np.searchsorted(steps, chance[here]), len(near) - 1)]
    return service


def deliverers(world: World, pools: Pools, agency: Ints, day: Ints) -> Texts:
    """Who delivers: a holder of a seat in the agency on that day; not recorded for three in ten."""
    force = pools.force
    first = np.searchsorted(force.agency, agency, side="left")
    last = np.searchsorted(force.agency, agency, side="right")
    seat = first + (world.rng.random(len(agency)) * (last - first)).astype(np.int64)
    who = force.holder_ids[force.holder_on(seat, day)]
    return np.where(part_of(world, len(agency), 0.7), who, "").astype(object)

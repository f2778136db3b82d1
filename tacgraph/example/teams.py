"""Teams around the child: when they open and close, who leads, who is a member, what changes on the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tacgraph.example import sizes
from tacgraph.example.cases import Assessments, Spans, part_of, without_overlaps
from tacgraph.example.pools import Pools
from tacgraph.example.world import OPEN, Bools, Floats, Ints, Texts, World, numbered

SLOTS = sizes.LARGEST_TEAM - 1
LONG_ENOUGH = 120
BY_STATUTE = ("CP", "LAC", "RESIDENTIAL", "ADOPTION", "CARE_LEAVER")


@dataclass
class Teams:
    """Teams as columns; `seats` are the other members' (one row a team, -1 for none)."""

    child: Ints
    opened: Ints
    closed: Ints
    kind: Texts
    lead: Ints
    seats: Ints
    assessment: Texts

    def where(self, wanted: Bools | Ints) -> Teams:
        return Teams(*(getattr(self, name)[wanted] for name in self.__dataclass_fields__))

    @staticmethod
    def together(parts: list[Teams]) -> Teams:
        return Teams(*(np.concatenate([getattr(p, n) for p in parts]) for n in Teams.__dataclass_fields__))


def make_teams(world: World, pools: Pools, spans: Spans, helped: Assessments, assessed: Assessments) -> Teams:
    """Early help and statutory teams and those of siblings; a child has one at a time."""
    teams = Teams.together(
        [after_early_help(world, pools, helped), for_statuses(world, pools, spans, assessed)]
    )
    teams = Teams.together([teams, for_siblings(world, pools, teams)])
    teams = teams.where(
        (teams.closed > world.since) & (teams.opened <= world.until) & (teams.closed > teams.opened)
    )
    teams = teams.where(without_overlaps(Spans(teams.child, teams.opened, teams.closed, teams.kind)))
    return teams.where(np.lexsort((teams.child, teams.opened)))


def after_early_help(world: World, pools: Pools, helped: Assessments) -> Teams:
    rng = world.rng
    at = np.flatnonzero(helped.outcome == "support")
    child, opened = helped.child[at], helped.end[at] + rng.integers(0, 15, len(at))
    least, mean = sizes.EARLY_HELP_TAC_DAYS
    closed = opened + (least + rng.gamma(2.0, (mean - least) / 2, len(at))).astype(np.int64)
    other = pools.draw(pools.early_help_groups(child, opened), child, "lead")
    lead = np.where(part_of(world, len(at), sizes.ASSESSOR_LEADS), helped.seat[at], other)
    kind = np.full(len(at), "EH", dtype=object)
    return Teams(child, opened, closed, kind, lead, member_seats(world, pools, child, opened), helped.ids[at])


def for_statuses(world: World, pools: Pools, spans: Spans, assessed: Assessments) -> Teams:
    """Teams of children in social care and of those with other statuses, led as the status asks."""
    rng = world.rng
    shares = sizes.LADDER_WITH_TAC | {kind: other.with_tac for kind, other in sizes.OTHER_STATUSES.items()}
    spans = spans.where(part_of(world, len(spans.child), np.array([shares[kind] for kind in spans.kind])))
    opened = np.maximum(spans.start, world.run_up + rng.integers(0, 300, len(spans.child)))
    spans, opened = spans.where(spans.end > opened), opened[spans.end > opened]
    groups = {kind: other.lead_group for kind, other in sizes.OTHER_STATUSES.items()}
    group = np.array([groups.get(kind, "csc") for kind in spans.kind], dtype=object)
    other = (spans.kind == "CIN") & ~part_of(world, len(group), sizes.CIN_LED_BY_SOCIAL_WORKER)
    group[other] = "eh"
    lead = np.full(len(group), -1, dtype=np.int64)
    for name in sorted(set(group.tolist())):
        chosen = group == name
        lead[chosen] = pools.in_turn(name, spans.child[chosen], opened[chosen])
    seats = member_seats(world, pools, spans.child, opened)
    known = pd.Series(assessed.ids, index=pd.MultiIndex.from_arrays([assessed.child, assessed.end]))
    known = known[~known.index.duplicated()]
    found = known.reindex(pd.MultiIndex.from_arrays([spans.child, spans.start])).fillna("")
    return Teams(spans.child, opened, spans.end, spans.kind, lead, seats, found.to_numpy(dtype=object))


def member_seats(world: World, pools: Pools, child: Ints, opened: Ints) -> Ints:
    """The seats beside the lead: one to eight, the child's school often first."""
    others = 1 + np.minimum(world.rng.poisson(sizes.EXTRA_MEMBERS, len(child)), SLOTS - 1)
    seats = pools.supporters(np.repeat(child, SLOTS), np.repeat(opened, SLOTS)).reshape(len(child), SLOTS)
    pupil = pools.children.age(child, opened) >= sizes.SCHOOL_AGE
    first = pupil & part_of(world, len(child), sizes.PUPILS_SCHOOL_JOINS)
    seats[first, 0] = pools.own_school(child[first], "member")
    return np.where(np.arange(SLOTS) < others[:, None], seats, -1)


def for_siblings(world: World, pools: Pools, teams: Teams) -> Teams:
    """Teams of a sibling, mostly the same people on the same days."""
    family, count = pools.children.family, len(pools.children.ids)
    after = np.minimum(teams.child + 1, count - 1)
    before = np.maximum(teams.child - 1, 0)
    own = family[teams.child]
    sibling = np.where((family[after] == own) & (after != teams.child), after, before)
    alike = (
        (family[sibling] == own) & (sibling != teams.child) & (pools.children.birth[sibling] <= teams.opened)
    )
    chosen = np.flatnonzero(alike & part_of(world, len(own), sizes.SIBLING_JOINS))
    copy = teams.where(chosen)
    copy.child = sibling[chosen]
    copy.assessment = np.full(len(chosen), "", dtype=object)
    new = np.flatnonzero(part_of(world, len(chosen), sizes.SIBLING_OTHER_TEAM) & (copy.kind == "EH"))
    copy.lead[new] = pools.draw(
        pools.early_help_groups(copy.child[new], copy.opened[new]), copy.child[new], "lead"
    )
    copy.seats[new] = member_seats(world, pools, copy.child[new], copy.opened[new])
    return copy


@dataclass
class Parts:
    """Who takes part: intervals of seats in teams, before holders are known."""

    team: Ints
    seat: Ints
    start: Ints
    end: Ints
    reason: Texts


def memberships(world: World, teams: Teams) -> Parts:
    """The lead's seat for the whole time; the others join within a month, some leave early or come late."""
    rng = world.rng
    row, slot = np.nonzero(teams.seats >= 0)
    seat = teams.seats[row, slot]
    opened, closed = teams.opened[row], teams.closed[row]
    span = closed - opened
    joined = opened + np.minimum(rng.integers(0, 31, len(row)), span - 1)
    late = part_of(world, len(row), 0.12) & (slot > 0)
    joined = np.where(late, opened + (span * rng.uniform(0.2, 0.8, len(row))).astype(np.int64), joined)
    left = joined + ((closed - joined) * rng.uniform(0.3, 1.0, len(row))).astype(np.int64)
    early = part_of(world, len(row), 0.15) & (slot > 0) & (left > joined)
    left = np.where(early, left, closed)
    frame = pd.DataFrame(
        {
            "team": np.concatenate([np.arange(len(teams.child)), row]),
            "seat": np.concatenate([teams.lead, seat]),
            "start": np.concatenate([teams.opened, joined]),
            "end": np.concatenate([teams.closed, left]),
        }
    ).drop_duplicates(["team", "seat"])
    team, seat, start, end = (frame[name].to_numpy() for name in ("team", "seat", "start", "end"))
    return Parts(team, seat, start, end, np.full(len(frame), "", dtype=object))


def lead_parts(world: World, teams: Teams, force_group: Texts) -> Parts:
    """Who leads when: named late in some teams, handed over to the first other member in some."""
    rng, count = world.rng, len(teams.child)
    span = teams.closed - teams.opened
    lag = np.where(part_of(world, count, sizes.LATE_LEAD[0]), rng.integers(1, sizes.LATE_LEAD[1], count), 0)
    start = teams.opened + np.minimum(lag, span - 1)
    after = teams.seats[:, 0]
    able = (
        (teams.kind == "EH")
        & (after >= 0)
        & (after != teams.lead)
        & (force_group[after] != "hv")
        & (span > LONG_ENOUGH)
    )
    over = np.flatnonzero(able & part_of(world, count, sizes.HANDOVER))
    change = np.maximum(
        teams.opened[over] + (span[over] * rng.uniform(0.3, 0.8, len(over))).astype(np.int64), 0
    )
    change = np.maximum(change, np.maximum(start[over] + 1, teams.opened[over] + 31))
    end = teams.closed.copy()
    end[over] = change
    odds = {"predominant_need": 0.4, "relationship": 0.3, "family_choice": 0.15, "capacity": 0.15}
    reason = world.rng.choice(np.array(list(odds), dtype=object), count, p=list(odds.values()))
    reason[np.isin(teams.kind.astype(str), BY_STATUTE)] = "statutory"
    return Parts(
        np.concatenate([np.arange(count), over]),
        np.concatenate([teams.lead, after[over]]),
        np.concatenate([start, change]),
        np.concatenate([end, teams.closed[over]]),
        np.concatenate([reason, np.full(len(over), "handover", dtype=object)]),
    )


def held_by(world: World, pools: Pools, parts: Parts) -> pd.DataFrame:
    """The parts by practitioner: cut where one holder of a seat leaves and the next begins."""
    force = pools.force
    first = np.searchsorted(force.holder_seat, parts.seat, side="left")
    holders = np.searchsorted(force.holder_seat, parts.seat, side="right") - first
    row = np.repeat(np.arange(len(parts.team)), holders)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(holders) - holders, holders)
    holder = first[row] + nth
    frame = pd.DataFrame(
        {
            "team": parts.team[row],
            "holder": holder,
            "start": np.maximum(parts.start[row], force.holder_from[holder]),
            "end": np.minimum(parts.end[row], force.holder_to[holder]),
            "reason": parts.reason[row],
            "again": force.holder_from[holder] > parts.start[row],
        }
    )
    frame.loc[frame["again"] & (frame["reason"] != ""), "reason"] = "handover"
    return frame[(frame["start"] < frame["end"]) & (frame["start"] <= world.until)].reset_index(drop=True)


def write_teams(world: World, pools: Pools, teams: Teams) -> tuple[Texts, pd.DataFrame]:
    """Writes teams' members and leads; returns the teams' ids and the memberships by holder."""
    ids = numbered("T", len(teams.child), 6)
    members = held_by(world, pools, memberships(world, teams))
    leads = held_by(world, pools, lead_parts(world, teams, pools.group))
    for table, frame in (("memberships", members), ("leads", leads)):
        columns = {
            "tac_id": ids[frame["team"].to_numpy()],
            "practitioner_id": pools.force.holder_ids[frame["holder"].to_numpy()],
            "started_on": world.days(frame["start"].to_numpy()),
            "ended_on": world.days(world.ended(frame["end"].to_numpy())),
        }
        world.add(table, columns | ({"reason": frame["reason"].to_numpy()} if table == "leads" else {}))
    return ids, members


def levels(world: World, teams: Teams) -> Ints:
    """The needs level a team's child has at the opening."""
    early = 2 + part_of(world, len(teams.child), 0.45).astype(np.int64)
    need = np.where(part_of(world, len(teams.child), 0.8), 3, 4)
    high = np.isin(teams.kind.astype(str), ("CP", "LAC", "RESIDENTIAL", "MH_CPA"))
    known: Floats | Ints = np.where(teams.kind == "EH", early, np.where(high, 4, need))
    return np.asarray(known, dtype=np.int64)


def closed_or_open(world: World, teams: Teams) -> Ints:
    return np.where(teams.closed > world.until, OPEN, teams.closed)

"""What the tests of advice share: crowded partnerships, and its rules and goals in plain loops over rows."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path

from hypothesis import assume
from hypothesis import strategies as st

from analysis.tables import Slice
from graphmodel.codes import allocation_rules
from graphmodel.settings import Settings, settings
from tests.naive import Naive
from tests.naive_day import active, day
from tests.partnerships import Partnership, Size, random_partnership

CLOSE = 1e-9
MOST_SETS = 1500
AS_OF = date(2026, 3, 31)
DENSE = Size(agencies=4, practitioners=7, children=5, families=2, tacs=6, memberships=8, leads=9, posts=5)
SPARSE = Size(memberships=10, leads=6)
TRAINED = ("2020-01-01", "2020-01-01", "2026-03-31", "2026-04-01", "")
KEYS = {
    "leads": ("tac_id", "practitioner_id", "started_on"),
    "memberships": ("tac_id", "practitioner_id", "started_on"),
    "posts": ("practitioner_id", "agency_id", "started_on"),
}
SEEDS = st.integers(0, 10**6)


def asked(**changes: object) -> Settings:
    """The settings with other rules of advice."""
    return settings().model_copy(update={"advice": settings().advice.model_copy(update=changes)})


def crowded(seed: int, size: Size = DENSE) -> Partnership:
    """Most are trained, most teams have members and one lead, so that handovers are possible."""
    chance = random.Random(seed)
    tables = random_partnership(seed, size, AS_OF).tables
    people = [row["practitioner_id"] for row in tables["practitioners"]]
    agencies = [row["agency_id"] for row in tables["agencies"]]
    running = {"started_on": "2025-10-01", "ended_on": ""}
    for person in tables["practitioners"]:
        person["lead_trained_on"] = chance.choice(
            ("2020-01-01", "2020-01-01", "2026-03-31", "2026-04-01", "")
        )
        fte, share = chance.choice(("0.1", "0.2", "0.4")), chance.choice(("0.5", "0.9", "", "0"))
        post = {"practitioner_id": person["practitioner_id"], "agency_id": chance.choice(agencies), **running}
        tables["posts"].append({**post, "fte": fte, "home": "true", "tac_share": share})
    tables["statuses"] = [row for row in tables["statuses"] if chance.random() < 0.4]
    for tac in tables["tacs"]:
        if chance.random() < 0.2:  # as awkward as it was made
            continue
        name = tac["tac_id"]
        tac["opened_on"], tac["closed_on"] = chance.choice(("2025-10-01", "2026-03-01")), ""
        tables["leads"] = [row for row in tables["leads"] if row["tac_id"] != name]
        reason = chance.choice(("capacity", "", "family_choice", "relationship", "handover", "other"))
        held = {"tac_id": name, "practitioner_id": chance.choice(people)}
        started = chance.choice(("2025-10-01", "2026-03-31", "2023-01-01"))
        tables["leads"].append({**held, **running, "started_on": started, "reason": reason})
        for member in chance.sample(people, min(len(people), 3)):
            tables["memberships"].append({**held, "practitioner_id": member, **running})
    for row in tables["leads"]:
        row.setdefault("reason", "")
    for name in ("memberships", "posts"):
        by_key = {tuple(row[k] for k in KEYS[name]): row for row in tables[name]}
        tables[name] = list(by_key.values())
    return Partnership(tables)


# -- the second road: rules and goals in plain loops ------------------------------------------------


@dataclass(frozen=True)
class Handover:
    tac: str
    giver: str
    taker: str
    cost: float


def first_led(naive: Naive, tac: str, person: str) -> date:
    return min(
        day(r["started_on"])
        for r in naive.rows["leads"]
        if (r["tac_id"], r["practitioner_id"]) == (tac, person)
        and day(r["started_on"]) <= naive.d
        and r["started_on"] != r["ended_on"]
    )


def rule_of(naive: Naive, child: str) -> dict[str, object] | None:
    held = {r["status"] for r in naive.rows["statuses"] if r["child_id"] == child and active(r, naive.d)}
    asking = [r for r in allocation_rules(naive.s.allocation_profile) if r["status"] in held]
    return asking[0] if asking else None


def allowed(naive: Naive, tac: str) -> list[Handover]:
    """The handovers of one TAC that the rules allow."""
    rules, child = naive.s.advice, naive.tacs[tac]["child_id"]
    if len(naive.leads[tac]) != 1:
        return []
    [giver] = naive.leads[tac]
    mine = [r for r in naive.rows["leads"] if (r["tac_id"], r["practitioner_id"]) == (tac, giver)]
    if any(r["reason"] == "family_choice" and active(r, naive.d) for r in mine):
        return []
    days = (naive.d - first_led(naive, tac, giver)).days
    if days >= rules.keep_relationship_days:
        return []
    rule = rule_of(naive, child)
    binding = rule is not None and rule["strength"] in ("required", "expected")
    lawful = rule is None or naive.people[giver]["role"] in list(rule["roles"])  # type: ignore[call-overload]
    if (binding and lawful) or (not binding and naive.level(child) >= rules.keep_from_level):
        return []
    found = []
    for taker in sorted(naive.team[tac] - {giver}):
        person = naive.people[taker]
        trained = person["lead_trained_on"] and day(person["lead_trained_on"]) <= naive.d
        away = person["term_time_only"] == "true" and not rules.to_term_time_only
        fits = rule is None or not (binding or lawful) or person["role"] in list(rule["roles"])  # type: ignore[call-overload]
        if trained and not away and fits and naive.capacity(taker) > 0:
            weight = naive.s.workload.need_weight[naive.level(child)]
            found.append(Handover(tac, giver, taker, weight * (1 + days / rules.relationship_weight_days)))
    return found


def carried_out(partnership: Partnership, d: date, moves: list[Handover]) -> Partnership:
    """The rows after the handovers, by hand."""
    tables = {name: [dict(row) for row in rows] for name, rows in partnership.tables.items()}
    for move in moves:
        for row in tables["leads"]:
            if (row["tac_id"], row["practitioner_id"]) == (move.tac, move.giver) and active(row, d):
                row["ended_on"] = d.isoformat()
        begun = {"started_on": d.isoformat(), "ended_on": ""}
        tables["leads"].append({"tac_id": move.tac, "practitioner_id": move.taker, **begun, "reason": ""})
        tables["memberships"].append({"tac_id": move.tac, "practitioner_id": move.giver, **begun})
    return Partnership(tables)


def goals(naive: Naive) -> tuple[float, float]:
    """Points above capacity, and the agencies' distance from their fair share in points."""
    over = [max(0.0, naive.points(p) - naive.capacity(p)) for p in naive.people]
    lead: dict[str, float] = {}
    room: dict[str, float] = {}
    for person in naive.people:
        held, total = naive.posts(person, naive.d), naive.capacity(person)
        led = math.fsum(naive.points_from(person, t) for t in naive.tacs if person in naive.leads[t])
        for post in held if total > 0 else []:
            part = naive.post_capacity(post)
            room[post["agency_id"]] = room.get(post["agency_id"], 0.0) + part
            lead[post["agency_id"]] = lead.get(post["agency_id"], 0.0) + led * part / total
    all_led, all_room = math.fsum(lead.values()), math.fsum(room.values())
    distance = [abs(lead[a] - all_led * room[a] / all_room) for a in room] if all_room > 0 else []
    return math.fsum(over), math.fsum(distance) / 2


Goals = tuple[float, float, float]


def every_set(partnership: Partnership, d: date, rules: Settings) -> list[tuple[int, Goals]]:
    """How many handovers, and the three goals, of every set that is allowed."""
    today = Naive(partnership, d, rules)
    choices = [[None, *allowed(today, tac)] for tac in sorted(today.tacs)]
    assume(1 < math.prod(len(x) for x in choices) <= MOST_SETS)
    found = []
    for picked in product(*choices):
        moves = [move for move in picked if move]
        after = Naive(carried_out(partnership, d, moves), d, rules)
        found.append((len(moves), (*goals(after), math.fsum(move.cost for move in moves))))
    return found


def best(sets: list[tuple[int, Goals]], most: int | None) -> Goals:
    """The least of the first goal; of those the least of the second; of those of the third."""
    left = [values for count, values in sets if most is None or count <= most]
    for number in range(3):
        least = min(values[number] for values in left)
        left = [values for values in left if values[number] <= least + 1e-7]
    return left[0]


def slice_of(partnership: Partnership, folder: Path) -> Slice:
    return Slice.from_folder(partnership.write(folder))

"""Overload explained: the parts of points, what tipped a lead, peers and split posts, by hand and plainly."""

from __future__ import annotations

import json
import math
from datetime import date, timedelta
from statistics import median
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort

from analysis.overload import CAPACITY_PARTS, PARTS, explain, parts, split_posts
from analysis.overload_peers import Peers
from analysis.tables import Slice
from graphmodel.settings import Settings, settings
from tests.naive import Naive
from tests.partnerships import AS_OF, Partnership, Row, partnerships, random_partnership
from tests.test_analysis_catalogue import as_slice

quick = effort(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
D = date(2026, 3, 31)
BEFORE = "2026-03-30"


# -- the plain road --------------------------------------------------------------------------------


class Plain(Naive):
    """The same parts and changes in loops over rows."""

    def parts_of(self, person: str) -> dict[str, float]:
        found = dict.fromkeys(PARTS, 0.0)
        work = self.s.workload
        for tac, row in self.tacs.items():
            weight = work.need_weight[self.level(row["child_id"])]
            if person in self.leads[tac]:
                found["base"] += work.need_weight[2]
                found["need"] += weight - work.need_weight[2]
                extra = max(0, len(self.team[tac]) - work.team_size_free)
                found["team_size"] += weight * work.team_size_step * extra
                if (self.d - date.fromisoformat(row["opened_on"])).days < work.set_up_days:
                    together = weight * (1 + work.team_size_step * extra)
                    found["set_up"] += together * work.set_up_factor - together
            elif person in self.team[tac]:
                found["supporting"] += weight * work.supporting_factor
        return found

    def gap(self, person: str) -> float:
        return self.points(person) - self.s.workload.overload_threshold * self.capacity(person)

    def over(self) -> set[str]:
        return {r[0] for r in self.overloaded_leads()}

    def home_locality(self, person: str) -> str | None:
        seen: dict[str, int] = {}
        for tac, row in self.tacs.items():
            place = self.children[row["child_id"]]["locality"]
            if person in self.team[tac] and place:
                seen[place] = seen.get(place, 0) + 1
        return min(seen, key=lambda place: (-seen[place], place)) if seen else None


def near(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


@quick
@given(partnerships())
def test_the_parts_are_the_plain_ones_and_add_up(made: tuple[Partnership, date]) -> None:
    partnership, d = made
    plain = Plain(partnership, d, settings())
    frame = parts(as_slice(partnership), d, settings())
    assert {r[0] for r in plain.workload()} == set(frame["practitioner_id"])
    for row in frame.to_dict(orient="records"):
        person = str(row["practitioner_id"])
        wanted = plain.parts_of(person)
        assert all(near(row[name], wanted[name]) for name in PARTS), (person, wanted, row)
        assert near(math.fsum(row[name] for name in PARTS), plain.points(person))
        full = 15 * math.fsum(float(p["fte"]) for p in plain.posts(person, d))
        assert near(row["full_time"], full)
        assert near(math.fsum(row[name] for name in CAPACITY_PARTS), plain.capacity(person))
        assert row["share_of_post"] <= 1e-9
        assert row["newly_qualified"] == 0


@quick
@given(partnerships())
def test_the_changes_of_the_day_of_tipping_add_up(made: tuple[Partnership, date]) -> None:
    partnership, d = made
    found = explain(as_slice(partnership), d, settings(), most_days=120)
    days: dict[date, Plain] = {}

    def on(day: date) -> Plain:
        return days.setdefault(day, Plain(partnership, day, settings()))

    assert set(found.leads["practitioner_id"]) == on(d).over()
    for lead in found.leads.to_dict(orient="records"):
        person = str(lead["practitioner_id"])
        own = found.changes[found.changes["practitioner_id"] == person]
        assert person in on(lead["since"]).over()
        if lead["longer"]:
            assert own.empty
            assert lead["tipped_by"] is None
            continue
        day = lead["since"]
        assert person not in on(day - timedelta(days=1)).over()
        moved = on(day).gap(person) - on(day - timedelta(days=1)).gap(person)
        assert near(own["points"].sum(), moved), own
        assert set(own["day"]) == {day}
        assert lead["tipped_by"] in set(own["change"])


@quick
@given(partnerships())
def test_peers_are_the_plain_ones(made: tuple[Partnership, date]) -> None:
    partnership, d = made
    plain = Plain(partnership, d, settings())
    peers = Peers.of(as_slice(partnership), d, settings())
    able = [p for p in plain.people if plain.capacity(p) > 0]
    for person in able:
        role = [p for p in able if plain.people[p]["role"] == plain.people[person]["role"]]
        used: dict[str, float] = {p: plain.points(p) / plain.capacity(p) for p in role}
        room = {p: plain.capacity(p) - plain.points(p) for p in role if p != person}
        free = {p for p in room if room[p] >= 1.0 - 1e-9}

        def agencies(p: str) -> set[str]:
            return {post["agency_id"] for post in plain.posts(p, d)}

        close = {p for p in free if agencies(p) & agencies(person)}
        here = plain.home_locality(person)
        local = {p for p in free if here is not None and plain.home_locality(p) == here}
        summary = peers.summary(person)
        assert near(summary["role_median"], median(used.values()))
        assert summary["peers"] == len(room)
        assert summary["carry_less"] == sum(used[p] < used[person] - 1e-9 for p in room)
        counted = (summary["with_room"], summary["room_in_agency"], summary["room_in_locality"])
        assert counted == (len(free), len(close), len(local))
        rows = peers.frame(person).set_index("practitioner_id")
        assert set(rows.index) == set(room)
        assert set(rows.index[rows["has_room"] & rows["same_agency"]]) == close
        assert set(rows.index[rows["has_room"] & rows["same_locality"]]) == local
        assert all(near(rows["room"].to_dict()[p], room[p]) for p in room)


@quick
@given(partnerships())
def test_split_posts_share_points_as_fairness_does(made: tuple[Partnership, date]) -> None:
    partnership, d = made
    plain = Plain(partnership, d, settings())
    frame = split_posts(as_slice(partnership), d, settings())
    wanted: dict[tuple[str, str], list[Row]] = {}
    for person in plain.people:
        held = plain.posts(person, d)
        if len({p["agency_id"] for p in held}) > 1:
            for post in held:
                wanted.setdefault((person, post["agency_id"]), []).append(post)
    assert set(wanted) == set(zip(frame["practitioner_id"], frame["agency_id"], strict=True))
    for row in frame.to_dict(orient="records"):
        person, agency = row["practitioner_id"], row["agency_id"]
        capacity = math.fsum(plain.post_capacity(p) for p in wanted[person, agency])
        whole = plain.capacity(person)
        part = capacity / whole if whole else 0.0
        led = math.fsum(plain.points_from(person, t) for t in plain.led(person))
        assert near(row["capacity"], capacity)
        assert near(row["points"], plain.points(person) * part)
        assert near(row["lead_points"], led * part)
        assert row["home"] == (plain.home(person) == agency)
        assert near(row["alone"], plain.points(person) / capacity) if capacity else math.isnan(row["alone"])


def test_a_run_of_a_single_practitioner_is_the_one_among_all() -> None:
    seen = 0
    for seed in range(12):
        tables = as_slice(random_partnership(seed, centre=AS_OF[0]))
        every = explain(tables, AS_OF[0], settings())
        json.dumps(every.record(), allow_nan=False)
        for person in every.leads["practitioner_id"]:
            alone = explain(tables, AS_OF[0], settings(), only=str(person))
            assert alone.of(str(person)) == every.of(str(person))
            assert len(alone.leads) == 1
            seen += 1
    assert seen > 5


# -- hand-made causes ------------------------------------------------------------------------------


def world(**more: list[Row]) -> Slice:
    """Ada, a social worker at 0.2 (3 points), leads three small old teams at level 2: exactly at the line."""
    old = {"started_on": "2025-01-01", "ended_on": ""}
    people = {"Ada": "social_worker", **dict.fromkeys(("Ben", "Cy", "Di", "Ed"), "teacher")}
    tables: dict[str, list[Row]] = {
        "agencies": [{"agency_id": a, "name": a, "sector": "other"} for a in ("LA", "NHS")],
        "practitioners": [{"practitioner_id": p, "role": role} for p, role in people.items()],
        "posts": [_post("Ada", "LA", "0.2")],
        "children": [{"child_id": f"C{n}", "locality": "North"} for n in range(1, 6)],
        "needs": [],
        "tacs": [{"tac_id": f"T{n}", "child_id": f"C{n}", **_open("2025-01-01")} for n in (1, 2, 3)],
        "leads": [{"tac_id": f"T{n}", "practitioner_id": "Ada", **old} for n in (1, 2, 3)],
        "memberships": [{"tac_id": "T1", "practitioner_id": p, **old} for p in ("Ben", "Cy")],
    }
    for name, rows in more.items():
        tables[name] = tables[name] + rows
    return as_slice(Partnership({name: _even(rows) for name, rows in tables.items()}))


def _even(rows: list[Row]) -> list[Row]:
    names = {name for row in rows for name in row}
    return [{name: row.get(name, "") for name in sorted(names)} for row in rows]


def _open(start: str, end: str = "") -> Row:
    return {"opened_on": start, "closed_on": end}


def _post(who: str, agency: str, fte: str, start: str = "2020-01-01", end: str = "") -> Row:
    span = {"started_on": start, "ended_on": end}
    return {"practitioner_id": who, "agency_id": agency, "fte": fte, "tac_share": "1", **span}


def _in(tac: str, who: str, start: str, end: str = "") -> Row:
    return {"tac_id": tac, "practitioner_id": who, "started_on": start, "ended_on": end}


def _need(child: str, level: str, start: str, end: str = "") -> Row:
    return {"child_id": child, "level": level, "started_on": start, "ended_on": end}


CAUSES: list[tuple[str, float, dict[str, list[Row]]]] = [
    (
        "lead_of_new_team",
        1.25,
        {
            "tacs": [{"tac_id": "T4", "child_id": "C4", **_open("2026-03-20")}],
            "leads": [_in("T4", "Ada", "2026-03-20")],
        },
    ),
    (
        "lead_taken_over",
        1.0,
        {
            "tacs": [{"tac_id": "T4", "child_id": "C4", **_open("2025-03-20")}],
            "leads": [_in("T4", "Ada", "2026-03-20")],
        },
    ),
    (
        "support_begun",
        0.4,
        {
            "tacs": [{"tac_id": "T4", "child_id": "C4", **_open("2025-03-20")}],
            "memberships": [_in("T4", "Ada", "2026-03-20")],
        },
    ),
    ("need_rose", 1.0, {"needs": [_need("C2", "4", "2026-03-20")]}),
    ("team_grew", 0.1, {"memberships": [_in("T1", "Di", "2026-03-20")]}),
    (
        "post_ended",
        1.5,
        {
            "posts": [_post("Ada", "NHS", "0.1", end="2026-03-20")],
            "needs": [_need("C3", "3", "2024-01-01")],
        },
    ),
]


@pytest.mark.parametrize(("change", "points", "more"), CAUSES, ids=[c[0] for c in CAUSES])
def test_what_tipped_a_lead_is_named(change: str, points: float, more: dict[str, list[Row]]) -> None:
    found = explain(world(**more), D, settings())
    assert list(found.leads["practitioner_id"]) == ["Ada"]
    row = found.leads.iloc[0]
    assert (row["since"], row["tipped_by"]) == (date(2026, 3, 20), change)
    assert row["tipped_points"] == pytest.approx(points)
    assert not row["longer"]


def test_exactly_at_the_line_is_not_above_it() -> None:
    assert explain(world(), D, settings()).leads.empty
    assert explain(world(), D, settings()).record()["leads"] == []


def test_a_supporter_above_the_line_tips_with_the_first_lead() -> None:
    """Ben, a teacher at 0.1 (0.15 points), supports from 2025 and takes T2 over: then he is a lead."""
    found = explain(
        world(
            posts=[{**_post("Ben", "LA", "0.1"), "tac_share": ""}],
            leads=[_in("T2", "Ben", "2026-03-10")],
        ),
        D,
        settings(),
    )
    row = found.leads.set_index("practitioner_id").loc["Ben"]
    assert (row["tipped_by"], row["since"]) == ("lead_taken_over", date(2026, 3, 10))
    assert (row["points"], row["capacity"]) == (pytest.approx(1.4), pytest.approx(0.15))


def test_a_first_post_tips_who_had_no_capacity() -> None:
    """Before it there was no utilisation to speak of; the points of the post itself are below 0."""
    found = explain(
        world(posts=[_post("Cy", "LA", "0.02", "2026-03-05")], leads=[_in("T3", "Cy", "2025-06-01")]),
        D,
        settings(),
    )
    row = found.leads.set_index("practitioner_id").loc["Cy"]
    assert (row["tipped_by"], row["since"]) == ("first_post", date(2026, 3, 5))
    assert row["tipped_points"] == pytest.approx(-0.3)


def test_the_end_of_set_up_is_a_change_that_lightens() -> None:
    """On 20 March a new lead (+1.25), on the day that T4's set-up ends (1.25 to 1.0): together +1.0."""
    found = explain(
        world(
            tacs=[
                {"tac_id": "T4", "child_id": "C4", **_open("2026-02-06")},
                {"tac_id": "T5", "child_id": "C5", **_open("2026-03-20")},
            ],
            leads=[_in("T4", "Ada", "2026-02-06"), _in("T5", "Ada", "2026-03-20")],
            posts=[_post("Ada", "NHS", "0.1")],
        ),
        D,
        settings(),
    )
    changes = found.changes.set_index("change")["points"].to_dict()
    assert changes == {"lead_of_new_team": pytest.approx(1.25), "set_up_ended": pytest.approx(-0.25)}
    row = found.leads.iloc[0]
    assert {name: pytest.approx(row[name]) for name in PARTS} == {
        "base": 5.0,
        "need": 0.0,
        "team_size": 0.0,
        "set_up": 0.25,
        "supporting": 0.0,
    }


def test_a_split_post_in_the_light_of_both_agencies() -> None:
    found = explain(
        world(
            posts=[_post("Ada", "NHS", "0.1")],
            needs=[_need("C1", "4", "2025-01-01"), _need("C2", "3", BEFORE)],
        ),
        D,
        settings(),
    )
    assert found.leads.empty
    frame = split_posts(world(posts=[_post("Ada", "NHS", "0.1")]), D, settings()).set_index("agency_id")
    assert frame.loc["LA", "part"] == pytest.approx(2 / 3)
    assert frame.loc["NHS", "points"] == pytest.approx(1.0)
    assert frame.loc["NHS", "alone"] == pytest.approx(2.0)
    assert frame.loc["LA", "home"]


def lighter(default: Settings) -> Settings:
    """A line at 80 % of capacity, teams of two free."""
    work = default.workload.model_copy(update={"overload_threshold": 0.8, "team_size_free": 2})
    return default.model_copy(update={"workload": work})


def test_another_line_and_other_weights_are_followed() -> None:
    found: Any = explain(world(), D, lighter(settings()))
    row = found.leads.iloc[0]
    assert row["utilisation"] > 1.0
    assert row["team_size"] == pytest.approx(0.1)
    assert row["longer"]

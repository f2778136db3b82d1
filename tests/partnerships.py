"""Made-up partnerships, small and awkward, in the import format: for property-based tests.

Every row is one that a load takes; what is awkward is legal. Intervals overlap, touch and have no length,
members leave and come back, teams have several leads or none, posts are split, missing or without capacity,
home posts tie, children have no family, two needs levels or a birthday on 29 February, sensitive services
come with and without consent, and ids hold commas, quotes, accents and digits.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from hypothesis import strategies as st

from graphmodel.codes import ROLES, STATUSES
from graphmodel.relationships import TABLES

Row = dict[str, str]

AS_OF: Final = (date(2026, 3, 31), date(2026, 2, 28), date(2024, 2, 29), date(2025, 12, 31))
"""Days to ask about: month ends, one of them before a birthday of those born on 29 February."""

_NEAR: Final = (0, 0, 1, -1, -2, -30, -41, -42, -43, -89, -90, -91, -180, -181, -364, -365, -366, 30)
_BIRTHS: Final = ("2008-02-29", "2008-03-31", "2008-04-01", "2008-09-27", "2008-09-28", "2015-07-01")
_IDS: Final = (
    *("{k}1", "{k}-2", '{k}"3"', "{k},4", "{k} 5", "{k}é6"),
    *("{k}'7", "{k}08", "{k}8", "{k.l}9", "漢{k}", "{k}|x"),
)
_ROLES: Final = ("social_worker", "teacher", "senco", "gp", "parent_carer", "yos_worker", "clown")
_CATEGORIES: Final = ("parenting", "mental_health", "sexual_health", "mentoring")


@dataclass(frozen=True)
class Size:
    """How many of each: small enough to read, dense enough that every query has rows."""

    agencies: int = 5
    practitioners: int = 12
    families: int = 3
    children: int = 8
    tacs: int = 9
    posts: int = 16
    memberships: int = 40
    leads: int = 14
    needs: int = 10
    statuses: int = 8
    assessments: int = 14
    services: int = 6
    interventions: int = 24
    actions: int = 10
    reviews: int = 8


@dataclass(frozen=True)
class Partnership:
    """Rows by table, values as text; an empty value is missing."""

    tables: dict[str, list[Row]]

    def write(self, folder: Path) -> Path:
        """One CSV a table; tables without rows are left out, as the format allows."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows in self.tables.items():
            if not rows:
                continue
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
        return folder

    def asked(self) -> dict[str, dict[str, str]]:
        """What queries about one child or practitioner are asked here, by the query's name."""
        tacs, people = self.tables["tacs"], self.tables["practitioners"]
        return {
            "who_works_with": {"child_id": tacs[0]["child_id"] if tacs else "none"},
            "accountability_line": {"practitioner_id": people[0]["practitioner_id"] if people else "none"},
        }


def _ids(kind: str, count: int) -> list[str]:
    shapes = [shape.replace("{k.l}", kind.lower()).replace("{k}", kind) for shape in _IDS]
    return (shapes + [f"{kind}{n}" for n in range(100, 100 + count)])[:count]


class _Maker:
    def __init__(self, chance: random.Random, size: Size, centre: date) -> None:
        self.chance, self.size, self.centre = chance, size, centre
        self.agencies = _ids("A", size.agencies)
        self.practitioners = _ids("P", size.practitioners)
        self.families = _ids("F", size.families)
        self.children = _ids("C", size.children)
        self.tacs = _ids("T", size.tacs)
        self.assessments = _ids("S", size.assessments)
        self.services = _ids("V", size.services)

    def one(self, values: Sequence[str]) -> str:
        return self.chance.choice(values)

    def maybe(self, values: Sequence[str]) -> str:
        """One of them, or missing."""
        return self.chance.choice([*values, "", ""])

    def yes(self, part: float) -> bool:
        return self.chance.random() < part

    def day(self) -> date:
        near = self.chance.choice(_NEAR) if self.yes(0.5) else self.chance.randint(-500, 30)
        return self.centre + timedelta(days=near)

    def interval(self) -> Row:
        """Often still running on the centre; sometimes of no length."""
        start, end = sorted((self.day(), self.day()))
        if self.yes(0.1):
            end = start
        return {"started_on": start.isoformat(), "ended_on": "" if self.yes(0.6) else end.isoformat()}

    def distinct(self, count: int, make: Callable[[], Row], keys: Sequence[str]) -> list[Row]:
        """Up to `count` rows with different keys."""
        rows = [make() for _ in range(self.chance.randint(count // 2, count))]
        return list({tuple(row[key] for key in keys): row for row in rows}.values())

    # -- the tables --------------------------------------------------------------------------------

    def agency_rows(self) -> list[Row]:
        return [
            {
                "agency_id": agency,
                "name": f"Agency, {agency}",
                "sector": self.one(("health", "education", "police")),
                "parent_agency_id": self.maybe(self.agencies[:n]),
                "pooled_contribution_gbp": self.maybe(("0", "1200.5")),
            }
            for n, agency in enumerate(self.agencies)
        ]

    def practitioner_rows(self) -> list[Row]:
        return [
            {
                "practitioner_id": person,
                "role": self.one(_ROLES),
                "name": self.maybe(("Ann O'Neill", "Bo, the younger")),
                "line_manager_id": self.maybe(self.practitioners[:n]),
                "lead_trained_on": self.maybe((self.day().isoformat(),)),
                "term_time_only": self.maybe(("true", "false")),
            }
            for n, person in enumerate(self.practitioners)
        ]

    def post(self) -> Row:
        return {
            "practitioner_id": self.one(self.practitioners),
            "agency_id": self.one(self.agencies),
            **self.interval(),
            "fte": self.one(("0.1", "0.2", "0.5", "0.6", "1")),
            "home": self.maybe(("true", "false")),
            "tac_share": self.maybe(("0", "0.5", "1", "0.05")),
        }

    def child_rows(self) -> list[Row]:
        return [
            {
                "child_id": child,
                "family_id": self.maybe(self.families),
                "birth_date": self.maybe(_BIRTHS),
                "locality": self.maybe(("North", "Süd")),
            }
            for child in self.children
        ]

    def status(self) -> Row:
        return {
            "child_id": self.one(self.children),
            "status": self.one([code.status for code in STATUSES]),
            **self.interval(),
        }

    def need(self) -> Row:
        return {"child_id": self.one(self.children), "level": self.one("1234"), **self.interval()}

    def assessment_rows(self) -> list[Row]:
        rows = []
        for assessment in self.assessments:
            span = self.interval()
            rows.append(
                {
                    "assessment_id": assessment,
                    "child_id": self.one(self.children[:2]),
                    "practitioner_id": self.one(self.practitioners),
                    "kind": self.one(("common", "common", "early_help")),
                    "started_on": span["started_on"],
                    "completed_on": span["ended_on"],
                }
            )
        return rows

    def tac_rows(self) -> list[Row]:
        rows = []
        for tac in self.tacs:
            span = self.interval()
            rows.append(
                {
                    "tac_id": tac,
                    "child_id": self.one(self.children),
                    "opened_on": span["started_on"],
                    "closed_on": span["ended_on"],
                    "model": self.maybe(("tac", "panel")),
                    "assessment_id": self.maybe(self.assessments),
                    "next_review_on": self.day().isoformat() if self.yes(0.4) else "",
                }
            )
        return rows

    def in_team(self) -> Row:
        return {
            "tac_id": self.one(self.tacs),
            "practitioner_id": self.one(self.practitioners),
            **self.interval(),
        }

    def service_rows(self) -> list[Row]:
        return [
            {
                "service_id": service,
                "agency_id": self.one(self.agencies),
                "category": self.one(_CATEGORIES),
                "name": self.maybe(("Group, weekly",)),
                "sensitive": self.maybe(("true", "false")),
            }
            for service in self.services
        ]

    def intervention_rows(self) -> list[Row]:
        return [
            {
                "intervention_id": intervention,
                "child_id": self.one(self.children),
                "service_id": self.one(self.services),
                "practitioner_id": self.maybe(self.practitioners),
                **self.interval(),
                "consent": self.maybe(("true", "false")),
            }
            for intervention in _ids("I", self.size.interventions)
        ]

    def action_rows(self) -> list[Row]:
        return [
            {
                "action_id": action,
                "tac_id": self.one(self.tacs),
                "practitioner_id": self.one(self.practitioners),
                "due_on": self.day().isoformat(),
                "done_on": self.day().isoformat() if self.yes(0.4) else "",
            }
            for action in _ids("X", self.size.actions)
        ]

    def review(self) -> Row:
        return {"tac_id": self.one(self.tacs), "held_on": self.day().isoformat()}

    def tables(self) -> dict[str, list[Row]]:
        size, who_when = self.size, ("practitioner_id", "started_on")
        made = {
            "agencies": self.agency_rows(),
            "practitioners": self.practitioner_rows(),
            "posts": self.distinct(size.posts, self.post, ("agency_id", *who_when)),
            "children": self.child_rows(),
            "statuses": self.distinct(size.statuses, self.status, ("child_id", "status", "started_on")),
            "needs": self.distinct(size.needs, self.need, ("child_id", "started_on")),
            "assessments": self.assessment_rows(),
            "tacs": self.tac_rows(),
            "memberships": self.distinct(size.memberships, self.in_team, ("tac_id", *who_when)),
            "leads": self.distinct(size.leads, self.in_team, ("tac_id", *who_when)),
            "services": self.service_rows(),
            "interventions": self.intervention_rows(),
            "actions": self.action_rows(),
            "reviews": self.distinct(size.reviews, self.review, ("tac_id", "held_on")),
        }
        for child in made["children"]:
            child["school_id"] = self.maybe(self.agencies)
        for person in made["practitioners"]:
            person["newly_qualified_until"] = self.maybe((self.day().isoformat(),))
        return {name: made[name] for name in TABLES}


def random_partnership(seed: int, size: Size | None = None, centre: date = AS_OF[0]) -> Partnership:
    """The same partnership for the same seed; its dates gather around `centre`, the day to ask about."""
    return Partnership(_Maker(random.Random(seed), size or Size(), centre).tables())


@st.composite
def partnerships(draw: st.DrawFn, size: Size | None = None) -> tuple[Partnership, date]:
    """A partnership and a day to ask about; shrinks towards smaller ones."""
    centre = draw(st.sampled_from(AS_OF))
    chance = draw(st.randoms(use_true_random=False))
    chosen = size or draw(st.sampled_from((Size(2, 3, 1, 2, 2, 3, 5, 3, 2, 2, 3, 2, 4, 2, 2), Size())))
    return Partnership(_Maker(chance, chosen, centre).tables()), centre


assert set(_ROLES) - set(ROLES) == {"clown"}, "one role that the model does not know"

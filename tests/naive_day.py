"""One day of a partnership in plain loops over rows of text: what `tests.naive` is built of."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

from graphmodel.settings import Settings
from tests.partnerships import Partnership, Row

Rows = list[tuple[Any, ...]]


def day(text: str) -> date:
    return date.fromisoformat(text)


def active(row: Row, d: date, opens: str = "started_on", closes: str = "ended_on") -> bool:
    return day(row[opens]) <= d and (not row[closes] or d < day(row[closes]))


class NaiveDay:
    """The figures of one partnership on one day."""

    def __init__(self, partnership: Partnership, d: date, settings: Settings) -> None:
        self.rows, self.d, self.s = partnership.tables, d, settings
        self.people = {r["practitioner_id"]: r for r in self.rows["practitioners"]}
        self.children = {r["child_id"]: r for r in self.rows["children"]}
        self.services = {r["service_id"]: r for r in self.rows["services"]}
        self.tacs = {r["tac_id"]: r for r in self.rows["tacs"] if active(r, d, "opened_on", "closed_on")}
        self.leads = {t: self._in(t, "leads") for t in self.tacs}
        self.members = {t: self._in(t, "memberships") for t in self.tacs}
        self.team = {t: self.leads[t] | self.members[t] for t in self.tacs}

    def _in(self, tac: str, table: str) -> set[str]:
        return {r["practitioner_id"] for r in self.rows[table] if r["tac_id"] == tac and active(r, self.d)}

    # -- building blocks -----------------------------------------------------------------------------

    def level(self, child: str) -> int:
        held = [int(r["level"]) for r in self.rows["needs"] if r["child_id"] == child and active(r, self.d)]
        return max(held, default=2)

    def points_from(self, person: str, tac: str) -> float:
        row, w = self.tacs[tac], self.s.workload.need_weight[self.level(self.tacs[tac]["child_id"])]
        if person in self.leads[tac]:
            early = (self.d - day(row["opened_on"])).days < 42
            return w * (1.0 + 0.1 * max(0, len(self.team[tac]) - 3)) * (1.25 if early else 1.0)
        return w * 0.4 if person in self.team[tac] else 0.0

    def points(self, person: str) -> float:
        return math.fsum(self.points_from(person, t) for t in self.tacs)

    def posts(self, person: str, d: date) -> list[Row]:
        return [r for r in self.rows["posts"] if r["practitioner_id"] == person and active(r, d)]

    def post_capacity(self, post: Row) -> float:
        role = self.people[post["practitioner_id"]]["role"]
        share = post["tac_share"] or self.s.workload.tac_share.get(role, 1.0)
        end = self.people[post["practitioner_id"]].get("newly_qualified_until", "")
        learning = bool(end) and self.d < day(end)
        less = self.s.workload.newly_qualified_share if learning else 1
        return float(post["fte"]) * float(share) * 15 * less

    def capacity(self, person: str) -> float:
        return math.fsum(self.post_capacity(p) for p in self.posts(person, self.d))

    def home(self, person: str, d: date | None = None) -> str | None:
        held = self.posts(person, d or self.d)
        at_home = [p for p in held if p["home"] != "false"] or held
        return min(((day(p["started_on"]), p["agency_id"]) for p in at_home), default=(None, None))[1]

    def utilisation(self, person: str) -> float | None:
        capacity = self.capacity(person)
        return self.points(person) / capacity if capacity > 0 else None

    def led(self, person: str) -> list[str]:
        return [t for t in self.tacs if person in self.leads[t]]

    def supported(self, person: str) -> list[str]:
        return [t for t in self.tacs if person in self.team[t] - self.leads[t]]

    def running(self, child: str) -> list[Row]:
        return [r for r in self.rows["interventions"] if r["child_id"] == child and active(r, self.d)]

    def agency_of(self, intervention: Row) -> str:
        return self.services[intervention["service_id"]]["agency_id"]

    def of_child(self, child: str) -> list[str]:
        return sorted(t for t in self.tacs if self.tacs[t]["child_id"] == child)

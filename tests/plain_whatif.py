"""Scenarios by hand: the rows of the import format edited in plain loops, and measured by `tests.naive`.

Shares no code with `analysis.whatif`: what is written here is what docs/decisions/what-if.md says.
"""

from __future__ import annotations

import copy
import hashlib
from datetime import date

from graphmodel.codes import allocation_rules
from graphmodel.settings import Settings
from tests.naive import Naive
from tests.naive_day import active, day
from tests.partnerships import Partnership, Row


class Plain:
    """A partnership under change, as of `d`."""

    def __init__(self, made: Partnership, d: date, settings: Settings) -> None:
        self.made, self.d, self.s = Partnership(copy.deepcopy(made.tables)), d, settings
        self.freed: list[tuple[str, str]] = []
        self.new: list[str] = []

    @property
    def rows(self) -> dict[str, list[Row]]:
        return self.made.tables

    def now(self) -> Naive:
        return Naive(self.made, self.d, self.s)

    def add(self, table: str, row: Row) -> None:
        rows = self.rows[table]
        blank = dict.fromkeys(rows[0], "") if rows else {}
        keep = {k: v for k, v in row.items() if not blank or k in blank}
        rows.append({**blank, **keep})

    def gone(self, person: str) -> None:
        self.end_leads(person)
        for row in self.rows["memberships"]:
            if row["practitioner_id"] == person and active(row, self.d):
                row["ended_on"] = str(self.d)

    def end_leads(self, person: str) -> None:
        running = set(self.now().tacs)
        for row in self.rows["leads"]:
            if row["practitioner_id"] == person and active(row, self.d):
                if row["tac_id"] in running:
                    self.freed.append((row["tac_id"], person))
                row["ended_on"] = str(self.d)

    # -- the changes -------------------------------------------------------------------------------

    def candidates(self, agency: str, role: str) -> list[Row]:
        roles = {p["practitioner_id"]: p["role"] for p in self.rows["practitioners"]}
        return [
            row
            for row in self.rows["posts"]
            if active(row, self.d) and row["agency_id"] == agency and roles[row["practitioner_id"]] == role
        ]

    def withdraw(self, agency: str, role: str, count: int, *, most: bool = False) -> None:
        naive = self.now()
        posts = self.candidates(agency, role)

        def rank(row: Row) -> tuple[float, int, str]:
            points = round(naive.points(row["practitioner_id"]), 9)
            return (-points if most else points, -day(row["started_on"]).toordinal(), row["practitioner_id"])

        chosen = sorted(posts, key=rank)[:count]
        for row in chosen:
            row["ended_on"] = str(self.d)
        for person in sorted({row["practitioner_id"] for row in chosen}):
            if not self.now().posts(person, self.d):
                self.gone(person)

    def leave(self, person: str) -> None:
        for row in self.rows["posts"]:
            if row["practitioner_id"] == person and active(row, self.d):
                row["ended_on"] = str(self.d)
        self.gone(person)

    def arrive(self, agency: str, role: str, parts: list[str]) -> None:
        for number, fte in enumerate(parts, start=1):
            name = f"new-{number}"
            person = {"practitioner_id": name, "role": role, "lead_trained_on": str(self.d)}
            self.add("practitioners", {**person, "term_time_only": "false"})
            post = {"practitioner_id": name, "agency_id": agency, "started_on": str(self.d), "fte": fte}
            self.add("posts", {**post, "home": "true"})
            self.new.append(name)

    def drawn(self, ids: list[str], seed: int, part: float) -> list[str]:
        order = sorted(ids, key=lambda x: hashlib.sha256(f"{seed}:{x}".encode()).hexdigest())
        return order[: int(part * len(ids) + 0.5)]

    def grow(self, part: float) -> None:
        tacs = dict(self.now().tacs)
        chosen = self.drawn(list(tacs), self.s.fairness.bootstrap_seed, part)
        for number, tac in enumerate(chosen, start=1):
            name, child = f"grown-{number}", tacs[tac]["child_id"]
            self.add("children", {"child_id": name})
            about = {"tac_id": name, "child_id": name, "opened_on": tacs[tac]["opened_on"]}
            self.add("tacs", about)
            for table, key, old in (
                *(("memberships", "tac_id", tac), ("leads", "tac_id", tac)),
                *(("needs", "child_id", child), ("statuses", "child_id", child)),
            ):
                for row in [r for r in self.rows[table] if r[key] == old and active(r, self.d)]:
                    self.add(table, {**row, key: name})

    def close_schools(self) -> None:
        schools = {a["agency_id"] for a in self.rows["agencies"] if a["sector"] == "education"}
        term = {p["practitioner_id"] for p in self.rows["practitioners"] if p["term_time_only"] == "true"}
        closed, still = set(), set()
        for row in self.rows["posts"]:
            if not active(row, self.d):
                continue
            if row["agency_id"] in schools or row["practitioner_id"] in term:
                row["tac_share"] = "0"
                closed.add(row["practitioner_id"])
            else:
                still.add(row["practitioner_id"])
        for person in sorted(closed - still):
            self.end_leads(person)

    def needs_rise(self, part: float) -> None:
        naive = self.now()
        children = sorted({row["child_id"] for row in naive.tacs.values()})
        able = {child: naive.level(child) for child in children if naive.level(child) < 4}
        for child in self.drawn(list(able), self.s.fairness.bootstrap_seed, part):
            for row in self.rows["needs"]:
                if row["child_id"] == child and active(row, self.d):
                    row["ended_on"] = str(self.d)
            same = {"child_id": child, "started_on": str(self.d)}
            self.made.tables["needs"] = [
                row for row in self.rows["needs"] if any(row[k] != v for k, v in same.items())
            ]
            self.add("needs", {**same, "level": str(able[child] + 1), "ended_on": ""})

    # -- handing on --------------------------------------------------------------------------------

    def cover(self) -> dict[str, str | None]:
        naive = self.now()
        left = [tac for tac, _ in self.freed if not naive.leads[tac]]
        order = sorted(set(left), key=lambda t: (-self.weight(naive, t), t))
        return {tac: self.hand_on(tac) for tac in order}

    def weight(self, naive: Naive, tac: str) -> float:
        row = naive.tacs[tac]
        early = (self.d - day(row["opened_on"])).days < 42
        w = self.s.workload.need_weight[naive.level(row["child_id"])]
        if not naive.team[tac]:
            return w
        return round(w * (1.0 + 0.1 * max(0, len(naive.team[tac]) - 3)) * (1.25 if early else 1.0), 9)

    def hand_on(self, tac: str) -> str | None:
        naive = self.now()
        able = [p for p in naive.team[tac] if naive.capacity(p) > 0]
        rule = self.ruling(naive, tac)
        if rule is not None and rule["strength"] != "advisory":
            roles = rule["roles"]
            assert isinstance(roles, list)
            fit = [p for p in able if naive.people[p]["role"] in roles]
            able = fit if fit or rule["strength"] == "required" else able
        if not able:
            return None

        def rank(person: str) -> tuple[bool, float, str]:
            row = naive.people[person]
            trained = bool(row["lead_trained_on"]) and day(row["lead_trained_on"]) <= self.d
            ready = trained and row["term_time_only"] != "true"
            more = self.weight(naive, tac) - naive.points_from(person, tac)
            return (not ready, round((naive.points(person) + more) / naive.capacity(person), 9), person)

        best = min(able, key=rank)
        about = {"tac_id": tac, "practitioner_id": best, "started_on": str(self.d), "ended_on": ""}
        self.made.tables["leads"] = [
            row
            for row in self.rows["leads"]
            if any(row[k] != about[k] for k in ("tac_id", "practitioner_id", "started_on"))
        ]
        self.add("leads", about)
        return best

    def ruling(self, naive: Naive, tac: str) -> dict[str, object] | None:
        child = naive.tacs[tac]["child_id"]
        held = {r["status"] for r in self.rows["statuses"] if r["child_id"] == child and active(r, self.d)}
        for rule in allocation_rules(self.s.allocation_profile):
            if rule["status"] in held:
                return dict(rule)
        return None

    def relieve(self) -> list[tuple[str, str, str]]:
        start, moves = self.now(), []
        kinds = {(start.home(n), start.people[n]["role"]) for n in self.new if start.capacity(n) > 0}
        over = [(-round(r[7], 9), r[0]) for r in start.overloaded_leads() if (r[2], r[1]) in kinds]
        for _, giver in sorted(over):
            kind = (start.home(giver), start.people[giver]["role"])
            mine = sorted(start.led(giver), key=lambda t: (-round(start.points_from(giver, t), 9), t))
            for tac in mine:
                naive = self.now()
                used = naive.utilisation(giver)
                if used is None or round(used, 9) <= 1 + 1e-9:
                    break
                able = [
                    (round(naive.points(n) / naive.capacity(n), 9), n)
                    for n in self.new
                    if (naive.home(n), naive.people[n]["role"]) == kind
                    and self.fits(naive, n, naive.points_from(giver, tac))
                    and n not in naive.team[tac]
                ]
                if able:
                    self.move(tac, giver, min(able)[1])
                    moves.append((tac, giver, min(able)[1]))
        return moves

    @staticmethod
    def fits(naive: Naive, person: str, more: float) -> bool:
        able = naive.capacity(person)
        return able > 0 and round((naive.points(person) + more) / able, 9) <= 1 + 1e-9

    def move(self, tac: str, giver: str, taker: str) -> None:
        for table in ("leads", "memberships"):
            for row in self.rows[table]:
                if row["tac_id"] == tac and row["practitioner_id"] == giver and active(row, self.d):
                    row["ended_on"] = str(self.d)
            span = {"tac_id": tac, "practitioner_id": taker, "started_on": str(self.d)}
            self.add(table, {**span, "ended_on": ""})

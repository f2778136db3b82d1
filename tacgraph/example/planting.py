"""The bed that plants grow in: children kept for them, helpers to call on, and the rows they add."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from tacgraph.example.activity import Directory
from tacgraph.example.people import Children
from tacgraph.example.workforce import Workforce
from tacgraph.example.world import World, iso

Ids = dict[str, str | list[str]]
Row = dict[str, object]
TEAM_OTHERS = 3


class Bed:
    """Rows to add by table, and the ways to add them; identifiers run on from the background's."""

    def __init__(self, world: World, force: Workforce, children: Children, directory: Directory) -> None:
        self.world, self.force, self.children, self.directory = world, force, children, directory
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self.members: dict[str, list[str]] = {}
        self.opened = world.until - 120
        self.hired = world.run_up - 400
        pairs = np.bincount(children.family[: children.reserved]) == 2  # noqa: PLR2004
        self.paired = 2 * int(pairs.sum())
        self.next_pair, self.next_single = 0, self.paired
        spared = force.agency == force.agencies.of("hv")[0]
        able = force.steady_holders()
        self.able = able[~spared[force.holder_seat[able]]]
        odds = force.capacity[force.holder_seat[self.able]]
        self.odds = odds / odds.sum()
        self.home = {
            str(force.holder_ids[at]): force.agencies.ids[int(force.agency[force.holder_seat[at]])]
            for at in force.steady_holders()
        }

    # children

    def child(self) -> str:
        """The next child without siblings among the reserved ones."""
        at, self.next_single = self.next_single, self.next_single + 1
        if at >= self.children.reserved:
            raise AssertionError("plants use more children than `plants.families` reserves")
        return str(self.children.ids[at])

    def pair(self) -> tuple[str, str]:
        at, self.next_pair = self.next_pair, self.next_pair + 2
        return str(self.children.ids[at]), str(self.children.ids[at + 1])

    def family_of(self, child: str) -> str:
        known = self.world.tables["children"]
        return str(known.loc[known["child_id"] == child, "family_id"].iloc[0])

    def comes_of_age(self, child: str, in_days: int) -> int:
        """Gives the child a birth date so that it turns eighteen about `in_days` after the last day."""
        birth = self.world.until + in_days - 6574
        known = self.world.tables["children"]
        known.loc[known["child_id"] == child, "birth_date"] = iso(birth)
        return self.world.until + in_days

    # practitioners

    def helpers(self, count: int, apart_from: Sequence[str] = ()) -> list[str]:
        """Different practitioners with a steady post, by capacity."""
        free = np.array([str(self.force.holder_ids[at]) not in apart_from for at in self.able])
        odds = np.where(free, self.odds, 0.0)
        chosen = self.world.rng.choice(self.able, size=count, replace=False, p=odds / odds.sum())
        return [str(self.force.holder_ids[at]) for at in chosen]

    def helper(self, group: str | None = None, apart_from: Sequence[str] = ()) -> str:
        """One of them, of a kind of agency if named."""
        if group is None:
            return self.helpers(1, apart_from)[0]
        return str(self.force.holder_ids[self.world.rng.choice(self.force.steady_holders(group))])

    def steady_in(self, agency: int) -> list[str]:
        held = self.force.steady_holders()
        return [
            str(self.force.holder_ids[at])
            for at in held[self.force.agency[self.force.holder_seat[held]] == agency]
        ]

    def agency_of(self, practitioner: str) -> str:
        return self.home[practitioner]

    def agency(self, group: str, nth: int = 0) -> str:
        known = self.force.agencies.of(group)
        return self.force.agencies.ids[known[nth % len(known)]]

    def small_school(self, nth: int) -> str:
        """A school of its own for a plant, with one teacher beside whoever is hired for it."""
        number = len(self.force.agencies.of("school")) + nth + 1
        identifier = f"A{len(self.force.agencies.ids) + nth + 1:04d}"
        self.rows["agencies"].append(
            {
                "agency_id": identifier,
                "name": f"School {number:03d}",
                "sector": "education",
                "parent_agency_id": "",
                "pooled_contribution_gbp": "500",
            }
        )
        self.hire("teacher", identifier, 1.0)
        return identifier

    def practitioner(self, role: str, agency: str, *, trained: bool = True) -> str:
        """A new practitioner, still without a post."""
        number = self.force.practitioners + len(self.rows["practitioners"]) + 1
        self.rows["practitioners"].append(
            {
                "practitioner_id": f"P{number:05d}",
                "role": role,
                "name": f"Practitioner {number:05d}",
                "line_manager_id": self.force.managers.get(agency, ""),
                "lead_trained_on": iso(self.hired + 30) if trained else "",
                "term_time_only": "false",
            }
        )
        return f"P{number:05d}"

    def hire(self, role: str, agency: str, fte: float, *, to: int | None = None, trained: bool = True) -> str:
        who = self.practitioner(role, agency, trained=trained)
        self.post(who, agency, fte, to)
        return who

    def post(self, who: str, agency: str, fte: float, to: int | None = None) -> None:
        self.rows["posts"].append(
            {
                "practitioner_id": who,
                "agency_id": agency,
                "started_on": iso(self.hired),
                "ended_on": "" if to is None else iso(to),
                "fte": fte,
                "home": "true",
                "tac_share": "",
            }
        )

    # teams

    def tac_of(self, lead: str | None, review_in: int = 25) -> tuple[str, str]:
        """A team for a child of its own, and the child."""
        child = self.child()
        return self.tac(child, lead, review_in=review_in), child

    def tac(
        self,
        child: str,
        lead: str | None,
        *,
        others: int | list[str] = TEAM_OTHERS,
        review_in: int = 25,
        closed: int | None = None,
    ) -> str:
        """A team at level 3, opened 120 days ago, with a lead or none and so many other members."""
        number = len(self.world.tables["tacs"]) + len(self.rows["tacs"]) + 1
        tac = f"T{number:06d}"
        self.rows["tacs"].append(
            {
                "tac_id": tac,
                "child_id": child,
                "opened_on": iso(self.opened),
                "closed_on": "" if closed is None else iso(closed),
                "model": "tac",
                "assessment_id": "",
                "next_review_on": iso(self.world.until + review_in) if closed is None else "",
            }
        )
        self.rows["reviews"].append({"tac_id": tac, "held_on": iso(self.opened + 50)})
        if not any(row["child_id"] == child for row in self.rows["needs"]):
            self.need(child, 3, self.opened)
        self.members[tac] = []
        if lead is not None:
            self.join(tac, lead, to=closed)
            self.lead(tac, lead, self.opened, to=closed)
        beside = self.helpers(others, self.members[tac]) if isinstance(others, int) else others
        for who in beside:
            self.join(tac, who, to=closed)
        return tac

    def join(self, tac: str, who: str, since: int | None = None, to: int | None = None) -> None:
        if who in self.members[tac]:
            return
        self.members[tac].append(who)
        since = self.opened if since is None else since
        self.rows["memberships"].append(self.interval({"tac_id": tac, "practitioner_id": who}, since, to))

    def lead(
        self, tac: str, who: str, since: int, to: int | None = None, reason: str = "relationship"
    ) -> None:
        row = self.interval({"tac_id": tac, "practitioner_id": who}, since, to)
        self.rows["leads"].append(row | {"reason": reason})

    def need(self, child: str, level: int, since: int) -> None:
        self.rows["needs"].append(self.interval({"child_id": child, "level": level}, since, None))

    def interval(self, keys: dict[str, object], since: int, to: int | None) -> dict[str, object]:
        return keys | {"started_on": iso(since), "ended_on": "" if to is None else iso(to)}

    # what is done

    def action(self, tac: str, owner: str, due: int) -> str:
        number = len(self.world.tables["actions"]) + len(self.rows["actions"]) + 1
        row: Row = {"tac_id": tac, "practitioner_id": owner, "due_on": iso(due), "done_on": ""}
        self.rows["actions"].append({"action_id": f"X{number:07d}"} | row)
        return f"X{number:07d}"

    def assessment(self, child: str, who: str, start: int) -> str:
        number = len(self.world.tables["assessments"]) + len(self.rows["assessments"]) + 1
        row: Row = {"child_id": child, "practitioner_id": who, "kind": "early_help"}
        days = {"started_on": iso(start), "completed_on": iso(start + 10)}
        self.rows["assessments"].append({"assessment_id": f"AS{number:06d}"} | row | days)
        return f"AS{number:06d}"

    def intervention(self, child: str, group: str, category: str, start: int) -> tuple[str, str]:
        """A service from a kind of agency, still running; its id and the agency's."""
        service, agency = self.directory.one(self.force, group, category)
        number = len(self.world.tables["interventions"]) + len(self.rows["interventions"]) + 1
        row: Row = {"child_id": child, "service_id": service, "practitioner_id": ""}
        days = {"started_on": iso(start), "ended_on": "", "consent": "false"}
        self.rows["interventions"].append({"intervention_id": f"I{number:06d}"} | row | days)
        return f"I{number:06d}", agency

    # the list

    def day(self, least: int, most: int) -> int:
        """A day so many days before the last."""
        return self.world.until - int(self.world.rng.integers(least, most + 1))

    def record(self, kind: str, ids: Ids, what: str, since: int, to: int | None = None) -> None:
        self.world.plant(kind, ids, what, since, to)

    def write(self) -> None:
        for table, rows in self.rows.items():
            columns = {name: [row[name] for row in rows] for name in rows[0]}
            self.world.add(table, columns)

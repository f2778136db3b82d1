"""Every catalogue query in plain loops over rows of text, straight from the measures page.

Slow and simple on purpose: nothing is shared with `analysis` but the settings and the allocation table.
Rows come as tuples in no particular order.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import combinations, pairwise
from statistics import median
from typing import Any

from graphmodel.codes import SENSITIVE_CATEGORIES, allocation_rules
from tests.naive_day import NaiveDay, active, day

Rows = list[tuple[Any, ...]]


class Naive(NaiveDay):
    """The figures of one partnership on one day."""

    # -- the catalogue ---------------------------------------------------------------------------------

    def workload(self) -> Rows:
        shown = [p for p in self.people if self.led(p) or self.supported(p) or self.posts(p, self.d)]
        return [
            (
                *(p, self.people[p]["role"], self.home(p), len(self.led(p)), len(self.supported(p))),
                *(self.points(p), self.capacity(p), self.utilisation(p)),
            )
            for p in shown
        ]

    def overloaded_leads(self) -> Rows:
        return [r for r in self.workload() if r[3] and r[7] is not None and r[7] > 1.0 + 1e-9]

    def outliers(self) -> dict[str, float]:
        scores: dict[str, float] = {}
        for role in {r["role"] for r in self.people.values()}:
            used = {r[0]: r[7] for r in self.workload() if r[1] == role and r[3] + r[4] and r[7] is not None}
            if len(used) < 5:
                continue
            middle = median(used.values())
            spread = median(abs(x - middle) for x in used.values())
            if spread > 1e-9:
                scores |= {p: 0.6745 * (x - middle) / spread for p, x in used.items()}
        return scores

    def agency_fairness(self) -> Rows:
        able = {p: self.capacity(p) for p in self.people if self.capacity(p) > 0}
        capacity, points, led, expected = (
            {a["agency_id"]: 0.0 for a in self.rows["agencies"]} for _ in range(4)
        )
        for person, total in able.items():
            mine = sum(self.points_from(person, t) for t in self.led(person))
            led[str(self.home(person))] += len(self.led(person))
            for post in self.posts(person, self.d):
                capacity[post["agency_id"]] += self.post_capacity(post)
                points[post["agency_id"]] += mine * self.post_capacity(post) / total
        for tac, leads in self.leads.items():
            of_team = {p: able[p] for p in self.team[tac] if p in able}
            if len(leads) == 1:
                for person, part in of_team.items():
                    expected[str(self.home(person))] += part / sum(of_team.values())
        rows: Rows = []
        for a in (a for a in capacity if capacity[a] > 0):
            fair = capacity[a] / sum(capacity.values())
            load = points[a] / sum(points.values()) if sum(points.values()) else None
            ratio = None if load is None else load / fair
            rows.append((a, int(led[a]), expected[a], points[a], capacity[a], load, fair, ratio))
        return rows

    def duplicate_services(self) -> Rows:
        rows: Rows = []
        for child in self.children:
            for category in {s["category"] for s in self.services.values()}:
                mine = [
                    r for r in self.running(child) if self.services[r["service_id"]]["category"] == category
                ]
                agencies = sorted({self.agency_of(r) for r in mine})
                if len(agencies) > 1:
                    rows.append((child, category, agencies, len(mine)))
        return rows

    def repeat_assessments(self) -> Rows:
        rows: Rows = []
        for a in self.rows["assessments"]:
            for b in self.rows["assessments"]:
                apart = (day(b["started_on"]) - day(a["started_on"])).days
                same = a["child_id"] == b["child_id"] and a["kind"] == b["kind"]
                recent = self.d - timedelta(days=90) < day(b["started_on"]) <= self.d
                after = 0 < apart <= 90 or (apart == 0 and a["assessment_id"] < b["assessment_id"])
                one = self.home(a["practitioner_id"], day(a["started_on"]))
                two = self.home(b["practitioner_id"], day(b["started_on"]))
                if same and recent and after and one and two and one != two:
                    ids = (a["assessment_id"], one, b["assessment_id"], two)
                    rows.append((a["child_id"], a["kind"], *ids, apart))
        return rows

    def sibling_teams(self) -> Rows:
        rows: Rows = []
        for family in {c["family_id"] for c in self.children.values()} - {""}:
            tacs = [t for t in self.tacs if self.children[self.tacs[t]["child_id"]]["family_id"] == family]
            children = {self.tacs[t]["child_id"] for t in tacs}
            leads = {p for t in tacs for p in self.leads[t]}
            if len(children) > 1 and len(leads) > 1:
                agencies = {a for p in leads if (a := self.home(p))}
                rows.append((family, sorted(children), sorted(tacs), sorted(leads), sorted(agencies)))
        return rows

    def multiple_leads(self) -> Rows:
        found = [
            (c, self.of_child(c), {p for t in self.of_child(c) for p in self.leads[t]}) for c in self.children
        ]
        return [(c, tacs, sorted(leads)) for c, tacs, leads in found if len(leads) > 1]

    def multiple_tacs(self) -> Rows:
        return [(c, self.of_child(c)) for c in self.children if len(self.of_child(c)) > 1]

    def overlapping_teams(self) -> Rows:
        rows: Rows = []
        for one, two in combinations(sorted(self.tacs), 2):
            shared = len(self.team[one] & self.team[two])
            if shared >= 3:
                a, b = self.tacs[one]["child_id"], self.tacs[two]["child_id"]
                family = self.children[a]["family_id"]
                same = a == b or (family != "" and family == self.children[b]["family_id"])
                rows.append((one, two, shared, shared / len(self.team[one] | self.team[two]), same))
        return rows

    def crowded_children(self) -> Rows:
        rows: Rows = []
        for child in self.children:
            people = {p for t in self.of_child(child) for p in self.team[t]}
            people |= {r["practitioner_id"] for r in self.running(child)} - {""}
            if len(people) >= 8:
                roles = [self.people[p]["role"] for p in people]
                agencies = {self.home(p) for p in people} - {None}
                rows.append(
                    (child, len(people), len(agencies), sorted(r for r in set(roles) if roles.count(r) > 1))
                )
        return rows

    def crowded_schools(self) -> Rows:
        rows: Rows = []
        for school in {c["school_id"] for c in self.children.values()} - {""}:
            around: dict[str, set[str]] = {}
            for child in (c for c in self.children if self.children[c]["school_id"] == school):
                people = {p for t in self.of_child(child) for p in self.team[t]}
                people |= {r["practitioner_id"] for r in self.running(child)} - {""}
                for person in people:
                    if self.home(person) not in (None, school):
                        around.setdefault(person, set()).add(child)
            if len(around) >= 5:
                roles = [self.people[p]["role"] for p in around]
                named = sorted(f"{role}:{roles.count(role)}" for role in set(roles))
                homes = {self.home(p) for p in around}
                rows.append((school, len(set().union(*around.values())), len(around), len(homes), named))
        return rows

    def multi_agency_without_tac(self) -> Rows:
        rows: Rows = []
        for child in self.children:
            first: dict[str, date] = {}
            for r in self.running(child):
                agency = self.agency_of(r)
                first[agency] = min(first.get(agency, date.max), day(r["started_on"]))
            if len(first) > 1 and not self.of_child(child):
                rows.append((child, sorted(first), sorted(first.values())[1]))
        return rows

    def tacs_without_lead(self) -> Rows:
        rows: Rows = []
        for t, row in self.tacs.items():
            if not self.leads[t]:
                ended = [day(r["ended_on"]) for r in self.rows["leads"] if r["tac_id"] == t and r["ended_on"]]
                since = max([day(row["opened_on"]), *(e for e in ended if e <= self.d)])
                child = row["child_id"]
                rows.append((t, child, self.level(child), len(self.team[t]), (self.d - since).days))
        return rows

    def unsupported_leads(self) -> Rows:
        pairs = [(t, p) for t in self.tacs for p in self.leads[t]]
        no_post = [(t, p, "no_post") for t, p in pairs if not self.posts(p, self.d)]
        return [*no_post, *((t, p, "not_member") for t, p in pairs if p not in self.members[t])]

    def lead_not_needed(self) -> Rows:
        return [(t, self.tacs[t]["child_id"], *team) for t, team in self.team.items() if len(team) == 1]

    def statutory_breaches(self) -> Rows:
        rows: Rows = []
        for t, leads in self.leads.items():
            child = self.tacs[t]["child_id"]
            held = {
                r["status"] for r in self.rows["statuses"] if r["child_id"] == child and active(r, self.d)
            }
            ruling = next((r for r in allocation_rules("national") if r["status"] in held), None)
            roles = {self.people[p]["role"] for p in leads}
            if leads and ruling is not None:
                asked: Any = ruling["roles"]
                if not roles & set(asked):
                    about = (ruling["status"], ruling["strength"], sorted(asked))
                    rows.append((t, child, *about, sorted(leads), sorted(roles)))
        return rows

    def overdue_reviews(self) -> Rows:
        rows: Rows = []
        for t, row in self.tacs.items():
            held = [day(r["held_on"]) for r in self.rows["reviews"] if r["tac_id"] == t]
            last = max((h for h in held if h <= self.d), default=day(row["opened_on"]))
            due = day(row["next_review_on"]) if row["next_review_on"] else last + timedelta(days=90)
            if due < self.d:
                rows.append((t, row["child_id"], sorted(self.leads[t]), due, (self.d - due).days))
        return rows

    def overdue_actions(self) -> Rows:
        rows: Rows = []
        for r in self.rows["actions"]:
            done, due = r["done_on"] and day(r["done_on"]) <= self.d, day(r["due_on"])
            if r["tac_id"] in self.tacs and due < self.d and not done:
                who = r["practitioner_id"]
                rows.append((r["action_id"], r["tac_id"], who, self.home(who), due, (self.d - due).days))
        return rows

    def transitions_due(self) -> Rows:
        rows: Rows = []
        for t, row in self.tacs.items():
            born = self.children[row["child_id"]]["birth_date"]
            if born:
                adult = (
                    date(int(born[:4]) + 18, 3, 1)
                    if born[5:] == "02-29"
                    else day(f"{int(born[:4]) + 18}{born[4:]}")
                )
                if self.d < adult <= self.d + timedelta(days=180):
                    rows.append((row["child_id"], t, sorted(self.leads[t]), adult))
        return rows

    def window(self, months: int) -> Iterator[date]:
        number = self.d.year * 12 + self.d.month - 1 - months
        year, month = number // 12, number % 12 + 1
        start = date(year, month, min(self.d.day, calendar.monthrange(year, month)[1]))
        return (start + timedelta(days=n) for n in range(1, (self.d - start).days + 1))

    def lead_continuity(self) -> Rows:
        rows: Rows = []
        window = list(self.window(12))
        for tac in self.rows["tacs"]:
            live = [x for x in window if active(tac, x, "opened_on", "closed_on")]
            spans = [r for r in self.rows["leads"] if r["tac_id"] == tac["tac_id"]]
            spans.sort(key=lambda r: (r["started_on"], r["practitioner_id"]))
            if live:
                leading = [{r["practitioner_id"] for r in spans if active(r, x)} for x in live]
                moves = [
                    b
                    for a, b in pairwise(spans)
                    if a["practitioner_id"] != b["practitioner_id"] and day(b["started_on"]) in window
                ]
                rows.append((tac["tac_id"], len(set().union(*leading)), len(moves), leading.count(set())))
        return rows

    def assessor_leads(self) -> Rows:
        found: dict[str, list[bool]] = {}
        done = {r["assessment_id"]: r for r in self.rows["assessments"]}
        for tac in self.rows["tacs"]:
            if tac["assessment_id"] and 0 <= (self.d - day(tac["opened_on"])).days < 365:
                about = done[tac["assessment_id"]]
                who = about["practitioner_id"]
                agency = self.home(who, day(about["started_on"]))
                spans = [r for r in self.rows["leads"] if r["tac_id"] == tac["tac_id"]]
                begun = [
                    (r["started_on"], r["practitioner_id"]) for r in spans if day(r["started_on"]) <= self.d
                ]
                if agency:
                    found.setdefault(agency, []).append(min(begun, default=("", ""))[1] == who)
        return [(a, len(x), sum(x), sum(x) / len(x)) for a, x in found.items()]

    def untrained_leads(self) -> Rows:
        rows: Rows = []
        for p, row in self.people.items():
            untrained = not row["lead_trained_on"] or day(row["lead_trained_on"]) > self.d
            term_time = row["term_time_only"] == "true"
            if self.led(p) and (untrained or term_time):
                rows.append((p, self.home(p), len(self.led(p)), untrained, term_time))
        return rows

    def who_works_with(self, child_id: str) -> Rows:
        ties: list[tuple[str, str, date]] = []
        for t in self.of_child(child_id):
            for via, table in (("lead", "leads"), ("member", "memberships")):
                spans = [r for r in self.rows[table] if r["tac_id"] == t and active(r, self.d)]
                ties += [(r["practitioner_id"], via, day(r["started_on"])) for r in spans]
        for r in self.running(child_id):
            service = self.services[r["service_id"]]
            usual = "true" if service["category"] in SENSITIVE_CATEGORIES else "false"
            shown = (service["sensitive"] or usual) == "false" or r["consent"] == "true"
            if r["practitioner_id"] and shown:
                ties.append((r["practitioner_id"], "intervention", day(r["started_on"])))
        for r in self.rows["assessments"]:
            if r["child_id"] == child_id and active(r, self.d, "started_on", "completed_on"):
                ties.append((r["practitioner_id"], "assessment", day(r["started_on"])))
        return [
            (p, self.people[p]["role"], self.home(p), via, min(s for q, v, s in ties if (q, v) == (p, via)))
            for p, via in {(p, via) for p, via, _ in ties}
        ]

    def accountability_line(self, practitioner_id: str) -> Rows:
        rows: Rows = []
        who = practitioner_id
        while who:
            rows.append((len(rows), who, self.people[who]["role"], self.home(who)))
            who = self.people[who]["line_manager_id"]
        return rows

    def service_directory(self) -> Rows:
        rows: Rows = []
        for i, s in self.services.items():
            usual = "true" if s["category"] in SENSITIVE_CATEGORIES else "false"
            sensitive = (s["sensitive"] or usual) == "true"
            users = [c for c in self.children if i in {r["service_id"] for r in self.running(c)}]
            rows.append((s["category"], i, s["name"] or None, s["agency_id"], sensitive, len(users)))
        return rows

    def collaboration(self) -> Rows:
        rows: Rows = []
        homes = {p: self.home(p) for p in self.people}
        for one, two in combinations(sorted(r["agency_id"] for r in self.rows["agencies"]), 2):
            shared = [team for team in self.team.values() if {one, two} <= {homes[p] for p in team}]
            people = {p for team in shared for p in team if homes[p] in {one, two}}
            if shared:
                rows.append((one, two, len(shared), len(people)))
        return rows


def road(name: str) -> Callable[..., Rows]:
    found: Callable[..., Rows] = getattr(Naive, name)
    return found

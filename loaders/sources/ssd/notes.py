"""What the report of a load says: what was read and how, what could not be, and which question that costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from loaders.raw import Seen
from loaders.sources.ssd.fields import READ
from loaders.sources.ssd.files import SourceTable
from loaders.sources.ssd.reviews import review_notes
from loaders.sources.ssd.roles import RoleMap
from loaders.sources.ssd.statuses import status_notes
from loaders.sources.ssd.working import Working

_SHOWN: Final = 10

_COSTS: Final = {
    "ssd_person": "no child can be loaded, and so nothing that is about one",
    "ssd_involvements": "no teams, members or leads: nothing on workload, fairness, overload or handovers",
    "ssd_professionals": "no names, job titles, registration numbers or FTE of practitioners",
    "ssd_department": "no hierarchy of teams; teams are known by name where the rows give one",
    "ssd_family": "no families: brothers and sisters with different teams (sibling_teams) cannot be found",
    "ssd_early_help_episodes": "no early help: teams below the statutory threshold are in no figure",
    "ssd_cin_episodes": "no referrals: teams are per child and have no closing day of their own; no CIN",
    "ssd_cin_assessments": "no assessments: repeat_assessments and assessor_leads are empty",
    "ssd_cin_plans": "",
    "ssd_cp_plans": "no child protection plans: statutory_breaches does not see them",
    "ssd_cp_reviews": "no reviews of child protection plans: overdue_reviews counts from the team's opening",
    "ssd_cla_episodes": "looked after children are known by legal status alone",
    "ssd_cla_reviews": "no reviews of looked after children: overdue_reviews counts from the team's opening",
    "ssd_legal_status": "short breaks cannot be told from other care",
    "ssd_care_leavers": "no care leavers: statutory_breaches does not see them",
    "ssd_disability": "",
    "ssd_permanence": "no adoption plans: statutory_breaches does not see them",
    "ssd_linked_identifiers": "",
}

GAPS: Final = (
    "the dataset has no teams, leads, levels of need, services, interventions or actions of its own: teams "
    "and leads are derived by the rule above; duplicate_services, multi_agency_without_tac and "
    "overdue_actions are empty, and every child counts with the level of need taken for one not stated",
    "partners appear only where the case system records them as involved (key agency rows); early help that "
    "partners lead is mostly missing",
)


@dataclass(frozen=True)
class Left:
    """Files or tables that were not read: of the dataset, and of nobody knows what."""

    unread: list[str]
    strange: list[str]


def notes(w: Working, roles: RoleMap, tables: Sequence[SourceTable], left: Left) -> list[str]:
    """All of it, in the order in which a reader wants it."""
    rows = sum(t.rows for t in w.tallies.values())
    return [
        f"{rows} rows of {len(tables)} tables read: {', '.join(t.label for t in tables)}",
        *(note for table in tables for note in table.notes),
        *([f"tables of the dataset that are not needed: {', '.join(left.unread)}"] if left.unread else []),
        *([f"left out, no table of the dataset: {', '.join(left.strange)}"] if left.strange else []),
        *_dialects(w),
        *_team_notes(w, roles),
        *_role_notes(w),
        *_worker_notes(w),
        *status_notes(w),
        *review_notes(w),
        *_missing(w, tables),
        *GAPS,
    ]


def _dialects(w: Working) -> list[str]:
    """What betrays the case system, table by table."""
    found = []

    def columns(table: str) -> dict[str, str]:
        return w.tallies[table].columns if table in w.tallies else {}

    involved = columns("ssd_involvements")
    if involved and involved.get("person") != "invo_person_id":
        words = (
            f"the child is in {involved['person']}" if "person" in involved else "the child is the referral's"
        )
        found.append(f"ssd_involvements is as Mosaic writes it: it has no invo_person_id, {words}")
    for table, name, column in (
        ("ssd_cin_plans", "plan", "cin_plan_id"),
        ("ssd_cla_reviews", "person", "clar_cla_person_id"),
        ("ssd_cp_reviews", "held", "actual_date"),
    ):
        if columns(table).get(name) == column:
            found.append(f"{table} is as Mosaic writes it: {column}")
    older = [
        f"{table} {column}"
        for table, column in (
            ("ssd_cla_episodes", "clae_cla_episode_ceased"),
            ("ssd_department", "dept_id"),
        )
        if column in columns(table).values()
    ]
    if older:
        found.append(f"columns of an earlier version of the dataset: {', '.join(older)}")
    listed = w.one("SELECT sum(listed - 1) FROM prof")
    if listed:
        found.append(
            f"ssd_professionals lists {listed} professionals again, as Eclipse does: each is one practitioner"
        )
    return found


def _team_notes(w: Working, roles: RoleMap) -> list[str]:
    if "ssd_involvements" not in w.tallies and "ssd_early_help_episodes" not in w.tallies:
        return []
    least = roles.least_practitioners
    counted = dict(w.rows("SELECT kind, count(*) FROM team GROUP BY kind"))
    alone = w.one("SELECT count(DISTINCT tac) FROM stay ANTI JOIN team USING (tac)")
    placed = w.count("placed")
    found = [
        f"{sum(counted.values())} teams derived: {counted.get('ref', 0)} of referrals (ssd:ref:), "
        f"{counted.get('eh', 0)} of early help episodes (ssd:eh:), {counted.get('child', 0)} of children "
        f"without either (ssd:child:). A team is there from the first day on which {least} practitioners "
        "were involved at once until its episode closes, else until the last one leaves",
        f"{alone} further episodes had fewer than {least} practitioners at once: no team, so their workers' "
        "single-handed cases are in no workload figure (least_practitioners = 1 in a role map takes them in)",
    ]
    if placed:
        found.append(
            f"{placed} involvements name no referral: they fall to the episode that their days fall into"
        )
    explicit = w.count("led WHERE reason IS NULL")
    by_rule = w.count("led WHERE reason IS NOT NULL")
    words = (
        "by the rule allocated_worker_leads (reason: other)" if roles.allocated_worker_leads else "by no rule"
    )
    found.append(f"{explicit} leads by a role mapped to lead, {by_rule} {words}")
    return found


def _role_notes(w: Working) -> list[str]:
    codes = _unmapped(w)
    if not codes:
        return []
    shown = ", ".join(f"{code!r} ({rows}, {is_open} open)" for code, rows, is_open in codes[:_SHOWN])
    more = f" and {len(codes) - _SHOWN} more in findings.csv" if len(codes) > _SHOWN else ""
    rows = sum(row[1] for row in codes)
    return [
        f"{rows} involvements make no membership, because the role map does not know their role: "
        f"{shown}{more}. Name them in a role map of your own (--with)"
    ]


def _unmapped(w: Working) -> list[tuple[str, int, int]]:
    """Role codes that the map does not know: code, rows, open rows; the most frequent first."""
    found = w.rows(
        "SELECT code, count(*) AS n, count(*) FILTER (e IS NULL) FROM inv ANTI JOIN codes USING (code) "
        "GROUP BY code ORDER BY n DESC, code"
    )
    return [(str(code), int(n), int(is_open)) for code, n, is_open in found]


def role_findings(w: Working) -> list[Seen]:
    """Roles without a meaning, and rows without a worker, as counts by code or team."""
    found = [
        Seen(
            "unmapped_role",
            "memberships",
            code[:200],
            f"{n} involvements, {is_open} of them open: no membership",
        )
        for code, n, is_open in _unmapped(w)
    ]
    found += [
        Seen(
            "team_without_worker",
            "memberships",
            team[:200],
            f"{n} involvements name a team and no professional, {is_open} of them open: no membership",
        )
        for team, n, is_open in w.rows(
            "SELECT team, count(*), count(*) FILTER (e IS NULL) FROM inv WHERE professional IS NULL "
            "AND team IS NOT NULL GROUP BY team ORDER BY team"
        )
    ]
    found += [
        Seen(
            "referral_of_another_child",
            "memberships",
            str(referral),
            f"{n} involvements of other children name it",
        )
        for referral, n in w.rows(
            "SELECT referral, count(*) FROM inv WHERE referred <> person GROUP BY referral ORDER BY referral"
        )
    ]
    return found


def _worker_notes(w: Working) -> list[str]:
    found = []
    nobody, agencies = w.rows(
        "SELECT count(*), count(*) FILTER (part = 'key_agency') FROM inv LEFT JOIN codes USING (code) "
        "WHERE professional IS NULL"
    )[0]
    if nobody:
        found.append(
            f"{nobody} involvements name no professional ({agencies} of them key agencies): no membership; "
            "those with a team are in findings.csv"
        )
    mothers = w.count("only_mother")
    if mothers:
        found.append(f"{mothers} persons are mothers of whom no other table tells anything: not loaded")
    posts, with_fte = w.count("post"), w.count("prof WHERE fte IS NOT NULL")
    people = w.count("practitioner")
    if not with_fte:
        found.append(
            "no FTE is given, so there are no posts: no capacity, utilisation, overload, fairness or home "
            "agency; the social work workforce census (format csww) has the FTE of social workers"
        )
    elif posts < people:
        found.append(
            f"{posts} of {people} practitioners have an FTE, a team and an involvement, and so a post: it "
            "runs from their first involvement on, and ends with the last where none is open; the "
            "others have no capacity"
        )
    return found


def _missing(w: Working, tables: Sequence[SourceTable]) -> list[str]:
    there = {table.table for table in tables}
    found = [f"{t} is not there: {_COSTS[t]}" for t in _COSTS if t not in there and _COSTS[t]]
    empty = [t.label for name, t in w.tallies.items() if not t.rows and name in READ]
    return [*found, *([f"tables without a row: {', '.join(empty)}"] if empty else [])]

"""Suspicious but legal facts: loaded, and listed. Ids and dates only, never a name.

Each finding is a query over the good rows of the source; where a table it needs is not in the source, it is
left out, because half the facts would make false alarms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from graphmodel import codes
from graphmodel.relationships import TABLES
from loaders.checks import interval_of, quoted
from loaders.staging import Staging

_FOREVER: Final = "'9999-12-31'"


@dataclass(frozen=True)
class Finding:
    """`sql` gives ids, from, to, what; `tables` are those it needs, the first one is named in the list."""

    kind: str
    tables: tuple[str, ...]
    sql: str


def _end(column: str) -> str:
    return f"coalesce({column}, {_FOREVER})"


def _overlap(a: str, b: str) -> str:
    """SQL: two half-open intervals share a day."""
    return (
        f"{a}.started_on < {_end(f'{b}.ended_on')} AND {b}.started_on < {_end(f'{a}.ended_on')} "
        f"AND {a}.started_on < {_end(f'{a}.ended_on')} AND {b}.started_on < {_end(f'{b}.ended_on')}"
    )


def _pair(table: str, same: str, differ: str, ids: str, what: str) -> str:
    """SQL: pairs of rows that are alike in `same`, stand in order by `differ` and overlap."""
    return (
        f"SELECT {ids}, greatest(a.started_on, b.started_on), "
        f"nullif(least({_end('a.ended_on')}, {_end('b.ended_on')}), {_FOREVER}), {what} "
        f"FROM good_{table} a JOIN good_{table} b ON {same} AND {differ} WHERE {_overlap('a', 'b')}"
    )


# the part of a lead interval that no membership of the same team covers: the end of what is covered so far
# runs along the memberships in order of their start
_LEAD_GAPS: Final = f"""
WITH spans AS (
  SELECT l.row_no AS lead, l.tac_id, l.practitioner_id, l.started_on AS opens, {_end("l.ended_on")} AS closes,
         m.started_on AS s, {_end("m.ended_on")} AS e
  FROM good_leads l LEFT JOIN good_memberships m
    ON m.tac_id = l.tac_id AND m.practitioner_id = l.practitioner_id
   AND m.started_on < {_end("l.ended_on")} AND {_end("m.ended_on")} > l.started_on
), reached AS (
  SELECT *, coalesce(max(e) OVER (PARTITION BY lead ORDER BY s, e
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), opens) AS covered_to,
    max(e) OVER (PARTITION BY lead) AS last
  FROM spans
), gaps AS (
  SELECT lead, tac_id, practitioner_id, opens AS f, closes AS t FROM reached WHERE s IS NULL
  UNION ALL SELECT lead, tac_id, practitioner_id, greatest(covered_to, opens), s FROM reached
    WHERE s > greatest(covered_to, opens)
  UNION ALL SELECT DISTINCT lead, tac_id, practitioner_id, last, closes FROM reached WHERE last < closes
)
SELECT tac_id || ' ' || practitioner_id, min(f), nullif(max(t), {_FOREVER}),
       'leads the team without being a member of it' FROM gaps WHERE f < t
GROUP BY lead, tac_id, practitioner_id
"""

_OUTLIVES: Final = """
SELECT m.tac_id || ' ' || m.practitioner_id, t.closed_on, m.ended_on, 'runs on after the team was closed'
FROM good_{table} m JOIN good_tacs t ON t.tac_id = m.tac_id
WHERE t.closed_on IS NOT NULL AND (m.ended_on IS NULL OR m.ended_on > t.closed_on)
"""

FINDINGS: Final = (
    Finding("lead_not_member", ("leads", "memberships"), _LEAD_GAPS),
    Finding(
        "two_leads",
        ("leads",),
        _pair(
            "leads",
            "a.tac_id = b.tac_id",
            "a.practitioner_id < b.practitioner_id",
            "a.tac_id || ' ' || a.practitioner_id || ' ' || b.practitioner_id",
            "'two practitioners lead the team at once'",
        ),
    ),
    Finding(
        "overlapping_home_posts",
        ("posts",),
        _pair(
            "posts",
            "a.practitioner_id = b.practitioner_id",
            "a.row_no < b.row_no AND a.home AND b.home",
            "a.practitioner_id || ' ' || a.agency_id || ' ' || b.agency_id",
            "'two home posts at once: the one begun earliest counts'",
        ),
    ),
    Finding("membership_outlives_tac", ("memberships", "tacs"), _OUTLIVES.format(table="memberships")),
    Finding("lead_outlives_tac", ("leads", "tacs"), _OUTLIVES.format(table="leads")),
    Finding(
        "practitioner_without_post",
        ("practitioners", "posts"),
        "SELECT practitioner_id, NULL, NULL, 'holds no post, so has neither capacity nor home agency' "
        "FROM good_practitioners ANTI JOIN good_posts USING (practitioner_id)",
    ),
    Finding(
        "two_needs_levels",
        ("needs",),
        _pair(
            "needs",
            "a.child_id = b.child_id",
            "a.row_no < b.row_no AND a.level <> b.level",
            "a.child_id",
            "'needs levels ' || least(a.level, b.level) || ' and ' || greatest(a.level, b.level) "
            "|| ' at once: the higher counts'",
        ),
    ),
    Finding(
        "school_of_another_sector",
        ("children", "agencies"),
        "SELECT c.child_id || ' ' || c.school_id, NULL, NULL, 'goes to an agency of the sector ' || a.sector "
        "|| ', which is no school' FROM good_children c JOIN good_agencies a ON a.agency_id = c.school_id "
        "WHERE a.sector <> 'education'",
    ),
    Finding(
        "unknown_role",
        ("practitioners",),
        "SELECT min(practitioner_id), NULL, NULL, 'role ' || role || ' (' || count(*) || ' practitioners, "
        "the first named here) is none the format knows: the default share of the post is used' "
        f"FROM good_practitioners WHERE role NOT IN ({', '.join(map(quoted, codes.ROLES))}) GROUP BY role",
    ),
    Finding(
        "unknown_category",
        ("services",),
        "SELECT min(service_id), NULL, NULL, 'category ' || category || ' (' || count(*) || ' services, the "
        "first named here) is none the format knows' FROM good_services "
        f"WHERE category NOT IN ({', '.join(map(quoted, codes.SERVICE_CATEGORIES))}) GROUP BY category",
    ),
)

_TWICE: Final = {
    "posts": ("practitioner_id", "agency_id"),
    "statuses": ("child_id", "status"),
    "memberships": ("tac_id", "practitioner_id"),
    "leads": ("tac_id", "practitioner_id"),
}


def _all_findings() -> list[Finding]:
    found = list(FINDINGS)
    for table, (one, other) in _TWICE.items():
        same = f"a.{one} = b.{one} AND a.{other} = b.{other}"
        ids = f"a.{one} || ' ' || a.{other}"
        what = "'the same fact twice at once'"
        found.append(
            Finding("overlapping_intervals", (table,), _pair(table, same, "a.row_no < b.row_no", ids, what))
        )
    for table in TABLES:
        interval = interval_of(table)
        if interval:
            found.append(_empty_interval(table, *interval))
    return found


def _empty_interval(table: str, opens: str, closes: str) -> Finding:
    ids = " || ' ' || ".join(c for c in _id_columns(table))
    return Finding(
        "empty_interval",
        (table,),
        f"SELECT {ids}, {opens}, {closes}, 'ends on the day it begins: it never holds' "
        f"FROM good_{table} WHERE {opens} = {closes}",
    )


def _id_columns(table: str) -> tuple[str, ...]:
    declared = TABLES[table]
    return tuple(c for c in declared.key_columns if c != "started_on")


def collect(stage: Staging, step: Callable[[str], None]) -> dict[str, int]:
    """Fill the table of findings; how many there are of each kind."""
    for finding in _all_findings():
        if all(table in stage.present for table in finding.tables):
            step(finding.kind)
            stage.run(
                f"INSERT INTO findings SELECT {quoted(finding.kind)}, {quoted(finding.tables[0])}, "
                f"f.* FROM ({finding.sql}) AS f(ids, from_on, to_on, what)"
            )
    counted = stage.rows("SELECT kind, count(*) FROM findings GROUP BY kind ORDER BY kind")
    return {str(kind): int(number) for kind, number in counted}

"""Assessments, and the reviews of plans and of care, by the team they fall to."""

from __future__ import annotations

from typing import Final

from loaders.checks import is_date
from loaders.raw import Seen
from loaders.sources.ssd.teams import FOREVER
from loaders.sources.ssd.working import Working

KINDS: Final = (
    ("cina", "core", "ssd_cin_assessments", "assessment", "referral"),
    ("s47", "other", "ssd_s47_enquiry", "enquiry", "referral"),
    ("earl", "early_help", "ssd_early_help_episodes", "episode", "NULL"),
)
"""Prefix of the id, kind in the import format, table, its id and its referral."""

_YES: Final = "('y', 'yes', '1', 'true', 't')"


def derive_assessments(w: Working) -> None:
    """`assessed`: every assessment, those with dirty days too, which are rejected by name."""
    parts = [
        f"SELECT a.place, 'ssd:{prefix}:' || a.{ident} AS id, coalesce(a.person, r.person) AS person, "
        f"a.worker, '{kind}' AS kind, a.started AS s, a.ended AS e, CAST({referral} AS VARCHAR) AS referral, "
        f"'{table}' AS tbl FROM w_{table} a LEFT JOIN referred r ON r.referral = {referral}"
        for prefix, kind, table, ident, referral in (
            (p, k, t, i, "NULL" if r == "NULL" else f"a.{r}") for p, k, t, i, r in KINDS
        )
    ]
    w.run(f"CREATE TABLE assessed AS {' UNION ALL '.join(parts)}")


def assessments_without_worker(w: Working) -> tuple[list[Seen], list[str]]:
    """The assessments that the format cannot hold, a finding a table, and the same in words."""
    findings, notes = [], []
    for table, rows, first, begun, last in w.rows(
        "SELECT tbl, count(*), min(id), min(s), max(s) FROM assessed WHERE worker IS NULL "
        "GROUP BY tbl ORDER BY tbl"
    ):
        words = f"{rows} rows of {table} name no worker and make no assessment: it needs the practitioner"
        findings.append(Seen("assessment_without_worker", "assessments", first or "", words, begun, last))
        notes.append(words)
    return findings, notes


def link_assessments(w: Working) -> None:
    """`opened_after`: the last assessment of the team's referral begun by the day it came together."""
    w.run(
        f"""CREATE TABLE opened_after AS SELECT tac, arg_max(id, (s, place)) AS id FROM (
        SELECT t.tac, a.id, a.s, a.place
        FROM team t JOIN assessed a ON a.referral = t.episode AND a.person = t.person
        WHERE t.kind = 'ref' AND a.kind = 'core' AND a.worker IS NOT NULL AND {is_date("a.s")}
        AND a.s <= t.opened) GROUP BY tac"""
    )


def derive_reviews(w: Working) -> None:
    """`review`: every review with its child and referral; `held`: those that fall to a team; `next_review`.

    A review falls to the team of its plan's referral, if it was held in that team's time; else to the one
    team that the child had on that day; to none where there were several or none.
    """
    w.run(
        """CREATE TABLE review AS
        SELECT v.place, 'cp' AS kind, coalesce(v.person, p.person) AS person, p.referral,
          v.due, v.held, 'n' AS cancelled
        FROM w_ssd_cp_reviews v LEFT JOIN (SELECT plan, min(person) AS person, min(referral) AS referral
          FROM w_ssd_cp_plans WHERE plan IS NOT NULL GROUP BY plan) p ON p.plan = v.plan
        UNION ALL
        SELECT v.place, 'cla', coalesce(v.person, c.person), c.referral, v.due, v.held,
          lower(coalesce(v.cancelled, 'n'))
        FROM w_ssd_cla_reviews v LEFT JOIN (SELECT period, min(person) AS person, min(referral) AS referral
          FROM w_ssd_cla_episodes WHERE period IS NOT NULL
          GROUP BY period HAVING count(DISTINCT person) = 1) c
          ON c.period = v.period"""
    )
    there = f"t.opened <= r.held AND r.held <= coalesce(t.closed, {FOREVER})"
    held = f"r.held IS NOT NULL AND r.cancelled NOT IN {_YES}"
    w.run(
        f"""CREATE TABLE held AS SELECT place, coalesce(own, sole) AS tac, held FROM (
        SELECT r.place, r.held, min(t.tac) FILTER (t.kind = 'ref' AND t.episode = r.referral) AS own,
          CASE WHEN count(*) = 1 THEN min(t.tac) END AS sole
        FROM review r JOIN team t ON t.person = r.person WHERE {held} AND {is_date("r.held")} AND {there}
        GROUP BY r.place, r.held) WHERE coalesce(own, sole) IS NOT NULL"""
    )
    _next_reviews(w)


def _next_reviews(w: Working) -> None:
    """The earliest day set for a review that was not held, after the last one of its kind that was."""
    w.run(
        f"""CREATE TABLE next_review AS
        WITH last AS (SELECT person, kind, max(held) AS held FROM review
                      WHERE {is_date("held")} AND cancelled NOT IN {_YES} GROUP BY person, kind),
        due AS (SELECT r.place, r.person, r.referral, r.due FROM review r LEFT JOIN last USING (person, kind)
                WHERE r.held IS NULL AND r.cancelled NOT IN {_YES} AND {is_date("r.due")}
                AND (last.held IS NULL OR r.due > last.held)),
        chosen AS (SELECT d.due, min(t.tac) FILTER (t.kind = 'ref' AND t.episode = d.referral) AS own,
                     CASE WHEN count(*) = 1 THEN min(t.tac) END AS sole
                   FROM due d JOIN team t ON t.person = d.person AND t.closed IS NULL GROUP BY d.place, d.due)
        SELECT coalesce(own, sole) AS tac, min(due) AS due FROM chosen
        WHERE coalesce(own, sole) IS NOT NULL GROUP BY 1"""
    )


def review_notes(w: Working) -> list[str]:
    """How many reviews fall to no team."""
    held = w.count(f"review WHERE {is_date('held')} AND cancelled NOT IN {_YES}")
    placed = w.count("held")
    if held == placed:
        return []
    return [
        f"{held - placed} of {held} reviews were held on a day on which the child had no derived team, or "
        "several: not loaded"
    ]

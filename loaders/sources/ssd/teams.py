"""Teams around children, derived from who was involved with them when.

The rule, which the documentation repeats: an involvement belongs to the episode whose id it carries; without
one, to the child's episode that ran when it began, else to the first that began while it ran, else to the
child. Where as many practitioners as the role map asks for were involved in an episode at once, there was a
team, from the first such day on until the episode closed.
"""

from __future__ import annotations

from typing import Final

from graphmodel.declare import Property
from loaders.checks import is_date, quoted, value_fault
from loaders.raw import RowFault
from loaders.sources.ssd.roles import EARLY_HELP_WORKER, IN_TEAM, RoleMap
from loaders.sources.ssd.working import Working

FOREVER: Final = "'9999-12-31'"
NO_CODE: Final = "(no role)"


def until(column: str) -> str:
    """SQL: the end of an interval, far away where it is open."""
    return f"coalesce({column}, {FOREVER})"


def good_interval(opens: str, closes: str) -> str:
    """SQL: both days are real ones, in order; the end may be open."""
    return f"({is_date(opens)} AND ({closes} IS NULL OR ({is_date(closes)} AND {closes} >= {opens})))"


def islands(source: str, columns: str, *, touching: bool = False) -> str:
    """SQL: intervals of the same `columns` that overlap, as one; those that only touch where `touching`.

    `source` has place, s and e. The result has the columns, s, e, and the place of the earliest row.
    """
    order = f"s, {until('e')} DESC, place"
    within = "<=" if touching else "<"
    return f"""
      SELECT {columns}, min(s) AS s, nullif(max({until("e")}), {FOREVER}) AS e,
        arg_min(place, (s, place)) AS place
      FROM (SELECT *, sum(fresh) OVER (PARTITION BY {columns} ORDER BY {order}) AS island FROM (
        SELECT *, CASE WHEN s {within} max({until("e")}) OVER (PARTITION BY {columns} ORDER BY {order}
          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) THEN 0 ELSE 1 END AS fresh FROM {source}))
      GROUP BY {columns}, island"""


def _day_fault(column: str) -> str:
    return value_fault(Property(column, "date", "a day", "import format"))


def _interval_fault(opens: str, closes: str) -> tuple[str, str, str]:
    """SQL for what is wrong with an interval: the canonical column, the value, the reason."""
    o, c = _day_fault(opens), _day_fault(closes)
    cases = [
        (f"{opens} IS NULL", "started_on", "''", "'is required and empty'"),
        (f"({o}) IS NOT NULL", "started_on", opens, f"({o})"),
        (f"{closes} IS NOT NULL AND ({c}) IS NOT NULL", "ended_on", closes, f"({c})"),
        (f"{closes} < {opens}", "ended_on", closes, f"'is before started_on (' || {opens} || ')'"),
    ]
    column = " ".join(f"WHEN {when} THEN {quoted(name)}" for when, name, _, _ in cases)
    value = " ".join(f"WHEN {when} THEN {value}" for when, _, value, _ in cases)
    reason = " ".join(f"WHEN {when} THEN {reason}" for when, _, _, reason in cases)
    return f"CASE {column} END", f"CASE {value} END", f"CASE {reason} END"


def map_involvements(w: Working, roles: RoleMap) -> None:
    """`inv`: every involvement with its child, its code's meaning, and days; `bad_inv`: those of no use.

    `referred` is the child of a referral that one child alone has. A child is the one that the row names;
    where it names none, the one child of its referral.
    """
    w.run(
        """CREATE TABLE referred AS SELECT referral, min(person) AS person FROM w_ssd_cin_episodes
        WHERE referral IS NOT NULL AND person IS NOT NULL
        GROUP BY referral HAVING count(DISTINCT person) = 1"""
    )
    w.run(
        f"""CREATE TABLE inv AS SELECT i.place, i.professional, coalesce(i.role, {quoted(NO_CODE)}) AS code,
          i.team, i.referral, coalesce(i.person, r.person) AS person, i.started AS s, i.ended AS e,
          r.person AS referred
        FROM w_ssd_involvements i
        LEFT JOIN referred r ON r.referral = i.referral"""
    )
    codes = [str(row[0]) for row in w.rows("SELECT DISTINCT code FROM inv ORDER BY code")]
    known = [(c, *roles.part_of(c)) for c in [*codes, EARLY_HELP_WORKER] if roles.part_of(c)]  # type: ignore[misc]
    w.run("CREATE TABLE codes (code VARCHAR, part VARCHAR, trade VARCHAR, in_team BOOLEAN)")
    if known:
        code, part, trade = zip(*known, strict=True)
        in_team = [p in IN_TEAM for p in part]
        w.insert("codes", {"code": list(code), "part": list(part), "trade": list(trade), "in_team": in_team})
    _bad_involvements(w)


def _bad_involvements(w: Working) -> None:
    column, value, reason = _interval_fault("s", "e")
    w.run(
        f"""CREATE TABLE bad_inv AS SELECT * FROM (
        SELECT place, CASE WHEN person IS NULL THEN 'tac_id' ELSE {column} END AS col,
          CASE WHEN person IS NULL THEN coalesce(referral, '') ELSE {value} END AS value,
          CASE WHEN person IS NULL THEN 'names no child, nor a referral that one child alone has'
               ELSE {reason} END AS reason
        FROM inv JOIN codes USING (code)
        WHERE in_team AND professional IS NOT NULL) WHERE reason IS NOT NULL"""
    )


def involvement_faults(w: Working) -> list[RowFault]:
    """The involvements that would make a membership if they named a child and real days."""
    found = w.rows("SELECT place, col, value, reason FROM bad_inv ORDER BY place")
    return [RowFault(place, column, value or "", reason) for place, column, value, reason in found]


def derive_teams(w: Working, roles: RoleMap) -> None:
    """`episode`, `part` (who took part in what), `stay` (merged), `team`, and `led`."""
    _episodes(w)
    _parts(w)
    w.run(f"CREATE TABLE stay AS {islands('part', 'tac, person, kind, episode, professional')}")
    _teams(w, roles.least_practitioners)
    _leads(w, allocated=roles.allocated_worker_leads)


def _episodes(w: Working) -> None:
    """Each child's episodes with their days; several rows of one are one, open if any is."""
    parts = [
        f"""SELECT '{kind}' AS kind, {ident} AS episode, person, min(started) AS s,
        CASE WHEN bool_or(ended IS NULL) THEN NULL ELSE max(ended) END AS e FROM w_{table}
        WHERE {ident} IS NOT NULL AND person IS NOT NULL AND {good_interval("started", "ended")}
        GROUP BY {ident}, person"""
        for kind, table, ident in (
            ("ref", "ssd_cin_episodes", "referral"),
            ("eh", "ssd_early_help_episodes", "episode"),
        )
    ]
    w.run(f"CREATE TABLE episode AS {' UNION ALL '.join(parts)}")
    w.run("CREATE MACRO part_of_id(x) AS replace(replace(x, '%', '%25'), ':', '%3A')")
    w.run(
        "CREATE MACRO tac_of(kind, episode, person) AS 'ssd:' || kind || ':' || "
        "CASE kind WHEN 'child' THEN '' ELSE part_of_id(episode) || ':' END || part_of_id(person)"
    )


def _parts(w: Working) -> None:
    good = "in_team AND professional IS NOT NULL AND place NOT IN (SELECT place FROM bad_inv)"
    w.run(f"CREATE TABLE usable AS SELECT * FROM inv JOIN codes USING (code) WHERE {good}")
    # an involvement without a referral: the episode that ran when it began, else the first that began while
    # it ran
    w.run(
        f"""CREATE TABLE placed AS SELECT place, kind, episode FROM (
        SELECT u.place, p.kind, p.episode, row_number() OVER (PARTITION BY u.place ORDER BY
          p.s > u.s, CASE WHEN p.s <= u.s THEN -datediff('day', DATE '0001-01-01', CAST(p.s AS DATE))
          ELSE datediff('day', DATE '0001-01-01', CAST(p.s AS DATE)) END, p.kind DESC, p.episode) AS choice
        FROM usable u JOIN episode p ON p.person = u.person
        WHERE u.referral IS NULL AND ((p.s <= u.s AND u.s < {until("p.e")})
           OR (p.s > u.s AND p.s < {until("u.e")}))) WHERE choice = 1"""
    )
    early = f"""SELECT place, person, professional, part, s, e, 'eh' AS kind, episode FROM (
        SELECT place, person, worker AS professional, started AS s, ended AS e, episode
        FROM w_ssd_early_help_episodes WHERE worker IS NOT NULL AND person IS NOT NULL
        AND episode IS NOT NULL AND {good_interval("started", "ended")}) JOIN codes
        ON code = {quoted(EARLY_HELP_WORKER)} AND in_team"""
    w.run(
        f"""CREATE TABLE part AS SELECT tac_of(kind, episode, person) AS tac, * FROM (
        SELECT place, person, professional, part, s, e,
          CASE WHEN referral IS NOT NULL THEN 'ref' ELSE coalesce(placed.kind, 'child') END AS kind,
          coalesce(referral, placed.episode) AS episode
        FROM usable LEFT JOIN placed USING (place) UNION ALL BY NAME {early})"""
    )


def _teams(w: Working, least: int) -> None:
    """`team`: where `least` were in at once; until its episode closes, else until the last leaves."""
    w.run(
        f"""CREATE TABLE team AS
        WITH changes AS (SELECT tac, s AS day, count(*) AS n FROM stay GROUP BY ALL
                         UNION ALL SELECT tac, e, -count(*) FROM stay WHERE e IS NOT NULL GROUP BY ALL),
        days AS (SELECT tac, day, sum(n) AS n FROM changes GROUP BY ALL),
        running AS (SELECT tac, day, sum(n) OVER (PARTITION BY tac ORDER BY day) AS there FROM days),
        opened AS (SELECT tac, min(day) AS opened FROM running WHERE there >= {least} GROUP BY tac),
        whole AS (SELECT tac, kind, episode, person, min(place) AS place,
                    CASE WHEN bool_or(e IS NULL) THEN NULL ELSE max(e) END AS last_end,
                    count(DISTINCT professional) AS practitioners FROM stay GROUP BY ALL)
        SELECT whole.*, opened.opened,
          CASE WHEN p.person IS NOT NULL AND {until("p.e")} > opened THEN p.e ELSE last_end END AS closed
        FROM whole JOIN opened USING (tac) LEFT JOIN episode p
          ON p.kind = whole.kind AND p.episode = whole.episode AND p.person = whole.person"""
    )


def _leads(w: Working, *, allocated: bool) -> None:
    """`led`: who is in a lead role; in a team where nobody ever is, the case holder if the map says so."""
    holders = (
        "UNION ALL SELECT tac, professional, s, e, place, 'other' FROM part SEMI JOIN team USING (tac) "
        "WHERE part = 'allocated_worker' AND tac NOT IN (SELECT tac FROM part WHERE part = 'lead')"
        if allocated
        else ""
    )
    w.run(
        "CREATE TABLE lead_part AS SELECT tac, professional, s, e, place, CAST(NULL AS VARCHAR) AS reason "
        f"FROM part SEMI JOIN team USING (tac) WHERE part = 'lead' {holders}"
    )
    w.run(f"CREATE TABLE led AS {islands('lead_part', 'tac, professional, reason')}")

"""Statuses of children, each with its own days, and what of them the dataset cannot say.

None is thrown away for a stricter one: which rules is worked out where it is asked for.
"""

from __future__ import annotations

from typing import Final

from loaders.checks import is_date
from loaders.raw import Seen
from loaders.sources.ssd.teams import good_interval, islands, until
from loaders.sources.ssd.working import Working

SHORT_BREAKS: Final = ("V1", "V3", "V4")
"""Legal statuses of short breaks: not looked after in the sense of the ladder."""

_CODES: Final = "'^(C1|C2|D1|E1|V[1-4]|L[1-3]|J[1-3])([^A-Z0-9]|$)'"
_YES: Final = "('y', 'yes', '1', 'true', 't')"
CARE_LEAVER_FROM: Final = 18


def _overlap(a: str, b: str) -> str:
    """SQL: two half-open intervals share a day, or begin on one."""
    return (
        f"({a}.started < {until(f'{b}.ended')} AND {b}.started < {until(f'{a}.ended')} "
        f"OR {a}.started = {b}.started)"
    )


def derive_statuses(w: Working) -> None:
    """`status`: place, child, code, days; dirty days stay as they are, to be rejected by name."""
    w.run("CREATE TABLE status (place BIGINT, child VARCHAR, status VARCHAR, s VARCHAR, e VARCHAR)")
    _child_protection(w)
    _looked_after(w)
    _in_need(w)
    _adoption(w)
    _care_leavers(w)


def _add(w: Working, status: str, source: str, days: str = "started, ended") -> None:
    w.run(f"INSERT INTO status SELECT place, person, '{status}', {days} FROM {source}")


def _child_protection(w: Working) -> None:
    """Plans of other authorities too: the child is on a plan, and a finding says whose it is."""
    _add(w, "CP", "w_ssd_cp_plans")
    _add(
        w,
        "CIN_ASSESSMENT",
        "(SELECT a.place, coalesce(a.person, r.person) AS person, started, ended "
        "FROM w_ssd_cin_assessments a LEFT JOIN referred r ON r.referral = a.referral)",
    )


def _looked_after(w: Working) -> None:
    """Episodes of care, and legal statuses that stand alone; neither while only short breaks are agreed.

    An episode ends with every change of placement or legal status, so those that touch are one time of care.
    """
    short = ", ".join(f"'{code}'" for code in SHORT_BREAKS)
    w.run(
        f"CREATE TABLE legal AS SELECT *, regexp_extract(upper(trim(code)), {_CODES}, 1) AS plain "
        "FROM w_ssd_legal_status WHERE code IS NOT NULL"
    )
    both = f"l.person = c.person AND {_overlap('l', 'c')}"
    w.run(
        "CREATE TABLE short_break AS SELECT c.place FROM w_ssd_cla_episodes c WHERE "
        f"EXISTS (SELECT 1 FROM legal l WHERE {both} AND l.plain IN ({short})) AND NOT EXISTS "
        f"(SELECT 1 FROM legal l WHERE {both} AND l.plain NOT IN ({short}))"
    )
    w.run(
        "CREATE TABLE cared AS SELECT place, person, started AS s, ended AS e FROM w_ssd_cla_episodes "
        "ANTI JOIN short_break USING (place) UNION ALL SELECT place, person, started, ended FROM legal l "
        f"WHERE plain <> '' AND plain NOT IN ({short}) AND NOT EXISTS "
        f"(SELECT 1 FROM w_ssd_cla_episodes c WHERE {both})"
    )
    sound = f"person IS NOT NULL AND coalesce({good_interval('s', 'e')}, false)"
    _add(w, "LAC", f"(FROM cared WHERE NOT ({sound}))", "s, e")
    _add(w, "LAC", f"({islands(f'(FROM cared WHERE {sound})', 'person', touching=True)})", "s, e")


def _in_need(w: Working) -> None:
    """Referrals that led to action, and plans that lie outside them."""
    cases = f"(FROM w_ssd_cin_episodes WHERE lower(coalesce(nfa, 'n')) NOT IN {_YES})"
    _add(w, "CIN", cases)
    within = (
        "SELECT 1 FROM status s WHERE s.status = 'CIN' AND s.child = p.person AND s.s <= p.started "
        f"AND {until('p.ended')} <= {until('s.e')}"
    )
    _add(w, "CIN", f"(SELECT p.* FROM w_ssd_cin_plans p WHERE NOT EXISTS ({within}))")


def _adoption(w: Working) -> None:
    """From the first decision that the child should be adopted to the order, or to its reversal."""
    begin = ["decided", "placement_order", "matched", "placed"]
    broken = " ".join(f"WHEN {c} IS NOT NULL AND NOT {is_date(c)} THEN {c}" for c in begin)
    over = " ".join(f"WHEN {c} IS NOT NULL AND NOT {is_date(c)} THEN {c}" for c in ("ordered", "reversed"))
    started = f"CASE {broken} ELSE list_min([{', '.join(begin)}]) END"
    ended = f"CASE {over} ELSE list_min([ordered, reversed]) END"
    source = f"(SELECT place, person, {started} AS started, {ended} AS ended FROM w_ssd_permanence)"
    _add(w, "ADOPTION", f"{source} WHERE started IS NOT NULL")


def _care_leavers(w: Working) -> None:
    """Former relevant children from their 18th birthday on, as the law has it: the dataset has no dates."""
    born = "CAST(birth AS DATE)"
    later = f"CAST(year({born}) + {CARE_LEAVER_FROM} AS VARCHAR) || substr(birth, 5)"
    birthday = (
        f"CASE WHEN try_cast({later} AS DATE) IS NULL THEN left({later}, 4) || '-03-01' ELSE {later} END"
    )
    w.run(
        f"CREATE TABLE leaver AS SELECT c.place, c.person, {birthday} AS started FROM w_ssd_care_leavers c "
        f"JOIN (SELECT person, min(birth) AS birth FROM w_ssd_person WHERE {is_date('birth')} "
        "GROUP BY person) USING (person) WHERE contains(lower(eligibility), 'former relevant')"
    )
    _add(w, "CARE_LEAVER", "leaver", "started, NULL")


def status_findings(w: Working) -> list[Seen]:
    """What the statuses leave open, child by child."""
    found = [
        Seen("cp_plan_of_other_authority", "statuses", person, "the plan is another authority's", s, e)
        for person, s, e in w.rows(
            f"SELECT person, started, ended FROM w_ssd_cp_plans WHERE lower(other_authority) IN {_YES} "
            f"AND person IS NOT NULL AND {good_interval('started', 'ended')} ORDER BY place"
        )
    ]
    found += [
        Seen("status_without_date", "statuses", person, f"care leaver ({what}): the dataset gives no date")
        for person, what in w.rows(
            "SELECT person, coalesce(eligibility, 'no category') FROM w_ssd_care_leavers ANTI JOIN leaver "
            "USING (place) WHERE person IS NOT NULL "
            "AND NOT contains(lower(coalesce(eligibility, '')), 'no current') ORDER BY place"
        )
    ]
    undecided = "WHERE decided IS NULL AND placement_order IS NULL AND matched IS NULL AND placed IS NULL"
    dated = "AND (ordered IS NOT NULL OR reversed IS NOT NULL) AND person IS NOT NULL"
    found += [
        Seen("status_without_date", "statuses", person, "adoption: no decision has a date, only its end")
        for (person,) in w.rows(f"SELECT person FROM w_ssd_permanence {undecided} {dated} ORDER BY place")
    ]
    return found


def status_notes(w: Working) -> list[str]:
    """Counts of what was left out of the statuses, and why."""
    notes = []
    short = w.count("short_break")
    if short:
        notes.append(f"{short} episodes of care are short breaks (V1, V3, V4) alone: not loaded as LAC")
    strange = w.rows("SELECT count(*), min(code) FROM legal WHERE plain = ''")[0]
    if strange[0]:
        notes.append(
            f"{strange[0]} legal statuses have a code that is none of SSDA903 (such as {strange[1][:40]!r}): "
            "they say nothing on their own"
        )
    disabled = w.one(
        "SELECT count(DISTINCT person) FROM w_ssd_disability WHERE code IS NOT NULL AND upper(code) <> 'NONE'"
    )
    if disabled:
        notes.append(
            f"{disabled} children with a disability: not loaded as a status, because the dataset gives no "
            "date and the status means complex needs"
        )
    nfa = w.count(f"w_ssd_cin_episodes WHERE lower(nfa) IN {_YES}")
    if nfa:
        notes.append(f"{nfa} referrals led to no further action: not loaded as CIN")
    return notes

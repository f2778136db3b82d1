"""What must be in the graph after a row of operations, in plain dicts that share nothing with the loader.

Each source has ids of its own, its own kinds of status and its own days, so that no two sources state one
fact; children of the same number are alike in all sources, so that any two of them can be one child.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from graphmodel.codes import STATUSES
from tests.loading import KEYS, tables_expected
from tests.partnerships import Size, random_partnership

Row = dict[str, str]
Tables = dict[str, list[Row]]
Facts = dict[str, list[str]]
"""By table, each row as text; sorted, so that doubles show."""

SOURCES: Final = ("ssd", "annex_a", "school", "clinic")
DAYS: Final = (
    "started_on",
    "ended_on",
    "completed_on",
    "opened_on",
    "closed_on",
    "held_on",
    "due_on",
    "done_on",
)
OWN_OF_CHILD: Final = ("tac_id", "assessment_id", "intervention_id", "action_id")
ROOTS: Final = ("agencies", "practitioners", "children")


def made(source: str, seed: int, size: Size) -> Tables:
    """One export of a source: other rows with each seed, of ids of its own."""
    tables = random_partnership(seed, size).tables
    place = SOURCES.index(source)
    statuses = [code.status for code in STATUSES][place :: len(SOURCES)]
    children = [row["child_id"] for row in tables["children"]]
    number = {child: n for n, child in enumerate(children)}
    births = [date(2003, 2, 28) + timedelta(days=431 * n) for n in range(len(children))]
    for n, row in enumerate(tables["children"]):
        row |= {"family_id": "", "school_id": "", "birth_date": births[n].isoformat(), "locality": "North"}
    for n, row in enumerate(tables["assessments"]):
        row["child_id"] = children[n % len(children)]
    for n, row in enumerate(tables["tacs"]):
        row["child_id"] = children[n % len(children)]
        theirs = [a["assessment_id"] for a in tables["assessments"] if a["child_id"] == row["child_id"]]
        row["assessment_id"] = theirs[0] if theirs and n % 2 else ""
    for n, row in enumerate(tables["interventions"]):
        row["child_id"] = children[int(_last_number(row["intervention_id"], n)) % len(children)]
    for row in tables["statuses"]:
        row["status"] = statuses[number[row["child_id"]] % len(statuses)]
    for table in ("statuses", "needs"):
        _own_days(tables[table], place)
    for name, key in (
        ("statuses", ("child_id", "status", "started_on")),
        ("needs", ("child_id", "started_on")),
    ):
        tables[name] = list({tuple(row[k] for k in key): row for row in tables[name]}.values())
    return {name: [_prefixed(row, source) for row in rows] for name, rows in tables.items()}


def _last_number(text: str, otherwise: int) -> str:
    digits = "".join(c for c in text if c.isdecimal())
    return digits or str(otherwise)


def _own_days(rows: Iterable[Row], place: int) -> None:
    """Move intervals to begin on days that are this source's alone."""
    for row in rows:
        begin = date.fromisoformat(row["started_on"])
        move = timedelta(days=(place - begin.toordinal()) % len(SOURCES))
        row["started_on"] = (begin + move).isoformat()
        if row["ended_on"]:
            row["ended_on"] = (date.fromisoformat(row["ended_on"]) + move).isoformat()


def _prefixed(row: Row, source: str) -> Row:
    return {k: f"{source}:{v}" if k.endswith("_id") and v else v for k, v in row.items()}


@dataclass
class Model:
    """The sources' facts as their files last said, who was erased, and which children are one."""

    sources: dict[str, Tables] = field(default_factory=dict)
    erased: list[Tables] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    same: dict[str, str] = field(default_factory=dict)
    """Id → the id it stands for."""

    def copy(self) -> Model:
        return copy.deepcopy(self)

    # -- operations --------------------------------------------------------------------------------

    def export(self, source: str, seed: int, size: Size) -> Tables:
        """What this source's next files say: nothing of children who were erased."""
        tables = made(source, seed, size)
        for child in self.gone:
            tables, _ = parted(tables, {child})
        return tables

    def load(self, source: str, tables: Tables, *, replace: bool) -> None:
        before = {} if replace else self.sources.get(source, {})
        self.sources[source] = merged(before, tables)

    def link(self, pair: Sequence[str], stands: str) -> None:
        other = next(one for one in pair if one != stands)
        self.same[other] = stands

    def unlink(self, pair: Sequence[str]) -> None:
        for one in pair:
            self.same.pop(one, None)

    def children(self) -> list[str]:
        """Ids of the graph's children who are somebody."""
        stated = [r["child_id"] for tables in self.sources.values() for r in tables.get("children", [])]
        return sorted({self.same.get(child, child) for child in stated})

    def known_as(self, child: str) -> set[str]:
        return {child} | {other for other, stands in self.same.items() if stands == child}

    def erase(self, child: str) -> None:
        """All ids of a child: its rows become nobody's."""
        ids = self.known_as(child)
        self.gone |= ids
        for source, tables in self.sources.items():
            kept, taken = parted(tables, ids)
            self.sources[source] = kept
            self.erased.append(nobodys(taken, f"erased-{len(self.gone)}-{min(ids)}"))
        for one in ids:
            self.same.pop(one, None)

    def due(self, on: date, years: int, age: int) -> list[str]:
        """Children whom the rules on retention name, by plain loops."""
        found = []
        for child in self.children():
            ids = self.known_as(child)
            rows = [(t, r) for ts in self.sources.values() for t, rs in ts.items() for r in rs]
            theirs = [(t, r) for t, r in rows if r.get("child_id") in ids]
            if not any(_runs(t, r, on) for t, r in theirs) and _long_ago(theirs, on, years, age):
                found.append(child)
        return found

    # -- what must be there --------------------------------------------------------------------------

    def facts(self) -> Facts:
        """Every row of every table, with linked ids in place, erased ids all alike."""
        every: dict[str, list[Row]] = {}
        for tables in (*self.sources.values(), *self.erased):
            for name, rows in tables.items():
                mapped = [
                    {k: self.same.get(v, v) if k == "child_id" else v for k, v in r.items()} for r in rows
                ]
                every.setdefault(name, []).extend(mapped)
        return as_facts(tables_expected(every))


def as_facts(tables: Mapping[str, Sequence[tuple[Any, ...]]]) -> Facts:
    """Rows as text with the random ids of the erased all alike, sorted."""
    return {name: sorted(str(tuple(map(_nobody, row))) for row in rows) for name, rows in tables.items()}


def _nobody(cell: Any) -> Any:
    return "erased" if isinstance(cell, str) and cell.startswith("erased-") else cell


def merged(before: Tables, now: Tables) -> Tables:
    """The rows of `now` in the place of those of `before` with the same key."""
    found: Tables = {}
    for name in {**before, **now}:
        rows: dict[tuple[str, ...], Row] = {}
        for row in (*before.get(name, ()), *now.get(name, ())):
            rows[key(name, row)] = row
        found[name] = list(rows.values())
    return found


def key(table: str, row: Row) -> tuple[str, ...]:
    if table == "needs":
        return row["child_id"], row["started_on"]
    return (
        tuple(row.values())[: KEYS.get(table, 1)]
        if table not in _KEYED
        else tuple(row[name] for name in _KEYED[table])
    )


_KEYED: Final = {
    "posts": ("practitioner_id", "agency_id", "started_on"),
    "statuses": ("child_id", "status", "started_on"),
    "memberships": ("tac_id", "practitioner_id", "started_on"),
    "leads": ("tac_id", "practitioner_id", "started_on"),
    "reviews": ("tac_id", "held_on"),
}


def parted(tables: Tables, children: set[str]) -> tuple[Tables, Tables]:
    """The rows that are not about these children or their teams, and those that are."""
    tacs = {r["tac_id"] for r in tables.get("tacs", ()) if r["child_id"] in children}

    def theirs(row: Row) -> bool:
        return row.get("child_id") in children or row.get("tac_id") in tacs

    kept = {name: [r for r in rows if not theirs(r)] for name, rows in tables.items()}
    return kept, {name: [r for r in rows if theirs(r)] for name, rows in tables.items()}


def nobodys(tables: Tables, name: str) -> Tables:
    """Rows of an erased child: its own ids and its day of birth are gone."""
    found: Tables = {}
    for table, rows in tables.items():
        found[table] = [dict(row) for row in rows]
        for row in found[table]:
            for column in OWN_OF_CHILD:
                if row.get(column):
                    row[column] = f"erased-{row[column]}"
            if "child_id" in row:
                row["child_id"] = name
            if row.get("birth_date"):
                row["birth_date"] = f"{row['birth_date'][:4]}-01-01"
    return found


def _interval(table: str, row: Row) -> tuple[str, str]:
    names = {"tacs": ("opened_on", "closed_on"), "assessments": ("started_on", "completed_on")}
    first, last = names.get(table, ("started_on", "ended_on"))
    return row.get(first, ""), row.get(last, "")


def _runs(table: str, row: Row, on: date) -> bool:
    _, last = _interval(table, row)
    return table in ("statuses", "tacs", "interventions") and (not last or last > on.isoformat())


def _long_ago(theirs: Sequence[tuple[str, Row]], on: date, years: int, age: int) -> bool:
    days = [last or first for t, r in theirs if t != "children" for first, last in [_interval(t, r)]]
    births = [r["birth_date"] for t, r in theirs if t == "children"]
    last_day = max((day for day in days if day), default="")
    if last_day and _later(last_day, years) > on:
        return False
    return all(_later(birth, age) <= on for birth in births)


def _later(day: str, years: int) -> date:
    at = date.fromisoformat(day)
    return at.replace(year=at.year + years) if (at.month, at.day) != (2, 29) else date(at.year + years, 3, 1)


def random_size(chance: random.Random, scale: int) -> Size:
    """About `scale` children, and so many of everything else that tables take several batches."""
    few = max(4, scale // 6)
    many = chance.randint(scale, 2 * scale)
    return Size(
        few, scale // 2, few, scale, scale, scale, 4 * many, many, many, many, few, few, many, many, many
    )

"""Where a fact comes from: who stated it, when, in which row, and whose value stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from analysis.known import ledger_on
from graphmodel.ledger import Ledger, empty_says, key_names, names, sheet_row, value_names
from graphmodel.nodes import NODE_BY_LABEL
from graphmodel.relationships import TABLES
from graphmodel.standing import translated, with_default
from graphmodel.whole import references

ABOUT: Final = {
    node.label.lower(): node.label for node in NODE_BY_LABEL.values() if node.table not in (None, "reviews")
}
"""What can be asked about: its name on the command line → its label."""


@dataclass(frozen=True)
class Stated:
    """One version of a fact, as one source stated it. `values` are by column, ids as the source gave them.

    `stands`: the columns whose value in the graph is this one; empty for a version that is over, and where
    another source's values stand. `known_from` and `known_to` are ISO instants, UTC.
    """

    table: str
    key: str
    values: dict[str, Any]
    source: str
    load_id: str
    file: str
    row: int
    known_from: str
    known_to: str | None
    stands: tuple[str, ...]


def where_from(home: Path, kind: str, entity: str, moment: Any) -> list[Stated]:
    """Every version of every fact about somebody or something: its own rows, then those that name it.

    Facts under another id that is linked to this one are among them. Raises `SourceError` where there is no
    ledger. In order of table, key, source and time.
    """
    ledger = ledger_on(home, moment)
    label = ABOUT[kind]
    asked = [(table, column) for table, column in references(label)]
    node = NODE_BY_LABEL[label]
    own = [(node.table, node.key)] if node.table else []
    columns: dict[str, list[str]] = {}
    for table, column in (*own, *asked):
        columns.setdefault(table, []).append(column)
    found: list[Stated] = []
    with duckdb.connect(":memory:", config={"threads": 2}) as db:
        db.register("links_then", ledger.links())
        for table in (t for t in TABLES if t in columns):
            found += _of_table(db, ledger, table, columns[table], entity)
    return found


def without_unconsented(home: Path, found: Iterable[Stated], moment: Any) -> tuple[list[Stated], int]:
    """The facts without those of a sensitive service without consent on record, and how many these are.

    A service is not sensitive where every source says so, or says nothing and its category is none of them.
    """
    facts = list(found)
    if not any(fact.table == "interventions" for fact in facts):
        return facts, 0
    ledger = ledger_on(home, moment)
    sensitive = with_default("services", "sensitive")
    with duckdb.connect(":memory:", config={"threads": 2}) as db:
        rows = db.execute(
            f"SELECT service_id FROM {ledger.last('services')} GROUP BY service_id "
            f"HAVING NOT bool_or(coalesce({sensitive}, true))"
        ).fetchall()
    plain = {service for (service,) in rows}
    kept = [fact for fact in facts if fact.table != "interventions" or _may_be_shown(fact, plain)]
    return kept, len(facts) - len(kept)


def _may_be_shown(fact: Stated, plain: set[str]) -> bool:
    return fact.values["consent"] is True or fact.values["service_id"] in plain


def _of_table(
    db: duckdb.DuckDBPyConnection, ledger: Ledger, table: str, columns: Iterable[str], entity: str
) -> list[Stated]:
    key, every = key_names(table), names(table)
    kinds = frozenset(ledger.links().column("kind").to_pylist())
    numbered = f"(SELECT *, row_number() OVER () AS n FROM {ledger.events(table)})"
    db.execute(f"CREATE OR REPLACE TEMP TABLE told AS SELECT * FROM {numbered}")
    linked = translated(table, "told", "links_then", kinds)
    about = " OR ".join(f"t.{c} = $id OR o.{c} = $id" for c in columns)
    shown = ", ".join(f"o.{name}" for name in every)
    same = ", ".join(f"t.{name}" for name in key)
    rows = db.execute(
        f"SELECT {shown}, concat_ws(' ', {same}), o.lacks, o.gone, o.source, o.load_id, o.file, o.row_no, "
        f"o.place, o.stated_at FROM told o JOIN {linked} t USING (n) WHERE {about} "
        "ORDER BY o.place, o.row_no",
        {"id": entity},
    ).fetchall()
    return _versions(ledger, table, every, rows)


def _versions(
    ledger: Ledger, table: str, every: tuple[str, ...], rows: list[tuple[Any, ...]]
) -> list[Stated]:
    """Events in order of time to versions with a beginning and an end."""
    width = len(every)
    places = [every.index(name) for name in key_names(table)]
    ends: dict[int, str] = {}
    last: dict[tuple[Any, ...], int] = {}
    for n, row in enumerate(rows):
        fact = (row[width + 3], *(row[i] for i in places))
        if fact in last:
            ends[last[fact]] = row[width + 8]
        last[fact] = n
    open_ = {n for n in last.values() if not rows[n][width + 2]}
    stands = _stands(ledger, table, every, {n: rows[n] for n in open_})
    found = []
    for n, row in enumerate(rows):
        linked, _, gone, source, load_id, file, row_no, _, stated_at = row[width:]
        if not gone:
            values = dict(zip(every, row, strict=False))
            end = None if n in open_ else ends.get(n)
            at = sheet_row(row_no)
            told = Stated(table, linked, values, source, load_id, file, at, stated_at, end, stands.get(n, ()))
            found.append(told)
    return sorted(found, key=lambda f: (f.key, f.source, f.known_from))


def _stands(
    ledger: Ledger, table: str, every: tuple[str, ...], rows: dict[int, tuple[Any, ...]]
) -> dict[int, tuple[str, ...]]:
    """Which columns of which current version stand: the rule of `standing.stand`, row by row."""
    width, order = len(every), ledger.precedence
    by_key: dict[str, list[int]] = {}
    for n, row in rows.items():
        by_key.setdefault(row[width], []).append(n)
    found: dict[int, list[str]] = {n: [] for n in rows}
    for several in by_key.values():
        best = sorted(
            several,
            key=lambda n: (
                order.index(rows[n][width + 3]) if rows[n][width + 3] in order else len(order),
                -rows[n][width + 7],
                -rows[n][width + 6],
                rows[n][width + 3],
            ),
        )
        for column in value_names(table):
            place = every.index(column)
            given = [n for n in best if _given(table, column, rows[n][place], rows[n][width + 1])]
            if given:
                found[given[0]].append(column)
        if not value_names(table):
            found[best[0]].append("key")
    return {n: tuple(columns) for n, columns in found.items()}


def _given(table: str, column: str, value: Any, lacks: str | None) -> bool:
    return value is not None or (column in empty_says(table) and f",{column}," not in (lacks or ""))

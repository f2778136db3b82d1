"""Which values stand where several sources, or several linked records, state one fact. SQL for DuckDB.

Column by column the value of the source that comes first in the precedence counts; among sources that it
does not name, the one of the newest load. An empty cell is no value, except in the columns of
`ledger.empty_says` that the source gave.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphmodel import codes
from graphmodel.cypher_load import layout
from graphmodel.declare import NodeType, Property
from graphmodel.ledger import ERASED, empty_says, id_columns, key_names, names, properties, value_names
from graphmodel.relationships import TABLES

Run = Callable[[str], list[tuple[Any, ...]]]
"""Executes one statement and gives its rows."""


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_DEFAULT_BY: Final = {
    ("services", "sensitive"): "category IN (" + ", ".join(map(quoted, codes.SENSITIVE_CATEGORIES)) + ")"
}
"""SQL for the defaults that depend on the row."""


def with_default(table: str, name: str) -> str:
    """SQL: a value, or what the format takes where nobody stated one."""
    prop: Property | None = properties(table).get(name)
    default = _DEFAULT_BY.get((table, name))
    if default is None and prop is not None and prop.default is not None:
        default = prop.default if prop.type == "boolean" else quoted(prop.default)
    return name if default is None else f"coalesce({name}, {default})"


def fingerprint(table: str) -> str:
    """SQL: the digest of a row whose defaults are filled."""
    cells = ", ".join(f"coalesce(CAST({name} AS VARCHAR), chr(30))" for name in names(table))
    return f"substr(md5(concat_ws(chr(31), {cells})), 1, 16)"


def finished(table: str, facts: str, more: str = "") -> str:
    """SQL: facts with defaults and fingerprint; `more` are further columns to keep, each with a comma."""
    filled = ", ".join(f"{with_default(table, name)} AS {name}" for name in names(table))
    every = ", ".join(names(table))
    inner = f"(SELECT {more}{filled} FROM {facts})"
    return f"(SELECT {more}{every}, {fingerprint(table)} AS fingerprint FROM {inner})"


# -- linked ids ----------------------------------------------------------------------------------------


def translated(table: str, facts: str, links: str, kinds: frozenset[str]) -> str:
    """SQL: the same rows with the id that stands for each; a link to itself that this makes falls away.

    `links` names a table like `ledger.LINKS`, `kinds` those that it has.
    """
    columns = {c: kind for c, kind in id_columns(table).items() if kind in kinds}
    if not columns:
        return facts
    joins, values = [], {}
    for i, (column, kind) in enumerate(columns.items()):
        joins.append(f"LEFT JOIN {links} s{i} ON s{i}.kind = {quoted(kind)} AND s{i}.id = f.{column}")
        values[column] = f"coalesce(s{i}.stands_for, f.{column})"
    declared = TABLES[table]
    if isinstance(declared, NodeType):
        for link in layout(declared).late:
            key, value = values[declared.key], values[link.column]
            looped = f"{value} = {key} AND f.{link.column} <> f.{declared.key}"
            values[link.column] = f"CASE WHEN {looped} THEN NULL ELSE {value} END"
    new = ", ".join(f"{value} AS {column}" for column, value in values.items())
    return f"(SELECT f.* REPLACE ({new}) FROM {facts} f {' '.join(joins)})"


# -- what stands ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    """Who comes first."""

    precedence: Sequence[str] = ()

    def rank(self, source: str = "source") -> str:
        """SQL: the place of a source; the same for all that are not named."""
        cases = " ".join(f"WHEN {quoted(name)} THEN {i}" for i, name in enumerate(self.precedence))
        once = f"regexp_replace({source}, '^{ERASED} [0-9]+ ', '')"
        return f"CASE {once} {cases} ELSE {len(self.precedence)} END" if cases else "0"


_SHOWN: Final = f"CASE WHEN starts_with(source, '{ERASED} ') THEN '{ERASED}' ELSE source END"
"""SQL: the source as the graph names it."""


def _given(column: str, table: str) -> str:
    """SQL: the fact states the column."""
    if column in empty_says(table):
        return f"({column} IS NOT NULL OR NOT contains(coalesce(lacks, ''), ',{column},'))"
    return f"{column} IS NOT NULL"


def stand(run: Run, table: str, facts: str, into: str, order: Order) -> bool:
    """Make the table `into` of the facts that stand; whether some keys have several facts.

    `facts` are rows like those of `Ledger.current`, ids translated, with a column `here`: the row of the file
    at hand that states it, or null. `into` has row_no (the largest of `here`), stated (whether there is one),
    sources (sorted, parted by chr(31)), names and fingerprint. Where keys have several facts, those are left
    in the temporary table `several`, best first by `ord`.
    """
    key = ", ".join(key_names(table))
    moved = facts
    if facts.startswith("("):
        moved = "moved"
        run(f"CREATE OR REPLACE TEMP TABLE {moved} AS SELECT * FROM {facts}")
    run(f"CREATE OR REPLACE TEMP TABLE twice AS SELECT {key} FROM {moved} GROUP BY {key} HAVING count(*) > 1")
    (several,) = run("SELECT count(*) FROM twice")
    every = ", ".join(names(table))
    more = "row_no, stated, sources, "
    one = f"SELECT here AS row_no, here IS NOT NULL AS stated, {_SHOWN} AS sources, {every} FROM {moved}"
    if not several[0]:
        run(f"CREATE OR REPLACE TABLE {into} AS {finished(table, f'({one})', more)}")
        return False
    ranked = (
        f"row_number() OVER (PARTITION BY {key} ORDER BY {order.rank()}, place DESC, row_no DESC, source)"
    )
    run(
        f"CREATE OR REPLACE TEMP TABLE several AS SELECT *, {ranked} AS ord "
        f"FROM {moved} SEMI JOIN twice USING ({key})"
    )
    values = {name: f"{_first(name, table)} AS {name}" for name in value_names(table)}
    picked = ", ".join(values.get(name, name) for name in names(table))
    merged = (
        "SELECT max(here) AS row_no, max(here) IS NOT NULL AS stated, "
        f"string_agg(DISTINCT {_SHOWN}, chr(31) ORDER BY {_SHOWN}) AS sources, {picked} "
        f"FROM several GROUP BY {key}"
    )
    sound = _sound(table, f"({merged})")
    both = f"({one} ANTI JOIN twice USING ({key}) UNION ALL BY NAME SELECT * FROM {sound})"
    run(f"CREATE OR REPLACE TABLE {into} AS {finished(table, both, more)}")
    return True


def _first(column: str, table: str) -> str:
    pick = "arg_min_null" if column in empty_says(table) else "arg_min"
    return f"{pick}({column}, ord) FILTER (WHERE {_given(column, table)})"


def _sound(table: str, merged: str) -> str:
    """SQL: an end that another source states and that lies before the beginning that stands is no end."""
    declared = TABLES[table]
    if not isinstance(declared, NodeType):
        opens, closes = "started_on", "ended_on"
    elif declared.opens and declared.closes:
        opens, closes = declared.opens, declared.closes
    else:
        return merged
    return f"(SELECT * REPLACE (CASE WHEN {closes} >= {opens} THEN {closes} END AS {closes}) FROM {merged})"


def disagreements(table: str) -> str:
    """SQL over `several`: key, column, who stands (source, day) and who says otherwise (source, day)."""
    keys = key_names(table)
    key = ", ".join(keys)
    parts = []
    for column in value_names(table):
        given = _given(column, table)
        stands = (
            f"(SELECT {key}, arg_min(source, ord) AS s, arg_min(stated_at, ord) AS a, "
            f"arg_min_null({column}, ord) AS v FROM several WHERE {given} GROUP BY {key})"
        )
        parts.append(
            f"SELECT {key}, {quoted(column)} AS col, w.s AS stands, w.a AS stands_at, f.source AS other, "
            f"f.stated_at AS other_at FROM several f JOIN {stands} w USING ({key}) "
            f"WHERE {given} AND f.{column} IS DISTINCT FROM w.v"
        )
    return f"({' UNION ALL '.join(parts)})"

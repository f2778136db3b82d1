"""References between tables: to a good row of the same source, or to what the graph already holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from graphmodel.declare import NodeType
from graphmodel.nodes import NODE_BY_LABEL
from graphmodel.relationships import TABLES
from loaders.checks import quoted
from loaders.staging import Staging

Known = Callable[[str, list[str]], Iterable[str]]
"""(label, ids) → those of the ids that the graph holds, other than from facts about to be retired."""

_LOOKUP_IDS: Final = 5_000


@dataclass(frozen=True)
class Reference:
    """A column whose values are ids of `target`'s table."""

    column: str
    target: str
    key: str


def references(table: str) -> list[Reference]:
    """The columns of a table that name rows of a table (codes and families have none)."""
    declared = TABLES[table]
    if isinstance(declared, NodeType):
        named = [(link.column, link.target) for link in declared.links]
    else:
        named = [(column, label) for label, column in (declared.start, declared.end)]
    found = []
    for column, label in named:
        node = NODE_BY_LABEL[label]
        if node.table is not None:
            found.append(Reference(column, node.table, node.key))
    return found


def bad_rows(table: str) -> str:
    return f"(SELECT row_no FROM rejects WHERE tbl = {quoted(table)})"


def good_rows(stage: Staging, table: str) -> str:
    """SQL: the rows of a table without a fault so far."""
    nothing = "WHERE false" if table in stage.refused else ""
    return f"(SELECT * FROM raw_{table} ANTI JOIN {bad_rows(table)} AS bad USING (row_no) {nothing})"


def check_references(stage: Staging, table: str, known: Known) -> None:
    """Reject the rows of a table that name an id which neither a good row nor the graph has.

    Tables must come in the order of `TABLES`. A reference within the table itself is followed until no
    further row falls.
    """
    if table in stage.refused:
        return
    present = [r for r in references(table) if r.column in stage.present.get(table, ())]
    inward = any(r.target == table for r in present)
    fallen = True
    while fallen:
        fallen = False
        for reference in present:
            _ask_graph(stage, table, reference, known)
            fallen = bool(_reject_unknown(stage, table, reference)) or fallen
        fallen = fallen and inward


def _ask_graph(stage: Staging, table: str, reference: Reference, known: Known) -> None:
    """Look up in the graph which ids that no good row has are there all the same; each id once."""
    target = reference.target
    stage.run(f"CREATE TABLE IF NOT EXISTS asked_{target} (id VARCHAR, held BOOLEAN)")
    wanted = (
        f"SELECT DISTINCT {reference.column} AS id FROM {good_rows(stage, table)} WHERE id IS NOT NULL "
        f"AND id NOT IN (SELECT id FROM asked_{target}) "
        f"AND id NOT IN (SELECT {reference.key} FROM {good_rows(stage, target)} "
        f"WHERE {reference.key} IS NOT NULL)"
    )
    stage.run(f"CREATE OR REPLACE TEMP TABLE wanted AS {wanted}")
    label = next(n.label for n in NODE_BY_LABEL.values() if n.table == target)
    ids = stage.rows("SELECT id FROM wanted")
    for start in range(0, len(ids), _LOOKUP_IDS):
        part = [row[0] for row in ids[start : start + _LOOKUP_IDS]]
        held = set(known(label, part))
        stage.insert(f"asked_{target}", {"id": part, "held": [i in held for i in part]})


def _reject_unknown(stage: Staging, table: str, reference: Reference) -> int:
    """Reject the rows whose reference leads nowhere; how many there were."""
    column, target, key = reference.column, reference.target, reference.key
    before = stage.one("SELECT count(*) FROM rejects")
    lost = f"(SELECT {key} AS id, min(row_no) AS at FROM raw_{target} WHERE {key} IS NOT NULL GROUP BY {key})"
    named = quoted(f"{key} of {target}")
    stage.run(
        "INSERT INTO rejects "
        f"SELECT $tbl, $file, r.row_no, {quoted(column)}, r.{column}, "
        f"CASE WHEN lost.at IS NULL THEN 'is no ' || {named} || ' that any table or the graph has' "
        f"ELSE 'names a row that was rejected itself: {target} ' || row_text(lost.at) END "
        f"FROM {good_rows(stage, table)} AS r LEFT JOIN {lost} AS lost ON lost.id = r.{column} "
        f"WHERE r.{column} IS NOT NULL "
        f"AND r.{column} NOT IN (SELECT {key} FROM {good_rows(stage, target)} WHERE {key} IS NOT NULL) "
        f"AND r.{column} NOT IN (SELECT id FROM asked_{target} WHERE held)",
        {"tbl": table, "file": stage.files[table]},
    )
    after = stage.one("SELECT count(*) FROM rejects")
    return int(after) - int(before)

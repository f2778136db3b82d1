"""The first rows of each table with every reference intact, for loaders too slow for all of it."""

from __future__ import annotations

import csv
from pathlib import Path

from graphmodel.declare import NodeType
from graphmodel.nodes import NODE_BY_LABEL
from graphmodel.relationships import TABLES

Rows = list[dict[str, str]]


def references(table: str) -> dict[str, str]:
    """Columns of a table whose values another table (or its own) must have: column → that table."""
    declared = TABLES[table]
    if isinstance(declared, NodeType):
        ends = {link.column: link.target for link in declared.links}
    else:
        ends = {column: label for label, column in (declared.start, declared.end)}
    return {c: found for c, label in ends.items() if (found := NODE_BY_LABEL[label].table) is not None}


def write_sample(folder: Path, out: Path, most: int) -> dict[str, int]:
    """Write the first `most` rows of each table and every row that they refer to; rows by table."""
    out.mkdir(parents=True)
    wanted: dict[str, set[str]] = {table: set() for table in TABLES}
    counts = {}
    for table, declared in reversed(TABLES.items()):
        with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            rows: Rows = list(csv.DictReader(file))
        key = declared.key_columns[0]
        ends = references(table)
        chosen = [n < most or row[key] in wanted[table] for n, row in enumerate(rows)]
        own = [column for column, target in ends.items() if target == table]
        if own:
            chosen = _with_own(rows, chosen, key, own)
        kept = [row for row, taken in zip(rows, chosen, strict=True) if taken]
        for column, target in ends.items():
            wanted[target] |= {row[column] for row in kept} - {""}
        counts[table] = len(kept)
        with (out / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]) if rows else list(declared.columns))
            writer.writeheader()
            writer.writerows(kept)
    return {table: counts[table] for table in TABLES}


def _with_own(rows: Rows, chosen: list[bool], key: str, columns: list[str]) -> list[bool]:
    """The choice with the rows of the same table that chosen rows refer to, over any number of steps."""
    ids = {row[key] for row, taken in zip(rows, chosen, strict=True) if taken}
    while True:
        more = {row[c] for row in rows if row[key] in ids for c in columns} - ids - {""}
        if not more:
            return [row[key] in ids for row in rows]
        ids |= more

"""The head of each table with every reference intact, for loaders too slow for all of it."""

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
    """Write the first `most` rows of each table whose references are in the sample; rows by table."""
    out.mkdir(parents=True)
    kept: dict[str, set[str]] = {}
    counts = {}
    for table, declared in TABLES.items():
        with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            rows: Rows = list(csv.DictReader(file))
        own = {c: t for c, t in references(table).items() if t == table}
        others = {c: t for c, t in references(table).items() if t != table}
        rows = [r for r in rows if all(not r[c] or r[c] in kept[t] for c, t in others.items())][:most]
        key = declared.key_columns[0]
        while len(whole := _resolved(rows, own, {r[key] for r in rows})) < len(rows):
            rows = whole
        kept[table] = {r[key] for r in rows}
        counts[table] = len(rows)
        with (out / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]) if rows else list(declared.columns))
            writer.writeheader()
            writer.writerows(rows)
    return counts


def _resolved(rows: Rows, columns: dict[str, str], ids: set[str]) -> Rows:
    return [r for r in rows if all(not r[c] or r[c] in ids for c in columns)]

"""Good rows in the shape the graph takes: typed, defaults filled, one row a key, with a fingerprint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from graphmodel import codes
from graphmodel.cypher_load import Layout, layout
from graphmodel.declare import NodeType, Property
from graphmodel.relationships import TABLES
from loaders.checks import quoted
from loaders.references import good_rows
from loaders.staging import Staging, hashed_columns

BATCH_ROWS: Final = 5_000
BATCH_BYTES: Final = 4 << 20

_DEFAULT_BY: Final = {
    ("services", "sensitive"): "category IN (" + ", ".join(map(quoted, codes.SENSITIVE_CATEGORIES)) + ")"
}
"""SQL for the defaults that depend on the row."""


def _typed(table: str, prop: Property) -> str:
    c = prop.name
    match prop.type:
        case "boolean":
            value = f"(lower({c}) = 'true')"
            default = _DEFAULT_BY.get((table, c), prop.default)
            return value if default is None else f"coalesce({value}, {default})"
        case "decimal":
            return f"CAST({c} AS DOUBLE)"
        case "integer":
            return f"CAST(CAST({c} AS DOUBLE) AS BIGINT)"
        case _:
            return c if prop.default is None else f"coalesce({c}, {quoted(prop.default)})"


def key_sql(declared: NodeType, prefix: str = "") -> str:
    """SQL: the id that a raw row's key columns come to."""
    return " || '|' || ".join(prefix + column for column in declared.key_columns)


def _values(table: str) -> dict[str, str]:
    """Stored name → SQL over the raw row, in the order of the layout (without the fingerprint)."""
    declared = TABLES[table]
    rows = layout(declared)
    found: dict[str, str] = {}
    if isinstance(declared, NodeType):
        found[declared.key] = key_sql(declared)
    else:
        (_, start), (_, end) = declared.start, declared.end
        whole = "CAST(CAST(CAST(level AS DOUBLE) AS BIGINT) AS VARCHAR)"
        found.update({start: start, end: whole if end == "level" else end, "started_on": "started_on"})
    for prop in rows.properties:
        stored = prop.stored_as or prop.name
        found[stored] = prop.name if prop.name in hashed_columns(table) else _typed(table, prop)
    for link in (*rows.links, *rows.late):
        found[link.column] = link.column
    return found


def key_names(table: str) -> tuple[str, ...]:
    """The columns of `good_<table>` that are its key."""
    declared = TABLES[table]
    if isinstance(declared, NodeType):
        return (declared.key,)
    return declared.key_columns


def _same_key(table: str) -> str:
    """SQL: a raw row r and what the graph holds h are the same fact."""
    values = _values(table)
    return " AND ".join(f"held_{name} = {values[name]}" for name in key_names(table))


def absent_values(stage: Staging, table: str) -> list[str]:
    """Stored names of the columns that the table's file lacks; none where there is no such file."""
    if table not in stage.present:
        return []
    declared = TABLES[table]
    rows = layout(declared)
    columns = {p.stored_as or p.name: p.name for p in rows.properties}
    columns |= {link.column: link.column for link in (*rows.links, *rows.late)}
    return [stored for stored, column in columns.items() if column not in stage.present[table]]


def hold(stage: Staging, table: str, parts: Iterable[list[list[Any]]]) -> None:
    """Keep what the graph holds of the columns that the file lacks, for the file says nothing about them.

    `parts` are rows of the fact's key and those values, as `cypher_load.held_values` gives them.
    """
    names = absent_values(stage, table)
    declared = TABLES[table]
    key = (declared.key,) if isinstance(declared, NodeType) else layout(declared).key
    types = {p.stored_as: _SQL_TYPES.get(p.type, "VARCHAR") for p in layout(declared).properties}
    columns = [f"held_{k} VARCHAR" for k in key] + [f"had_{n} {types.get(n, 'VARCHAR')}" for n in names]
    stage.run(f"CREATE TABLE held_{table} ({', '.join(columns)}, held BOOLEAN)")
    every = [*(f"held_{k}" for k in key), *(f"had_{n}" for n in names)]
    for part in parts:
        cells = {name: [row[i] for row in part] for i, name in enumerate(every)}
        stage.insert(f"held_{table}", {**cells, "held": [True] * len(part)})
    stage.held[table] = names


_SQL_TYPES: Final = {"boolean": "BOOLEAN", "decimal": "DOUBLE", "integer": "BIGINT"}


def shape(stage: Staging, table: str) -> None:
    """Make `good_<table>`: of several rows with one key the last, as if they had been read in order.

    Rows of one key with different values leave a finding that names both.
    """
    values = _values(table)
    source = f"{good_rows(stage, table)} AS r"
    if table in stage.held:
        values |= {
            name: f"CASE WHEN held THEN had_{name} ELSE {values[name]} END" for name in stage.held[table]
        }
        source += f" LEFT JOIN held_{table} AS h ON {_same_key(table)}"
    joined = ", ".join(f"coalesce(CAST({name} AS VARCHAR), chr(30))" for name in values)
    columns = ", ".join(f"{sql} AS {name}" for name, sql in values.items())
    stage.run(
        f"CREATE TABLE good_{table} AS SELECT row_no, *, substr(md5(concat_ws(chr(31), {joined})), 1, 16) "
        f"AS fingerprint FROM (SELECT row_no, {columns} FROM {source})"
    )
    key = ", ".join(key_names(table))
    repeated = stage.one(
        f"SELECT count(*) FROM (SELECT 1 FROM good_{table} GROUP BY {key} HAVING count(*) > 1)"
    )
    stage.repeated[table] = 0
    if repeated:
        _keep_last(stage, table, key)


def _keep_last(stage: Staging, table: str, key: str) -> None:
    ids = " || ' ' || ".join(key_names(table))
    stage.run(
        "INSERT INTO findings SELECT 'duplicate_key', $tbl, ids, NULL, NULL, "
        "string_agg(shown, ', ' ORDER BY row_no) || ' state the same key differently: the last one counts' "
        f"FROM (SELECT {ids} AS ids, row_no, row_text(row_no) AS shown, fingerprint, {key} FROM good_{table} "
        f"WHERE ({key}) IN (SELECT ({key}) FROM good_{table} GROUP BY {key} HAVING count(*) > 1)) "
        f"GROUP BY ids, {key} HAVING count(DISTINCT fingerprint) > 1",
        {"tbl": table},
    )
    last = f"SELECT max(row_no) FROM good_{table} GROUP BY {key}"
    before = stage.one(f"SELECT count(*) FROM good_{table}")
    stage.run(f"DELETE FROM good_{table} WHERE row_no NOT IN ({last})")
    stage.repeated[table] = before - stage.one(f"SELECT count(*) FROM good_{table}")


def batches(stage: Staging, table: str) -> Iterator[list[tuple[Any, ...]]]:
    """The rows to load, laid out for the statements, bounded in number and in bytes."""
    rows: Layout = layout(TABLES[table])
    names = ", ".join(rows.names)
    texts = " + ".join(f"coalesce(strlen(CAST({n} AS VARCHAR)), 0)" for n in rows.names)
    widest = stage.one(f"SELECT max({texts}) FROM good_{table}")
    if widest is None:
        return
    size = max(1, min(BATCH_ROWS, BATCH_BYTES // max(1, widest + 8 * len(rows.names))))
    cursor = stage.db.cursor()
    cursor.execute(f"SELECT {names} FROM good_{table} ORDER BY row_no")
    while part := cursor.fetchmany(size):
        yield part
    cursor.close()

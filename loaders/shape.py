"""Good rows in the shape the graph takes: typed, one row a key; and what goes to the graph in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from graphmodel import ledger
from graphmodel.cypher_load import layout
from graphmodel.declare import NodeType, Property
from graphmodel.ledger import key_names, names, sql_type
from graphmodel.relationships import TABLES
from graphmodel.standing import fingerprint
from loaders.references import good_rows
from loaders.staging import Staging, hashed_columns

BATCH_ROWS: Final = 5_000
BATCH_BYTES: Final = 4 << 20


def _typed(prop: Property) -> str:
    c = prop.name
    match prop.type:
        case "boolean":
            return f"(lower({c}) = 'true')"
        case "decimal":
            return f"CAST({c} AS DOUBLE)"
        case "integer":
            return f"CAST(CAST({c} AS DOUBLE) AS BIGINT)"
        case _:
            return c


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
        found[stored] = prop.name if prop.name in hashed_columns(table) else _typed(prop)
    for link in (*rows.links, *rows.late):
        found[link.column] = link.column
    return found


def absent_values(stage: Staging, table: str) -> list[str]:
    """Stored names of the columns that the table's file lacks; none where there is no such file."""
    if table not in stage.present:
        return []
    declared = TABLES[table]
    rows = layout(declared)
    columns = {p.stored_as or p.name: p.name for p in rows.properties}
    columns |= {link.column: link.column for link in (*rows.links, *rows.late)}
    return [stored for stored, column in columns.items() if column not in stage.present[table]]


def same_key(table: str, left: str, right: str) -> str:
    """SQL: two rows are the same fact."""
    return " AND ".join(f"{left}.{name} = {right}.{name}" for name in key_names(table))


# -- the facts that the rows state -----------------------------------------------------------------------


def state(stage: Staging, table: str, *, earlier: str = "") -> None:
    """Make `fact_<table>`: of several rows with one key the last, as if they had been read in order.

    Ids are those of the rows, before links. `earlier` is SQL for the facts that the source stated before: the
    values of columns that the file lacks come from there. `lacks` names those that it never gave, where an
    empty one would say something. Rows of one key with different values leave a finding that names both.
    """
    values = _values(table)
    rows = good_rows(stage, table)
    if own := stage.translated.get(table):
        rows = f"(SELECT * REPLACE ({', '.join(f'own_{c} AS {c}' for c in own)}) FROM {rows})"
    shaped = f"(SELECT row_no, {', '.join(f'{sql} AS {name}' for name, sql in values.items())} FROM {rows})"
    absent = absent_values(stage, table)
    unsaid = [c for c in ledger.empty_says(table) if c in absent]
    if earlier and absent:
        picked = ", ".join(f"p.{n} AS {n}" if n in absent else f"f.{n} AS {n}" for n in names(table))
        key = key_names(table)[0]
        lacks = [
            f"CASE WHEN p.{key} IS NULL OR contains(coalesce(p.lacks, ''), ',{c},') THEN ',{c},' ELSE '' END"
            for c in unsaid
        ]
        shaped = (
            f"(SELECT f.row_no, {picked}, {_joined(lacks)} AS lacks FROM {shaped} f "
            f"LEFT JOIN {earlier} p ON {same_key(table, 'p', 'f')})"
        )
    else:
        lacks = [f"',{c},'" for c in unsaid]
        shaped = f"(SELECT *, {_joined(lacks)} AS lacks FROM {shaped})"
    stage.run(f"CREATE TABLE fact_{table} AS SELECT * FROM {shaped}")
    key = ", ".join(key_names(table))
    repeated = stage.one(
        f"SELECT count(*) FROM (SELECT 1 FROM fact_{table} GROUP BY {key} HAVING count(*) > 1)"
    )
    if repeated:
        _keep_last(stage, table, key)


def _joined(parts: list[str]) -> str:
    return f"nullif({' || '.join(parts)}, '')" if parts else "CAST(NULL AS VARCHAR)"


def _keep_last(stage: Staging, table: str, key: str) -> None:
    ids = " || ' ' || ".join(key_names(table))
    shown = f"row_text(row_no) AS shown, {fingerprint(table)} AS print"
    stage.run(
        "INSERT INTO findings SELECT 'duplicate_key', $tbl, ids, NULL, NULL, "
        "string_agg(shown, ', ' ORDER BY row_no) || ' state the same key differently: the last one counts' "
        f"FROM (SELECT {ids} AS ids, row_no, {shown}, {key} FROM fact_{table} "
        f"WHERE ({key}) IN (SELECT ({key}) FROM fact_{table} GROUP BY {key} HAVING count(*) > 1)) "
        f"GROUP BY ids, {key} HAVING count(DISTINCT print) > 1",
        {"tbl": table},
    )
    last = f"SELECT max(row_no) FROM fact_{table} GROUP BY {key}"
    stage.run(f"DELETE FROM fact_{table} WHERE row_no NOT IN ({last})")


# -- what a graph older than its ledger holds --------------------------------------------------------------


def hold(stage: Staging, table: str, parts: Iterable[list[list[Any]]]) -> None:
    """Put into `stood_<table>` what the graph holds of the columns that the file lacks and nobody states.

    `parts` are rows of the fact's key and those values, as `cypher_load.held_values` gives them.
    """
    absent = absent_values(stage, table)
    declared = TABLES[table]
    key = (declared.key,) if isinstance(declared, NodeType) else layout(declared).key
    columns = [*(f"{k} VARCHAR" for k in key), *(f"{n} {sql_type(table, n)}" for n in absent)]
    stage.run(f"CREATE TABLE held_{table} ({', '.join(columns)})")
    for part in parts:
        every = [*key, *absent]
        stage.insert(f"held_{table}", {name: [row[i] for row in part] for i, name in enumerate(every)})
    shared = "contains(s.sources, chr(31))"
    had = ", ".join(f"{n} = CASE WHEN {shared} THEN coalesce(s.{n}, h.{n}) ELSE h.{n} END" for n in absent)
    stage.run(
        f"UPDATE stood_{table} s SET {had} FROM held_{table} h WHERE {same_key(table, 's', 'h')} AND s.stated"
    )
    stage.run(f"UPDATE stood_{table} SET fingerprint = {fingerprint(table)} WHERE stated")


# -- to the graph ------------------------------------------------------------------------------------------


def batches(stage: Staging, table: str) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of `stood_<table>`, laid out for the statements, bounded in number and in bytes.

    Behind each row come its sources (as text, parted by chr(31)) and whether the files state it.
    """
    columns = layout(TABLES[table]).names
    listed = ", ".join(columns)
    texts = " + ".join(f"coalesce(strlen(CAST({n} AS VARCHAR)), 0)" for n in columns)
    widest = stage.one(f"SELECT max({texts}) FROM stood_{table}")
    if widest is None:
        return
    size = max(1, min(BATCH_ROWS, BATCH_BYTES // max(1, widest + 8 * len(columns))))
    cursor = stage.db.cursor()
    cursor.execute(f"SELECT {listed}, sources, stated FROM stood_{table} ORDER BY row_no, {columns[0]}")
    while part := cursor.fetchmany(size):
        yield part
    cursor.close()

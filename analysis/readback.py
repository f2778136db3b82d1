"""The tables of the import format as columns in memory, read back from the graph or from a CSV folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from graphmodel.codes import SENSITIVE_CATEGORIES
from graphmodel.declare import NodeType, Property, RelationshipType
from graphmodel.errors import SourceError
from graphmodel.nodes import NODE_BY_LABEL
from graphmodel.relationships import TABLES, TableType
from graphmodel.store import Store

Progress = Callable[[str, int, int], None]
"""Called with the table begun, how many are done, and how many there are."""

_ARROW: Final = {
    "text": pa.string(),
    "date": pa.date32(),
    "boolean": pa.bool_(),
    "decimal": pa.float64(),
    "integer": pa.int64(),
}


def _kept(table: TableType) -> dict[str, Property]:
    declared = table.properties if isinstance(table, NodeType) else table.all_properties
    return {p.name: p for p in declared if p.storage == "graph"}


def schema(name: str) -> pa.Schema:
    """The columns of a table without those that feed identity matching, with their types."""
    table = TABLES[name]
    kept = _kept(table)
    everything = {p.name for p in (table.properties if isinstance(table, NodeType) else table.all_properties)}
    left_out = everything - set(kept)
    fields = []
    for column in table.columns:
        if column in left_out:
            continue
        if column == "level":
            fields.append(pa.field(column, pa.int64()))
        else:
            fields.append(pa.field(column, _ARROW[kept[column].type] if column in kept else pa.string()))
    return pa.schema(fields)


SCHEMAS: Final = {name: schema(name) for name in TABLES}


AT_ONCE: Final = 100_000
"""The most rows of a table that one query reads; a larger table is read in parts."""
PART: Final = 20_000
"""Ids of one part, so that a message stays small, no query runs long, and a lost line costs one part."""


def _value(variable: str, column: str, kind: pa.DataType) -> str:
    path = f"{variable}.{column}"
    return f"toString({path}) AS {column}" if kind == pa.date32() else f"{path} AS {column}"


def read_back(name: str, *, of_loads: bool = False, of_ids: bool = False) -> str:
    """The Cypher that gives a table's rows, one column each in the order of `schema(name)`.

    `of_loads`: only the rows that the loads `$loads` wrote last. `of_ids`: only those of the nodes `$ids`, of
    intervals those at the nodes `$ids` of the anchor's side. Names come from the declarations only. Dates
    come as text.
    """
    table = TABLES[name]
    if isinstance(table, NodeType):
        return _nodes(table, name, "WHERE n.load_id IN $loads" if of_loads else "", of_ids=of_ids)
    return _relationships(table, name, "WHERE r.load_id IN $loads" if of_loads else "", of_ids=of_ids)


def _nodes(node: NodeType, name: str, where: str, *, of_ids: bool) -> str:
    links = {link.column: (f"l{i}", link) for i, link in enumerate(node.links)}
    lines = [_some(node, "n") if of_ids else f"MATCH (n:{node.label})", *([where] if where else [])]
    for variable, link in links.values():
        left, right = ("-", "->") if link.outgoing else ("<-", "-")
        lines.append(f"OPTIONAL MATCH (n){left}[:{link.type}]{right}({variable}:{link.target})")
    values = []
    for column in SCHEMAS[name]:
        if column.name in links:
            variable, link = links[column.name]
            values.append(f"{variable}.{NODE_BY_LABEL[link.target].key} AS {column.name}")
        else:
            values.append(_value("n", column.name, column.type))
    return "\n".join([*lines, f"RETURN {', '.join(values)}"])


def _some(node: NodeType, variable: str) -> str:
    return f"UNWIND $ids AS id MATCH ({variable}:{node.label} {{{node.key}: id}})"


def _relationships(relation: RelationshipType, name: str, where: str, *, of_ids: bool) -> str:
    ends = {relation.start[1]: "a", relation.end[1]: "b"}
    values = [_value(ends.get(column.name, "r"), column.name, column.type) for column in SCHEMAS[name]]
    nodes = {"a": f"(a:{relation.start[0]})", "b": f"(b:{relation.end[0]})"}
    lines = []
    if of_ids:
        side, node = _anchor(relation)
        lines, nodes[side] = [_some(node, side)], f"({side})"
    lines += [f"MATCH {nodes['a']}-[r:{relation.type}]->{nodes['b']}", *([where] if where else [])]
    return "\n".join([*lines, f"RETURN {', '.join(values)}"])


def _anchor(relation: RelationshipType) -> tuple[str, NodeType]:
    """The side on which the few are, as a variable, and its nodes."""
    if relation.anchor == "start":
        return "a", NODE_BY_LABEL[relation.start[0]]
    return "b", NODE_BY_LABEL[relation.end[0]]


def _counting(name: str) -> str:
    """The Cypher that counts a table's rows as far as it matters: to one more than are read at once."""
    table = TABLES[name]
    what = f"(r:{table.label})" if isinstance(table, NodeType) else f"()-[r:{table.type}]->()"
    return f"MATCH {what} WITH r LIMIT {AT_ONCE + 1} RETURN count(r) AS rows"


def _ids(table: TableType) -> str:
    """The Cypher that lists the ids by which a table is read in parts."""
    if isinstance(table, NodeType):
        return f"MATCH (n:{table.label}) RETURN n.{table.key} AS id"
    side, node = _anchor(table)
    ends = (f"(a:{node.label})", "()") if side == "a" else ("()", f"(b:{node.label})")
    return f"MATCH {ends[0]}-[:{table.type}]->{ends[1]} RETURN DISTINCT {side}.{node.key} AS id"


def from_graph(store: Store, progress: Progress | None = None) -> dict[str, pa.Table]:
    """Every table, as the graph holds it now."""
    tables = {}
    for done, name in enumerate(TABLES):
        if progress is not None:
            progress(name, done, len(TABLES))
        tables[name] = table_from_graph(store, name)
    if progress is not None:
        progress("", len(TABLES), len(TABLES))
    return tables


def table_from_graph(store: Store, name: str) -> pa.Table:
    """One table, as the graph holds it now; a large one in parts of `PART` ids.

    What a query hands over is held as rows only until it is columns: 20,000 rows at a time.
    """
    # the embedded engine counts no relationships of a type that it has never seen
    counted = store.fetch(_counting(name))
    if not counted or counted[0][0] <= AT_ONCE:
        return finished(pa.concat_tables(_batches(store, name, read_back(name), {})), name)
    listed = store.gather(_ids(TABLES[name]), {}, lambda rows: pa.array([x[0] for x in rows], pa.string()))
    ids = pa.chunked_array(listed, pa.string())
    found = [SCHEMAS[name].empty_table()]
    for at in range(0, len(ids), PART):
        some = {"ids": ids.slice(at, PART).to_pylist()}
        found += _batches(store, name, read_back(name, of_ids=True), some)
    return finished(pa.concat_tables(found), name)


def changed_rows(store: Store, name: str, loads: Sequence[str], before: pa.Table) -> pa.Table:
    """One table as it was before with the rows that these loads wrote; none of them took rows away."""
    query = read_back(name, of_loads=True)
    written = finished(pa.concat_tables(_batches(store, name, query, {"loads": list(loads)})), name)
    keys = list(TABLES[name].key_columns)
    kept = before.join(written.select(keys), keys, join_type="left anti").select(before.column_names)
    return finished(pa.concat_tables([kept.cast(SCHEMAS[name]), written]), name)


def _batches(store: Store, name: str, query: str, parameters: dict[str, Any]) -> list[pa.Table]:
    found = store.gather(query, parameters, lambda rows: _batch(rows, SCHEMAS[name]))
    return [SCHEMAS[name].empty_table(), *found]


def _batch(rows: list[list[Any]], wanted: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True))
    arrays = []
    for field, values in zip(wanted, columns, strict=True):
        plain = pa.string() if field.type == pa.date32() else field.type
        arrays.append(pa.array(values, type=plain).cast(field.type))
    return pa.table(arrays, schema=wanted)


def from_csv(folder: Path) -> dict[str, pa.Table]:
    """Every table of a folder in the import format that a load would take without a reject.

    Tables without a file are empty, missing columns too. Raises `SourceError` where a value has the wrong
    type: this road is for tests and benchmarks, the loader is the one that collects rejects.
    """
    return {name: finished(_csv_table(folder / f"{name}.csv", SCHEMAS[name]), name) for name in TABLES}


def _csv_table(path: Path, wanted: pa.Schema) -> pa.Table:
    if not path.exists() or path.stat().st_size == 0:
        return wanted.empty_table()
    header = pcsv.open_csv(path, parse_options=pcsv.ParseOptions(newlines_in_values=True)).schema.names
    try:
        raw = pcsv.read_csv(
            path,
            parse_options=pcsv.ParseOptions(newlines_in_values=True),
            convert_options=pcsv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()),
                include_columns=[column for column in wanted.names if column in header],
                strings_can_be_null=True,
                null_values=[""],
                quoted_strings_can_be_null=True,
            ),
        )
        return pa.table([_typed(raw, field) for field in wanted], schema=wanted)
    except pa.ArrowInvalid as fault:
        raise SourceError(
            path.name, f"it breaks the import format ({fault})", "Load it to see how."
        ) from fault


def _typed(raw: pa.Table, field: pa.Field) -> pa.ChunkedArray:
    if field.name not in raw.column_names:
        return pa.chunked_array([pa.nulls(raw.num_rows, field.type)])
    trimmed = pc.utf8_trim_whitespace(raw.column(field.name))
    present = pc.if_else(pc.equal(trimmed, ""), None, trimmed)
    if field.type == pa.bool_():
        return pc.equal(pc.utf8_lower(present), "true")
    return present.cast(field.type)


def finished(table: pa.Table, name: str) -> pa.Table:
    """The format's defaults in, rows in order of their key, so that equal facts make equal tables."""
    for column, declared in _kept(TABLES[name]).items():
        if declared.default is not None:
            default = declared.default == "true" if declared.type == "boolean" else declared.default
            table = _replaced(table, column, pc.fill_null(table.column(column), default))
    if name == "services":
        usual = pc.is_in(table.column("category"), value_set=pa.array(SENSITIVE_CATEGORIES))
        table = _replaced(table, "sensitive", pc.coalesce(table.column("sensitive"), usual))
    keys = [(column, "ascending") for column in TABLES[name].key_columns]
    return table.sort_by(keys).combine_chunks()


def _replaced(table: pa.Table, column: str, values: pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.schema.get_field_index(column), table.schema.field(column), values)

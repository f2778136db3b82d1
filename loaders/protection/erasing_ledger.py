"""The ledger's share of an erasure: facts of these children become nobody's, with what they were."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphmodel.ledger import ERASED, key_names
from graphmodel.nodes import NODE_BY_LABEL
from loaders.protection.reach import COLUMNS, OWN_TABLES, ledger_tables, mentions


def replace_file(path: Path, write: Callable[[Path], None]) -> None:
    """Put another content in the file's place, all at once, for its owner alone."""
    made = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    os.close(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        write(made)
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)


def rewrite_ledger(home: Path, ids: dict[str, dict[str, str]]) -> int:
    """Rewrite the parts that hold their facts; how many facts."""
    changed = 0
    for path, rows in ledger_tables(home):
        hit = mentions(rows, ids)
        count = pc.sum(hit).as_py() or 0
        if count:
            changed += count
            table = _rewritten(path.stem, rows, hit, ids)
            replace_file(path, lambda made, table=table: pq.write_table(table, made))  # type: ignore[misc]
    return changed


_LEAD_BACK: Final = {"file": "", "row_no": 0}
_OF_CHILD: Final = ("upn_hash", "nhs_number_hash", "family_id")


def _rewritten(table: str, rows: Any, hit: Any, ids: dict[str, dict[str, str]]) -> Any:
    """The rows with other ids and without what leads back; links of the children go whole."""
    if table.startswith("links"):
        return rows.filter(pc.invert(hit))
    theirs, changes = _theirs(table, rows, hit, ids), dict[str, Any](_LEAD_BACK)
    if table == "children":
        changes |= dict.fromkeys(_OF_CHILD)
        rows = _put(rows, "birth_date", hit, _first_of_year(rows["birth_date"]))
    for name, value in changes.items():
        if name in rows.column_names:
            kind = rows.schema.field(name).type
            rows = _put(rows, name, hit, pa.scalar(value, kind))
    rows = _put(rows, "source", theirs, _former(table, rows, ids))
    for name, label in COLUMNS.items():
        if name in rows.column_names:
            old, new = (pa.array(list(x), pa.string()) for x in (ids[label].keys(), ids[label].values()))
            at = pc.index_in(rows[name], value_set=old)
            rows = _put(rows, name, pc.is_valid(at), pc.take(new, at))
    return rows


def _theirs(table: str, rows: Any, hit: Any, ids: dict[str, dict[str, str]]) -> Any:
    """Of the rows that name them, those that are facts of theirs: no file states these any more.

    The others say of a record that is another child's by now that it was theirs, or refer to theirs.
    """
    label = next((label for name, _, label in OWN_TABLES if name == table), None)
    if label is None:
        return hit
    return pc.is_in(rows[NODE_BY_LABEL[label].key], pa.array(sorted(ids[label]), pa.string()))


def _former(table: str, rows: Any, ids: dict[str, dict[str, str]]) -> Any:
    """The sources by their new names: those of one child's several ids stay apart."""
    number = dict.fromkeys(ids["Child"], 0)
    if "child_id" in key_names(table):
        seen: dict[str, int] = {}
        for old, new in ids["Child"].items():
            number[old] = seen[new] = seen.get(new, -1) + 1
    of = rows["child_id"].to_pylist() if "child_id" in rows.column_names else [""] * rows.num_rows
    names = [
        source if source.split(" ", 1)[0] == ERASED else f"{ERASED} {number.get(child, 0)} {source}"
        for child, source in zip(of, rows["source"].to_pylist(), strict=True)
    ]
    return pa.array(names, rows.schema.field("source").type)


def _put(rows: Any, name: str, hit: Any, value: Any) -> Any:
    field = rows.schema.field(name).with_nullable(True)  # noqa: FBT003  (Arrow's own)
    return rows.set_column(rows.column_names.index(name), field, pc.if_else(hit, value, rows[name]))


def _first_of_year(days: Any) -> Any:
    return pc.binary_join_element_wise(pc.utf8_slice_codeunits(days, 0, 4), "-01-01", "")

"""A source's rows in a small database on disk, so that checks are set-based and memory stays bounded.

It lies in a folder of its own (mode 0700) that is gone when the load ends. Columns for identity matching
never get there; identity numbers get there as keyed hashes only.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from graphmodel.declare import NodeType, Property
from graphmodel.relationships import TABLES
from loaders.identity import keyed_hash
from loaders.raw import PLACE, Chunk, RawTable, RowFault, Source

MEMORY: Final = "320MB"


def staged_columns(table: str) -> tuple[str, ...]:
    """The columns that staging keeps: all but those for identity matching."""
    declared = TABLES[table]
    if isinstance(declared, NodeType):
        dropped = {p.name for p in declared.properties if p.storage == "matching_only"}
        return tuple(c for c in declared.columns if c not in dropped)
    return declared.columns


def hashed_columns(table: str) -> tuple[str, ...]:
    declared = TABLES[table]
    properties: tuple[Property, ...] = declared.properties
    return tuple(p.name for p in properties if p.storage == "hashed")


class Staging:
    """The database of one load. `rejects` and `findings` are tables of it. Use as a context manager."""

    def __init__(self, parent: Path) -> None:
        """Make it under `parent`, which the caller has to itself: what killed loads left there goes."""
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in parent.glob("staging-*"):
            shutil.rmtree(left, ignore_errors=True)
        self.folder = Path(tempfile.mkdtemp(prefix="staging-", dir=parent))
        self.db = duckdb.connect(
            str(self.folder / "staging.duckdb"),
            config={"memory_limit": MEMORY, "threads": 2, "temp_directory": str(self.folder / "spill")},
        )
        self.run("SET preserve_insertion_order = false")
        self.run(
            "CREATE TABLE rejects (tbl VARCHAR, file VARCHAR, row_no BIGINT, col VARCHAR, value VARCHAR, "
            "reason VARCHAR)"
        )
        self.run(
            "CREATE TABLE findings (kind VARCHAR, tbl VARCHAR, ids VARCHAR, from_on VARCHAR, to_on VARCHAR, "
            "what VARCHAR)"
        )
        self.run("CREATE TABLE places (place BIGINT, name VARCHAR)")
        self.run("CREATE TABLE headings (place BIGINT, tbl VARCHAR, col VARCHAR, heading VARCHAR)")
        self.run(
            "CREATE MACRO row_text(n) AS coalesce((SELECT name || ' ' FROM places WHERE place = n // "
            f"{PLACE}), '') || 'row ' || n % {PLACE}"
        )
        self.files: dict[str, str] = {}
        self.present: dict[str, tuple[str, ...]] = {}
        self.read: dict[str, int] = {}
        self.refused: set[str] = set()
        self.translated: dict[str, tuple[str, ...]] = {}
        for table in TABLES:
            columns = ", ".join(f"{c} VARCHAR" for c in staged_columns(table))
            self.run(f"CREATE TABLE raw_{table} (row_no BIGINT, {columns})")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.db.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def rows(self, sql: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        return self.db.execute(sql, parameters or {}).fetchall()

    def run(self, sql: str, parameters: dict[str, Any] | None = None) -> None:
        """Execute a statement to its end: the connection takes no other one before."""
        self.rows(sql, parameters)

    def one(self, sql: str) -> Any:
        """The first value of the first row."""
        found = self.rows(sql)
        return found[0][0] if found else None

    def insert(self, table: str, columns: dict[str, Sequence[Any]]) -> None:
        """Append columns of equal length to a table."""
        self.db.register("chunk", pa.table({name: pa.array(cells) for name, cells in columns.items()}))
        self.run(f"INSERT INTO {table} BY NAME SELECT * FROM chunk")
        self.db.unregister("chunk")

    def keep(self, name: str, table: pa.Table) -> None:
        """Make a table of the database of one in memory."""
        self.db.register("chunk", table)
        self.run(f"CREATE TABLE {name} AS SELECT * FROM chunk")
        self.db.unregister("chunk")

    def uncertain(self, table: str) -> bool:
        """Whether the table has rows of which not even the key is known."""
        if table in self.refused:
            return True
        keys = " OR ".join(f"{c} IS NULL" for c in TABLES[table].key_columns)
        unread = f"SELECT 1 FROM rejects ANTI JOIN raw_{table} USING (row_no) WHERE tbl = '{table}' LIMIT 1"
        return bool(self.rows(unread) or self.rows(f"SELECT 1 FROM raw_{table} WHERE {keys} LIMIT 1"))

    def describe(self, source: Source) -> None:
        """Keep what the source says of itself: its places, headings and findings."""
        if source.places:
            self.insert("places", {"place": list(source.places), "name": list(source.places.values())})
        if source.headings:
            places, tables, columns = zip(*source.headings, strict=True)
            headings = list(source.headings.values())
            self.insert("headings", {"place": places, "tbl": tables, "col": columns, "heading": headings})
        for seen in source.findings:
            self.run(
                "INSERT INTO findings VALUES ($kind, $tbl, $ids, $from_on, $to_on, $what)",
                {
                    "kind": seen.kind,
                    "tbl": seen.table,
                    "ids": seen.ids,
                    "from_on": seen.from_on,
                    "to_on": seen.to_on,
                    "what": seen.what,
                },
            )

    def take(
        self,
        raw: RawTable,
        key: bytes,
        advance: Callable[[int], None],
        seen: Callable[[str, Chunk], None] | None = None,
    ) -> None:
        """Read one table through; `seen` gets every chunk as it comes, what feeds matching included."""
        table = raw.name
        kept = [c for c in staged_columns(table) if c in raw.columns]
        self.files[table] = raw.file
        self.present[table] = tuple(kept)
        self.read[table] = 0
        hashed = hashed_columns(table)
        for part in raw.chunks():
            read = len(part.rows) + len(part.faults)
            if seen is not None:
                seen(table, part)
            if part.rows:
                self._insert(table, part, kept, dict.fromkeys(hashed, key))
            self.reject(table, raw.file, part.faults)
            self.read[table] += read
            advance(read)

    def _insert(self, table: str, part: Chunk, kept: Sequence[str], keys: dict[str, bytes]) -> None:
        arrays: dict[str, Any] = {"row_no": pa.array(part.rows, pa.int64())}
        for column in kept:
            cells: Sequence[str | None] = part.columns[column]
            if column in keys:
                cells = [keyed_hash(keys[column], column, c) if c and c.strip() else None for c in cells]
            trimmed = pc.utf8_trim_whitespace(pa.array(cells, pa.string()))
            arrays[column] = pc.if_else(pc.equal(trimmed, ""), None, trimmed)
        self.db.register("chunk", pa.table(arrays))
        self.run(f"INSERT INTO raw_{table} BY NAME SELECT * FROM chunk")
        self.db.unregister("chunk")

    def reject(self, table: str, file: str, faults: Sequence[RowFault]) -> None:
        """Keep rows that could not be read at all."""
        if not faults:
            return
        arrays = {
            "row_no": pa.array([f.row for f in faults], pa.int64()),
            "col": pa.array([f.column for f in faults], pa.string()),
            "value": pa.array([f.value for f in faults], pa.string()),
            "reason": pa.array([f.reason for f in faults], pa.string()),
        }
        self.db.register("chunk", pa.table(arrays))
        self.run(
            "INSERT INTO rejects SELECT $tbl, $file, row_no, col, value, reason FROM chunk",
            {"tbl": table, "file": file},
        )
        self.db.unregister("chunk")

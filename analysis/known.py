"""What was known at the end of a day: the tables of the import format from the ledger alone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from analysis.readback import SCHEMAS, finished
from graphmodel.errors import SourceError
from graphmodel.ledger import Ledger, end_of, find_ledger
from graphmodel.standing import Order
from graphmodel.whole import whole

_MEMORY: Final = "1GB"


def instant_of(known_on: date | datetime) -> str:
    """The instant up to which something counts as known: a day's end, or that of the moment given."""
    if isinstance(known_on, datetime):
        return known_on.astimezone(UTC).isoformat(timespec="microseconds")
    return end_of(known_on)


def ledger_on(home: Path, known_on: date | datetime) -> Ledger:
    """The ledger as it was then. Raises `SourceError` where there is none, or none as old."""
    ledger = find_ledger(home)
    if ledger is None or not ledger.parts:
        raise SourceError(
            f"data folder {home.name}",
            "has no ledger, so what was known earlier is not on record",
            "Load something; from then on it is.",
        )
    then = ledger.until(instant_of(known_on))
    if not then.parts:
        raise SourceError(
            f"the ledger of {home.name}",
            f"begins on {ledger.parts[0].at[:10]}, so it cannot say what was known on {known_on}",
            "Name a later day.",
        )
    return then


def tables_known(ledger: Ledger) -> dict[str, pa.Table]:
    """Every table of the import format as the ledger leaves it, by the links and precedence of then.

    Columns, types and order of rows are those of `readback.from_graph`.
    """
    links = ledger.links()
    with duckdb.connect(":memory:", config={"threads": 2, "memory_limit": _MEMORY}) as db:
        db.register("links_then", links)

        def run(sql: str) -> list[tuple[Any, ...]]:
            return db.execute(sql).fetchall()

        kinds = frozenset(links.column("kind").to_pylist())
        whole(run, ledger, Order(ledger.precedence), links="links_then", kinds=kinds)
        return {name: finished(_typed(db, name, schema), name) for name, schema in SCHEMAS.items()}


def _typed(db: duckdb.DuckDBPyConnection, name: str, schema: pa.Schema) -> pa.Table:
    columns: Iterable[str] = (f'CAST("{f.name}" AS {_sql(f.type)}) AS "{f.name}"' for f in schema)
    query = f"SELECT {', '.join(columns)} FROM whole_{name}"
    found: pa.Table = db.sql(query).to_arrow_table()
    return found.cast(schema)


def _sql(kind: pa.DataType) -> str:
    if kind == pa.date32():
        return "DATE"
    return {pa.bool_(): "BOOLEAN", pa.float64(): "DOUBLE", pa.int64(): "BIGINT"}.get(kind, "VARCHAR")

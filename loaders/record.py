"""The record that a load leaves: in the graph, and as files in the data folder; and its lock."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from graphmodel.errors import LoadRefused
from graphmodel.store import Store
from loaders.raw import PLACE
from loaders.report import TableCounts
from loaders.staging import Staging

LOADS: Final = "loads"


def now() -> str:
    """The present instant, ISO, UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def new_load_id() -> str:
    """Sorts by time: the UTC instant and six random letters."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


@contextmanager
def only_loader(home: Path, load_id: str) -> Iterator[None]:
    """Hold the data folder's one place for a loader; raises `LoadRefused` where another one holds it."""
    folder = home / LOADS
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LoadRefused(
                f"data folder {home.name}",
                f"another load runs in it ({lock.read().strip() or 'just begun'})",
                "Wait until it is done.",
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(f"{load_id}, process {os.getpid()}")
        lock.flush()
        yield


def begin(
    store: Store, load_id: str, *, source: str, reader: str, path_name: str, ledger: str | None = None
) -> None:
    """Leave the record of a running load."""
    store.write(
        "CREATE (l:Load {load_id: $load_id, source: $source, format: $format, path_name: $path_name, "
        "started_at: $at, outcome: 'running', ledger: $ledger}) RETURN count(*) AS made",
        load_id=load_id,
        source=source,
        format=reader,
        path_name=path_name,
        at=now(),
        ledger=ledger,
    )
    # a reader that finds the ledger ahead must not take a copy that lags for a graph that was set back
    store.hand_on()


def unfinished(store: Store) -> list[str]:
    """Ids of loads that say they run: cut off, or at work from another data folder."""
    return [str(row[0]) for row in store.fetch("MATCH (l:Load {outcome: 'running'}) RETURN l.load_id")]


def finish(
    store: Store, load_id: str, outcome: str, tables: dict[str, TableCounts], findings: dict[str, int]
) -> None:
    """Complete the record: outcome `loaded`, `refused` or `failed`, and the counts."""
    counts = {name: asdict(table) for name, table in tables.items()}
    totals = {
        f"rows_{what}": sum(table[what] for table in counts.values())
        for what in ("read", "created", "updated", "unchanged", "rejected", "retired")
    }
    store.write(
        "MATCH (l:Load {load_id: $load_id}) SET l.finished_at = $at, l.outcome = $outcome, "
        "l.rows_read = $rows_read, l.rows_created = $rows_created, l.rows_updated = $rows_updated, "
        "l.rows_unchanged = $rows_unchanged, l.rows_rejected = $rows_rejected, "
        "l.rows_retired = $rows_retired, l.findings = $findings, l.counts_json = $counts",
        load_id=load_id,
        at=now(),
        outcome=outcome,
        findings=sum(findings.values()),
        counts=json.dumps({"tables": counts, "findings": findings}, sort_keys=True),
        **totals,
    )
    store.hand_on()


def write_lists(stage: Staging, folder: Path) -> None:
    """rejects.csv and findings.csv, readable by their owner only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lists = {
        "rejects.csv": (
            "SELECT DISTINCT concat_ws(', ', file, name) AS file, row_no % "
            f'{PLACE} AS "row", coalesce(heading, r.col) AS "column", value, reason FROM rejects r '
            f"LEFT JOIN places p ON p.place = row_no // {PLACE} LEFT JOIN headings h "
            f"ON h.place = row_no // {PLACE} AND h.tbl = r.tbl AND h.col = r.col "
            "ORDER BY 1, 2, 3, 5, 4"
        ),
        "findings.csv": (
            'SELECT kind, tbl AS "table", ids, from_on AS "from", to_on AS "to", what FROM findings '
            "ORDER BY kind, tbl, ids, from_on, to_on, what"
        ),
    }
    for name, sql in lists.items():
        path = folder / name
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        stage.run(f"COPY ({sql}) TO '{str(path).replace(chr(39), chr(39) * 2)}' (HEADER, DELIMITER ',')")
        path.chmod(0o600)

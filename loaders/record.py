"""The record that a load leaves: in the graph, and as files in the data folder."""

from __future__ import annotations

import csv
import json
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from graphmodel.disk import on_disk
from graphmodel.errors import TacgraphError
from graphmodel.ledger import find_ledger
from graphmodel.letters import harmless
from graphmodel.migrations import RESTORING
from graphmodel.store import Store
from loaders import alone
from loaders.alone import LOADS, Running, only_loader
from loaders.raw import PLACE
from loaders.report import TableCounts
from loaders.staging import Staging

__all__ = [
    "LOADS",
    "SLACK",
    "Before",
    "begin",
    "finish",
    "new_load_id",
    "now",
    "only_loader",
    "only_writer",
    "write_lists",
]

SLACK: Final = timedelta(minutes=1)
"""Clocks of two machines may differ by this much."""
_STAMP: Final = "%Y%m%dT%H%M%S"
_LETTERS: Final = 15
_LIST_ROWS: Final = 10_000
_ID: Final = re.compile(r"[0-9]{8}T[0-9]{6}-[0-9a-f]{6}")


def now() -> str:
    """The present instant, ISO, UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def new_load_id(after: str | None = None) -> str:
    """Sorts by time: the UTC instant and six random letters; behind `after`, whatever the clock says."""
    at = datetime.now(UTC)
    if after is not None and _ID.fullmatch(after) and f"{at:{_STAMP}}" <= after[:_LETTERS]:
        at = datetime.strptime(after[:_LETTERS], _STAMP).replace(tzinfo=UTC) + timedelta(seconds=1)
    return f"{at:{_STAMP}}-{secrets.token_hex(3)}"


@dataclass(frozen=True)
class Before:
    """What the graph's load records say of the loads before this one; None where there are none."""

    load_id: str | None
    instant: str | None

    @classmethod
    def of(cls, store: Store) -> Self:
        """The latest of them: of ids, and of instants at which a load began or ended."""
        asked = "MATCH (l:Load) RETURN max(l.load_id), max(l.started_at), max(l.finished_at)"
        latest, *instants = store.fetch(asked)[0]
        return cls(latest, max((at for at in instants if at is not None), default=None))

    def clock_is_behind(self) -> str:
        """What is to be said where this computer's clock is behind these loads by more than a minute."""
        if self.instant is None:
            return ""
        at, last = datetime.now(UTC), datetime.fromisoformat(self.instant)
        if last.tzinfo is None or at >= last - SLACK:
            return ""
        return (
            f"this computer's clock ({at:%Y-%m-%d %H:%M} UTC) is behind the latest load "
            f"({last:%Y-%m-%d %H:%M} UTC): set it; this load counts as later all the same"
        )


def begin(
    store: Store,
    load_id: str,
    *,
    source: str,
    reader: str,
    path_name: str,
    ledger: str | None = None,
    at: str | None = None,
    gone: Sequence[Running] = (),
) -> None:
    """Leave the record of a running load, begun `at` (left out: now).

    Raises `LoadRefused` where another one that is not `gone` runs.
    """
    named = {"source": source, "format": reader, "path_name": path_name, "ledger": ledger}
    # nobody says of a restore that it lives: its own marker is told by its source
    beat = None if source == RESTORING else 0
    state = {"started_at": at or now(), "outcome": "running", "by": alone.who(), "beat": beat}
    alone.begin(store, load_id, {**named, **state}, gone)
    # a reader that finds the ledger ahead must not take a copy that lags for a graph that was set back
    store.hand_on()


@contextmanager
def only_writer(home: Path, store: Store, what: str) -> Iterator[None]:
    """Hold the database's one place for a loader while the graph is changed otherwise than by a load.

    For whoever holds the data folder's lock (`only_loader`), which no other folder or machine asks for.
    Raises `LoadRefused` where another load runs in the database, or a restore. The embedded engine is the
    folder's own, so there the lock suffices.
    """
    gone = alone.dead(store, home)
    if store.kind != "neo4j":
        yield
        return
    marker, book = new_load_id(), find_ledger(home)
    known = book.name if book is not None else None
    begin(store, marker, source=what, reader=alone.NO_LOAD, path_name="", ledger=known, gone=gone)
    try:
        with alone.Alive(store, marker):
            yield
    finally:
        # where the database is gone, whoever is next finds that it counts no further
        with suppress(TacgraphError):
            store.write("MATCH (l:Load {load_id: $load_id}) DETACH DELETE l RETURN count(*)", load_id=marker)


def finish(
    store: Store,
    load_id: str,
    outcome: str,
    tables: dict[str, TableCounts],
    findings: dict[str, int],
    *,
    ledger_place: int | None = None,
) -> None:
    """Complete the record: outcome `loaded`, `refused` or `failed`, the counts, the place in the ledger."""
    counts = {name: asdict(table) for name, table in tables.items()}
    totals = {
        f"rows_{what}": sum(table[what] for table in counts.values())
        for what in ("read", "created", "updated", "unchanged", "rejected", "retired")
    }
    store.write(
        "MATCH (l:Load {load_id: $load_id}) SET "
        "l.finished_at = CASE WHEN l.started_at > $at THEN l.started_at ELSE $at END, "
        "l.outcome = $outcome, l.by = null, l.beat = null, "
        "l.rows_read = $rows_read, l.rows_created = $rows_created, l.rows_updated = $rows_updated, "
        "l.rows_unchanged = $rows_unchanged, l.rows_rejected = $rows_rejected, "
        "l.rows_retired = $rows_retired, l.findings = $findings, l.counts_json = $counts, "
        "l.ledger_place = $place",
        load_id=load_id,
        at=now(),
        outcome=outcome,
        findings=sum(findings.values()),
        place=ledger_place,
        counts=json.dumps({"tables": counts, "findings": findings}, sort_keys=True),
        **totals,
    )
    store.hand_on()


def write_lists(stage: Staging, folder: Path) -> None:
    """rejects.csv and findings.csv, readable by their owner only.

    What a spreadsheet would reckon out is made `harmless` in them: `graphmodel.letters.as_it_came` undoes it.
    """
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
        with on_disk(folder):
            _write_list(stage, sql, folder / name)


def _write_list(stage: Staging, sql: str, path: Path) -> None:
    found = stage.db.execute(sql)
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline=""
    ) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([column[0] for column in found.description or ()])
        while rows := found.fetchmany(_LIST_ROWS):
            writer.writerows([harmless(x) if isinstance(x, str) else x for x in row] for row in rows)

"""The as-of slice: every interval table read once per load, kept as Parquet, asked by DuckDB and pandas.

Whole-graph figures are many times faster from columns than from the graph; `docs/decisions/slice.md` says
when a slice is fresh and what a reader may rely on.
"""

from __future__ import annotations

import threading
from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Final, Self, cast

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis import increment, slice_files
from analysis.graph_state import State, digest_of, load_state
from analysis.known import ledger_on, tables_known
from analysis.readback import Progress, from_csv, from_graph
from analysis.slice_files import Meta
from graphmodel.disk import on_disk
from graphmodel.errors import DiskError, SourceError
from graphmodel.ledger_state import must_agree
from graphmodel.store import Store

_READS: Final = 3
_BEGINNINGS: Final = ("started_on", "opened_on", "held_on", "done_on", "completed_on")


class Slice:
    """All tables of the import format at one state of the graph, without the columns of identity matching.

    Columns are named as in the import format; dates are `datetime64`, missing values NaN, NaT or None. A
    slice is whole in memory (of a kept one the files' bytes, unpacked table by table when asked for) and
    never changes, so a newer load or a pruned folder does not disturb a reader.
    `complete` is false where it was read beside an unfinished load. Safe to share between threads.
    """

    def __init__(self, tables: Mapping[str, pa.Table], meta: Meta) -> None:
        self.arrow = tables
        self._stated = meta.data_date
        self.load_id = meta.load_id
        self.loaded_at = datetime.fromisoformat(meta.loaded_at) if meta.loaded_at else None
        self.complete = meta.complete
        self.not_kept = ""
        """Why it could not be kept for the next one to ask, empty where it was."""
        self.loads = meta.loads
        self.generation = meta.generation
        self._frames: dict[str, pd.DataFrame] = {}
        self._lock = threading.Lock()

    # -- asking ----------------------------------------------------------------------------------

    def table(self, name: str) -> pd.DataFrame:
        """One table as a frame; changing it leaves the slice as it is."""
        if name not in self._frames:
            self._frames[name] = self.arrow[name].to_pandas(date_as_object=False)
        return self._frames[name].copy(deep=False)

    def connection(self) -> duckdb.DuckDBPyConnection:
        """A DuckDB cursor of its own that sees every table by its name; close it after use."""
        with self._lock:
            return self._database.cursor()

    def relation(self, name: str) -> duckdb.DuckDBPyRelation:
        """One table as a DuckDB relation."""
        return self.connection().table(name)

    @cached_property
    def _database(self) -> duckdb.DuckDBPyConnection:
        database = duckdb.connect(":memory:", config={"threads": 2, "enable_external_access": False})
        for name, table in self.arrow.items():
            database.from_arrow(table).create(name)
        return database

    @cached_property
    def data_date(self) -> date | None:
        """The latest day on which something is on record as begun, held or done; None where nothing is.

        Dates after the day of the load are plans and do not count.
        """
        if self._stated is not None:
            return date.fromisoformat(self._stated)
        limit = self.loaded_at.date() if self.loaded_at else date.max
        found: list[date] = []
        for table in self.arrow.values():
            for column in set(_BEGINNINGS) & set(table.column_names):
                values = table.column(column)
                latest = pc.max(values.filter(pc.less_equal(values, pa.scalar(limit)))).as_py()
                if latest is not None:
                    found.append(latest)
        return max(found, default=None)

    # -- making ----------------------------------------------------------------------------------

    @classmethod
    def from_folder(cls, folder: Path) -> Self:
        """The slice of a CSV folder in the import format, without a graph: for tests and benchmarks."""
        return cls(from_csv(folder), Meta(None, None, complete=True))

    @classmethod
    def open(cls, folder: Path) -> Self:
        """A slice kept by `current`. Raises `SourceError` where the folder is none or is not whole."""
        return cls(*slice_files.kept(folder))

    @classmethod
    def current(cls, store: Store, home: Path, progress: Progress | None = None) -> Self:
        """The slice of the graph as the latest load left it: the one kept under `home`, else read now.

        One small query where it is fresh. While a load runs, or after one was cut off, the slice of the
        load before it is handed out; where there is none, what the graph holds is read and not kept, with
        `complete` false.
        """
        must_agree(store, home)
        state = load_state(store)
        folder = home / "slice"
        if state.key is not None:
            kept = cls._kept(folder / state.key)
            if kept is not None:
                return kept
            if state.settled:
                return cls._made(store, folder, progress)
        meta = Meta(state.load_id, state.loaded_at, complete=state.settled, generation=state.generation)
        return cls(from_graph(store, progress), meta)

    @classmethod
    def known(cls, home: Path, known_on: date | datetime) -> Self:
        """What was known at the end of a day, or at a moment, from the data folder's ledger alone.

        Links between ids and the precedence of sources are those of then. `load_id` and `loaded_at` are the
        load's that changed something last. Raises `SourceError` where the ledger does not reach back so far.
        """
        then = ledger_on(home, known_on)
        last = then.parts[-1]
        return cls(tables_known(then), Meta(last.load_id, last.at, complete=True))

    def replaced(self, tables: dict[str, pa.Table]) -> Self:
        """The same slice with some tables replaced, rows in order of their key: a scenario, never kept."""
        return type(self)(ChainMap(tables, cast("MutableMapping[str, pa.Table]", self.arrow)), self._meta())

    def _meta(self) -> Meta:
        loaded_at = self.loaded_at.isoformat() if self.loaded_at else None
        return Meta(self.load_id, loaded_at, self.complete, loads=self.loads, generation=self.generation)

    @classmethod
    def _kept(cls, folder: Path) -> Self | None:
        try:
            return cls.open(folder) if folder.exists() else None
        except SourceError:
            return None

    @classmethod
    def _made(cls, store: Store, folder: Path, progress: Progress | None) -> Self:
        with ExitStack() as stack:
            not_kept = slice_files.begun(folder, stack)
            for _ in range(_READS):
                state = load_state(store)
                if state.key is not None and (kept := cls._kept(folder / state.key)) is not None:
                    return kept
                tables = (
                    from_graph(store, progress) if not_kept else cls._read(store, folder, state, progress)
                )
                if state.settled and state.key is not None and load_state(store) == state:
                    meta = Meta(
                        state.load_id,
                        state.loaded_at,
                        complete=True,
                        loads=state.ended,
                        generation=state.generation,
                    )
                    made = cls(tables, meta)
                    made.not_kept = not_kept or made._keep_if_there_is_room(folder / state.key)
                    if not not_kept:
                        slice_files.drop_former(folder, digest_of(store), state.generation)
                    return made
        return cls(
            tables,
            Meta(state.load_id, state.loaded_at, complete=False, generation=state.generation),
        )

    @classmethod
    def _read(
        cls, store: Store, folder: Path, state: State, progress: Progress | None
    ) -> Mapping[str, pa.Table]:
        """What the graph holds: of the latest slice that is kept, what loads since then left as it was."""
        for latest in slice_files.latest_first(folder, f"-{digest_of(store)}-{state.generation}"):
            before = cls._kept(latest)
            if before is None or before.loads is None or not before.complete or not state.settled:
                continue
            since = increment.since(store, before.loads, state.ended)
            if since is not None:
                return increment.brought_up(store, before.arrow, since, progress)
        return from_graph(store, progress)

    def _keep_if_there_is_room(self, folder: Path) -> str:
        """Keep it; where the disk does not let us, why not: figures are not worth less for that."""
        try:
            with on_disk(folder.parent):
                self.keep(folder)
        except DiskError as fault:
            return f"{fault.thing} {fault.fault}"
        return ""

    def keep(self, folder: Path) -> None:
        """Write it as Parquet, all at once: a reader sees the whole folder or none. Prunes older ones."""
        dated = self.data_date.isoformat() if self.data_date else None
        slice_files.keep(folder, self.arrow, replace(self._meta(), data_date=dated))

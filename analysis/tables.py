"""The as-of slice: every interval table read once per load, kept as Parquet, asked by DuckDB and pandas.

Whole-graph figures are many times faster from columns than from the graph; `docs/decisions/slice.md` says
when a slice is fresh and what a reader may rely on.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import shutil
import tempfile
import threading
from collections import ChainMap
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Final, Self, cast

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analysis import increment
from analysis.known import ledger_on, tables_known
from analysis.readback import SCHEMAS, Progress, from_csv, from_graph
from graphmodel.disk import on_disk
from graphmodel.errors import DiskError, EngineError, SourceError
from graphmodel.ledger_state import must_agree
from graphmodel.migrations import RESTORING
from graphmodel.store import Store

_META: Final = "slice.json"
_DIGEST: Final = "sha256"
_KEEP: Final = 2
_READS: Final = 3
_BEGINNINGS: Final = ("started_on", "opened_on", "held_on", "done_on", "completed_on")


@dataclass(frozen=True)
class State:
    """What the graph's load records say: `key` names the facts, None where no load names them.

    `settled` is false while a load is running or was cut off, so that a read may meet half of it.
    `generation` is another one after facts were changed otherwise than by a load.
    """

    key: str | None
    load_id: str | None
    loaded_at: str | None
    settled: bool
    generation: str = ""


@dataclass(frozen=True)
class _Meta:
    """What a kept slice says of itself.

    `digests` name the bytes of each table's file; `loads` are those that were over when it was read, and when
    they ended.
    """

    load_id: str | None
    loaded_at: str | None
    complete: bool
    data_date: str | None = None
    digests: Mapping[str, str] | None = None
    loads: Mapping[str, str] | None = None
    generation: str = ""


class _Packed(Mapping[str, pa.Table]):
    """Tables whose Parquet bytes are in memory, each unpacked when it is first asked for."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files: dict[str, bytes] = files
        self._tables: dict[str, pa.Table] = {}
        self._names = tuple(files)
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> pa.Table:
        with self._lock:
            if name not in self._tables:
                self._tables[name] = pq.read_table(pa.BufferReader(self._files[name]), schema=SCHEMAS[name])
                del self._files[name]
            return self._tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Slice:
    """All tables of the import format at one state of the graph, without the columns of identity matching.

    Columns are named as in the import format; dates are `datetime64`, missing values NaN, NaT or None. A
    slice is whole in memory (of a kept one the files' bytes, unpacked table by table when asked for) and
    never changes, so a newer load or a pruned folder does not disturb a reader.
    `complete` is false where it was read beside an unfinished load. Safe to share between threads.
    """

    def __init__(self, tables: Mapping[str, pa.Table], meta: _Meta) -> None:
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
        return cls(from_csv(folder), _Meta(None, None, complete=True))

    @classmethod
    def open(cls, folder: Path) -> Self:
        """A slice kept by `current`. Raises `SourceError` where the folder is none or is not whole."""
        try:
            meta = _Meta(**json.loads((folder / _META).read_text(encoding="utf-8")))
            files = {name: (folder / f"{name}.parquet").read_bytes() for name in SCHEMAS}
        except (OSError, ValueError, TypeError) as fault:
            raise SourceError(f"slice {folder.name}", f"cannot be read ({fault})", "Delete it.") from fault
        stated = meta.digests or {}
        for name, content in files.items():
            # so a table that is unpacked later is the one that was kept
            if hashlib.new(_DIGEST, content).hexdigest() != stated.get(name):
                raise SourceError(f"slice {folder.name}", f"{name} is not as it was kept", "Delete it.")
        return cls(_Packed(files), meta)

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
        meta = _Meta(state.load_id, state.loaded_at, complete=state.settled, generation=state.generation)
        return cls(from_graph(store, progress), meta)

    @classmethod
    def known(cls, home: Path, known_on: date | datetime) -> Self:
        """What was known at the end of a day, or at a moment, from the data folder's ledger alone.

        Links between ids and the precedence of sources are those of then. `load_id` and `loaded_at` are the
        load's that changed something last. Raises `SourceError` where the ledger does not reach back so far.
        """
        then = ledger_on(home, known_on)
        last = then.parts[-1]
        return cls(tables_known(then), _Meta(last.load_id, last.at, complete=True))

    def replaced(self, tables: dict[str, pa.Table]) -> Self:
        """The same slice with some tables replaced, rows in order of their key: a scenario, never kept."""
        return type(self)(ChainMap(tables, cast("MutableMapping[str, pa.Table]", self.arrow)), self._meta())

    def _meta(self) -> _Meta:
        loaded_at = self.loaded_at.isoformat() if self.loaded_at else None
        return _Meta(self.load_id, loaded_at, self.complete, loads=self.loads, generation=self.generation)

    @classmethod
    def _kept(cls, folder: Path) -> Self | None:
        try:
            return cls.open(folder) if folder.exists() else None
        except SourceError:
            return None

    @classmethod
    def _made(cls, store: Store, folder: Path, progress: Progress | None) -> Self:
        with ExitStack() as stack:
            not_kept = _begun(folder, stack)
            for _ in range(_READS):
                state = load_state(store)
                if state.key is not None and (kept := cls._kept(folder / state.key)) is not None:
                    return kept
                loads = increment.ended(store)
                tables = (
                    from_graph(store, progress) if not_kept else cls._read(store, folder, state, progress)
                )
                if state.settled and state.key is not None and load_state(store) == state:
                    meta = _Meta(
                        state.load_id,
                        state.loaded_at,
                        complete=True,
                        loads=loads,
                        generation=state.generation,
                    )
                    made = cls(tables, meta)
                    made.not_kept = not_kept or made._keep_if_there_is_room(folder / state.key)
                    if not not_kept:
                        _drop_former(folder, store, state)
                    return made
        return cls(
            tables,
            _Meta(state.load_id, state.loaded_at, complete=False, generation=state.generation),
        )

    @classmethod
    def _read(
        cls, store: Store, folder: Path, state: State, progress: Progress | None
    ) -> Mapping[str, pa.Table]:
        """What the graph holds: of the latest slice that is kept, what loads since then left as it was."""
        of_this_graph = f"-{_digest(store)}-{state.generation}"
        kept = [x for x in folder.iterdir() if x.name.endswith(of_this_graph) and not x.name.startswith(".")]
        for latest in sorted(kept, key=lambda x: x.stat().st_mtime, reverse=True):
            before = cls._kept(latest)
            if before is None or before.loads is None or not before.complete or not state.settled:
                continue
            since = increment.since(store, before.loads)
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
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
        try:
            digests = {name: _private(made / f"{name}.parquet", table) for name, table in self.arrow.items()}
            dated = self.data_date.isoformat() if self.data_date else None
            meta = replace(self._meta(), data_date=dated, digests=digests)
            descriptor = os.open(made / _META, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(asdict(meta), file)
            if folder.exists():
                _remove(folder)
            made.rename(folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        _prune(folder)


def _private(path: Path, table: pa.Table) -> str:
    """Write a table that only its owner can read; gives the digest of the file."""
    packed = io.BytesIO()
    pq.write_table(table, packed, compression="zstd")
    content = packed.getvalue()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    return hashlib.new(_DIGEST, content).hexdigest()


def _remove(folder: Path) -> None:
    """Out of sight first, so that nobody opens half of it."""
    try:
        gone = Path(tempfile.mkdtemp(prefix=".gone-", dir=folder.parent))
        folder.rename(gone / folder.name)
    except OSError:
        # a disk without room for a name: then in sight
        gone = folder
    shutil.rmtree(gone, ignore_errors=True)


def _prune(latest: Path) -> None:
    folders = [x for x in latest.parent.iterdir() if x.is_dir()]
    kept = sorted((x for x in folders if not x.name.startswith(".")), key=lambda x: x.stat().st_mtime)
    for folder in [x for x in kept if x != latest][: -_KEEP + 1 or None]:
        _remove(folder)
    # whoever keeps is alone, so these are of somebody who was killed, whatever a clock says
    for folder in (x for x in folders if x.name.startswith(".")):
        shutil.rmtree(folder, ignore_errors=True)


def _drop_former(folder: Path, store: Store, state: State) -> None:
    """Remove the slices of this graph's former generations: they may hold whom an erasure took out."""
    of_this_graph = f"-{_digest(store)}-"
    for place in folder.iterdir():
        former = of_this_graph in place.name and not place.name.endswith(of_this_graph + state.generation)
        if former and not place.name.startswith("."):
            _remove(place)


def _begun(folder: Path, stack: ExitStack) -> str:
    """Take the folder of slices for oneself until the stack is left; why not, empty where it can be."""
    try:
        with on_disk(folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            stack.enter_context(_alone(folder))
    except DiskError as fault:
        return f"{fault.thing} {fault.fault}"
    return ""


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One reader of the graph at a time: the next one finds what the first has made."""
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


_STATE: Final = (
    "MATCH (m:Model) RETURN null AS load_id, null AS finished_at, null AS outcome, 0 AS changed, "
    "null AS started_at, m.generation AS said "
    "UNION ALL MATCH (l:Load) RETURN l.load_id AS load_id, l.finished_at AS finished_at, "
    "l.outcome AS outcome, coalesce(l.rows_created, 0) + coalesce(l.rows_updated, 0) "
    "+ coalesce(l.rows_retired, 0) AS changed, l.started_at AS started_at, l.source AS said"
)


def load_state(store: Store) -> State:
    """What the load records say of the graph's facts: one small query.

    The key names the latest finished load that changed something, or, where a load was cut off or failed,
    the first one finished after it (its rest may be all that was left to do, or nothing). It names the
    generation too, which an erasure or a migration renews. Raises `EngineError` while a backup is restored
    into the graph, which holds a part of it then.
    """
    rows = store.fetch(_STATE)
    generation = str(next((row[5] for row in rows if row[0] is None), None) or "")
    loads = sorted((row for row in rows if row[0] is not None), key=lambda row: (row[4] or "", row[0]))
    named: tuple[str, str] | None = None
    settled = True
    for load_id, finished_at, outcome, changed, _, source in loads:
        if source == RESTORING and outcome == "running":
            raise EngineError(
                "the graph", "is being restored from a backup", "Wait; if that was cut off, run it again."
            )
        if finished_at is None or outcome not in ("loaded", "refused"):
            settled = False
        elif outcome == "loaded":
            if changed or not settled:
                named = (load_id, finished_at)
            settled = True
    if named is None:
        return State(None, None, None, settled=settled, generation=generation)
    key = f"{named[0]}-{_digest(store)}-{generation}"
    return State(key, *named, settled=settled, generation=generation)


def _digest(store: Store) -> str:
    """Which database and which columns: another database or a newer program does not find this slice."""
    where = (store.kind, store.uri if store.kind == "neo4j" else "", store.database or "")
    columns = {name: str(schema) for name, schema in SCHEMAS.items()}
    return hashlib.sha256(json.dumps([where, columns]).encode()).hexdigest()[:12]

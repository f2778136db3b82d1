"""Slices as a data folder keeps them: one folder each, Parquet for its owner alone, there whole or not."""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.readback import SCHEMAS
from graphmodel.disk import on_disk
from graphmodel.errors import DiskError, SourceError

_META: Final = "slice.json"
_DIGEST: Final = "sha256"
_KEEP: Final = 2
_MAKING: Final = ".making-"
_GONE: Final = ".gone-"


@dataclass(frozen=True)
class Meta:
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


def kept(folder: Path) -> tuple[Mapping[str, pa.Table], Meta]:
    """The tables of a kept slice and what it says of itself. Raises `SourceError` where it is not whole."""
    try:
        meta = Meta(**json.loads((folder / _META).read_text(encoding="utf-8")))
        files = {name: (folder / f"{name}.parquet").read_bytes() for name in SCHEMAS}
    except (OSError, ValueError, TypeError) as fault:
        raise SourceError(f"slice {folder.name}", f"cannot be read ({fault})", "Delete it.") from fault
    stated = meta.digests or {}
    for name, content in files.items():
        # so a table that is unpacked later is the one that was kept
        if hashlib.new(_DIGEST, content).hexdigest() != stated.get(name):
            raise SourceError(f"slice {folder.name}", f"{name} is not as it was kept", "Delete it.")
    return _Packed(files), meta


def latest_first(folder: Path, ending: str) -> list[Path]:
    """The folders of slices whose names end so, the latest first."""
    kept_ones = [x for x in folder.iterdir() if x.name.endswith(ending) and not x.name.startswith(".")]
    return sorted(kept_ones, key=lambda x: x.stat().st_mtime, reverse=True)


def keep(folder: Path, tables: Mapping[str, pa.Table], meta: Meta) -> None:
    """Write it as Parquet, all at once: a reader sees the whole folder or none. Prunes older slices."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=_MAKING, dir=folder.parent))
    try:
        digests = {name: _private(made / f"{name}.parquet", table) for name, table in tables.items()}
        descriptor = os.open(made / _META, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(replace(meta, digests=digests)), file)
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
        gone = Path(tempfile.mkdtemp(prefix=_GONE, dir=folder.parent))
        folder.rename(gone / folder.name)
    except OSError:
        # a disk without room for a name: then in sight
        gone = folder
    shutil.rmtree(gone, ignore_errors=True)


def _prune(latest: Path) -> None:
    """Older slices and what was left of making or removing one; any other folder there is somebody else's."""
    kept = [x for x in latest.parent.iterdir() if (x / _META).is_file() and not x.name.startswith(".")]
    kept.sort(key=lambda x: x.stat().st_mtime)
    for folder in [x for x in kept if x != latest][: -_KEEP + 1 or None]:
        _remove(folder)
    # whoever keeps is alone, so these are of somebody who was killed, whatever a clock says
    for left in (*latest.parent.glob(f"{_MAKING}*"), *latest.parent.glob(f"{_GONE}*")):
        shutil.rmtree(left, ignore_errors=True)


def drop_former(folder: Path, graph: str, generation: str) -> None:
    """Remove the slices of this graph's former generations: they may hold whom an erasure took out."""
    of_this_graph = f"-{graph}-"
    for place in folder.iterdir():
        former = of_this_graph in place.name and not place.name.endswith(of_this_graph + generation)
        if former and not place.name.startswith("."):
            _remove(place)


def begun(folder: Path, stack: ExitStack) -> str:
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

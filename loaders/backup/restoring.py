"""Putting a backup back: into a folder of its own first, and in place only when everything was verified."""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from graphmodel import engine, ledger, migrations
from graphmodel.access import Viewer
from graphmodel.engine_files import take_lock
from graphmodel.errors import LoadRefused, SourceError
from graphmodel.migrations import RESTORING
from graphmodel.settings import named_database
from graphmodel.store import Store
from loaders import alone, record
from loaders.backup.archive import Manifest, unpack
from loaders.backup.graph import fill, verify
from loaders.backup.saving import ERASED, FILES
from loaders.report import Progress, Silent

_LOCK: Final = "restoring"
_ASIDE: Final = ".before-"
SPARE: Final = 1.2
_CODES: Final = "n:Status OR n:NeedsLevel OR n:Model"


def restore(
    path: Path,
    into: Path,
    *,
    passphrase: str | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> tuple[Manifest, Path | None]:
    """Restore a backup into a data folder and, where `NEO4J_URI` names one, an empty database.

    Gives the manifest, and where a folder that was there before (`force`) lies now. Nothing stands at `into`
    before files, counts and values were verified; a restore that was cut off leaves a folder
    `.NAME.restoring-…` beside it, and a database that only another restore may fill.

    Raises `SourceError` (no backup, cut off, changed), `LoadRefused` (something is there already),
    `EngineError` (the database; what was restored is not what was saved).
    """
    into = into.resolve()
    _must_be_empty(into, force=force)
    into.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shown = progress or Silent()
    # a load there would go on in a folder that was moved away
    loads = (into / record.LOADS).is_dir()
    with record.only_loader(into, "restore") if loads else nullcontext():
        return _in_lock(path, into, passphrase, shown, force=force)


def _in_lock(
    path: Path, into: Path, passphrase: str | None, shown: Progress, *, force: bool
) -> tuple[Manifest, Path | None]:
    _clear_away(into)
    work = Path(tempfile.mkdtemp(prefix=f".{into.name}.restoring-", dir=into.parent))
    home, lock = work / FILES, take_lock(work / _LOCK)
    try:
        shown.begin("unpack and verify the files", None)
        manifest = unpack(path, work, passphrase, lambda size: _must_fit(work, size))
        if manifest.model > migrations.current():
            raise SourceError(
                f"backup {path.name}",
                f"was made by tacgraph {manifest.program}, whose model is newer than this one's",
                f"Restore it with tacgraph {manifest.program} or newer.",
            )
        home.mkdir(mode=0o700, exist_ok=True)
        _restore_graph(home, work, path, manifest, shown, force=force)
        # before anything moves: whenever this is killed, the folder in place has them
        _keep_erased(_former(into), home)
        aside = _put_in_place(home, into)
    finally:
        _remove(work)
        if lock is not None:
            os.close(lock)
        shown.close()
    return manifest, aside


def _clear_away(into: Path) -> None:
    """Remove what restores that were cut off left beside `into`; the locks of living ones are held."""
    for left in into.parent.glob(f".{glob.escape(into.name)}.restoring-*"):
        lock = take_lock(left / _LOCK)
        if lock is not None:
            _remove(left)
            os.close(lock)


def _remove(work: Path) -> None:
    engine.stop(work / FILES)
    shutil.rmtree(work, ignore_errors=True)


def _must_be_empty(into: Path, *, force: bool) -> None:
    if into.exists() and not into.is_dir():
        raise LoadRefused(f"{into.name}", "is a file", "Name a folder.")
    if into.is_dir() and any(into.iterdir()) and not force:
        raise LoadRefused(
            f"folder {into.name}",
            "is not empty",
            "Name another one, or give --force: what is there is moved aside, not deleted.",
        )


def _must_fit(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if size * SPARE > free:
        raise SourceError(
            "the disk",
            f"has {free / 1e9:.1f} GB free, the backup needs {size * SPARE / 1e9:.1f}",
            "Make room.",
        )


def _restore_graph(
    home: Path, work: Path, path: Path, manifest: Manifest, shown: Progress, *, force: bool
) -> None:
    with Store.open(home, "admin") as store:
        _must_be_free(store, force=force)
        gone = alone.dead(store, home, to_restore=True)
        store.apply_model()
        # until all is verified it says that the graph is not whole, and that another restore may empty it
        marker = record.new_load_id()
        record.begin(store, marker, source=RESTORING, reader="backup", path_name=path.name, gone=gone)
        _empty(store, marker)
        shown.begin("fill the graph", sum(part.rows for part in manifest.parts))
        fill(store, work, manifest, shown.advance)
        shown.begin("read it back and compare", sum(manifest.nodes.values()))
        verify(store, manifest, shown.advance, besides=marker)
        store.write("MATCH (l:Load {load_id: $id}) DETACH DELETE l", id=marker)
        store.apply_model()
        _point_at_ledger(store, home)
        nodes = sum(manifest.nodes.values())
        store.audit.record(Viewer.local(), "restore", about="everything", rows=nodes, file=path.name)


def _point_at_ledger(store: Store, home: Path) -> None:
    """Say which ledger is that of the database at hand, which may be another than the backup's."""
    asked = "MATCH (l:Load) WHERE l.ledger IS NOT NULL RETURN l.ledger ORDER BY l.load_id DESC LIMIT 1"
    for (name,) in store.fetch(asked):
        folder = home / ledger.FOLDER / str(name)
        if folder.is_dir():
            ledger.point(home, ledger.Ledger.open(folder))


def _must_be_free(store: Store, *, force: bool) -> None:
    """Of a database that holds something, only half a restore may be emptied without `force`."""
    count = store.fetch(f"MATCH (n) WHERE NOT ({_CODES}) RETURN count(n) AS total")[0][0]
    asked = "MATCH (l:Load {source: $source, outcome: 'running'}) RETURN count(l) AS total"
    if count and not force and not store.fetch(asked, {"source": RESTORING})[0][0]:
        raise LoadRefused(
            f"the database at {store.uri}",
            f"holds {count:,} nodes",
            "Name an empty one in NEO4J_DATABASE, or give --force: then what it holds is deleted.",
        )


def _empty(store: Store, marker: str) -> None:
    """Everything but the marker, in small transactions; the codes are among the backup's own nodes."""
    text = (
        "MATCH (n) WHERE NOT n:Load OR n.load_id <> $marker WITH n LIMIT 5000 DETACH DELETE n "
        "RETURN count(*) AS gone"
    )
    while store.write(text, marker=marker)[0][0][0]:
        continue


def _former(into: Path) -> Path | None:
    """The folder before this restore; where one was killed that had moved it aside, what lies there."""
    if into.is_dir() and any(into.iterdir()):
        return into
    left = sorted(into.parent.glob(f"{glob.escape(into.name)}{_ASIDE}*"))
    return left[-1] if left else None


def _keep_erased(former: Path | None, home: Path) -> None:
    """What was erased since the backup was taken stays known, so that the doctor says who is back."""
    if former is not None and (former / ERASED).exists():
        there = set(
            (home / ERASED).read_text(encoding="ascii").splitlines() if (home / ERASED).exists() else ()
        )
        lines = [x for x in (former / ERASED).read_text(encoding="ascii").splitlines() if x not in there]
        descriptor = os.open(home / ERASED, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.writelines(f"{line}\n" for line in lines)


def _put_in_place(home: Path, into: Path) -> Path | None:
    """Move the restored folder to its place; where the one that was there lies now."""
    if not named_database():
        engine.stop(home)
    for left in home.glob("engine.*"):
        if left.name != "engine.secrets.json":
            left.unlink()
    aside = None
    if into.is_dir() and any(into.iterdir()):
        engine.stop(into)
        # to the microsecond: two restores of one second must not take one name, and the latest sorts last
        aside = into.with_name(f"{into.name}{_ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%S.%f}")
        into.rename(aside)
    elif into.is_dir():
        into.rmdir()
    home.rename(into)
    return aside

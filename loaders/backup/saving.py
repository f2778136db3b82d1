"""Taking a backup: the graph's rows and the data folder's files, into one archive."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path
from typing import Final, Literal

from graphmodel import migrations
from graphmodel.access import Viewer
from graphmodel.beside import workplace
from graphmodel.disk import on_disk
from graphmodel.errors import EngineError, SourceError
from graphmodel.migrations import RESTORING
from graphmodel.store import Store
from loaders import record
from loaders.backup.archive import Held, Manifest, held, pack
from loaders.backup.graph import dump
from loaders.identity import KEY_FILE, KEY_VARIABLE
from loaders.report import Progress, Silent

FILES: Final = "home"
LEFT_OUT: Final = {
    "engine/*": "the embedded engine's own files: the graph is here as rows",
    "engine.*": "the embedded engine's state, passwords and log: a restored folder makes its own",
    "slice/*": "read anew from the graph when it is first asked for",
    "loads/lock": "a lock",
    "loads/staging-*": "what a load that was cut off left behind",
    "bookmarks.json": "of the database that it was read from: another one does not know them",
    "sign-in*": "secrets of the sign-in: they belong to the machine that serves",
    "*.lock": "a lock",
    "*.partial": "an archive that was not finished",
    "*/.making-*": "a part that was not finished",
    "*-journal": "SQLite's own, taken into the copy",
    "*-wal": "SQLite's own, taken into the copy",
    "*-shm": "SQLite's own, taken into the copy",
}
ERASED: Final = "erased.txt"
"""Keyed hashes of erased children's ids, by which it shows when one is back."""
KeyIs = Literal["inside", "left out", "in the environment", "none yet"]
SQLITE: Final = b"SQLite format 3\x00"


def back_up(
    home: Path,
    out: Path,
    *,
    passphrase: str | None = None,
    with_key: bool = True,
    force: bool = False,
    progress: Progress | None = None,
) -> Manifest:
    """Write the graph and the data folder's files to `out` (0600) and give its manifest.

    `with_key` false leaves the identity key out: then nobody can try numbers against the hashes, and after a
    restore the next load needs the same key again. The audit record says that a backup was taken.

    Raises `SourceError` where `out` is there (unless `force`) or lies in the data folder, `LoadRefused` while
    a load runs, `EngineError` where the graph changes meanwhile or holds what the model does not know.
    """
    _must_be_free(home, out, force=force)
    shown = progress or Silent()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        on_disk(out),
        record.only_loader(home, "backup"),
        Store.open(home, "reader") as store,
        # what a killed backup left beside it goes too: it holds every child
        workplace(out.parent, f".{out.name}.", ".partial") as folder,
    ):
        try:
            shown.begin("read the graph", None)
            before = _settled(store)
            parts, tally = dump(store, folder, shown.advance)
            if _settled(store) != before:
                raise EngineError(
                    "the graph", "was loaded into meanwhile", "Take the backup when no load runs."
                )
            store.audit.record(
                Viewer.local(), "backup", about="everything", rows=sum(tally.nodes.values()), file=out.name
            )
            names = [part.name for part in parts] + list(_copied(home, folder, with_key=with_key))
            shown.begin("write the archive", len(names))
            manifest = Manifest(
                program=version("tacgraph"),
                model=migrations.version_of(store) or migrations.current(),
                made_at=record.now(),
                engine=store.kind,
                load_id=before[-1][0] if before else None,
                nodes=tally.nodes,
                relationships=tally.relationships,
                digest=tally.digest,
                parts=parts,
                identity_key=_where_the_key_is(home, with_key=with_key),
                left_out=tuple(LEFT_OUT),
                files=tuple(_held(folder, names, shown)),
            )
            pack(folder, manifest, out, passphrase)
        finally:
            shown.close()
    return manifest


def _must_be_free(home: Path, out: Path, *, force: bool) -> None:
    if out.resolve().is_relative_to(home.resolve()):
        raise SourceError(
            f"backup {out.name}", "would lie in the data folder itself", "Write it to another disk."
        )
    if not out.parent.is_dir():
        raise SourceError(f"folder {out.parent.name}", "is not there", "Make it, or name another one.")
    if out.exists() and not force:
        raise SourceError(f"backup {out.name}", "is there already", "Name another file, or give --force.")


def _settled(store: Store) -> list[list[str]]:
    """The load records. Raises `EngineError` where one says that the graph is half a restore."""
    asked = "MATCH (l:Load) RETURN l.load_id, l.outcome, l.source ORDER BY l.load_id"
    found = store.fetch(asked)
    if any(source == RESTORING and outcome == "running" for _, outcome, source in found):
        raise EngineError("the graph", "is half a restore", "Run tacgraph restore again first.")
    return found


def _where_the_key_is(
    home: Path, *, with_key: bool
) -> Literal["inside", "left out", "in the environment", "none yet"]:
    if os.environ.get(KEY_VARIABLE):
        return "in the environment"
    if not (home / KEY_FILE).exists():
        return "none yet"
    return "inside" if with_key else "left out"


def _copied(home: Path, folder: Path, *, with_key: bool) -> Iterator[str]:
    """Copy the data folder's files that belong in a backup; their names in the archive."""
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        kept_back = any(fnmatch(name, pattern) for pattern in LEFT_OUT) or (name == KEY_FILE and not with_key)
        if kept_back or path.is_symlink() or not path.is_file():
            continue
        target = folder / FILES / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _copy(path, target)
        yield f"{FILES}/{name}"


def _copy(path: Path, target: Path) -> None:
    """A copy of one moment: by SQLite's own backup for its databases, which may be written to meanwhile."""
    with path.open("rb") as file:
        is_database = file.read(len(SQLITE)) == SQLITE
    if is_database:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
    else:
        shutil.copyfile(path, target)
    target.chmod(0o600)


def _held(folder: Path, names: list[str], shown: Progress) -> Iterator[Held]:
    for name in names:
        yield held(folder, name)
        shown.advance(1)

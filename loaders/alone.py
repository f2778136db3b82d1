"""One loader at a time: in a data folder by a lock of the system, in a database by its load records.

The system frees the lock of a folder with its holder, however that died. In a database that loads from
several folders or machines may reach, a running load counts its record up; one whose count stands still is
dead. Nobody's clock is compared with anybody else's.
"""

from __future__ import annotations

import fcntl
import getpass
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self

from graphmodel import ledger
from graphmodel.disk import on_disk
from graphmodel.errors import EngineError, LoadRefused, TacgraphError
from graphmodel.migrations import RESTORING
from graphmodel.store import Store

LOADS: Final = "loads"
BEAT_SECONDS: Final = 4.0
"""How often a running load says that it lives, in a database that others may load into."""
NO_LOAD: Final = "no load"
"""The format in the record of whoever changes the graph otherwise: it goes with its end."""
STILL_SECONDS: Final = 15.0
"""A load whose record did not change for so long, by our own clock, is dead."""
_LOOK_SECONDS: Final = 0.5


def who() -> str:
    """User, machine and process."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid-{os.getuid()}"
    return f"{user} on {socket.gethostname()}, process {os.getpid()}"


@contextmanager
def only_loader(home: Path, what: str) -> Iterator[None]:
    """Hold the data folder's one place for a loader; raises `LoadRefused` where another one holds it."""
    folder = home / LOADS
    with on_disk(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise LoadRefused(
                f"data folder {home.name}",
                f"another load runs in it ({lock.read().strip() or 'just begun'})",
                "Wait until it is done, or end that process: what it left is completed by the next load.",
            ) from None
        since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        with suppress(OSError):
            # on a full disk nobody is told who it is; the lock holds all the same
            lock.seek(0)
            lock.truncate()
            lock.write(f"{what} by {who()}, since {since}")
            lock.flush()
        yield


# -- in a database ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Running:
    """A load record that says that it runs; `beat` None: of a program that does not count it up."""

    load_id: str
    source: str
    started_at: str
    ledger: str | None
    by: str | None
    beat: int | None


def running(store: Store) -> list[Running]:
    """Loads that say they run: cut off, or at work from another data folder."""
    asked = (
        "MATCH (l:Load {outcome: 'running'}) "
        "RETURN l.load_id, l.source, l.started_at, l.ledger, l.by, l.beat ORDER BY l.load_id"
    )
    return [Running(*row) for row in store.fetch(asked)]


def dead(store: Store, home: Path, *, to_restore: bool = False) -> list[Running]:
    """The loads that were cut off; the caller holds the data folder's lock.

    Raises `LoadRefused` where one of them lives, in another data folder, or where the graph is half a restore
    (unless another restore asks).
    """
    found = running(store)
    for one in found:
        if one.source == RESTORING and not to_restore:
            raise LoadRefused(
                "the graph", "is being restored from a backup", "Wait, or run that again first."
            )
    elsewhere = [one for one in found if one.beat is not None and not _is_ours(home, one)]
    before, end = {one.load_id: one.beat for one in elsewhere}, time.monotonic() + STILL_SECONDS
    while elsewhere and time.monotonic() < end:
        time.sleep(_LOOK_SECONDS)
        now = running(store)
        elsewhere = [one for one in now if one.load_id in before]
        for one in elsewhere:
            if one.beat != before[one.load_id]:
                raise LoadRefused(
                    f"the database at {store.uri}",
                    f"another load runs in it (source {one.source}, by {one.by}, since {one.started_at})",
                    "Wait until it is done. Where its machine is gone, run this again.",
                )
    return found


def _is_ours(home: Path, one: Running) -> bool:
    """Whether it was begun in this folder, whose lock we hold: then it is dead."""
    return one.ledger is not None and (home / ledger.FOLDER / one.ledger).is_dir()


_BEGIN: Final = (
    "OPTIONAL MATCH (o:Load {outcome: 'running'}) WHERE NOT o.load_id IN $dead "
    "WITH count(o) AS others WHERE others = 0 "
    "CREATE (l:Load {load_id: $load_id}) SET l += $facts RETURN count(*) AS made"
)


_TIDY: Final = (
    "MATCH (o:Load {format: $format}) WHERE o.load_id IN $dead DETACH DELETE o RETURN count(*) AS gone"
)


def begin(store: Store, load_id: str, facts: Mapping[str, Any], gone: Sequence[Running]) -> None:
    """Leave the record of a running load, unless another one that is not `gone` was begun meanwhile.

    Two that begin at once take turns at the node of the model. Raises `LoadRefused` for the second.
    """
    ids = [one.load_id for one in gone]
    made = store.write(
        [
            ("MATCH (m:Model) SET m.version = m.version RETURN count(*) AS locked", {}),
            (
                "MATCH (o:Load) WHERE o.load_id IN $dead SET o.beat = null RETURN count(*) AS over",
                {"dead": ids},
            ),
            (_BEGIN, {"dead": ids, "load_id": load_id, "facts": dict(facts)}),
            # what was cut off and was no load leaves nothing in the graph to be completed by its record
            (_TIDY, {"dead": ids, "format": NO_LOAD}),
        ]
    )
    if not made[2]:
        raise LoadRefused(
            f"the database at {store.uri}", "another load began in it just now", "Wait until it is done."
        )


class Alive:
    """Says in the load's record that the loader lives, until it is over. Use as a context manager.

    Nobody else loads into a data folder's own engine, so there it does nothing.
    """

    def __init__(self, store: Store, load_id: str) -> None:
        self._store, self._load_id = store, load_id
        self._over = threading.Event()
        self._taken = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._store.kind == "neo4j":
            self._thread = threading.Thread(target=self._beat, name="load-alive", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def must_be(self) -> None:
        """Raise `EngineError` where another load took this one, which stood still, for dead."""
        if self._taken:
            raise EngineError(
                "the load", "stood still for so long that another one took its place", "Run the load again."
            )

    def _beat(self) -> None:
        text = (
            "MATCH (l:Load {load_id: $load_id}) WHERE l.beat IS NOT NULL SET l.beat = l.beat + 1 "
            "RETURN count(*) AS lives"
        )
        while not self._over.wait(BEAT_SECONDS):
            # where the database is away the load itself says so
            with suppress(TacgraphError):
                self._taken = self._store.write(text, load_id=self._load_id)[0] != [[1]]


# -- the clock ---------------------------------------------------------------------------------------


def now_after(earlier: str | None) -> str:
    """The present instant (ISO, UTC), or where the clock was set back the one after `earlier`."""
    at = datetime.now(UTC).isoformat(timespec="microseconds")
    if earlier is None or at > earlier:
        return at
    try:
        last = datetime.fromisoformat(earlier)
    except ValueError:
        return at
    return (last + timedelta(microseconds=1)).isoformat(timespec="microseconds")

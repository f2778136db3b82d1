"""How far a database had come when work here ended: handed on to whoever reads next in this data folder.

In a cluster a copy may lag behind the leader. Whoever brings the bookmark of a load is served no state older
than it: the copy waits until it has come that far. Within one open store the driver chains reads and writes
so by itself; between programs the bookmarks lie in a file of the data folder. On another machine nothing
is needed: who reads a load's record from a copy gets that copy's bookmark, and reads on from there.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Final

FILE: Final = "bookmarks.json"


class Bookmarks:
    """The bookmarks of one database in one data folder. Safe to share between threads."""

    def __init__(self, home: Path, uri: str, database: str | None) -> None:
        self.path = home / FILE
        self._name = hashlib.sha256(json.dumps([uri, database or ""]).encode()).hexdigest()[:12]
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._held: tuple[str, ...] = ()

    def handed_on(self) -> tuple[str, ...]:
        """The latest ones; nothing where nobody left any. Read anew when the file changes."""
        with self._lock:
            try:
                found = self.path.stat()
            except OSError:
                self._seen, self._held = None, ()
                return ()
            seen = (found.st_ino, found.st_mtime_ns)
            if seen != self._seen:
                self._held = tuple(self._read().get(self._name, ()))
                self._seen = seen
            return self._held

    def hand_on(self, bookmarks: Collection[str]) -> None:
        """Leave these for whoever reads next, all at once and for the owner alone."""
        if not bookmarks or set(bookmarks) == set(self.handed_on()):
            return
        with self._lock:
            text = json.dumps({**self._read(), self._name: sorted(bookmarks)})
            made = self.path.with_name(f".{FILE}.{secrets.token_hex(4)}")
            with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
            made.replace(self.path)

    def _read(self) -> dict[str, list[str]]:
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

"""The audit record: who looked at whom, when, in which role and why (TG 2.11-2.14; DU, index fact sheet).

It is append-only and hash-chained: a line changed or taken out breaks the chain.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final

from graphmodel.access import Viewer
from graphmodel.disk import append, on_disk
from graphmodel.errors import AccessRefused, TextRefused

ANCHOR: Final = "older lines went by rule"
"""`what` of the line that a record begins with where older ones went."""
_GENESIS: Final = "0" * 64
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_SLACK: Final = timedelta(minutes=1)


class AuditLog:
    """The audit record of one data folder: JSON lines in a 0600 file, each carrying its forerunner's hash."""

    def __init__(self, home: Path) -> None:
        self.path = home / "audit.jsonl"

    def record(self, viewer: Viewer, what: str, *, about: str, rows: int, **facts: Any) -> None:
        """Append one look: who, when, in which role, why, at what, and how many rows came back.

        Raises `DiskError` where it cannot be written, and leaves the file as it was: whoever looks is shown
        nothing then.
        """
        with on_disk(self.path):
            self._append(viewer, what, about, rows, facts)

    def _append(self, viewer: Viewer, what: str, about: str, rows: int, facts: Mapping[str, Any]) -> None:
        with self.locked() as log:
            last = _last_line(log)
            entry = {
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "who": viewer.name,
                "role": viewer.role,
                "reason": viewer.reason,
                "what": what,
                "about": about,
                "rows": rows,
                **facts,
                "previous": _GENESIS if last is None else seal_of(last),
            }
            entry["hash"] = digest_of(entry)
            text = json.dumps(entry, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace")
            # a line that a killed process left half written ends here, and the next one says what it was
            append(log, (b"\n" if _is_open(log) else b"") + text + b"\n")

    @contextmanager
    def locked(self) -> Iterator[IO[bytes]]:
        """The file, open for appending, while nobody else writes to it."""
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "r+b", buffering=0) as log:
                fcntl.flock(log, fcntl.LOCK_EX)
                # whoever shortened the record put another file in its place meanwhile
                if self.path.exists() and self.path.stat().st_ino == os.fstat(log.fileno()).st_ino:
                    yield log
                    return

    @contextmanager
    def refusals(self, viewer: Viewer, what: str, *, about: str) -> Iterator[None]:
        """Record what is refused inside (a viewer without the right, a text that is no plain read), once."""
        try:
            yield
        except (AccessRefused, TextRefused) as refused:
            if not refused.on_record and self.path.parent.is_dir():
                refused.on_record = True
                said = f"{refused.thing}: {refused.fault}"
                self.record(viewer, what, about=about, rows=0, refused=said)
            raise

    def entries(self) -> list[dict[str, Any]]:
        """All records, oldest first; empty where nobody has looked yet. A spoilt line only has `what`."""
        _, lines = self.from_anchor()
        return [entry_of(line) or {"what": "a line that cannot be read"} for line in lines]

    def mark(self) -> Mark:
        """Where the record ends now: kept elsewhere, it shows later what was taken off or rewritten."""
        anchor, lines = self.from_anchor()
        return Mark(anchor.lines + len(lines), seal_of(lines[-1]) if lines else anchor.hash)

    def verify(self, marks: Iterable[Mark] = ()) -> list[str]:
        """The faults of the chain, in words; empty when every line is as it was written.

        The chain alone shows lines changed, taken out, put in or moved, not that the last ones are gone or
        that all of it was written anew: `marks` that were kept elsewhere show these too. Where older lines
        went by rule (`graphmodel.audit_keeping`), it begins at an anchor that a later line must name; marks
        of before it say nothing any more.
        """
        anchor, lines = self.from_anchor()
        faults, previous, seals = self._anchor_faults(), anchor.hash, [anchor.hash]
        for number, line in enumerate(lines, start=anchor.lines + 1):
            entry = entry_of(line)
            if entry is None:
                faults.append(f"line {number}: it cannot be read (cut off, or written over)")
            else:
                if entry.get("previous") != previous:
                    faults.append(f"line {number}: the line before it was changed, taken out or put in")
                if digest_of({k: v for k, v in entry.items() if k != "hash"}) != entry["hash"]:
                    faults.append(f"line {number}: it was changed after it was written")
            previous = seal_of(line)
            seals.append(previous)
        for mark in marks:
            at = mark.lines - anchor.lines
            if at >= len(seals):
                now = anchor.lines + len(seals) - 1
                faults.append(f"it had {mark.lines:,} lines once and has {now:,}: the last were taken off")
            elif at >= 0 and seals[at] != mark.hash:
                faults.append(f"line {mark.lines}: it is another than it was when its mark was kept")
        return faults

    def turned_back(self) -> list[str]:
        """Lines whose clock was more than a minute behind that of the line before, in words.

        No fault of the chain, whose order does not rest on clocks: the machine's clock was set, or somebody
        wished a look to seem older.
        """
        found: list[str] = []
        latest = datetime.fromtimestamp(0, tz=UTC)
        for number, entry in enumerate(self.entries(), start=self.from_anchor()[0].lines + 1):
            with suppress(KeyError, TypeError, ValueError):
                at = datetime.fromisoformat(entry["at"])
                if at < latest - _SLACK:
                    found.append(f"line {number}: {at.isoformat()} after {latest.isoformat()}")
                latest = max(at, latest)
        return found

    def from_anchor(self) -> tuple[Mark, list[bytes]]:
        """Where the record begins (its very beginning, or where older lines went), and the lines since."""
        lines = self._lines()
        first = entry_of(lines[0]) if lines else None
        if first is None or first.get("what") != ANCHOR:
            return Mark(0, _GENESIS), lines
        return Mark(int(first.get("lines", 0)), str(first.get("previous"))), lines[1:]

    def _anchor_faults(self) -> list[str]:
        lines = self._lines()
        first = entry_of(lines[0]) if lines else None
        if first is None or first.get("what") != ANCHOR:
            return []
        faults = []
        if digest_of({k: v for k, v in first.items() if k != "hash"}) != first["hash"]:
            faults.append("its anchor was changed after it was written")
        if not any((entry_of(line) or {}).get("anchor") == first["hash"] for line in lines[1:]):
            faults.append("no line says that older lines went by rule, as its anchor does")
        return faults

    def _lines(self) -> list[bytes]:
        """The file's lines. Only a line feed ends one: a reason may hold other line ends of Unicode."""
        if not self.path.exists():
            return []
        lines = self.path.read_bytes().split(b"\n")
        return lines if lines[-1] else lines[:-1]


@dataclass(frozen=True)
class Mark:
    """How long an audit record was, and the hash of its last line: one line of text, to keep elsewhere."""

    lines: int
    hash: str

    @classmethod
    def parse(cls, text: str) -> Mark:
        """Read what `str` gave. Raises `ValueError` for anything else."""
        lines, hash_ = text.split()[-2:]
        if not lines.isdecimal() or not _HASH.fullmatch(hash_):
            raise ValueError(f"{text!r} is no mark")
        return cls(int(lines), hash_)

    def __str__(self) -> str:
        return f"{self.lines} {self.hash}"


def entry_of(line: bytes) -> dict[str, Any] | None:
    """A line's record; None where it is none."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("hash"), str) else None


def seal_of(line: bytes) -> str:
    """What the line after this one carries: its hash, or a digest of what stands in its place."""
    entry = entry_of(line)
    return hashlib.sha256(line).hexdigest() if entry is None else str(entry["hash"])


def _last_line(log: IO[bytes]) -> bytes | None:
    """The last line without its end, read from the file's end: the log may be long."""
    size = log.seek(0, os.SEEK_END)
    reach = 4_096
    while size:
        log.seek(max(0, size - reach))
        lines = log.read().removesuffix(b"\n").split(b"\n")
        if len(lines) > 1 or reach >= size:
            return lines[-1]
        reach *= 4
    return None


def _is_open(log: IO[bytes]) -> bool:
    """Whether the last line has no end."""
    if not log.seek(0, os.SEEK_END):
        return False
    log.seek(-1, os.SEEK_END)
    return log.read(1) != b"\n"


def digest_of(entry: dict[str, Any]) -> str:
    text = json.dumps(entry, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()

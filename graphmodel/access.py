"""Who looks, at what, and why: the viewer, the audit record, and the suppression of small counts.

It lies in the lowest layer so that no page, report or script can forget it: whoever reads the graph
hands over a `Viewer`, and a look at a child or a named person leaves a record (TG 2.11-2.14; DU, index
fact sheet). The log is append-only and hash-chained: a line changed or taken out breaks the chain.
"""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, Literal

from graphmodel.errors import AccessRefused

Role = Literal[
    "strategic_manager",
    "agency_manager",
    "practitioner",
    "analyst",
    "safeguarding_lead",
    "administrator",
]

MAY_SEE_CHILDREN: Final[frozenset[Role]] = frozenset({"safeguarding_lead", "analyst", "administrator"})
MAY_SEE_NAMES: Final[frozenset[Role]] = frozenset({"agency_manager", "safeguarding_lead", "administrator"})

CHILD_COLUMNS: Final = frozenset({"child_id", "child_ids", "birth_date", "family_id", "turns_18_on"})
NAME_COLUMNS: Final = frozenset({"name", "practitioner_name", "first_name", "last_name"})

_GENESIS: Final = "0" * 64


@dataclass(frozen=True)
class Viewer:
    """Who looks, in which role, and the reason they state (needed for a child or a named person)."""

    name: str
    role: Role
    reason: str = ""

    @classmethod
    def local(cls, reason: str = "") -> Viewer:
        """The one user of a set-up without sign-in: whoever runs the process, on this machine only."""
        return cls(_user(), "administrator", reason)

    def must_see_children(self) -> None:
        if self.role not in MAY_SEE_CHILDREN:
            raise AccessRefused(
                f"viewer in the role {self.role}",
                "may not see rows about a child",
                "Ask somebody in the role of safeguarding lead, analyst or administrator.",
            )

    def must_see_names(self) -> None:
        if self.role not in MAY_SEE_NAMES:
            raise AccessRefused(
                f"viewer in the role {self.role}",
                "may not see named practitioners",
                "Ask somebody in the role of agency manager, safeguarding lead or administrator.",
            )
        if not self.reason.strip():
            raise AccessRefused(
                "names of practitioners", "no reason was stated", "State why you need to see them."
            )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


class AuditLog:
    """The audit record of one data folder: JSON lines in a 0600 file, each carrying its forerunner's hash."""

    def __init__(self, home: Path) -> None:
        self.path = home / "audit.jsonl"

    def record(self, viewer: Viewer, what: str, *, about: str, rows: int, **facts: Any) -> None:
        """Append one look: who, when, in which role, why, at what, and how many rows came back."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "r+b") as log:
            fcntl.flock(log, fcntl.LOCK_EX)
            entry = {
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "who": viewer.name,
                "role": viewer.role,
                "reason": viewer.reason,
                "what": what,
                "about": about,
                "rows": rows,
                **facts,
                "previous": _last_hash(log),
            }
            entry["hash"] = _digest(entry)
            log.write(json.dumps(entry, ensure_ascii=False, default=str).encode() + b"\n")
            log.flush()
            os.fsync(log.fileno())

    def entries(self) -> list[dict[str, Any]]:
        """All records, oldest first; empty where nobody has looked yet."""
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]

    def verify(self) -> list[str]:
        """The faults of the chain, in words; empty when every line is as it was written."""
        faults, previous = [], _GENESIS
        for number, entry in enumerate(self.entries(), start=1):
            stated = entry.pop("hash", "")
            if entry.get("previous") != previous:
                faults.append(f"line {number}: the line before it was changed, taken out or put in")
            if _digest(entry) != stated:
                faults.append(f"line {number}: it was changed after it was written")
            previous = stated
        return faults


def _last_hash(log: IO[bytes]) -> str:
    """The hash of the last line, read from the file's end: the log may be long."""
    size = log.seek(0, os.SEEK_END)
    reach = 4_096
    while size:
        log.seek(max(0, size - reach))
        lines = log.read().splitlines()
        if len(lines) > 1 or reach >= size:
            return str(json.loads(lines[-1])["hash"])
        reach *= 4
    return _GENESIS


def _digest(entry: dict[str, Any]) -> str:
    text = json.dumps(entry, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def audited_kind(columns: Iterable[str]) -> Literal["child", "named practitioner"] | None:
    """What rows with these columns show that must leave a record; None where nothing does."""
    names = set(columns)
    if names & CHILD_COLUMNS:
        return "child"
    return "named practitioner" if names & NAME_COLUMNS else None


def suppressed(counts: Sequence[int], *, up_to: int, total_shown: bool = True) -> list[bool]:
    """Which of these counts must not be shown: those from 1 to `up_to`, and what would give them away.

    With the total shown, one hidden count could be worked out as the rest, so the smallest other count
    above 0 is hidden too, until at least two are and together they hide more than `up_to` (else their
    sum alone says that all are small). Where no other count is left to hide, the hidden ones stay
    alone: then the caller must not show the total. Zeros are shown (the rule of
    the Department for Education's children-in-need statistics).
    """
    hidden = [1 <= count <= up_to for count in counts]
    if not total_shown or not any(hidden):
        return hidden
    others = sorted((c, i) for i, c in enumerate(counts) if c > 0 and not hidden[i])
    while others and (sum(hidden) == 1 or sum(c for c, h in zip(counts, hidden, strict=True) if h) <= up_to):
        _, index = others.pop(0)
        hidden[index] = True
    return hidden

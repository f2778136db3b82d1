"""Lines that readers leave in the data folder: what looks wrong, what settings they propose.

JSON lines in files of 0600, appended under a lock; who wrote each is the viewer, never what a form says.
"""

from __future__ import annotations

import fcntl
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from graphmodel.access import Viewer
from graphmodel.disk import append, on_disk

WRONG: Final = "wrong.jsonl"
PROPOSALS: Final = "proposals.jsonl"


def keep(path: Path, viewer: Viewer, **facts: Any) -> None:
    """Append one line: when, who, in which role, and the facts. Raises `DiskError`."""
    line = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "who": viewer.name,
        "role": viewer.role,
        **facts,
    }
    with on_disk(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab", buffering=0) as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            append(stream, json.dumps(line, ensure_ascii=False, default=str).encode() + b"\n")


def kept(path: Path) -> list[dict[str, Any]]:
    """All lines, oldest first; empty where nobody has left one yet."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]

"""The audit record kept no longer than agreed, and its chain as provable as before.

Lines beyond the period go from its beginning. In their place stands an anchor: how many went, until when, and
the hash of the last of them, which the first line that stays carries. A line at the end says the same, by
whom and why, and names the anchor, so that nobody can put another in its place without breaking the chain.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from graphmodel.access import Viewer
from graphmodel.audit_log import ANCHOR, AuditLog, digest_of, entry_of, seal_of
from graphmodel.errors import EngineError


def older(log: AuditLog, before: str) -> int:
    """How many lines at the beginning are of before a day (ISO)."""
    return _older(log.from_anchor()[1], before)


def _older(lines: Sequence[bytes], before: str) -> int:
    for number, line in enumerate(lines):
        entry = entry_of(line)
        if entry is None or str(entry.get("at", "")) >= before:
            return number
    return len(lines)


def shorten(log: AuditLog, before: str, viewer: Viewer, what: str = "retention of the record") -> int:
    """Take out the lines of before a day; how many. All or nothing, whatever cuts it off.

    Raises `EngineError` where the chain has faults: the record stays as it is, for whoever looks into it.
    """
    with log.locked():
        if log.verify():
            fault = "is not as it was written, so nothing was taken out of it"
            raise EngineError("the audit record", fault, "See tacgraph audit verify.")
        begin, lines = log.from_anchor()
        gone = _older(lines, before)
        if not gone:
            return 0
        last = entry_of(lines[gone - 1]) or {}
        anchor = {"what": ANCHOR, "lines": begin.lines + gone, "until": last.get("at")}
        anchor = _sealed({**anchor, "previous": seal_of(lines[gone - 1])})
        said = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "who": viewer.name}
        said |= {"role": viewer.role, "reason": viewer.reason, "what": what, "about": f"before {before}"}
        end = _sealed({**said, "rows": gone, "anchor": anchor["hash"], "previous": seal_of(lines[-1])})
        _write(log, [_line(anchor), *lines[gone:], _line(end)])
    return gone


def _write(log: AuditLog, lines: Sequence[bytes]) -> None:
    made = log.path.with_name(f".{log.path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(b"".join(line + b"\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        made.replace(log.path)
    finally:
        made.unlink(missing_ok=True)


def _sealed(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "hash": digest_of(entry)}


def _line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace")

"""What goes wrong with a database, in words for people: lost, lagging, full, closed, or a text refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from neo4j.exceptions import ClientError, DriverError, IncompleteCommit, Neo4jError

from graphmodel import engine
from graphmodel.disk import is_full
from graphmodel.errors import CopyLags, DiskError, EngineError, QueryError, WriteRefused

_RECORD: Final = re.compile(r"#\d+:\d+\[.*")


def not_accepted(uri: str) -> EngineError:
    return EngineError(
        f"the database at {uri}",
        "does not accept this name and password",
        "Check NEO4J_USERNAME and NEO4J_PASSWORD.",
    )


def unreachable(uri: str, fault: Exception) -> EngineError:
    return EngineError(
        f"the database at {uri}",
        f"cannot be reached ({type(fault).__name__})",
        "Check that it runs and that NEO4J_URI and NEO4J_DATABASE name it.",
    )


def lags(fault: Neo4jError) -> bool:
    """Whether a copy did not come as far as the bookmarks asked, in the time that the server waits."""
    return str(fault.code).endswith(".BookmarkTimeout")


def copy_lags(uri: str, bookmarks: Path) -> CopyLags:
    return CopyLags(
        f"a copy of the database at {uri}",
        "has not yet come as far as the latest load, and did not in the time that the server waits",
        "Try again in a while; where it stays so, ask who runs the cluster. If the database was "
        f"set back, delete {bookmarks.name} in the data folder.",
    )


def no_room(uri: str, said: str, home: Path | None) -> DiskError | None:
    """What a server, or the engine of the data folder `home`, says of a full disk; None: something else."""
    if home is not None and ("commit" in said.lower() or is_full(said)):
        return engine.out_of_room(home)
    if not is_full(said):
        return None
    mend = "Have whoever runs it make room, then run it again: nothing is half done."
    return DiskError(f"the disk of the database at {uri}", "is full", mend)


def query_fault(fault: Neo4jError, time_limit: float | None) -> QueryError:
    # the embedded engine writes out the node that it could not use, with all that the node has
    text = _RECORD.sub("a node", (fault.message or str(fault)).strip().splitlines()[0])
    code = fault.code or ""
    lowered = text.lower()
    if "accessmode" in code.lower() or "not allowed to" in lowered or "read access mode" in lowered:
        return WriteRefused("the query", f"it tried to write ({text})", "Queries may only read.")
    if any(word in lowered + code.lower() for word in ("timeout", "timed out", "timedout", "terminated")):
        limit = f"{time_limit:g} seconds" if time_limit else "the server's time limit"
        return QueryError("the query", f"was stopped after {limit}", "Narrow it, or raise the time limit.")
    mend = "Mend the text of the query." if isinstance(fault, ClientError) else "Try again."
    return QueryError("the query", f"the database refused it ({text})", mend)


def lost(uri: str, fault: DriverError, silence: float) -> EngineError:
    where, mend = f"the database at {uri}", "Check that it runs; run it again."
    if isinstance(fault, IncompleteCommit):
        told = "went away in mid-commit: whether the last change was taken is not known"
        return EngineError(where, told, f"{mend} Nothing is done twice.")
    cause: BaseException | None = fault
    while cause is not None and not isinstance(cause, TimeoutError):
        cause = cause.__cause__
    if cause is not None:
        words = f"did not answer for {silence:g} second{'' if silence == 1 else 's'}"
        return EngineError(where, words, f"{mend} database.silence_seconds says how long to wait.")
    return EngineError(where, "went away in the middle of the work", mend)

"""The embedded engine as its clients see it: start or find, stop, ask how it is.

The engine is a process of its own (`graphmodel.engine_server`), one per data folder, that outlives
whoever started it and ends by itself when nobody has used it for its idle time. It is spoken to
over Bolt on a free loopback port. What was committed is on the disk when the commit returns.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from graphmodel.disk import in_words, is_full
from graphmodel.engine_files import (
    DATABASE,
    Account,
    EngineFiles,
    Secret,
    State,
    start_lock,
)
from graphmodel.errors import DiskError, EngineError
from graphmodel.memory import default_heap

__all__ = [
    "DATABASE",
    "Account",
    "Endpoint",
    "EngineStatus",
    "Secret",
    "ensure_running",
    "find",
    "renew_lease",
    "status",
    "stop",
]

HEAP_VARIABLE = "TACGRAPH_ENGINE_HEAP"
START_SECONDS = 90.0
STOP_SECONDS = 20.0
READER_SECONDS = 120.0
"""How long one query of the reader may take, whatever its caller allows."""
WAIT_NOTICE_SECONDS = 1.0
POLL_SECONDS = 0.05
LEAST_ROOM = 8_000_000
"""Bytes: with fewer free the engine may be unable to commit."""
LOOPBACK = "127.0.0.1"

BOLT_MAGIC = bytes.fromhex("6060b017")
BOLT_VERSIONS = bytes.fromhex("00000405 00000404 00000004 00000000")


@dataclass(frozen=True)
class Endpoint:
    """A running engine: where it listens and who may sign in (`admin`, `writer`, `reader`)."""

    uri: str
    database: str
    users: Mapping[str, Account]
    pid: int
    home: Path
    started_at: datetime


@dataclass(frozen=True)
class EngineStatus:
    """How a data folder's engine is; times in seconds, sizes in bytes, None where it does not run.

    `answers` is whether Bolt shook hands just now: an engine can run and not answer (it starts, it
    hangs), never the reverse.
    """

    home: Path
    running: bool
    answers: bool
    pid: int | None
    uri: str | None
    started_at: datetime | None
    uptime_seconds: float | None
    idle_seconds: float | None
    idle_seconds_left: float | None
    disk_bytes: int


def ensure_running(
    home: Path,
    *,
    idle_seconds: float = 900,
    heap: str | None = None,
    reader_timeout: float = READER_SECONDS,
    on_wait: Callable[[str], None] | None = None,
) -> Endpoint:
    """Find the folder's engine, or start it, and return once Bolt answers and the database exists.

    A running engine keeps the settings it was started with: `idle_seconds` (how long it lives
    unused), `heap` (such as "512m", "2g"; default: TACGRAPH_ENGINE_HEAP, else
    what `memory.default_heap` says of this machine) and
    `reader_timeout` (seconds one query of the reader may take) count for a start alone. `on_wait`
    is told, about once a second, what is waited for. Raises EngineError when the engine cannot be
    started.
    """
    files = EngineFiles(home.resolve())
    heap = _checked_heap(heap or os.environ.get(HEAP_VARIABLE) or default_heap())
    files.prepare()
    with start_lock(files, timeout=START_SECONDS + STOP_SECONDS):
        endpoint = find(files.home)
        if endpoint is None:
            _await_end(files, START_SECONDS, on_wait)
            dying = files.is_locked()
            if not dying:
                _launch(files, idle_seconds, heap, reader_timeout)
            try:
                endpoint = _await_ready(files, on_wait)
            except EngineError:
                # one that was killed holds its lock for a moment longer
                if not dying or files.is_locked():
                    raise
                _launch(files, idle_seconds, heap, reader_timeout)
                endpoint = _await_ready(files, on_wait)
        files.renew_lease()
        return endpoint


def find(home: Path) -> Endpoint | None:
    """The folder's running engine, if it has one that answers; a stale state file is ignored."""
    files = EngineFiles(home.resolve())
    if not files.is_locked():
        return None
    state, users = files.read_state(), files.read_accounts()
    if state is None or users is None or not state.ready or not bolt_answers(state.bolt_port):
        return None
    return Endpoint(
        uri=_uri(state),
        database=DATABASE,
        users=users,
        pid=state.pid,
        home=files.home,
        started_at=datetime.fromisoformat(state.started_at),
    )


def stop(home: Path, timeout: float = STOP_SECONDS) -> bool:
    """End the folder's engine and return whether there was one; afterwards no process serves it.

    It is asked first and killed after `timeout` seconds, which loses nothing that was committed.
    Raises EngineError when it does not end at all.
    """
    files = EngineFiles(home.resolve())
    if not files.home.is_dir() or not files.is_locked():
        return False
    with start_lock(files, timeout=START_SECONDS):
        if not files.is_locked():
            return False
        _signal(files, signal.SIGTERM)
        if not _until(lambda: not files.is_locked(), timeout):
            _signal(files, getattr(signal, "SIGKILL", signal.SIGTERM))
            if not _until(lambda: not files.is_locked(), STOP_SECONDS):
                raise EngineError(
                    f"embedded engine in {files.home}",
                    "it does not end",
                    "End its process by hand.",
                )
        files.forget_state()
    return True


def status(home: Path) -> EngineStatus:
    """How the folder's engine is, without starting it or prolonging its life."""
    files = EngineFiles(home.resolve())
    state = files.read_state() if files.is_locked() else None
    started = datetime.fromisoformat(state.started_at) if state else None
    left = None
    if state:
        # a clock that was set makes no more of it, and no less, than there can be
        left = min(max(0.0, files.lease_time() + state.idle_seconds - time.time()), state.idle_seconds)
    return EngineStatus(
        home=files.home,
        running=state is not None,
        answers=state is not None and state.ready and bolt_answers(state.bolt_port),
        pid=state.pid if state else None,
        uri=_uri(state) if state and state.ready else None,
        started_at=started,
        uptime_seconds=max(0.0, (datetime.now(UTC) - started).total_seconds()) if started else None,
        idle_seconds=state.idle_seconds if state else None,
        idle_seconds_left=left,
        disk_bytes=_size_of(files.root),
    )


def out_of_room(home: Path) -> DiskError | None:
    """Why the folder's engine could not commit: its disk is full. None where it is not."""
    files = EngineFiles(home.resolve())
    with contextlib.suppress(OSError):
        if shutil.disk_usage(files.home).free < LEAST_ROOM or is_full(_last_words(files.log, lines=40)):
            return in_words(errno.ENOSPC, files.home)
    return None


def renew_lease(home: Path) -> None:
    """Keep the folder's running engine alive for another idle time; one touch of a file, or nothing."""
    with contextlib.suppress(FileNotFoundError):
        os.utime(EngineFiles(home).lease)


def bolt_answers(port: int, timeout: float = 2.0) -> bool:
    """Whether a Bolt server on this loopback port agrees on a version of the protocol."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout) as connection:
            connection.sendall(BOLT_MAGIC + BOLT_VERSIONS)
            return connection.recv(4) not in (b"", bytes(4))
    except OSError:
        return False


def _uri(state: State) -> str:
    return f"bolt://{LOOPBACK}:{state.bolt_port}"


def _checked_heap(heap: str) -> str:
    if not re.fullmatch(r"[1-9]\d*[mMgG]", heap):
        raise EngineError(
            "heap of the embedded engine",
            f"{heap!r} is not a size",
            f'Give a number and m or g, such as "512m" or "2g" ({HEAP_VARIABLE}).',
        )
    return heap


def _launch(files: EngineFiles, idle_seconds: float, heap: str, reader_timeout: float) -> None:
    """Run the launcher, which leaves once the detached engine process holds the folder's lock."""
    source = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
    command = [
        *(sys.executable, "-P", "-m", "graphmodel.engine_server", str(files.home)),
        *("--idle-seconds", str(idle_seconds)),
        *("--reader-timeout", str(reader_timeout)),
        *("--heap", heap),
    ]
    launched = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if launched.returncode != 0:
        last = launched.stderr.strip().splitlines()[-1:] or [f"code {launched.returncode}"]
        raise EngineError(
            f"embedded engine in {files.home}",
            f"its process could not be launched ({last[0]})",
            "Check the installation with `tacgraph doctor`.",
        )


def _await_ready(files: EngineFiles, on_wait: Callable[[str], None] | None) -> Endpoint:
    """Wait for the engine that holds the folder's lock to answer."""

    def done() -> bool:
        return find(files.home) is not None or not files.is_locked()

    _until(done, START_SECONDS, on_wait, "starting the embedded engine")
    endpoint = find(files.home)
    if endpoint is not None:
        return endpoint
    if files.is_locked():
        fault = f"it did not answer within {START_SECONDS:.0f} seconds"
        mend = f"Run `tacgraph engine stop`, read {files.log}, then try again."
    else:
        fault = f"its process ended while starting ({_last_words(files.log)})"
        mend = f"Read {files.log}, then try again."
    raise EngineError(f"embedded engine in {files.home}", fault, mend)


def _await_end(files: EngineFiles, timeout: float, on_wait: Callable[[str], None] | None) -> None:
    """Wait for an engine that has withdrawn, or is being ended, to let go of the folder."""
    if files.is_locked() and files.read_state() is None:
        _until(
            lambda: not files.is_locked() or files.read_state() is not None,
            timeout,
            on_wait,
            "waiting for the last embedded engine to end",
        )


def _until(
    done: Callable[[], bool],
    timeout: float,
    on_wait: Callable[[str], None] | None = None,
    what: str = "",
) -> bool:
    """Poll until `done`, telling `on_wait` about once a second; False when the time is over."""
    begin = time.monotonic()
    told = 0.0
    while not done():
        waited = time.monotonic() - begin
        if waited >= timeout:
            return False
        if on_wait is not None and waited - told >= WAIT_NOTICE_SECONDS:
            told = waited
            on_wait(f"{what} ({waited:.0f} s)")
        time.sleep(POLL_SECONDS)
    return True


def _signal(files: EngineFiles, number: int) -> None:
    """Signal the engine's process, if its state is there and the folder's lock still held."""
    state = files.read_state()
    if state is None or not files.is_locked():
        return
    try:
        os.kill(state.pid, number)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise EngineError(
            f"embedded engine in {files.home}",
            f"process {state.pid} belongs to somebody else",
            "Let its owner stop it.",
        ) from error


def _last_words(log: Path, lines: int = 1) -> str:
    """The last line (or lines) of the log that says something, for a message."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "no log"
    said = [line.strip()[:300] for line in text.splitlines() if line.strip()]
    return "\n".join(said[-lines:]) or "empty log"


def _size_of(folder: Path) -> int:
    """Bytes of all files below a folder; files that vanish meanwhile count nothing."""
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(base) / name).lstat().st_size
            except OSError:
                continue
    return total

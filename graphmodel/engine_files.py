"""The files by which an embedded engine and its clients find each other in one data folder.

All of them lie in the data folder (`home`), which only its owner may enter:

- `engine/`: the database itself, its configuration and the JVM's own logs;
- `engine.lock`: held, for as long as it lives, by the one process that serves this folder;
- `engine.start.lock`: held while somebody starts, stops or retires the engine;
- `engine.json`: process id, port and settings of the running engine, gone when it is not;
- `engine.secrets.json`: the accounts and their passwords, readable by the owner alone;
- `engine.lease`: touched by whoever uses the engine; its age is the idle time;
- `engine.log`, `engine.log.1`: what this and the last engine said.

Whether an engine lives is read from `engine.lock`, never from a process id: the system frees the
lock with its holder, however that died, and hands the id to somebody else.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from graphmodel.errors import EngineError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

DATABASE = "tacgraph"
ACCOUNT_NAMES = {"admin": "root", "writer": "tacgraph_writer", "reader": "tacgraph_reader"}
OWNER_ONLY_FOLDER = 0o700
OWNER_ONLY_FILE = 0o600


class Secret:
    """A password that shows itself only when asked, so that no repr, log or traceback prints it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the password in clear, for the driver's sign-in alone."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('…')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and secrets.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(("Secret", self._text))


@dataclass(frozen=True)
class Account:
    """A user of the engine: its name and its password."""

    name: str
    password: Secret


@dataclass(frozen=True)
class State:
    """What a running engine says of itself; `ready` once Bolt answers and the database exists."""

    pid: int
    bolt_port: int
    started_at: str
    idle_seconds: float
    heap: str
    ready: bool


@dataclass(frozen=True)
class EngineFiles:
    """The paths of one data folder, and what is read from and written to them."""

    home: Path

    @property
    def root(self) -> Path:
        """The engine's own folder."""
        return self.home / "engine"

    @property
    def lock(self) -> Path:
        return self.home / "engine.lock"

    @property
    def start_lock(self) -> Path:
        return self.home / "engine.start.lock"

    @property
    def state(self) -> Path:
        return self.home / "engine.json"

    @property
    def secrets(self) -> Path:
        return self.home / "engine.secrets.json"

    @property
    def lease(self) -> Path:
        return self.home / "engine.lease"

    @property
    def log(self) -> Path:
        return self.home / "engine.log"

    def prepare(self) -> None:
        """Make the data folder and the engine's folder in it, closed to everybody but the owner."""
        try:
            for folder in (self.home, self.root):
                folder.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
                if stat.S_IMODE(folder.stat().st_mode) != OWNER_ONLY_FOLDER:
                    folder.chmod(OWNER_ONLY_FOLDER)
        except OSError as error:
            raise EngineError(
                f"data folder {self.home}",
                f"it cannot be made or closed to others ({error.strerror or error})",
                "Set TACGRAPH_HOME to a folder of your own.",
            ) from error

    def read_state(self) -> State | None:
        """Read the state file; None where there is none or it is not one of ours."""
        try:
            return State(**json.loads(self.state.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write_state(self, state: State) -> None:
        """Replace the state file in one step, so that nobody reads half of it."""
        _write_private(self.state, json.dumps(asdict(state)))

    def forget_state(self) -> None:
        """Remove state and lease: from now on nobody finds this engine."""
        for path in (self.state, self.lease):
            path.unlink(missing_ok=True)

    def read_accounts(self) -> dict[str, Account] | None:
        """Read the accounts by role (admin, writer, reader); None if the file is missing or spoilt."""
        try:
            stored = json.loads(self.secrets.read_text(encoding="utf-8"))
            accounts = {
                role: Account(stored[role]["name"], Secret(stored[role]["password"]))
                for role in ACCOUNT_NAMES
            }
        except (OSError, ValueError, TypeError, KeyError):
            return None
        return accounts

    def ensure_accounts(self) -> dict[str, Account]:
        """Read the accounts, or make them with fresh random passwords when there are none."""
        accounts = self.read_accounts()
        if accounts is None:
            accounts = {
                role: Account(name, Secret(secrets.token_urlsafe(24))) for role, name in ACCOUNT_NAMES.items()
            }
            text = {
                role: {"name": account.name, "password": account.password.reveal()}
                for role, account in accounts.items()
            }
            _write_private(self.secrets, json.dumps(text, indent=1))
        if stat.S_IMODE(self.secrets.stat().st_mode) != OWNER_ONLY_FILE:
            self.secrets.chmod(OWNER_ONLY_FILE)
        return accounts

    def renew_lease(self) -> None:
        """Say that somebody uses the engine now."""
        descriptor = os.open(self.lease, os.O_WRONLY | os.O_CREAT, OWNER_ONLY_FILE)
        os.close(descriptor)
        os.utime(self.lease)

    def lease_time(self) -> float:
        """When the lease was last renewed, in seconds since 1970; 0 when never."""
        try:
            return self.lease.stat().st_mtime
        except OSError:
            return 0.0

    def is_locked(self) -> bool:
        """Whether a living process serves this folder."""
        if not self.lock.exists():
            return False
        descriptor = take_lock(self.lock, shared=True)
        if descriptor is None:
            return True
        os.close(descriptor)
        return False


def _write_private(path: Path, text: str) -> None:
    """Write a file readable by its owner alone, in one step."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def take_lock(path: Path, *, shared: bool = False) -> int | None:
    """Take a file's lock without waiting: the descriptor that holds it, or None if it is taken."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY_FILE)
    except OSError as error:
        raise EngineError(
            f"lock file {path}",
            f"it cannot be opened ({error.strerror or error})",
            "Set TACGRAPH_HOME to a folder of your own.",
        ) from error
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def wait_for_lock(path: Path, timeout: float) -> int | None:
    """Take a file's lock, trying for `timeout` seconds; None when it stayed with another."""
    end = time.monotonic() + timeout
    while (descriptor := take_lock(path)) is None:
        if time.monotonic() >= end:
            return None
        time.sleep(0.05)
    return descriptor


@contextlib.contextmanager
def start_lock(files: EngineFiles, timeout: float) -> Iterator[None]:
    """Hold the right to start, stop or retire this folder's engine."""
    descriptor = wait_for_lock(files.start_lock, timeout)
    if descriptor is None:
        raise EngineError(
            f"embedded engine in {files.home}",
            f"somebody else has been starting or stopping it for more than {timeout:.0f} seconds",
            "Try again, or end that process.",
        )
    try:
        yield
    finally:
        os.close(descriptor)

"""What the doctor looks at in the data folder, before any database is opened."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from graphmodel import engine
from graphmodel.audit_log import AuditLog
from graphmodel.engine_files import EngineFiles
from graphmodel.errors import SettingsError
from graphmodel.settings import named_database
from tacgraph.doctor_check import Check, look, named, well, wrong

PRIVATE: Final = (
    *("identity.key", "engine.secrets.json", "audit.jsonl", "sign-in*.toml", "erased.txt"),
    *("links/*.sqlite", "identity/*.bin", "ledger/*/*/*.parquet", "loads/*/*.csv"),
)
"""What in a data folder nobody else may read."""
MOUNTS: Final = Path("/proc/self/mounts")
SHARES: Final = ("nfs", "cifs", "smb", "9p", "afs", "vboxsf", "drvfs", "davfs", "fuse.", "ceph", "gluster")
SYNCED: Final = ("onedrive", "dropbox", "google drive", "googledrive", "icloud", "nextcloud", "owncloud")
SLACK_SECONDS: Final = 300.0


def folder(home: Path) -> Check:
    facts = home.stat()
    if facts.st_uid != os.geteuid() or (foreign := _foreign(home)):
        whose = str(home) if facts.st_uid != os.geteuid() else f"{home}/{foreign}"
        mend = f"Run as its owner, or: chown -R $(id -un) {home}"
        return wrong("data folder", f"{whose}: belongs to another user", mend)
    mode = stat.S_IMODE(facts.st_mode)
    if mode & 0o077:
        return wrong("data folder", f"{home}: others may read it ({mode:o})", f"chmod 700 {home}")
    if not os.access(home, os.W_OK | os.X_OK):
        mend = "Mend its rights (chmod 700), or set TACGRAPH_HOME to a folder that can be written."
        return wrong("data folder", f"{home}: cannot be written", mend)
    return well("data folder", str(home))


def _foreign(home: Path) -> str:
    """The first file right in the folder that belongs to somebody else, as after a command under sudo."""
    own = os.geteuid()
    return next((path.name for path in sorted(home.iterdir()) if path.lstat().st_uid != own), "")


def place(home: Path) -> Check:
    """Whether the folder lies where locks hold and where nothing copies it elsewhere."""
    mend = "Set TACGRAPH_HOME to a folder on a disk of this machine and move the data there."
    for part in home.resolve().parts:
        if any(part.lower().startswith(name) for name in SYNCED):
            return wrong("place", f"{part}: a folder that is copied to other machines", mend)
    kind = _file_system(home)
    if kind.startswith(SHARES):
        return wrong("place", f"{home} is on a network share ({kind}), where locks may not hold", mend)
    if kind in {"tmpfs", "ramfs"}:
        return look("place", f"{home} is in memory ({kind}): gone when the machine stops", mend)
    return well("place", kind or "a disk")


def _file_system(home: Path) -> str:
    """The kind of file system that a folder is on; empty where the machine does not tell."""
    best, kind = -1, ""
    lines = MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines() if MOUNTS.exists() else []
    for line in lines:
        _, point, found, *_ = [*line.split(), "", "", ""]
        where = Path(point.replace("\\040", " "))
        if home.resolve().is_relative_to(where) and len(where.parts) >= best:
            best, kind = len(where.parts), found
    return kind


def secrets(home: Path) -> Check:
    """The files that hold keys, passwords or looks, and those of the ledger and the identity store."""
    files = [path for name in PRIVATE for path in home.glob(name)]
    seen = [path for path in files if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    if seen:
        mend = f"chmod -R go= {home}; change what was read."
        return wrong("secrets", f"others may read {named(seen, home)}", mend)
    left = [path for path in home.glob("sign-in-*.secrets.toml") if not _in_use(path)]
    if left:
        return look(
            "secrets",
            f"{named(left, home)}: left by a dashboard that was killed",
            "Delete it.",
        )
    return well("secrets", f"{len(files)} files, for their owner alone")


def _in_use(path: Path) -> bool:
    number = path.name.removeprefix("sign-in-").removesuffix(".secrets.toml")
    if not (number.isdecimal() and 0 < int(number) < 1 << 16):
        return False
    with socket.socket() as probe:
        probe.settimeout(1)
        return not probe.connect_ex(("127.0.0.1", int(number)))


def clock(home: Path) -> Check:
    """Files from the future: the clock was ahead then, or is behind now."""
    now = time.time()
    ahead = [path for path in home.iterdir() if path.lstat().st_mtime > now + SLACK_SECONDS]
    mend = "Set the machine's clock (NTP): loads and looks count by its order."
    if ahead:
        return wrong("clock", f"{named(ahead, home)} was written after now", mend)
    turned = AuditLog(home).turned_back()
    if turned:
        return look("clock", f"it was turned back (audit record, {turned[0]})", mend)
    return well("clock", time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(now)))


def audit(home: Path) -> Check:
    log = AuditLog(home)
    faults = log.verify()
    if faults:
        mend = "Keep the file as it is; ask who could write in the data folder (tacgraph audit verify)."
        return wrong("audit record", "; ".join(faults[:3]), mend)
    return well("audit record", f"{len(log.entries()):,} looks, unbroken")


def identity_key(home: Path) -> Check:
    """Whether the key is there where something was hashed or sealed with it, and is the one that was used."""
    from loaders.identity import KEY_FILE, KEY_VARIABLE
    from loaders.identity import identity_key as key_of
    from loaders.matching.identities import IdentityStore

    kept = list((home / "identity").glob("*.bin")) if (home / "identity").is_dir() else []
    lost = "Put it back from a backup, or load every source again with --replace: old numbers match no more."
    if not os.environ.get(KEY_VARIABLE) and not (home / KEY_FILE).is_file():
        if kept or any((home / "ledger").glob("*/*/part.json")):
            return wrong("identity key", f"{KEY_FILE} is missing, and {KEY_VARIABLE} is not set", lost)
        return well("identity key", "none yet: the first load makes one")
    key_of(home)
    try:
        for kind in ("child", "practitioner"):
            IdentityStore(home).records(kind)
    except SettingsError as fault:
        return wrong("identity key", f"{fault.thing}: {fault.fault}", fault.mend)
    return well("identity key", f"fits {len(kept)} files" if kept else "is there")


def stored(home: Path) -> Check:
    """Whether ledger and links can be read. A slice that cannot be is read anew from the graph by itself."""
    mend = "Restore the last backup (tacgraph restore); until then earlier days and sources cannot be told."
    spoilt = [path for path, read in _readings(home) if not _reads(path, read)]
    if spoilt:
        return wrong("stored files", f"{named(spoilt, home)}: damaged", mend)
    return well("stored files", "ledger and links can be read")


def _readings(home: Path) -> Iterator[tuple[Path, Callable[[Path], object]]]:
    import pyarrow.parquet as pq

    from graphmodel.ledger import Ledger

    for part in (home / "ledger").glob("*/*/part.json"):
        yield part, lambda path: json.loads(path.read_text(encoding="utf-8"))["precedence"]
    for table in (home / "ledger").glob("*/*/*.parquet"):
        yield table, pq.read_metadata
    for whole in (home / "ledger").glob("*/"):
        if whole.is_dir():
            yield whole, Ledger.open
    for links in (home / "links").glob("*.sqlite"):
        yield links, _check_database


def _check_database(path: Path) -> None:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as database:
        sound = database.execute("PRAGMA quick_check").fetchone() == ("ok",)
        if not sound or not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise sqlite3.DatabaseError(path.name)


def _reads(path: Path, read: Callable[[Path], object]) -> bool:
    import pyarrow as pa

    try:
        read(path)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, pa.ArrowException, sqlite3.Error):
        return False
    return True


def embedded(home: Path) -> Check:
    """The embedded engine as its files say: answers, hangs, was killed, or cannot sign anybody in."""
    if named_database() is not None:
        return well("engine", "not used: NEO4J_URI is set")
    files = EngineFiles(home.resolve())
    running, state = files.is_locked(), files.read_state()
    stop = "Run tacgraph engine stop; what was committed stays, and the next command starts it again."
    if running and files.read_accounts() is None:
        return wrong("engine", f"{files.secrets.name} is missing or damaged while the engine runs", stop)
    if running and state is None:
        return wrong("engine", f"a process holds the folder, and {files.state.name} says nothing of it", stop)
    if running and state is not None and state.ready and not engine.bolt_answers(state.bolt_port):
        return wrong("engine", f"process {state.pid} holds the folder and does not answer", stop)
    if not running and files.state.exists():
        return well("engine", "the last one was killed; what was committed is there, and it starts again")
    return well("engine", "runs" if running else "starts when it is needed")

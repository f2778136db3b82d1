"""What is installed, reachable, loaded and wrong: each check with the mend."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from graphmodel import engine, memory, migrations
from graphmodel.access import AuditLog
from graphmodel.cypher import constraints
from graphmodel.errors import TacgraphError
from graphmodel.settings import load_settings, named_database, own_file
from graphmodel.store import Store

LOW_DISK_BYTES = 1_000_000_000
_PRIVATE = (
    *("identity.key", "engine.secrets.json", "audit.jsonl", "sign-in*.toml", "erased.txt"),
    *("links/*.sqlite", "identity/*.bin", "ledger/*/*/*.parquet", "loads/*/*.csv"),
)
"""What in a data folder nobody else may read."""


@dataclass(frozen=True)
class Check:
    """One thing looked at: `found` says what is, `mend` what to do (empty where all is well)."""

    name: str
    ok: bool
    found: str
    mend: str = ""


def examine(home: Path) -> list[Check]:
    """Run every check; the later ones are left out where the database cannot be reached."""
    checks = [
        *(_python(), _packages(), _settings(), _folder(home), _secrets(home), _disk(home), _memory()),
        *(_sign_in(home), _audit(home)),
    ]
    try:
        with Store.open(home) as store:
            where = "NEO4J_URI" if named_database() else "embedded engine"
            checks.append(Check("database", ok=True, found=f"{store.uri} ({where})"))
            checks.extend(_database(store))
    except TacgraphError as fault:
        checks.append(Check("database", ok=False, found=f"{fault.thing}: {fault.fault}", mend=fault.mend))
    return checks


def _python() -> Check:
    found = ".".join(str(part) for part in sys.version_info[:3])
    return Check("python", sys.version_info >= (3, 11), found, "Use Python 3.11 or newer.")


def _packages() -> Check:
    faults = []
    for line in requires("tacgraph") or []:
        need = Requirement(line)
        try:
            if need.specifier and not need.specifier.contains(version(need.name), prereleases=True):
                faults.append(f"{need.name} is {version(need.name)}, wanted {need.specifier}")
        except PackageNotFoundError:
            faults.append(f"{need.name} is missing")
    return Check(
        "packages", not faults, "; ".join(faults) or "as locked", "" if not faults else "make install"
    )


def _settings() -> Check:
    own = own_file()
    try:
        found = load_settings()
    except TacgraphError as fault:
        return Check("settings", ok=False, found=f"{fault.thing}: {fault.fault}", mend=fault.mend)
    where = own.name if own else "the defaults"
    return Check("settings", ok=True, found=f"{where}, version {found.version} ({found.agreed_by})")


def _folder(home: Path) -> Check:
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & 0o077:
        return Check(
            "data folder", ok=False, found=f"{home}: others may read it ({mode:o})", mend=f"chmod 700 {home}"
        )
    if not os.access(home, os.W_OK):
        return Check("data folder", ok=False, found=f"{home}: cannot be written", mend="Mend its owner.")
    return Check("data folder", ok=True, found=str(home))


def _secrets(home: Path) -> Check:
    """The files that hold keys, passwords or looks, and those of the ledger and the identity store."""
    files = [path for name in _PRIVATE for path in home.glob(name)]
    seen = [path for path in files if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077]
    if not seen:
        return Check("secrets", ok=True, found=f"{len(files)} files, for their owner alone")
    named = ", ".join(path.name for path in seen[:3])
    return Check(
        "secrets",
        ok=False,
        found=f"others may read {named}",
        mend=f"chmod -R go= {home}; change what was read.",
    )


def _memory() -> Check:
    """Whether the engine's heap is a size, and leaves this machine room for anything else."""
    stated = os.environ.get(engine.HEAP_VARIABLE) or memory.default_heap()
    found = re.fullmatch(r"([1-9]\d*)([mMgG])", stated)
    if found is None:
        return Check(
            "memory",
            ok=False,
            found=f"{engine.HEAP_VARIABLE} is {stated!r}",
            mend='Write it like "1g" or "512m".',
        )
    heap = int(found[1]) * (1 << 20 if found[2] in "mM" else 1 << 30)
    held = memory.machine_bytes()
    words = f"the engine may take {stated} of {held / (1 << 30):.1f} GB"
    fits = named_database() is not None or not held or heap * 2 <= held
    return Check("memory", fits, words, f"Set {engine.HEAP_VARIABLE} to half the memory or less.")


def _sign_in(home: Path) -> Check:
    from dashboards.provider import configured

    try:
        provider = configured(home, 8501)
    except TacgraphError as fault:
        return Check("sign-in", ok=False, found=f"{fault.thing}: {fault.fault}", mend=fault.mend)
    return Check("sign-in", ok=True, found="none: one local user" if provider is None else provider.host)


def _disk(home: Path) -> Check:
    free = shutil.disk_usage(home).free
    return Check("disk", free >= LOW_DISK_BYTES, f"{free / 1e9:,.0f} GB free", "Make room: 1 GB at least.")


def _audit(home: Path) -> Check:
    log = AuditLog(home)
    faults = log.verify()
    if faults:
        return Check(
            "audit record",
            ok=False,
            found="; ".join(faults[:3]),
            mend="Keep the file as it is; ask who could write in the data folder (tacgraph audit verify).",
        )
    return Check("audit record", ok=True, found=f"{len(log.entries()):,} looks, unbroken")


def _database(store: Store) -> Iterator[Check]:
    checks: tuple[Callable[[Store], Check], ...] = (_schema, _model, _loads, _clock, _contents, _erased)
    for check in checks:
        yield check(store)


def _schema(store: Store) -> Check:
    wanted = {text.split()[2] for text in constraints()}
    there = {row[0] for row in store.fetch("SHOW CONSTRAINTS YIELD name RETURN name")}
    missing = wanted - there
    if missing:
        return Check(
            "model", ok=False, found=f"{len(missing)} constraints are missing", mend="Run tacgraph load."
        )
    return Check("model", ok=True, found=f"{len(wanted)} constraints")


def _model(store: Store) -> Check:
    """Whether program and graph agree on the model's version."""
    found, known = migrations.version_of(store), migrations.current()
    words = f"version {found}, the program's {known}"
    if found is not None and found > known:
        return Check("model version", ok=False, found=words, mend="Use the newer tacgraph that wrote it.")
    if found is not None and found < known:
        return Check("model version", ok=False, found=words, mend="The next tacgraph load brings it up.")
    return Check("model version", ok=True, found=f"version {known}")


def _clock(store: Store) -> Check:
    """A load from the future: the clock was wrong then, or is now, and the order of loads with it."""
    now = datetime.now(UTC)
    rows = store.fetch("MATCH (l:Load) WHERE l.started_at IS NOT NULL RETURN max(l.started_at) AS latest")
    latest = rows[0][0] if rows else None
    if latest is not None and datetime.fromisoformat(latest) > now + timedelta(minutes=5):
        return Check(
            "clock",
            ok=False,
            found=f"it is {now.isoformat(timespec='minutes')}, but a load began at {latest}",
            mend="Set the machine's clock (NTP); later loads count by its order.",
        )
    return Check("clock", ok=True, found=now.isoformat(timespec="minutes"))


def _erased(store: Store) -> Check:
    from loaders.protection.erasing import JOURNAL, came_back

    if (store.home / JOURNAL).exists():
        return Check(
            "erasure", ok=False, found="one was cut off", mend="Run tacgraph erase with --yes again."
        )
    back = came_back(store, store.home)
    mend = "Erase them in the source system, then run tacgraph erase again."
    return Check("erasure", not back, f"{back} erased children are back" if back else "nobody is back", mend)


def _loads(store: Store) -> Check:
    rows = store.fetch(
        "MATCH (l:Load) RETURN l.load_id, l.source, l.outcome, l.finished_at ORDER BY l.load_id DESC"
    )
    if not rows:
        return Check("last load", ok=False, found="nothing was loaded yet", mend="Run tacgraph load PATH.")
    load_id, source, outcome, finished = rows[0]
    if any(row[1] == "restore" and row[2] == "running" for row in rows):
        return Check(
            "last load",
            ok=False,
            found="the graph is half a restore",
            mend="Run the same tacgraph restore again.",
        )
    if finished is None:
        return Check(
            "last load",
            ok=False,
            found=f"{load_id} from {source} has not finished",
            mend="If no loader runs, it was cut off: run the same tacgraph load again.",
        )
    return Check("last load", outcome == "loaded", f"{load_id} from {source}: {outcome}", "Run it again.")


def _contents(store: Store) -> Check:
    rows = store.fetch("MATCH (n) RETURN labels(n)[0] AS label, count(*) AS nodes ORDER BY label")
    there = {label: nodes for label, nodes in rows if label in ("Child", "Practitioner", "Tac")}
    words = ", ".join(f"{nodes:,} {label}" for label, nodes in there.items())
    return Check(
        "graph", bool(there), words or "no children, practitioners or teams", "Run tacgraph load PATH."
    )

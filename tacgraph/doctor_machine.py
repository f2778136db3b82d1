"""What the doctor looks at on the machine and in the environment, whatever is in the data folder."""

from __future__ import annotations

import difflib
import os
import re
import shutil
import socket
import sys
import urllib.error
import urllib.request
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

from graphmodel import engine
from graphmodel.memory import default_heap, machine_bytes
from graphmodel.settings import load_settings, named_database, own_file
from tacgraph.doctor_check import Check, look, well, wrong

LOW_DISK_BYTES: Final = 1_000_000_000
PORT: Final = 8501
VARIABLES: Final = frozenset(
    f"TACGRAPH_{name}"
    for name in (
        *("HOME", "SETTINGS", "QUERIES", "ENGINE_HEAP", "PLAINTEXT", "IDENTITY_KEY", "BACKUP_PASSPHRASE"),
        *("SSD_URL", "SIGN_IN", "SIGNED_IN_ONLY", "AS_OF"),
        *("OIDC_METADATA_URL", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_REDIRECT_URI"),
        "OIDC_COOKIE_SECRET",
    )
)
"""Every variable of the program's own."""


def python() -> Check:
    found = ".".join(str(part) for part in sys.version_info[:3])
    # an environment can be made by hand around pip's own check
    if sys.version_info < (3, 11):  # noqa: UP036
        return wrong("python", found, "Use Python 3.11 or newer.")
    return well("python", found)


def packages() -> Check:
    """Whether each package that the program names is there, in a version that it takes."""
    faults = []
    for line in requires("tacgraph") or []:
        need = Requirement(line)
        try:
            if need.specifier and not need.specifier.contains(version(need.name), prereleases=True):
                faults.append(f"{need.name} is {version(need.name)}, wanted {need.specifier}")
        except PackageNotFoundError:
            faults.append(f"{need.name} is missing")
    if faults:
        mend = "Install tacgraph into an environment of its own: pipx reinstall tacgraph, or make install."
        return wrong("packages", "; ".join(faults), mend)
    return well("packages", f"tacgraph {version('tacgraph')} and what it needs")


def settings() -> Check:
    own = own_file()
    found = load_settings()
    where = own.name if own else "the defaults"
    return well("settings", f"{where}, version {found.version} ({found.agreed_by})")


def variables() -> Check:
    """Whether a variable is misspelt, or one of Neo4j's is set that nothing reads."""
    unknown = sorted(name for name in os.environ if name.startswith("TACGRAPH_") and name not in VARIABLES)
    if unknown:
        near = difflib.get_close_matches(unknown[0], sorted(VARIABLES), n=1)
        mend = f"Write {near[0]}." if near else f"Unset it; known are {', '.join(sorted(VARIABLES))}."
        return look("environment", f"{', '.join(unknown)}: no variable of tacgraph", mend)
    password = [name for name in ("NEO4J_PASSWORD", "NEO4J_AUTH_FILE") if os.environ.get(name)]
    if password and not named_database():
        return look(
            "environment",
            f"{password[0]} is set and NEO4J_URI is not, so the embedded engine is used",
            "Set NEO4J_URI as well, or unset the other.",
        )
    return well("environment", "every variable is known")


def disk(home: Path) -> Check:
    free = shutil.disk_usage(home).free
    found = f"{free / 1e9:,.1f} GB free"
    if free < LOW_DISK_BYTES:
        return wrong("disk", found, "Make room: 1 GB at least.")
    return well("disk", found)


def memory() -> Check:
    """Whether the engine's heap is a size, and leaves this machine room for anything else."""
    stated = os.environ.get(engine.HEAP_VARIABLE) or default_heap()
    found = re.fullmatch(r"([1-9]\d*)([mMgG])", stated)
    if found is None:
        return wrong("memory", f"{engine.HEAP_VARIABLE} is {stated!r}", 'Write it like "1g" or "512m".')
    heap = int(found[1]) * (1 << 20 if found[2] in "mM" else 1 << 30)
    held = machine_bytes()
    words = f"the engine may take {stated} of {held / (1 << 30):.1f} GB"
    if named_database() is None and held and heap * 2 > held:
        return wrong("memory", words, f"Set {engine.HEAP_VARIABLE} to half the memory or less.")
    return well("memory", words)


def sign_in(home: Path) -> Check:
    from dashboards.provider import configured

    provider = configured(home, PORT)
    return well("sign-in", "none: one local user" if provider is None else provider.host)


def port() -> Check:
    """Whether the dashboard's usual port is free, or has a dashboard on it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError:
            if _serves_pages():
                return well("port", f"a dashboard answers on {PORT}")
            return look(
                "port",
                f"{PORT} is taken by something that is no dashboard",
                f"End it, or take another: tacgraph dashboard --port {PORT + 1}.",
            )
    return well("port", f"{PORT} is free")


def _serves_pages() -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/_stcore/health", timeout=2) as answer:
            return bool(answer.read(16) == b"ok")
    except urllib.error.HTTPError as fault:
        # with sign-in it answers to its own name alone
        return "uvicorn" in fault.headers.get("server", "").lower()
    except (OSError, ValueError):
        return False

"""The machine and the versions that figures were measured with; no names of hosts, people or folders."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks.timing import Figures
from tests.neo4j.artifacts import find_java, neo4j_version

PACKAGES: Final = (
    "arcadedb-embedded",
    "neo4j",
    "neo4j-rust-ext",
    "duckdb",
    "pandas",
    "pyarrow",
    "numpy",
    "streamlit",
    "playwright",
)


def describe() -> Figures:
    """Processor, cores, memory, operating system, versions."""
    return {
        "processor": _line("/proc/cpuinfo", "model name") or platform.processor() or "unknown",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gb": _memory_gb(),
        "system": _system(),
        "python": platform.python_version(),
        "java_of_neo4j": _java(),
        "neo4j_server": neo4j_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def _line(file: str, name: str) -> str | None:
    path = Path(file)
    if not path.exists():
        return None
    found = re.search(rf"^{name}\s*:\s*(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1].strip() if found else None


def _memory_gb() -> float | None:
    total = _line("/proc/meminfo", "MemTotal")
    return round(int(total.split()[0]) / 2**20, 1) if total else None


def _system() -> str:
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        name = platform.platform(terse=True)
    return f"{name}, {platform.system()} {platform.release()}, {platform.machine()}"


def _java() -> str:
    said = subprocess.run([find_java(), "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "([^"]+)"', said)
    return found[1] if found else "unknown"

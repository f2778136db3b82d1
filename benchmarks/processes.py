"""What a process holds just now: memory, handles by kind, threads, processor time; and folders' sizes."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from benchmarks.timing import Figures


def held(pid: int) -> Figures:
    """`rss` in bytes, `files`, `sockets`, `other_handles` and `threads` as counts, `processor_seconds`.

    Read from /proc, so Linux alone. Raises `ProcessLookupError` where the process is gone.
    """
    place = Path(f"/proc/{pid}")
    try:
        status = dict(
            line.split(":", 1) for line in (place / "status").read_text(encoding="utf-8").splitlines()
        )
        fields = (place / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    except FileNotFoundError:
        raise ProcessLookupError(pid) from None
    return {
        "rss": int(status["VmRSS"].split()[0]) * 1024 if "VmRSS" in status else 0,
        **handles(place / "fd"),
        "threads": int(status["Threads"]),
        "processor_seconds": (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
    }


def handles(folder: Path) -> dict[str, int]:
    """How many of a process's handles are files, sockets, and neither."""
    found = {"files": 0, "sockets": 0, "other_handles": 0}
    for link in folder.iterdir():
        with suppress(OSError):
            target = str(link.readlink())
            kind = "sockets" if target.startswith("socket:") else "files" if target[:1] == "/" else ""
            found[kind or "other_handles"] += 1
    return found


def peak(pid: int) -> int:
    """The most memory that the process has held at once, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def size(folder: Path) -> int:
    """Bytes of all files below a folder; what vanishes meanwhile counts nothing."""
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += (Path(base) / name).lstat().st_size
    return total


def entries(folder: Path) -> int:
    """How many files and folders are below a folder."""
    return sum(len(folders) + len(names) for _, folders, names in os.walk(folder))

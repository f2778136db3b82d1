"""How much memory there is to have, and how much of it the embedded engine takes unless told otherwise."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

MB: Final = 1 << 20
_LIMITS: Final = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_SHARE: Final = 8
_LEAST_SHARE: Final = 4
_LEAST: Final = 1 << 30
_MOST: Final = 4 << 30


def machine_bytes() -> int:
    """The machine's memory, or the container's limit where that is less; 0 where the system does not say."""
    if not hasattr(os, "sysconf"):
        return 0
    held = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in _LIMITS:
        try:
            held = min(held, int(limit.read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue
    return held


def heap_for(held: int) -> str:
    """The engine's heap on a machine with so many bytes: an eighth, at least 1 GB, at most 4 GB.

    Never more than a quarter; 1 GB where the size is not known (0). As the engine takes it: "1024m".
    """
    if not held:
        return f"{_LEAST // MB}m"
    wanted = min(max(held // _SHARE, _LEAST), _MOST, held // _LEAST_SHARE)
    return f"{max(wanted // MB, 1)}m"


def default_heap() -> str:
    """The engine's heap on this machine."""
    return heap_for(machine_bytes())

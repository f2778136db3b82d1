"""Measured times as what they were: fewest, median, most; and words on standard error while it lasts."""

from __future__ import annotations

import gc
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

DIGITS: Final = 5
_BEGUN: Final = time.monotonic()

T = TypeVar("T")
Figures = dict[str, Any]
"""What a group measured, ready for JSON."""


def say(text: str) -> None:
    """One line of progress, with the minutes and seconds since the start."""
    minutes, seconds = divmod(int(time.monotonic() - _BEGUN), 60)
    print(f"[{minutes:3d}:{seconds:02d}] {text}", file=sys.stderr, flush=True)


def spread(values: Sequence[float]) -> dict[str, float | int]:
    """Smallest, median and largest of the values and how many; seconds or rows a second."""
    return {
        "min": round(min(values), DIGITS),
        "median": round(statistics.median(values), DIGITS),
        "max": round(max(values), DIGITS),
        "n": len(values),
    }


def quantile(values: Sequence[float], part: float) -> float:
    """The quantile by linear interpolation between the two nearest of the sorted values."""
    held = sorted(values)
    place = part * (len(held) - 1)
    below = int(place)
    above = min(below + 1, len(held) - 1)
    return round(held[below] + (held[above] - held[below]) * (place - below), DIGITS)


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What `work` gives, and its seconds by the clock. Garbage of earlier work is collected before."""
    gc.collect()
    begun = time.perf_counter()
    found = work()
    return found, time.perf_counter() - begun


def several(work: Callable[[], object], times: int, *, warm: bool = True) -> dict[str, float | int]:
    """The spread of `times` runs, after one that does not count where `warm`."""
    if warm:
        work()
    return spread([timed(work)[1] for _ in range(times)])


def conditions() -> Figures:
    """When a group began, and how busy the machine was just then (load average of 1, 5, 15 minutes)."""
    return {
        "begun": datetime.now(UTC).isoformat(timespec="seconds"),
        "load_average": [round(x, 2) for x in os.getloadavg()],
    }

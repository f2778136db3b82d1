"""Whether a figure that was sampled over minutes grows: a line through it, with an interval.

Samples of one process hang together (memory is kept until it is collected), so the interval is widened by
how alike neighbours are: n samples count as n(1-r)/(1+r), r the correlation of each residual with the next.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

Verdict = Literal["grows", "steady", "not known"]

FEWEST: Final = 8
MINUTES_AN_HOUR: Final = 60.0
PART_ALLOWED: Final = 0.05
"""Of the level, in an hour: less is steady, whatever the line says."""
T_95: Final = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14, 2.13)
"""Student's t for 95%, both sides, by degrees of freedom from 1; beyond them 2.1 is on the safe side."""


@dataclass(frozen=True)
class Growth:
    """The slope a minute with its 95% interval, the level (median), and what follows."""

    slope: float
    low: float
    high: float
    level: float
    verdict: Verdict


def settled(minutes: Sequence[float], values: Sequence[float], part: float = 0.25) -> tuple[int, ...]:
    """The places of the samples that count: the first `part` of the time is for caches to fill."""
    begin = minutes[0] + part * (minutes[-1] - minutes[0])
    return tuple(n for n, (at, _) in enumerate(zip(minutes, values, strict=True)) if at >= begin)


def growth(
    minutes: Sequence[float], values: Sequence[float], *, allowed: float | None = None, part: float = 0.25
) -> Growth:
    """The line through the samples that count, without the first `part` of the time, and the verdict.

    `allowed` is how much an hour may add (default: `PART_ALLOWED` of the level). It grows where the whole
    interval is above 0 and the slope adds more than that; it is steady where the slope adds less and the
    interval does not reach past four times as much; else it is not known. Raises `ValueError` for fewer than
    `FEWEST` samples that count.
    """
    places = settled(minutes, values, part)
    if len(places) < FEWEST:
        raise ValueError(f"{len(places)} samples are too few to judge growth: {FEWEST} are needed")
    x, y = [minutes[n] for n in places], [float(values[n]) for n in places]
    slope, low, high = line(x, y)
    level = statistics.median(y)
    bound = (PART_ALLOWED * level if allowed is None else allowed) / MINUTES_AN_HOUR
    verdict: Verdict = "not known"
    if low > 0 and slope > bound:
        verdict = "grows"
    elif slope <= bound and high <= 4 * bound:
        verdict = "steady"
    return Growth(slope, low, high, level, verdict)


def line(x: Sequence[float], y: Sequence[float]) -> tuple[float, float, float]:
    """The slope by least squares and its 95% interval."""
    slope, intercept = statistics.linear_regression(x, y)
    rest = [b - intercept - slope * a for a, b in zip(x, y, strict=True)]
    squares = sum(r * r for r in rest)
    if squares == 0:
        return slope, slope, slope
    alike = sum(a * b for a, b in pairwise(rest)) / squares
    alike = min(max(alike, 0.0), 0.95)
    free = max(1, round(len(x) * (1 - alike) / (1 + alike)) - 2)
    middle = statistics.fmean(x)
    spread = math.sqrt(sum((a - middle) ** 2 for a in x) * free / (len(x) - 2))
    wide = (T_95[free - 1] if free <= len(T_95) else 2.1) * math.sqrt(squares / (len(x) - 2)) / spread
    return slope, slope - wide, slope + wide

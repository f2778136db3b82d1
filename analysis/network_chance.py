"""What chance alone would give: networks in which everybody keeps their number of ties, drawn at random.

See the measures page, Network measures. The draws are uniform over all simple networks with the same degree
of every node. A pass pairs all ties at random and switches the ends of each pair (a-b, c-d to a-d, c-b),
save where that would make a loop or a double tie, or where two pairs would touch the same tie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from analysis.coded import Bools, Floats, Ints
from analysis.network_graph import Ties

Progress = Callable[[str, int, int], None]
_Nodes = NDArray[np.uint32]

_TRIED: Final = 0.95
"""The part of the pairs that a pass tries. Below 1, so that any one switch can be the only one."""
_SLOTS: Final = 32
_BURN_IN: Final = 10.0
_THIN: Final = 1.25
_MOST_PASSES: Final = 60
_REPORT: Final = 50


class Switcher:
    """A chain of networks with the degrees of `ties`; `left` and `right` hold the present one.

    Why the draws are uniform: a pair is switched only if its two old ties and two new ones are touched by
    no other pair. Seen from the network after the pass, with the same pairs, the same four ties are
    touched by the same pairs, so the way back has the same chance as the way there; and as every pair is
    left out at random now and then, every network can be reached. The look-up table may take two ties for
    one; that is the same from both sides, and every pass shuffles the table anew.
    """

    def __init__(self, ties: Ties, seed: int) -> None:
        self.chance = np.random.default_rng(seed)
        self.left, self.right = ties.left.astype(np.uint32), ties.right.astype(np.uint32)
        self.half = len(ties) // 2
        self.bits = min(31, max(10, int(np.ceil(np.log2(_SLOTS * max(len(ties), 1))))))
        # four ties of each pair, and the one tie that is left over where their number is odd
        self._owners = np.tile(np.arange(self.half, dtype=np.int32), 4)
        if len(ties) % 2:
            self._owners = np.append(self._owners, np.int32(self.half))
        self._owner_at = np.zeros(1 << self.bits, dtype=np.int32)

    def step(self) -> int:
        """One pass over all ties, in a new order; how many pairs were switched."""
        half = self.half
        if half == 0:
            return 0
        order = self.chance.permutation(len(self.left))
        self.left, self.right = self.left[order], self.right[order]
        a, c = self.left[:half], self.left[half : 2 * half]
        b, d = self.right[:half], self.right[half : 2 * half]
        drawn = self.chance.random(half, dtype=np.float32)
        turned = drawn < _TRIED / 2
        c, d = np.where(turned, d, c), np.where(turned, c, d)
        tried = (drawn < _TRIED) & (a != c) & (a != d) & (b != c) & (b != d)
        # a pair that is not tried touches its own two ties only
        to, fro = np.where(tried, d, b), np.where(tried, b, d)
        free = tried & ~self._touched(((a, b), (c, d), (a, to), (c, fro)))
        self.left[half : 2 * half] = c
        self.right[:half], self.right[half : 2 * half] = np.where(free, d, b), np.where(free, b, d)
        return int(free.sum())

    def _touched(self, ties: Sequence[tuple[_Nodes, _Nodes]]) -> Bools:
        """Which pairs share an old or a new tie with another pair."""
        low, high = (np.uint32(int(n) * 2 + 1) for n in self.chance.integers(1 << 31, size=2))
        held = [*ties]
        if len(self.left) % 2:
            held.append((self.left[-1:], self.right[-1:]))
        one = np.concatenate([pair[0] for pair in held])
        other = np.concatenate([pair[1] for pair in held])
        slots = _slots(np.minimum(one, other), np.maximum(one, other), (low, high), self.bits)
        self._owner_at[slots] = self._owners
        found = self._owner_at[slots]
        lost = np.flatnonzero(found != self._owners)
        bad = np.zeros(self.half + 1, dtype=np.bool_)
        bad[self._owners[lost]] = True
        bad[found[lost]] = True
        return bad[: self.half]


def _slots(low: _Nodes, high: _Nodes, factors: tuple[np.uint32, np.uint32], bits: int) -> Ints:
    """A place in the look-up table for each tie, by two odd factors drawn anew for every pass."""
    mixed = low * factors[0] + high * factors[1]
    mixed ^= mixed >> np.uint32(15)
    mixed *= factors[0]
    return (mixed >> np.uint32(32 - bits)).astype(np.int64)


def rewired(ties: Ties, *, runs: int, seed: int) -> Iterator[Ties]:
    """`runs` random networks with the degrees of `ties`, every weight 1, one after the other of one chain.

    Before the first, every tie is switched ten times in the mean, between two of them 1.25 times or more
    (at most 60 passes where hardly any switch is possible: then the network leaves chance little room).
    """
    for left, right in _chain(ties, runs=runs, seed=seed):
        yield ties.joined(left.astype(np.int64), right.astype(np.int64))


def _chain(ties: Ties, *, runs: int, seed: int) -> Iterator[tuple[_Nodes, _Nodes]]:
    chain = Switcher(ties, seed)
    passes, moved = 0, 0
    while passes < _MOST_PASSES and 2 * moved < _BURN_IN * len(ties):
        moved += chain.step()
        passes += 1
    a_pass = 2 * moved / max(passes, 1) / max(len(ties), 1)
    between = _MOST_PASSES if a_pass == 0 else min(_MOST_PASSES, int(np.ceil(_THIN / a_pass)))
    for _ in range(runs):
        for _ in range(between):
            chain.step()
        yield chain.left, chain.right


@dataclass(frozen=True)
class Tested:
    """A figure, and where it lies among the random networks' figures.

    `expected` is their mean, `z` the distance from it in standard deviations (None where they are all the
    same), `p` two-sided: twice the smaller part of the draws at or beyond the figure, the figure itself
    counted as one draw, at most 1. All None where nothing was drawn or the figure is undefined.
    """

    value: float | None
    expected: float | None = None
    z: float | None = None
    p: float | None = None

    def record(self) -> dict[str, float | None]:
        return {"value": self.value, "expected": self.expected, "z": self.z, "p": self.p}


def against(value: float | None, draws: Floats) -> Tested:
    """A figure against its draws; see `Tested`. Draws within 1e-12 of it are equal to it."""
    if value is None or len(draws) == 0 or bool(np.isnan(draws).any()):
        return Tested(value)
    mean = float(draws.mean())
    spread = float(draws.std(ddof=1)) if len(draws) > 1 else 0.0
    near = 1e-12
    above, below = int((draws >= value - near).sum()), int((draws <= value + near).sum())
    p = min(1.0, 2 * (1 + min(above, below)) / (1 + len(draws)))
    return Tested(value, mean, (value - mean) / spread if spread > near else None, p)


def adjusted(p: Floats) -> Floats:
    """Benjamini-Hochberg over the values that are there; NaN stays."""
    found = np.full(len(p), np.nan)
    known = ~np.isnan(p)
    if known.any():
        found[known] = false_discovery_control(p[known], method="bh")
    return found


@dataclass(frozen=True, eq=False)
class Draws:
    """What the random networks gave: ties inside each group (a row a run), and inside any category."""

    internal: Ints
    alike: Ints


def inside_groups(
    ties: Ties, group: Ints, groups: int, *, runs: int, seed: int, progress: Progress | None = None
) -> Draws:
    """Ties inside each group and inside any category (nodes of group -1 are one) in each random network."""
    internal, alike = np.zeros((runs, groups), dtype=np.int64), np.zeros(runs, dtype=np.int64)
    kind = group.astype(np.int32)
    for run, (left, right) in enumerate(_chain(ties, runs=runs, seed=seed)):
        one, other = kind[left], kind[right]
        same = one[one == other]
        alike[run] = len(same)
        internal[run] = np.bincount(same[same >= 0], minlength=groups)
        if progress is not None and (run + 1) % _REPORT == 0:
            progress("random networks", run + 1, runs)
    return Draws(internal, alike)


def pooled(degree: Ints, drawn: list[Floats], fewest: int) -> Callable[[int], Floats]:
    """The draws of a figure for a node of some degree, from all nodes of that degree in all networks.

    In the random networks nodes of one degree are alike, so they stand in for each other. Where that gives
    fewer than `fewest` draws, nodes of the nearest degrees are taken in, the same way to both sides.
    """
    order = np.argsort(degree, kind="stable")
    sorted_degree = degree[order]
    held = np.array(drawn).reshape(len(drawn), len(degree))[:, order]
    kept: dict[int, Any] = {}

    def of(wanted: int) -> Floats:
        if wanted not in kept:
            reach = 0
            while True:
                low = int(np.searchsorted(sorted_degree, wanted - reach, side="left"))
                high = int(np.searchsorted(sorted_degree, wanted + reach, side="right"))
                if (high - low) * len(drawn) >= fewest or high - low == len(degree):
                    break
                reach += 1
            kept[wanted] = np.sort(held[:, low:high].ravel())
        found: Floats = kept[wanted]
        return found

    return of

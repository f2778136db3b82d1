"""Exact chances: the Poisson-binomial distribution, its two-sided p-value and its central interval.

The distribution of a sum of independent yes/no trials of unequal chance is built by convolving blocks of
trials two by two. All terms are positive, so small probabilities keep their digits, which a Fourier
transform would lose; and it is far faster at thousands of trials than adding them one at a time.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from analysis.coded import Floats

_BLOCK: Final = 64
_EQUAL: Final = 1e-9
SAME_CHANCE: Final = 1e-7
"""Outcomes count as no likelier than the observed one up to this relative difference."""


def poisson_binomial(chances: Floats) -> Floats:
    """Probability of 0, 1, ... n successes in independent trials of the given chances."""
    count = len(chances)
    blocks = max(1, -(-count // _BLOCK))
    padded = np.zeros(blocks * _BLOCK)
    padded[:count] = chances
    trials = padded.reshape(blocks, _BLOCK)
    sums = np.zeros((blocks, _BLOCK + 1))
    sums[:, 0] = 1.0
    for trial in trials.T[:, :, np.newaxis]:
        moved = sums[:, :-1] * trial
        sums *= 1.0 - trial
        sums[:, 1:] += moved
    parts = list(sums)
    while len(parts) > 1:
        odd = parts[-1:] if len(parts) % 2 else []
        parts = [np.convolve(a, b) for a, b in zip(parts[0::2], parts[1::2], strict=False)] + odd
    found: Floats = parts[0][: count + 1]
    return found


def two_sided(chances: Floats, observed: int) -> float:
    """Exact two-sided p: the sum of the probabilities of all outcomes no likelier than the observed one.

    Outcomes within a relative 1e-7 of the observed one's probability count as equally likely (ties by
    rounding). 1 where there are no trials and none was seen.
    """
    return two_sided_of(poisson_binomial(chances), observed)


def two_sided_of(probabilities: Floats, observed: int) -> float:
    """`two_sided` of a distribution at hand: the probabilities of 0, 1, ... n."""
    if not 0 <= observed < len(probabilities):
        return 0.0
    bound = probabilities[observed] * (1 + SAME_CHANCE)
    return min(1.0, float(probabilities[probabilities <= bound].sum()))


def central(probabilities: Floats, confidence: float) -> tuple[int, int]:
    """The central interval of a count: both bounds are counts, and at most the rest lies outside.

    With t = (1 - confidence) / 2 the lower bound is the smallest count k with P(X <= k) >= t, the upper one
    the smallest k with P(X <= k) >= 1 - t (within 1e-9, as every comparison of figures). So fewer than `low`
    come with a chance below t, more than `high` with one of t at most, and the interval holds at least
    `confidence`.
    """
    below = np.cumsum(probabilities)
    tail = (1 - confidence) / 2
    low, high = (int(np.argmax(below >= bound - _EQUAL)) for bound in (tail, 1 - tail))
    return low, high

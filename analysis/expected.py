"""The lead counts that the teams would lead one to expect, of agencies or of groups of them, and their test.

See the measures page, Fairness across agencies: expected leads given the teams.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from analysis.asof import divided
from analysis.chance import central, poisson_binomial, two_sided_of
from analysis.coded import Floats, Ints


class Trials(NamedTuple):
    """Who could have led: one entry a TAC and group, and the groups of those who do lead."""

    tac: Ints
    group: Ints
    chance: Floats
    homes: Ints

    def joined(self, group_of: Ints) -> Trials:
        """The same of larger groups, `group_of` each group here: chances within a TAC add up."""
        width = int(group_of.max(initial=0)) + 1
        pairs, which = np.unique(self.tac * width + group_of[self.group], return_inverse=True)
        chance = np.bincount(which, weights=self.chance, minlength=len(pairs)).astype(np.float64)
        return Trials(pairs // width, pairs % width, chance, group_of[self.homes])


def tested(trials: Trials, shown: Ints, confidence: float) -> pd.DataFrame:
    """Observed against expected counts of the groups `shown`, in their order.

    Columns: those of `analysis.fairness.expected_leads` from `observed` on.
    """
    tac, group, chance, homes = trials
    count = int(max(group.max(initial=-1), homes.max(initial=-1), shown.max(initial=-1))) + 1
    observed = np.bincount(homes, minlength=count)[shown]
    expected = np.bincount(group, weights=chance, minlength=count)[shown].astype(np.float64)
    variance = np.bincount(group, weights=chance * (1 - chance), minlength=count)[shown]
    variance = np.where(variance > 1e-12, variance, 0.0)  # noqa: PLR2004  (a certain lead, up to rounding)
    p, bounds = np.full(len(shown), np.nan), np.full((2, len(shown)), np.nan)
    clipped = np.clip(chance, 0.0, 1.0)
    for place, which in enumerate(shown if len(tac) else ()):
        probabilities = poisson_binomial(clipped[group == which])
        p[place] = two_sided_of(probabilities, int(observed[place]))
        bounds[:, place] = central(probabilities, confidence)
    return pd.DataFrame(
        {
            "observed": observed.astype(np.int64),
            "expected": expected,
            "expected_low": bounds[0],
            "expected_high": bounds[1],
            "variance": variance,
            "z": divided((observed - expected).astype(np.float64), np.sqrt(variance)),
            "p": p,
            "p_adjusted": false_discovery_control(p) if len(tac) and len(p) else p,
        }
    )

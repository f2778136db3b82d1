"""Indices of inequality over plain numbers: Gini, Theil T with its parts, Hoover, Jain.

See the measures page, Fairness across agencies. Each gives None where it is undefined: no values, or a sum
of 0, so that nothing is shared out.
"""

from __future__ import annotations

import numpy as np

from analysis.coded import Floats, Ints


def gini(values: Floats) -> float | None:
    """`sum_i sum_j |x_i - x_j| / (2 n^2 mean)`: 0 where all are equal, below 1. Values are not negative."""
    count, total = len(values), float(values.sum())
    if count == 0 or total <= 0:
        return None
    rank = 2.0 * np.arange(1, count + 1) - count - 1
    return max(0.0, float(rank @ np.sort(values)) / (count * total))


def theil(values: Floats) -> float | None:
    """Theil T, `(1/n) sum (x/mean) ln(x/mean)` with `0 ln 0 = 0`: 0 where all are equal, at most `ln n`."""
    if len(values) == 0 or float(values.sum()) <= 0:
        return None
    return float(_x_ln_x(values / values.mean()).mean())


def theil_parts(values: Floats, groups: Ints) -> tuple[float | None, float | None]:
    """Theil T between groups and within them; they add up to the whole.

    Between is `sum_g (n_g/n)(m_g/m) ln(m_g/m)`, within `sum_g (n_g/n)(m_g/m) T_g`, `m` being means. With one
    group, between is 0.
    """
    if len(values) == 0 or float(values.sum()) <= 0:
        return None, None
    group = np.unique(groups, return_inverse=True)[1]
    size = np.bincount(group)
    ratio = np.bincount(group, weights=values) / size / values.mean()
    between = float((size / len(values) * _x_ln_x(ratio)).sum())
    own_mean = (ratio * values.mean())[group]
    relative = np.divide(values, own_mean, out=np.zeros(len(values)), where=own_mean > 0)
    inside = np.bincount(group, weights=_x_ln_x(relative)) / size
    return between, float((size / len(values) * ratio * inside).sum())


def hoover(shares: Floats, fair_shares: Floats) -> float | None:
    """`half the sum of |l_a - c_a|`: the part that would have to move. None where a share is undefined."""
    if len(shares) == 0 or bool(np.isnan(shares).any() or np.isnan(fair_shares).any()):
        return None
    return float(np.abs(shares - fair_shares).sum() / 2)


def jain(values: Floats) -> float | None:
    """`(sum u)^2 / (n sum u^2)`: 1 where all are equal, `1/n` where one has it all."""
    squares = float((values**2).sum())
    return float(values.sum()) ** 2 / (len(values) * squares) if squares > 0 else None


def _x_ln_x(values: Floats) -> Floats:
    logs: Floats = np.log(values, out=np.zeros(len(values)), where=values > 0)
    return values * logs

"""How sure are we: which findings stay when every weight is a quarter higher or lower.

See the measures page, How sure. The weights are agreed, not measured, so a finding that a slightly other
table of weights would overturn is marked. Components of points and capacity are counted once for the day;
a draw of weights is then a matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from scipy.stats import kendalltau, qmc

from analysis.certainty_model import Components, Figures
from analysis.certainty_weights import Values, Weight, agreed, stacked, weights_of
from analysis.coded import Bools, Floats, Ints
from analysis.rows import EQUAL, column, ordered
from analysis.tables import Slice
from graphmodel.settings import Settings

Verdict = Literal["robust", "leaning", "depends on the weights"]
Again = Callable[[Settings], Figures]
_TIES: Final = 9


def verdict(share: float, settings: Settings) -> Verdict:
    """What a finding is called that holds in this share of the draws."""
    rules = settings.certainty
    if share >= rules.robust_from - EQUAL:
        return "robust"
    return "leaning" if share >= rules.leaning_from - EQUAL else "depends on the weights"


@dataclass(frozen=True, eq=False)
class Certainty:
    """What the draws say.

    `weights`: a row each weight or threshold: weight, value, low, high, kind (`weight`: also varied in the
    draws; `rule`: only alone), source, overloaded_low and overloaded_high (leads overloaded with only it
    changed), no_longer and newly (leads that leave or enter the list at one of the two), tau (the lower
    Kendall's tau of the agencies' disparities with those of the agreed weights).
    `leads`: a row each practitioner who leads and has capacity: practitioner_id, utilisation, overloaded,
    share (of the draws in which overloaded), holds (share in which the finding of today holds), verdict,
    low and high (utilisation in 90 % of the draws), tipped_by (sorted list of weights that alone change it).
    `agencies`: agency_id, disparity, rank (1 the highest), low and high (90 % of the draws), side (`above`,
    `below`, `even`), same_side, same_rank and within_one (shares of the draws), verdict (of same_side).
    `draws`: a row each: leading (who have capacity), overloaded, severe, gini, hoover, tau.
    """

    as_of: date
    discretionary: bool
    variation: float
    weights: pd.DataFrame
    leads: pd.DataFrame
    agencies: pd.DataFrame
    draws: pd.DataFrame

    @property
    def overloaded(self) -> pd.DataFrame:
        """The overloaded leads, the surest first."""
        rows = self.leads[self.leads["overloaded"]]
        return ordered(rows, ["share", "utilisation"], descending=True)

    @property
    def near(self) -> pd.DataFrame:
        """Leads that are not overloaded, and are in more than half of the draws."""
        rows = self.leads[~self.leads["overloaded"] & (self.leads["share"] > 0.5)]  # noqa: PLR2004
        return ordered(rows, ["share", "utilisation"], descending=True)

    def record(self) -> dict[str, Any]:
        """All of it as plain values, missing figures None: what `tacgraph certainty --format json` prints."""
        about = {
            "as_of": self.as_of.isoformat(),
            "discretionary": self.discretionary,
            "variation": self.variation,
            "draws": len(self.draws),
        }
        spread = {
            name: {"low": _plain(low), "median": _plain(mid), "high": _plain(high)}
            for name, (low, mid, high) in self.spread().items()
        }
        tables = {
            "weights": self.weights,
            "overloaded": self.overloaded,
            "near": self.near,
            "agencies": self.agencies,
        }
        rows = {
            name: [{str(k): _plain(v) for k, v in row.items()} for row in frame.to_dict(orient="records")]
            for name, frame in tables.items()
        }
        return {**about, "spread": spread, **rows}

    def spread(self) -> dict[str, tuple[float, float, float]]:
        """5 %, 50 % and 95 % point of each figure of `draws`; NaN where it is undefined in every draw."""
        found = {}
        for name in self.draws.columns:
            known = self.draws[name].dropna().to_numpy(dtype=np.float64)
            low, middle, high = np.quantile(known, [0.05, 0.5, 0.95]) if len(known) else [np.nan] * 3
            found[str(name)] = (float(low), float(middle), float(high))
        return found


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and np.isnan(value) else value


def certainty(tables: Slice, d: date, settings: Settings, *, discretionary: bool = False) -> Certainty:
    """Vary the weights of `d` by the settings' `variation`, one at a time and all at once, and compare.

    All at once: a Latin hypercube with a fixed seed, each weight uniform and independent between its lower
    and higher value. Of the set-up factor the part above 1 is varied; a part of a post that is there for case
    work stays at most 1, and parts that a post states itself are facts and stay. With `discretionary` the
    agencies' figures leave out teams bound by statute, as in `fairness`.
    """
    model = Components.of(tables, d, settings, discretionary=discretionary)
    varied = weights_of(settings, model.shares_in_use)
    base = model.figures(agreed(settings))
    drawn = model.figures(drawn_values(varied, settings))
    agencies = _agencies(model, base, drawn, settings)

    def again(changed: Settings) -> Figures:
        return Components.of(tables, d, changed, discretionary=discretionary).figures(agreed(changed))

    weights, tipped = _alone(model, varied, base, settings, again)
    return Certainty(
        as_of=d,
        discretionary=discretionary,
        variation=settings.certainty.variation,
        weights=weights,
        leads=_leads(model, base, drawn, tipped, settings),
        agencies=agencies,
        draws=_draws(model, base, drawn),
    )


def drawn_values(varied: list[Weight], settings: Settings) -> Values:
    """The weights of every draw: a Latin hypercube over those of the kind `weight`, with a fixed seed."""
    rules = settings.certainty
    weights = [w for w in varied if w.kind == "weight"]
    sampler = qmc.LatinHypercube(d=len(weights), rng=np.random.default_rng(rules.seed))
    factors = 1.0 + rules.variation * (2.0 * sampler.random(rules.draws) - 1.0)
    each = {w.name: w.scaled(factors[:, at]) for at, w in enumerate(weights)}
    return stacked(settings, each, rules.draws)


def _leads(
    model: Components, base: Figures, drawn: Figures, tipped: dict[int, list[str]], settings: Settings
) -> pd.DataFrame:
    who: Ints = np.flatnonzero((model.led > 0) & (base.capacity[:, 0] > 0))
    over: Bools = base.overloaded[who, 0]
    share = drawn.overloaded[who].mean(axis=1) if len(who) else np.zeros(0)
    holds = np.where(over, share, 1.0 - share)
    low, high = _band(drawn.utilisation[who])
    return pd.DataFrame(
        {
            "practitioner_id": column(model.data.practitioners.texts[who]),
            "utilisation": base.utilisation[who, 0],
            "overloaded": over,
            "share": share,
            "holds": holds,
            "verdict": column(verdict(float(x), settings) for x in holds),
            "low": low,
            "high": high,
            "tipped_by": column(sorted(tipped.get(int(p), [])) for p in who),
        }
    )


def _band(values: Floats) -> tuple[Floats, Floats]:
    if not len(values):
        return np.zeros(0), np.zeros(0)
    low, high = np.quantile(values, [0.05, 0.95], axis=1)
    return low, high


def _agencies(model: Components, base: Figures, drawn: Figures, settings: Settings) -> pd.DataFrame:
    shown = model.shown
    ratio, rank = base.disparity[:, 0], _ranks(base.disparity)[:, 0]
    if np.isnan(ratio).any() or not len(ratio):
        nothing = np.full(len(shown), np.nan)
        same = within = low = high = side_share = nothing
        side = np.full(len(shown), "even", dtype=object)
    else:
        ranks = _ranks(drawn.disparity)
        same = (ranks == rank[:, None]).mean(axis=1)
        within = (np.abs(ranks - rank[:, None]) <= 1).mean(axis=1)
        low, high = _band(drawn.disparity)
        signs, sign = _sides(drawn.disparity), _sides(ratio)
        side = np.array(["below", "even", "above"], dtype=object)[sign + 1]
        side_share = (signs == sign[:, None]).mean(axis=1)
    known = ~np.isnan(side_share)
    return pd.DataFrame(
        {
            "agency_id": column(model.data.agencies.texts[shown]),
            "disparity": ratio,
            "rank": rank,
            "low": low,
            "high": high,
            "side": column(side),
            "same_side": side_share,
            "same_rank": same,
            "within_one": within,
            "verdict": column(
                verdict(float(x), settings) if k else None for x, k in zip(side_share, known, strict=True)
            ),
        }
    )


def _sides(ratio: Floats) -> Ints:
    return (ratio > 1 + EQUAL).astype(np.int64) - (ratio < 1 - EQUAL).astype(np.int64)


def _ranks(ratio: Floats) -> Ints:
    """1 for the highest of each column; equal figures share the better rank."""
    rounded = np.round(ratio, _TIES)
    ascending = np.sort(rounded, axis=0)
    above = [
        len(col) - np.searchsorted(col, values, side="right")
        for col, values in zip(ascending.T, rounded.T, strict=True)
    ]
    return np.array(above, dtype=np.int64).T.reshape(rounded.shape) + 1


def _tau(one: Floats, other: Floats) -> float:
    """Kendall's tau-b of two rankings; NaN with fewer than two agencies, or where all are alike."""
    if len(one) <= 1 or np.isnan(one).any() or np.isnan(other).any():
        return float("nan")
    one, other = np.round(one, _TIES), np.round(other, _TIES)
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(kendalltau(one, other).statistic)


def _draws(model: Components, base: Figures, drawn: Figures) -> pd.DataFrame:
    columns = range(drawn.overloaded.shape[1])
    led = (model.led > 0)[:, None]
    return pd.DataFrame(
        {
            "leading": (led & (drawn.capacity > 0)).sum(axis=0),
            "overloaded": drawn.overloaded.sum(axis=0),
            "severe": drawn.severe.sum(axis=0),
            "gini": drawn.gini(),
            "hoover": drawn.hoover(),
            "tau": [_tau(base.disparity[:, 0], drawn.disparity[:, at]) for at in columns],
        }
    )


def _alone(
    model: Components, varied: list[Weight], base: Figures, settings: Settings, again: Again
) -> tuple[pd.DataFrame, dict[int, list[str]]]:
    """Each weight alone at its lower and at its higher value; and by lead the weights that tip it."""
    rows: list[dict[str, Any]] = []
    tipped: dict[int, list[str]] = {}
    before = base.overloaded[:, 0]
    for weight, found in _ends(model, varied, settings, again):
        over = found.overloaded
        for code in np.flatnonzero((over != before[:, None]).any(axis=1)):
            tipped.setdefault(int(code), []).append(weight.name)
        taus = [_tau(base.disparity[:, 0], found.disparity[:, side]) for side in (0, 1)]
        rows.append(
            {
                "weight": weight.name,
                "value": weight.value,
                "low": weight.low,
                "high": weight.high,
                "kind": weight.kind,
                "source": weight.source,
                "overloaded_low": int(over[:, 0].sum()),
                "overloaded_high": int(over[:, 1].sum()),
                "no_longer": int((before & ~over.all(axis=1)).sum()),
                "newly": int((~before & over.any(axis=1)).sum()),
                "tau": float(np.nanmin(taus)) if not np.isnan(taus).all() else float("nan"),
            }
        )
    return pd.DataFrame(rows), tipped


def _ends(
    model: Components, varied: list[Weight], settings: Settings, again: Again
) -> Iterator[tuple[Weight, Figures]]:
    """Each weight with the figures at its two values; a rule's components are counted anew."""
    for weight in varied:
        if weight.kind == "weight":
            ends = {weight.name: np.array([weight.low, weight.high])}
            yield weight, model.figures(stacked(settings, ends, 2))
        else:
            low, high = (again(weight.changed(settings, value)) for value in (weight.low, weight.high))
            yield weight, low.beside(high)

"""The table of weights and rules that figures rest on, and what a quarter more or less of each is.

See the measures page, How sure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from analysis.coded import Floats
from graphmodel.settings import Settings

DEFAULT_SHARE: Final = "default_tac_share"
NEWLY_QUALIFIED: Final = "newly_qualified_share"
_SOURCES: Final[Mapping[str, str]] = {
    "need_weight": "MG 5.21, TG 4.5: the level of need",
    "supporting_factor": "MG 5.21, TG 4.5: leading takes more time than supporting",
    "team_size_step": "MG 5.21, TG 4.5: the number of practitioners involved",
    "set_up_factor": "MG 5.21, TG 4.5: the length of the involvement",
    "points_per_fte": "MG 5.18: monitor caseloads; agree locally",
    "tac_share": "MG 5.21, TG 4.6: part-time in multi-agency work; agree locally",
    NEWLY_QUALIFIED: "published schemes: 90 points of 100 while newly qualified; agree locally",
    "overload_threshold": "MG 5.18: change the balance if necessary",
    "set_up_days": "MG 5.21, TG 4.5: the length of the involvement",
    "team_size_free": "MG 5.21, TG 4.5: the number of practitioners involved",
}


@dataclass(frozen=True)
class Weight:
    """A weight (varied in the draws too) or a rule (varied alone): its value, and the two it is tried at."""

    name: str
    value: float
    low: float
    high: float
    kind: Literal["weight", "rule"]
    source: str

    def scaled(self, factors: Floats) -> Floats:
        """The values at these factors around 1."""
        values: Floats = scaled(self.name, self.value, factors)
        return values

    def changed(self, settings: Settings, value: float) -> Settings:
        """The settings with this rule at another value."""
        whole = self.name in ("set_up_days", "team_size_free")
        work = settings.workload.model_copy(update={self.name: int(value) if whole else value})
        return settings.model_copy(update={"workload": work})


@dataclass(frozen=True, eq=False)
class Values:
    """Weights of one draw a column (the first axis of `need` and of `share` is level and role name)."""

    need: Floats
    supporting: Floats
    step: Floats
    set_up: Floats
    per_fte: Floats
    share: Mapping[str, Floats]
    newly_qualified: Floats
    limit: float
    severe: float


def scaled(name: str, value: float, factors: Any) -> Any:
    """A weight at these factors: of the set-up factor the part above 1, a part of a post at most 1."""
    if name == "set_up_factor":
        return 1.0 + (value - 1.0) * factors
    if name in (DEFAULT_SHARE, NEWLY_QUALIFIED) or name.startswith("tac_share."):
        return np.minimum(1.0, value * factors)
    return value * factors


def named(settings: Settings) -> dict[str, float]:
    """Every weight by its name, the table of roles spelled out."""
    work = settings.workload
    return {
        **{f"need_weight.{level}": weight for level, weight in sorted(work.need_weight.items())},
        "supporting_factor": work.supporting_factor,
        "team_size_step": work.team_size_step,
        "set_up_factor": work.set_up_factor,
        "points_per_fte": work.points_per_fte,
        **{f"tac_share.{role}": share for role, share in sorted(work.tac_share.items())},
        DEFAULT_SHARE: work.default_tac_share,
        NEWLY_QUALIFIED: work.newly_qualified_share,
    }


def weights_of(settings: Settings, in_use: frozenset[str]) -> list[Weight]:
    """The weights, of the shares of posts only those `in_use`; the rules.

    `in_use` holds role names, `DEFAULT_SHARE` and `NEWLY_QUALIFIED`.
    """
    part = settings.certainty.variation
    found = []
    for name, value in named(settings).items():
        share = name.removeprefix("tac_share.")
        of_posts = name.startswith("tac_share.") or name in (DEFAULT_SHARE, NEWLY_QUALIFIED)
        if of_posts and share not in in_use:
            continue
        low, high = (float(scaled(name, value, 1.0 + sign * part)) for sign in (-1, 1))
        kind = "tac_share" if name == DEFAULT_SHARE else name.split(".", 1)[0]
        found.append(Weight(name, value, low, high, "weight", _SOURCES[kind]))
    return found + _rules(settings, part)


def _rules(settings: Settings, part: float) -> list[Weight]:
    """A count moves by that part, by 1 at least, and never below 0."""
    work, found = settings.workload, []
    for name, value in (("set_up_days", work.set_up_days), ("team_size_free", work.team_size_free)):
        step = max(1, math.floor(part * value + 0.5))
        low, high = float(max(0, value - step)), float(value + step)
        found.append(Weight(name, float(value), low, high, "rule", _SOURCES[name]))
    line = work.overload_threshold
    low, high = line * (1 - part), line * (1 + part)
    found.append(Weight("overload_threshold", line, low, high, "rule", _SOURCES["overload_threshold"]))
    return found


def stacked(settings: Settings, each: Mapping[str, Floats], count: int) -> Values:
    """The weights of `count` draws; those not in `each` as they are agreed."""
    work = settings.workload
    full = {
        name: np.asarray(each.get(name, np.full(count, value)), dtype=np.float64)
        for name, value in named(settings).items()
    }
    return Values(
        need=np.stack([full[f"need_weight.{level}"] for level in sorted(work.need_weight)]),
        supporting=full["supporting_factor"],
        step=full["team_size_step"],
        set_up=full["set_up_factor"] - 1.0,
        per_fte=full["points_per_fte"],
        share={
            **{role: full[f"tac_share.{role}"] for role in work.tac_share},
            DEFAULT_SHARE: full[DEFAULT_SHARE],
        },
        newly_qualified=full[NEWLY_QUALIFIED],
        limit=work.overload_threshold,
        severe=work.severe_threshold,
    )


def agreed(settings: Settings) -> Values:
    """The weights as they are agreed: one draw."""
    return stacked(settings, {}, 1)

"""Handovers by pair of agencies and of their kinds: an attacker holds both tables and the number of all."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, example, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from dashboards.handovers import by_kind, summed_up
from tests.test_suppression_attack import BIG, Attack

UP_TO: Final = 5
KIND: Final = {"a": "health", "b": "health", "c": "school", "d": "school"}
PAIRS: Final = [(one, other) for one in KIND for other in KIND if one != other]
Counts = dict[tuple[str, str], int]
# two pairs are left out, each the only one of its kind: either kind would tell its pair
APART: Final = [7, 3, 0, 0, 0, 0, 0, 0, 0, 0, 4, 9]


def moves_of(counts: Counts) -> pd.DataFrame:
    """A row each handover."""
    rows = [(one, other, KIND[one], KIND[other]) for (one, other), n in counts.items() for _ in range(n)]
    frame = pd.DataFrame(rows, columns=["From", "To", "FromKind", "ToKind"])
    return frame.assign(step=np.arange(len(frame)))


def told(frame: pd.DataFrame) -> dict[tuple[str, str], float]:
    return {(str(r["From"]), str(r["To"])): float(r["Handovers"]) for r in frame.to_dict(orient="records")}


def kinds_of(pair: tuple[str, str]) -> tuple[str, str]:
    return KIND[pair[0]], KIND[pair[1]]


@effort(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 5, 6, 7, 12]), min_size=len(PAIRS), max_size=len(PAIRS)))
@example(APART)
def test_no_small_number_of_handovers_can_be_worked_out(numbers: list[int]) -> None:
    counts = {pair: n for pair, n in zip(PAIRS, numbers, strict=True) if n}
    moves = moves_of(counts)
    agencies, kinds = told(summed_up(moves, UP_TO)), told(by_kind(moves, UP_TO))
    assert not [n for n in (*agencies.values(), *kinds.values()) if 1 <= n <= UP_TO]
    hidden = {pair: n for pair, n in counts.items() if pair not in agencies}
    if len(hidden) < 2 or sum(hidden.values()) <= UP_TO:
        # there was nothing else to leave out, and then no kind is told either
        assert not (kinds and hidden)
        return
    held = Attack()
    for pair in counts:
        # which pairs there are, colleagues know
        held.unknown(str(pair), *((agencies[pair], agencies[pair]) if pair in agencies else (1.0, BIG)))
    held.know({str(pair): 1.0 for pair in counts}, float(len(moves)))
    for kind, n in kinds.items():
        held.know({str(pair): 1.0 for pair in counts if kinds_of(pair) == kind}, n)
    for pair, n in hidden.items():
        low, high = held.range(str(pair))
        assert low <= n <= high, "the attacker's own sums must hold"
        assert high > low or n > UP_TO, f"{pair} is {n}, worked out"


def test_what_tells_nothing_is_shown() -> None:
    moves = moves_of({("a", "c"): 8, ("b", "c"): 9, ("c", "d"): 12})
    assert told(summed_up(moves, UP_TO)) == {("a", "c"): 8, ("b", "c"): 9, ("c", "d"): 12}
    assert told(by_kind(moves, UP_TO)) == {("health", "school"): 17, ("school", "school"): 12}
    assert by_kind(moves.head(0), UP_TO).empty

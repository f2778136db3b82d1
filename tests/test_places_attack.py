"""An attacker holds the whole and every locality's page, and tries to work out what they hide."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from reports.masking import hidden_counts, hidden_coverage
from reports.masking_places import hidden_by_place
from tests.test_suppression_attack import BIG, Attack

UP_TO: Final = 5
ADDED: Final = (
    "children",
    "active_tacs",
    "without_lead",
    "multiple_tacs",
    "tacs_without_lead",
    "overdue_reviews",
)
SHARED: Final = ("leading", "overloaded", "severe")
NUMBERS = st.sampled_from([0, 0, 1, 2, 3, 5, 6, 7, 12, 40])


@st.composite
def partnerships(draw: st.DrawFn) -> tuple[pd.DataFrame, dict[str, float]]:
    """Counts of one to five localities that fit together, and those of the whole."""
    rows = []
    for _ in range(draw(st.integers(1, 5))):
        active = draw(NUMBERS) + draw(NUMBERS)
        leading = min(draw(NUMBERS), active)
        over = min(draw(NUMBERS), leading)
        without = min(draw(NUMBERS), active)
        rows.append(
            {
                "children": max(active - draw(NUMBERS), min(active, 1)),
                "active_tacs": active,
                "without_lead": without,
                "multiple_tacs": min(draw(NUMBERS), active),
                "tacs_without_lead": without,
                "overdue_reviews": min(draw(NUMBERS), active),
                "leading": leading,
                "overloaded": over,
                "severe": min(draw(NUMBERS), over),
            }
        )
    frame = pd.DataFrame(rows, index=[f"place {n}" for n in range(len(rows))]).astype(float)
    whole = {name: float(frame[name].sum()) for name in ADDED}
    # practitioners of several localities count in each
    both = draw(st.integers(0, 6))
    for name in SHARED:
        whole[name] = max(float(frame[name].sum()) - both, float(frame[name].max()))
    whole["overloaded"] = min(whole["overloaded"], whole["leading"])
    whole["severe"] = min(whole["severe"], whole["overloaded"])
    return frame, whole


def attack(frame: pd.DataFrame, whole: dict[str, float], hidden: pd.DataFrame) -> Attack:
    """All that the pages say, as sums and bounds of whole numbers."""
    found = Attack()
    gone = hidden_counts({n: v for n, v in whole.items() if n not in COVERAGE}, UP_TO)
    gone |= hidden_coverage({n: whole[n] for n in COVERAGE}, whole, UP_TO)
    for name, known in whole.items():
        total = found.unknown(f"all {name}", *((0.0, BIG) if name in gone else (known, known)))
        cells = []
        for place, value, out in zip(frame.index, frame[name], hidden[name], strict=True):
            least = float(name != "severe")  # hidden with the overloaded, also where nobody is
            cells.append(found.unknown(f"{place} {name}", *((least, BIG) if out else (value, value))))
        if name in ADDED:
            found.know(dict.fromkeys(cells, 1.0) | {total: -1}, 0)
        else:
            found.know(dict.fromkeys(cells, 1.0) | {total: -1}, 0, BIG)
            for cell in cells:
                found.know({total: 1, cell: -1}, 0, BIG)
    for where in ("all", *frame.index):
        found.know({f"{where} without_lead": 1, f"{where} tacs_without_lead": -1}, 0)
        for more, less in (
            ("active_tacs", "children"), ("active_tacs", "without_lead"), ("active_tacs", "overdue_reviews"),
            ("leading", "overloaded"), ("overloaded", "severe"),
        ):  # fmt: skip
            found.know({f"{where} {more}": 1, f"{where} {less}": -1}, 0, BIG)
    return found


COVERAGE: Final = ("tacs_without_lead", "overdue_reviews")


@effort(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(partnerships())
def test_no_localitys_small_count_can_be_worked_out(made: tuple[pd.DataFrame, dict[str, float]]) -> None:
    frame, whole = made
    hidden = hidden_by_place(frame, whole, UP_TO)
    held = attack(frame, whole, hidden)
    for name in whole:
        for place, value, out in zip(frame.index, frame[name], hidden[name], strict=True):
            if not 1 <= value <= UP_TO:
                continue
            assert out, f"{place}: {name} is {value:.0f} and shown"
            low, high = held.range(f"{place} {name}")
            assert low <= value <= high, "the attacker's own sums must hold"
            assert high > low, f"{place}: {name} is {value:.0f}, worked out"


@effort(max_examples=150, deadline=None)
@given(partnerships())
def test_what_is_left_when_a_locality_is_taken_away_is_no_small_count(
    made: tuple[pd.DataFrame, dict[str, float]],
) -> None:
    frame, whole = made
    hidden = hidden_by_place(frame, whole, UP_TO)
    for name, known in whole.items():
        for value, out in zip(frame[name], hidden[name], strict=True):
            if 1 <= known - value <= UP_TO and value > 0:
                assert out


def test_the_attack_finds_what_hiding_small_counts_alone_gives_away() -> None:
    frame = pd.DataFrame(
        {name: [3.0, 20.0, 30.0] for name in (*ADDED, *SHARED)}, index=["place 0", "place 1", "place 2"]
    ).assign(active_tacs=[40.0, 50.0, 60.0], children=[30.0, 40.0, 50.0], overloaded=0.0, severe=0.0)
    whole = {str(name): float(frame[name].sum()) for name in frame}
    bare = (frame >= 1) & (frame <= UP_TO)
    assert attack(frame, whole, bare).range("place 0 multiple_tacs") == (3, 3)
    hidden = hidden_by_place(frame, whole, UP_TO)
    low, high = attack(frame, whole, hidden).range("place 0 multiple_tacs")
    assert high - low >= UP_TO


def test_zeros_stay_and_one_locality_is_the_whole() -> None:
    frame = pd.DataFrame({name: [0.0, 50.0] for name in ADDED}, index=["a", "b"])
    frame["active_tacs"] = [0.0, 90.0]
    whole = {str(name): float(frame[name].sum()) for name in frame}
    assert not hidden_by_place(frame, whole, UP_TO).to_numpy().any()
    one = frame.loc[["b"]].assign(multiple_tacs=3.0)
    hidden = hidden_by_place(one, {str(name): float(one[name].sum()) for name in one}, UP_TO)
    assert list(np.flatnonzero(hidden.loc["b"])) == [list(frame.columns).index("multiple_tacs")]

"""An attacker who knows every sum tries to work out a suppressed count of the monthly report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from graphmodel.settings import settings
from reports.figures import Month
from reports.masking import LOAD_COLUMNS, MEAN_COLUMNS, Shown, shown
from reports.suppress import Count, Rule, masked
from reports.words import DUPLICATE_KINDS

DAYS = 31
BIG = 100_000


class Attack:
    """Whole unknowns, what is known of them, and the least and most that each can be."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self.rows: list[tuple[dict[str, float], float, float]] = []

    def unknown(self, name: str, low: float = 0, high: float = BIG) -> str:
        self.names.append(name)
        self.low.append(low)
        self.high.append(high)
        return name

    def know(self, terms: dict[str, float], low: float, high: float | None = None) -> None:
        self.rows.append((terms, low, low if high is None else high))

    def range(self, name: str) -> tuple[float, float]:
        place = {n: i for i, n in enumerate(self.names)}
        matrix = np.zeros((len(self.rows), len(self.names)))
        for row, (terms, _, _) in enumerate(self.rows):
            for term, factor in terms.items():
                matrix[row, place[term]] = factor
        bounds = [row[1] for row in self.rows], [row[2] for row in self.rows]
        ends = []
        for sign in (1, -1):
            goal = np.zeros(len(self.names))
            goal[place[name]] = sign
            found = milp(
                goal,
                constraints=LinearConstraint(matrix, *bounds),
                integrality=np.ones(len(self.names)),
                bounds=Bounds(np.array(self.low), np.array(self.high)),
            )
            assert found.success, found.message
            ends.append(round(sign * found.fun))
        return ends[0], ends[1]


class Figures:
    """The figures of a month end, or sums over the days (`mean`), raw and as the report shows them."""

    def __init__(self, month: Month, seen: Shown, *, mean: bool) -> None:
        head = seen.headline.set_index("measure")
        self.truth = dict(month.sums if mean else month.end)
        self.head = head["mean"] * DAYS if mean else head["end"]
        self.limit = 5 * DAYS if mean else 5
        self.columns = {"led": "sum_led", "overloaded": "sum_overloaded"} if mean else dict(END)
        self.others = seen.others.get("mean_tacs_led", 0) * DAYS if mean else seen.others.get("tacs_led", 0)
        self.hidden = np.flatnonzero(seen.agencies.hidden["sum_led" if mean else "tacs_led"])


END: Final = {"led": "tacs_led", "leading": "leading", "overloaded": "overloaded"}


def _tables(attack: Attack, held: Figures, month: Month, seen: Shown) -> None:
    truth = held.truth
    for table, frame, raw in (
        ("a", seen.agencies.numbers, month.agencies),
        ("r", seen.roles.numbers, month.roles),
    ):
        rows = range(len(frame))
        for column, source in held.columns.items():
            for row in rows:
                name, value = f"{table} {column} {row}", frame[source].iloc[row]
                truth[name] = float(raw[source].iloc[row])
                least = float(column == "led")
                attack.unknown(name, *((least, BIG) if np.isnan(value) else (value, value)))
        total = {f"{table} led {r}": 1.0 for r in rows}
        attack.know(total | {"active_tacs": -1, "without_lead": 1, "beyond": -1}, 0)
        for column in set(held.columns) - {"led"}:
            attack.know({f"{table} {column} {r}": 1.0 for r in rows} | {column: -1}, 0)
        order = [column for column in ("led", "leading", "overloaded") if column in held.columns]
        for more, less in pairwise(order):
            for r in rows:
                attack.know({f"{table} {more} {r}": 1, f"{table} {less} {r}": -1}, 0, BIG)


def attacked(month: Month, seen: Shown, *, mean: bool = False) -> dict[str, tuple[float, float, float]]:
    """For every hidden small count: what it is, and the least and most that an attacker is left with."""
    attack, held = Attack(), Figures(month, seen, mean=mean)
    truth = held.truth
    truth["beyond"] = truth["led"] - truth["active_tacs"] + truth["without_lead"]
    for name in ("active_tacs", "children", "leading", "overloaded", "severe", "without_lead"):
        known = held.head[name]
        attack.unknown(name, *((0, BIG) if np.isnan(known) else (round(known),) * 2))
    small = 1 <= truth["beyond"] <= held.limit
    attack.unknown("beyond", *((1, held.limit) if small else (truth["beyond"],) * 2))
    if seen.children_range and not mean:
        low, high = (float(part.replace(",", "")) for part in seen.children_range.split(" to "))
        attack.know({"children": 1}, low, high)
    for more, less in (("active_tacs", "children"), ("overloaded", "severe"), ("leading", "overloaded")):
        attack.know({more: 1, less: -1}, 0, BIG)
    _tables(attack, held, month, seen)
    if held.others:
        attack.know({f"a led {r}": 1.0 for r in held.hidden}, round(held.others))
    hidden_now = [
        n for n, low, high in zip(attack.names, attack.low, attack.high, strict=True)
        if low != high and 1 <= truth[n] <= held.limit
    ]  # fmt: skip
    return {name: (truth[name], *attack.range(name)) for name in hidden_now}


def month_of(agencies: Sequence[tuple[int, int, int]], cuts: Sequence[int], more: dict[str, int]) -> Month:
    """A month whose agencies have these (leading, extra leads, overloaded), its roles cut from the same."""
    people = pd.DataFrame(
        [{"leading": n, "tacs_led": n + extra, "overloaded": min(over, n)} for n, extra, over in agencies]
    )
    people = people[people["leading"] > 0].reset_index(drop=True)
    # some came late in the month, so that means are no round counts
    days = DAYS - np.arange(len(people)) * 5 % DAYS
    people["sum_led"], people["sum_overloaded"] = people["tacs_led"] * days, people["overloaded"] * days
    groups = np.array([cuts[i % len(cuts)] for i in range(len(people))])
    roles = people.groupby(groups).sum().reset_index(drop=True)
    roles["role"] = [f"role {i}" for i in range(len(roles))]
    people["agency_id"] = people["name"] = [f"agency {i}" for i in range(len(people))]
    for frame in (people, roles):
        for column in {*LOAD_COLUMNS, *MEAN_COLUMNS} - set(frame.columns):
            frame[column] = 1.0
        frame["mean_overloaded"] = 1.0
    led, over = float(people["tacs_led"].sum()), float(people["overloaded"].sum())
    active = led + more["without"] - min(more["beyond"], led - 1)
    end = {
        "children": max(active - more["siblings"], 1.0),
        "active_tacs": active,
        "leading": float(people["leading"].sum()),
        "overloaded": over,
        "severe": float(min(more["severe"], over)),
        "without_lead": float(more["without"]),
        "led": led,
        **dict.fromkeys(DUPLICATE_KINDS, 9.0),
    }
    sums = {name: value * DAYS for name, value in end.items()}
    sums["led"] = float(people["sum_led"].sum())
    sums["overloaded"] = float(people["sum_overloaded"].sum())
    sums["severe"] = min(sums["severe"], sums["overloaded"])
    beyond = min(more["beyond"] * DAYS, sums["led"] - 1)
    sums["active_tacs"] = sums["led"] + sums["without_lead"] - beyond
    sums["children"] = min(sums["children"], sums["active_tacs"])
    trend = pd.DataFrame([{"day": date(2026, 3, 31), **end}])
    return Month(
        first=date(2026, 3, 1),
        last=date(2026, 3, 31),
        days=DAYS,
        end=end,
        before=end,
        sums=sums,
        agencies=people,
        roles=roles,
        indices=pd.DataFrame(),
        curve=pd.DataFrame(),
        trend=trend,
    )


counts = st.sampled_from([0, 1, 2, 3, 5, 6, 7, 12, 40])
agency_rows = st.lists(st.tuples(counts, st.sampled_from([0, 0, 1, 4, 9]), counts), min_size=1, max_size=6)
partnerships = agency_rows.filter(lambda rows: any(row[0] for row in rows))
others = st.fixed_dictionaries(
    dict.fromkeys(("without", "beyond", "siblings", "severe"), st.sampled_from([0, 0, 1, 3, 4, 5, 6, 20]))
)


@effort(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(partnerships, st.lists(st.integers(0, 3), min_size=1, max_size=6), others)
def test_no_small_count_can_be_worked_out(
    rows: list[tuple[int, int, int]], cuts: list[int], more: dict[str, int]
) -> None:
    month = month_of(rows, cuts, more)
    seen = shown(month, settings())
    for mean in (False, True):
        for name, (truth, low, high) in attacked(month, seen, mean=mean).items():
            assert low <= truth <= high, "the attacker's own sums must hold"
            # the leads beyond one a TAC are no count of children: only a single one would say how many
            open_ = high - low >= 1 or (name == "beyond" and truth > 1)
            assert open_, f"{name} is {truth:.0f}: worked out exactly"


def test_the_attack_finds_what_primary_suppression_alone_gives_away() -> None:
    month = month_of(
        [(3, 0, 0), (20, 0, 6), (30, 0, 8)], [0, 1], {"without": 0, "beyond": 0, "siblings": 0, "severe": 6}
    )
    seen = shown(month, settings())
    for column in ("tacs_led", "leading", "overloaded"):
        for row in (1, 2):
            seen.agencies.numbers.loc[row, column] = float(month.agencies[column].iloc[row])
    assert ("a led 0", (3.0, 3.0, 3.0)) in attacked(month, seen).items()


@given(st.lists(counts, min_size=1, max_size=8))
def test_zeros_are_shown_and_small_counts_never(values: list[int]) -> None:
    frame = pd.DataFrame({"n": values, "rate": [v / 100 for v in values]})
    found = masked(frame, {"n": Rule(("n", "rate"), (Count(values),))}, up_to=5)
    for value, number, rate in zip(values, found.numbers["n"], found.numbers["rate"], strict=True):
        assert np.isnan(number) == np.isnan(rate)
        if value == 0:
            assert number == 0
        if 1 <= value <= 5:
            assert np.isnan(number)


@pytest.mark.parametrize(("values", "gone"), [([31, 400], [True, True]), ([200, 400], [False, False])])
def test_a_mean_is_judged_by_its_sum_over_the_days(values: list[float], gone: list[bool]) -> None:
    frame: Any = pd.DataFrame({"mean": [v / DAYS for v in values]})
    found = masked(frame, {"m": Rule(("mean",), (Count(values, days=DAYS),))}, up_to=5)
    assert list(found.hidden["mean"]) == gone

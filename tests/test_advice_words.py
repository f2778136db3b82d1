"""Words and pictures of advice: what is said for each case, and that they are drawn in both themes."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.advice_words import percent, why_move, why_unhelped
from reports import charts, findings_advice
from reports.theme import THEMES, Theme

CURVE = pd.DataFrame(
    {
        "handovers": [0, 1, 5, 12],
        "overload_points": [20.0, 18.0, 11.0, 8.0],
        "overloaded": [14, 14, 9, 6],
        "severe": [3, 2, 1, 1],
        "helped": [0, 0, 5, 9],
        "newly_overloaded": [0, 0, 0, 1],
        "hoover": [0.2, 0.19, float("nan"), 0.1],
        "optimal": [True, True, True, False],
        "removed": [0.0, 2.0, 9.0, 12.0],
    }
)
LEFT = pd.DataFrame({"verdict": ["fte"] * 5 + ["kept"]})
MOVE = {
    "from_practitioner_id": "SW-012",
    "to_practitioner_id": "HV-044",
    "from_agency_id": "A",
    "to_agency_id": "B",
    "overload_removed": 1.0,
    "distance_removed": 0.5,
}
AGENCIES = {"A": ("Agency A", 2.1), "B": ("Agency B", 0.4)}


@pytest.mark.parametrize(
    ("part", "said"), [(1.31, "131%"), (1.0, "100%"), (1.004, "100.4%"), (0.999, "99.9%"), (float("nan"), "")]
)
def test_a_part_of_capacity(part: float, said: str) -> None:
    assert percent(part) == said


def test_each_reason_for_a_handover() -> None:
    able = "HV-044, already in this team and trained, is at 42%"
    said = why_move(MOVE, "131%", "42%", AGENCIES, over=True, later=False)
    assert said == f"SW-012 is at 131% of capacity; {able}."
    assert "would by then be at 131%" in why_move(MOVE, "131%", "42%", AGENCIES, over=True, later=True)
    assert "without a post" in why_move(MOVE, "", "42%", AGENCIES, over=False, later=False)
    fair = why_move({**MOVE, "overload_removed": 0.0}, "60%", "42%", AGENCIES, over=False, later=False)
    assert fair.startswith("Agency A carries 2.10 times its fair share of lead work, Agency B 0.40 times")
    none = {**MOVE, "overload_removed": 0.0, "distance_removed": 0.0}
    assert "other handovers" in why_move(none, "60%", "42%", AGENCIES, over=False, later=False)


def test_why_somebody_is_left() -> None:
    counts = {"kept": 2, "untrained": 1, "wrong_role": 0, "no_room": 6, "waiting": 0}
    assert why_unhelped("X is at 131%", 9, counts, "fte", 0.42) == (
        "X is at 131%: no other member of these 9 teams has room; FTE is missing, not fairness "
        "(0.4 FTE more in this role would do)."
    )
    assert "these" not in why_unhelped("X", 1, counts, "fte", float("nan"))
    said = why_unhelped("X", 9, counts, "kept", 0.4)
    assert "2 cannot be handed over" in said
    assert "in 6 nobody else has room" in said


def test_the_title_says_what_a_point_brings() -> None:
    assert str(findings_advice.title(CURVE.iloc[3], 14, LEFT)) == (
        "12 handovers would bring the number of overloaded leads from 14 down to 6; 5 leads need more FTE"
    )
    assert "and leave as many above capacity" in str(findings_advice.title(CURVE.iloc[1], 14, LEFT))
    assert str(findings_advice.title(CURVE.iloc[0], 14, LEFT)).startswith("Without a handover 14 leads stay")
    assert findings_advice.title(CURVE.iloc[0], 0, LEFT.head(0)).severity == "fine"
    assert "6 leads would stay above capacity: 5 need more FTE" in findings_advice.left(LEFT)
    assert findings_advice.left(LEFT.head(0)) == "Nobody who leads would be above capacity."


def test_what_is_proven_is_said() -> None:
    assert findings_advice.certainty([True, True, True]).startswith("Proven: no other set of")
    assert "shares could not be nearer" in findings_advice.certainty([True, False, True])
    assert "fewer points above capacity may be possible" in findings_advice.certainty([False, True, True])


@pytest.mark.parametrize("theme", list(THEMES.values()))
def test_the_curve_is_drawn_with_the_point_chosen(theme: Theme) -> None:
    chart = charts.handover_curve(CURVE, 5, source="As of today", theme=theme)
    assert chart.title.startswith("5 handovers remove 75% of the overload that 12 could remove")
    marks = chart.figure.data[0].marker.symbol
    assert [mark == "circle" for mark in marks] == [False, False, True, False]
    assert chart.table["Lead work out of place"].tolist() == ["20.0%", "19.0%", "n/a", "10.0%"]
    assert chart.table["Proven best"].tolist() == ["yes", "yes", "yes", "no"]


def test_a_curve_of_one_point_is_no_chart() -> None:
    chart = charts.handover_curve(CURVE.head(1), 0, source="As of today")
    assert chart.summary.startswith("No chart")
    assert len(chart.table) == 1

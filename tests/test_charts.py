"""Charts: finding as title, same data as table, suppressed rows nowhere drawn, readable on both grounds."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import charts, findings
from reports.charts import Chart
from reports.theme import DARK, LIGHT, Theme

SOURCE = "Source: load 1, as of 31 October 2026."
NAN = float("nan")

AGENCIES = pd.DataFrame(
    {
        "agency_id": ["A1", "A2", "A3", "A4"],
        "name": ["North <b>team</b>", "=South", "Police", "Health"],
        "load_share": [0.6, 0.3, NAN, 0.1],
        "capacity_share": [0.3, 0.3, NAN, 0.4],
        "disparity": [2.0, 1.0, NAN, 0.25],
        "disparity_low": [1.6, 0.8, NAN, 0.0],
        "disparity_high": [2.4, 1.3, NAN, 0.5],
        "suppressed": [False, False, True, False],
    }
)
ROLES = pd.DataFrame(
    {
        "role": ["social_worker", "gp", "senco"],
        "leading": [40.0, 12.0, NAN],
        "overloaded": [8.0, NAN, NAN],
        "lead_points": [50.0, 20.0, NAN],
        "suppressed": [False, True, True],
    }
)
PEOPLE = pd.DataFrame({"practitioner_id": ["p1", "p2", "p3"], "utilisation": [0.5, 1.7, NAN]})
CURVE = pd.DataFrame(
    {"practitioners": [0.0, 0.2, 0.4, 0.6, 0.8, 1.0], "load": [0.0, 0.05, 0.15, 0.3, 0.55, 1.0]}
)
COUNTS = pd.DataFrame(
    {"kind": ["sibling_teams", "multiple_leads"], "cases": [12.0, NAN], "suppressed": [False, True]}
)
MONTHS = pd.DataFrame(
    {
        "day": pd.to_datetime(["2026-08-31", "2026-09-30", "2026-10-31"]),
        "overloaded": [10.0, 12.0, 31.0],
        "active_tacs": [100.0, 90.0, 95.0],
        "tacs_without_lead": [8.0, NAN, 0.0],
    }
)

MAKERS: dict[str, tuple[Callable[..., Chart], pd.DataFrame]] = {
    "load": (charts.load_against_capacity, AGENCIES),
    "disparity": (charts.disparity_intervals, AGENCIES),
    "utilisation": (
        lambda frame, **kw: charts.utilisation_bars(frame, threshold=1.0, severe=1.5, **kw),
        PEOPLE,
    ),
    "roles": (charts.overload_by_role, ROLES),
    "lorenz": (lambda frame, **kw: charts.lorenz(frame, gini=0.41, **kw), CURVE),
    "points": (lambda frame, **kw: charts.lead_points_by(frame, "role", **kw), ROLES),
    "duplication": (charts.duplication_counts, COUNTS),
    "trend": (charts.trend, MONTHS),
}
every = pytest.mark.parametrize("kind", MAKERS)
themes = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def made(kind: str, frame: pd.DataFrame | None = None, theme: Theme = LIGHT) -> Chart:
    maker, sample = MAKERS[kind]
    return maker(sample if frame is None else frame, source=SOURCE, theme=theme)


def contrast(one: str, other: str) -> float:
    """WCAG 2: (lighter + 0.05) / (darker + 0.05) of relative luminances."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@themes
def test_text_and_marks_stand_out_on_their_ground(theme: Theme) -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    for text in (theme.ink, theme.quiet, theme.blue, theme.pink):  # the last two colour the keys
        assert contrast(text, theme.ground) >= 4.5
    for mark in (theme.blue, theme.turquoise, theme.pink, theme.orange, theme.grey):
        assert contrast(mark, theme.ground) >= 3


@every
@themes
def test_a_chart_says_its_finding_and_holds_its_data_as_a_table(kind: str, theme: Theme) -> None:
    chart = made(kind, theme=theme)
    assert chart.title.endswith(".")
    assert chart.title in chart.summary
    assert chart.source == SOURCE
    assert len(chart.table) == len(MAKERS[kind][1])
    layout = chart.figure.layout
    assert layout.paper_bgcolor == "rgba(0,0,0,0)"
    assert layout.font.color == theme.ink
    assert layout.showlegend is False


@every
def test_no_rows_and_one_row(kind: str) -> None:
    sample = MAKERS[kind][1]
    empty = made(kind, sample.iloc[:0])
    assert len(empty.table) == 0
    assert "Nothing to show" in empty.figure.to_json()
    assert empty.title.endswith(".")
    assert len(made(kind, sample.iloc[:1]).table) == 1


@every
def test_the_same_rows_give_the_same_bytes(kind: str) -> None:
    assert charts.fragment(made(kind)) == charts.fragment(made(kind))
    assert "http" not in charts.fragment(made(kind))


@pytest.mark.parametrize("kind", ["load", "disparity", "roles", "points", "duplication"])
def test_a_suppressed_row_is_c_in_the_table_and_drawn_nowhere(kind: str) -> None:
    chart = made(kind)
    last = chart.table.iloc[-1]
    assert set(last.iloc[1:]) == {"c"}
    drawn = json.dumps([trace.to_plotly_json() for trace in chart.figure.data], default=str)
    names = [a.text for a in chart.figure.layout.annotations]
    assert str(last.iloc[0]) not in drawn
    assert str(last.iloc[0]) not in names
    assert "suppressed (c)" in chart.summary


def test_names_are_shown_as_they_are_never_as_markup() -> None:
    text = charts.fragment(made("load"))
    assert "<b>team" not in text
    assert "\\u003cb\\u003eteam" not in text
    assert "&lt;b&gt;team" in text.replace("\\u0026", "&")


def test_a_threshold_is_not_crossed_by_a_tie() -> None:
    tie = pd.DataFrame({"practitioner_id": ["p"], "utilisation": [1.0 + 1e-12]})
    assert "Nobody listed is above 100%" in made("utilisation", tie).title


def test_the_picture_that_leaves_the_page_has_title_and_source() -> None:
    chart = made("disparity")
    picture = chart.titled()
    assert "North &lt;b&gt;team&lt;/b&gt;" in picture.layout.title.text.replace("<br>", " ")
    assert SOURCE in [a.text for a in picture.layout.annotations]
    assert chart.figure.layout.title.text is None


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40))
def test_bars_are_sorted_and_none_is_lost(points: list[float]) -> None:
    frame = pd.DataFrame({"role": [f"r{i}" for i in range(len(points))], "lead_points": points})
    chart = charts.lead_points_by(frame, "role", source=SOURCE)
    drawn = list(chart.figure.data[0].x)
    assert drawn == sorted(points, reverse=True)[: charts.MOST_ROWS]
    assert len(chart.table) == len(points)
    assert ("more." in chart.summary) == (len(points) > charts.MOST_ROWS)


# -- findings ------------------------------------------------------------------------------------------


def test_findings_say_their_numbers() -> None:
    assert str(findings.load_share(AGENCIES)) == (
        "North <b>team</b> does 60% of the lead work with 30% of the capacity."
    )
    assert str(findings.disparity(AGENCIES)) == (
        "1 of the 3 agencies shown carries clearly more than a fair share of lead work: "
        "North <b>team</b>, at 2.00 times (95% interval 1.60 to 2.40)."
    )
    assert str(findings.overload(40, 8, 6)) == "8 of 40 leads (20%) are above capacity, 6 of them severely."
    assert str(findings.without_lead(100, 6)) == "6 of 100 active TACs (6%) have no lead."
    assert str(findings.trend(MONTHS)) == (
        "The number of overloaded leads has risen from 10 on 31 August 2026 to 31."
    )


@pytest.mark.parametrize("hidden", [None, NAN])
def test_a_suppressed_count_stays_so_in_words(hidden: float | None) -> None:
    for finding in (findings.overload(40, hidden, hidden), findings.without_lead(100, hidden)):
        assert "c: suppressed" in finding.sentence
        assert not any(mark.isdigit() for mark in finding.sentence)
    assert "severely" not in findings.overload(40, 8, hidden).sentence


def test_most_serious_first() -> None:
    found = [findings.without_lead(100, 0), findings.overload(40, 8), findings.without_lead(100, 2)]
    order = [finding.severity for finding in findings.ranked(found)]
    assert order == ["serious", "watch", "fine"]


@given(st.integers(0, 500), st.integers(0, 500))
def test_overload_is_serious_from_a_tenth_of_the_leads(within: int, over: int) -> None:
    finding = findings.overload(within + over, over)
    serious = over > 0 and over / (within + over) >= 0.1 and not math.isclose(within + over, 0)
    assert (finding.severity == "serious") == serious

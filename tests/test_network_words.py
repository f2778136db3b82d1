"""Charts of the network and what is said of it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from analysis.network_day import Agreement, Strong
from reports import charts
from reports import findings_network as findings
from reports.charts import Chart
from reports.theme import DARK, LIGHT, Theme

NAN = float("nan")
AGENCIES = pd.DataFrame(
    {
        "agency_id": ["A1", "A2", "A3", "A4"],
        "name": ["North <b>team</b>", "South", "Police", "School"],
        "practitioners": [20, 9, 5, 1],
        "internal": [60, 10, 1, 0],
        "external": [40, 60, 9, 4],
        "ei": [-0.2, 5 / 7, 0.8, 1.0],
        "expected_ei": [0.6, 0.9, 0.7, 1.0],
        "z": [-9.0, -4.0, 0.5, NAN],
        "p_adjusted": [0.004, 0.03, 0.7, NAN],
    }
)
NODES = pd.DataFrame(
    {
        "name": ["North <b>team</b>", "South", "Education: 3 more agencies"],
        "agencies": [1, 1, 3],
        "practitioners": [20, 9, 8],
        "apart": [True, False, False],
        "x": [0.0, 0.5, 1.0],
        "y": [0.0, 1.0, 0.5],
    }
)
TIES = pd.DataFrame({"left": [0, 0], "right": [1, 2], "weight": [12.0, 40.0]})
PEOPLE = pd.DataFrame(
    {
        "practitioner_id": ["p1", "p2", "p3"],
        "role": ["gp", "senco", "midwife"],
        "agency_id": ["A1", None, "A2"],
        "degree": [2, 1, 0],
        "agencies": [1, 1, 0],
        "betweenness": [0.5, 0.0, 0.0],
        "constraint": [0.5, 1.0, NAN],
        "cut_off": [1, 0, 0],
        "own": [True, False, True],
        "x": [0.0, 1.0, 0.5],
        "y": [0.0, 1.0, -0.2],
    }
)


def name(agency_id: object) -> str:
    return {"A1": "North", "A2": "South"}.get(str(agency_id), "no post")


def drawn(theme: Theme) -> list[Chart]:
    about = {"source": "Load 1", "theme": theme}
    lines = pd.DataFrame({"left": [0], "right": [1], "weight": [1.0]})
    return [
        charts.agency_network(NODES, TIES, least=6, each=2, source="Load 1", theme=theme),
        charts.ties_outside(AGENCIES, source="Load 1", theme=theme),
        charts.practitioner_network(
            PEOPLE, lines, what="North", everybody=5, weak_below=2, name=name, **about  # type: ignore[arg-type]
        ),
    ]  # fmt: skip


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_chart_says_its_finding_and_has_its_table(theme: Theme) -> None:
    for chart in drawn(theme):
        assert len(chart.summary) > 40
        assert not chart.table.empty
        text = json.dumps(chart.figure.to_plotly_json(), default=str)
        assert "<b>" not in text
        assert theme.blue in text
        titled = chart.titled(500)
        assert titled.layout.width == 500


def test_the_picture_of_the_agencies() -> None:
    chart = drawn(LIGHT)[0]
    assert chart.title == "North <b>team</b> and South share most teams: 12"
    assert list(chart.table["Shares most teams with"]) == [
        "Education: 3 more agencies",
        "North <b>team</b>",
        "North <b>team</b>",
    ]
    assert list(chart.table["Common teams"]) == ["40", "12", "40"]
    marks = chart.figure.data[-1]
    assert list(marks.marker.symbol) == ["diamond", "circle", "square"]
    assert charts.numbers(NODES).startswith("1 North <b>team</b> · 2 South · 3 ")
    lone = charts.agency_network(NODES, TIES.iloc[:0], least=6, each=2, source="Load 1")
    assert "No two single agencies" in lone.title
    assert list(lone.table["Shares most teams with"]) == ["none shown"] * 3
    assert "No chart" in charts.agency_network(
        NODES.iloc[:0], TIES.iloc[:0], least=6, each=2, source="Load 1"
    ).summary  # fmt: skip


def test_who_keeps_to_themselves() -> None:
    assert list(findings.keeping_to_themselves(AGENCIES)["agency_id"]) == ["A1", "A2"]
    said = str(findings.silos(AGENCIES))
    assert said.startswith("2 of 3 agencies keep to themselves beyond chance, North <b>team")
    assert "40.0% of its ties lead outside, by chance 80.0% would" in said
    assert findings.silos(AGENCIES.iloc[2:]).severity == "fine"
    assert findings.silos(AGENCIES.iloc[3:]).severity == "unknown"
    assert findings.silos(AGENCIES.iloc[:1]).sentence.startswith("1 of 1 agencies keeps to itself")
    title = findings.page_title(AGENCIES, 2)
    first = "2 of 3 agencies keep to themselves beyond chance"
    assert title == f"{first}; 2 practitioners are the only tie of others to the rest"
    assert findings.page_title(AGENCIES.iloc[3:], 0).startswith("Nobody is the only tie")
    chart = drawn(LIGHT)[1]
    assert next(iter(chart.table["How sure"])) == "beyond chance, p below 0.01"
    assert list(chart.figure.data[-1].text) == ["40%", "86%", "90%"]


def test_single_points_and_brokers_in_words() -> None:
    row = {
        "practitioner_id": "SW-123",
        "agency_id": "A1",
        "cut_off": 14,
        "agencies_cut_off": ["A2"],
        "children": 31.0,
        "p_adjusted": 0.004,
    }
    assert findings.single_point(row, name) == (
        "If SW-123 (North) left, all of South in teams, 14 practitioners together, would lose their only tie "
        "to the rest; 31 children are touched (beyond chance, p below 0.01)."
    )
    few = {**row, "agencies_cut_off": [], "cut_off": 1, "children": NAN, "p_adjusted": NAN}
    assert findings.single_point(few, name) == (
        "If SW-123 (North) left, 1 practitioner would lose their only tie to the rest; a few (c) children "
        "are touched (not tested)."
    )
    many = {**row, "agencies_cut_off": ["A1", "A2", "A1", "A2", "A1"]}
    assert "North, South, North and 2 more" in findings.single_point(many, name)
    assert str(findings.single_points(pd.DataFrame([row]), name)).startswith("1 practitioner is the only tie")
    assert findings.single_points(pd.DataFrame(), name).severity == "fine"
    people = PEOPLE.assign(betweenness_p_adjusted=[0.01, 0.5, NAN])
    assert "for 1 of the first 3 it is more" in str(findings.brokers(people, name))
    assert "not tested" in str(findings.brokers(PEOPLE.assign(betweenness_p_adjusted=np.nan), name))
    assert findings.brokers(PEOPLE.iloc[:0], name).severity == "unknown"
    assert findings.sure(0.2) == "within chance, p 0.20"


def test_communities_and_weak_ties_in_words() -> None:
    strong = Strong(2, 20, 365, 30, 514, 1, 0.1, 0.5)
    said = findings.strong_ties(100, strong)
    assert said.startswith("80% of the ties rest on fewer than 2 common TACs. Without them 365 practitioners")
    assert said.endswith("514 practitioners, and 1 is the only tie of others to the rest.")
    assert findings.strong_ties(0, strong) == "Nobody is tied to anybody."
    said = findings.follows(Agreement(9, 0.1, 0.02), Agreement(9, 0.9, 0.8))
    assert said.startswith(
        "The communities largely follow the localities (adjusted Rand index 0.80) and hardly"
    )
    none = Agreement(0, None, None)
    assert findings.follows(none, none) == "There is nothing to compare the communities with."

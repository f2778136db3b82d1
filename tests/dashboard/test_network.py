"""The page Network: what it says is what the measure gives; small counts stay hidden."""

from __future__ import annotations

import re
from datetime import date

import pandas as pd
import pytest

from analysis.network import Effort
from analysis.network_day import network
from analysis.tables import Slice
from analysis.workload import month_ends
from dashboards import data, data_network
from dashboards.network import MOST_AGENCIES, hidden_children
from graphmodel.settings import settings
from reports.findings_network import keeping_to_themselves
from tests.dashboard.conftest import LAST, Partnership
from tests.dashboard.test_dashboard import opened, title, words


def a_day_with_single_points(tables: Slice) -> date:
    """The latest of some month ends on which somebody is the only tie of others, of few children for one."""
    for day in month_ends(LAST, 24)[::-1]:
        found = network(tables, day, settings(), effort=Effort(0, 1, 1)).single_points["children"]
        if found.between(1, 5).any() and (found > 5).any():
            return day
    raise AssertionError("no such day in the example")


def test_the_page_says_what_the_measure_gives(at_home: Partnership) -> None:
    day = a_day_with_single_points(at_home.tables)
    test = opened("network", as_of=day.isoformat())
    assert not test.exception
    held = network(at_home.tables, day, settings())
    apart, asked = keeping_to_themselves(held.agencies), held.agencies["p_adjusted"].notna().sum()
    assert title(test).startswith(f"{len(apart) or 'None'} of {asked} agencies ")
    assert f" {len(held.single_points)} practitioner" in title(test)
    points = next(t.value for t in test.dataframe if "Children touched" in t.value.columns)
    assert list(points["Practitioner"]) == list(held.single_points["practitioner_id"])
    assert list(points["Cut off if they left"]) == list(held.single_points["cut_off"])
    for shown, real in zip(points["Children touched"], held.single_points["children"], strict=True):
        assert shown == ("c" if 1 <= real <= 5 else f"{real:,}")
    assert not re.search(r"\b[1-5] (child is|children are) touched", words(test))
    brokers = next(t.value for t in test.dataframe if "Broker by stronger ties" in t.value.columns)
    assert list(brokers["Practitioner"]) == list(held.brokers["practitioner_id"])
    outside = next(t.value for t in test.dataframe if "E-I index" in t.value.columns)
    assert len(outside) == len(held.agencies)


def test_small_counts_of_children_and_teams_are_nowhere(at_home: Partnership) -> None:
    rows = pd.DataFrame({"children": [0, 1, 5, 6, 40]})
    hidden = hidden_children(rows, 5)["children"]
    assert hidden.isna().tolist() == [False, True, True, False, False]
    assert at_home.home.exists()
    drawn = data_network.agencies(data.held(), LAST, most=MOST_AGENCIES, least_shared=6)
    assert len(drawn.ties) > 5
    assert drawn.ties["weight"].min() >= 6


def test_an_agency_and_a_community_can_be_looked_into(at_home: Partnership) -> None:
    test = opened("network")
    held = network(at_home.tables, LAST, settings())
    options = test.selectbox(key="network-of").options
    community = next(x for x in options if x.startswith("Community 1 ("))
    test.selectbox(key="network-of").set_value(community).run()
    assert not test.exception
    people = next(t.value for t in test.dataframe if "Only tie of" in t.value.columns)
    wanted = set(held.measures.communities[0])
    assert set(people["Practitioner"]) <= wanted
    assert len(people) == min(len(wanted), 120)
    agency = held.agencies.sort_values("practitioners")["agency_id"].iloc[-1]
    narrowed = opened("network", agency=[agency])
    people = next(t.value for t in narrowed.dataframe if "Only tie of" in t.value.columns)
    own = people[people["Of those chosen"] == "yes"]
    of_agency = held.nodes[held.nodes["agency_id"] == agency]
    assert set(own["Practitioner"]) == set(of_agency["practitioner_id"])


@pytest.mark.usefixtures("at_home")
def test_the_network_is_measured_once_for_a_day() -> None:
    found = data.held()
    assert data_network.network(found, LAST).measures.ties.count > 50
    people = data_network.people(found, LAST, (), around=True, most=10)
    assert people.nodes.empty

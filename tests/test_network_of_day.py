"""The network of a day against plain loops over the rows."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort

from analysis.network import Effort
from analysis.network_day import Network, network, record
from analysis.network_layout import agencies as agency_picture
from analysis.network_layout import practitioners
from analysis.tables import Slice
from graphmodel.settings import settings
from tests.naive import Naive
from tests.networking import NONE, same_as_networkx
from tests.partnerships import AS_OF, Partnership, Size, partnerships, random_partnership
from tests.test_analysis_catalogue import as_slice

few = effort(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SMALL = Path(__file__).parent / "data" / "small"
Graph = nx.Graph


def plain_graph(naive: Naive) -> nx.Graph[Any]:
    graph: nx.Graph[Any] = nx.Graph()
    for person in sorted({p for team in naive.team.values() for p in team}):
        graph.add_node(person)
    for team in naive.team.values():
        for one, other in combinations(sorted(team), 2):
            held = graph.get_edge_data(one, other, {"weight": 0})
            graph.add_edge(one, other, weight=held["weight"] + 1)
    return graph


def as_read(found: Network, naive: Naive) -> None:
    """The whole network of a day against the rows."""
    graph = plain_graph(naive)
    department = {p: naive.home(p) for p in graph.nodes}
    assert set(found.nodes["practitioner_id"]) == set(graph.nodes)
    if not graph:
        assert record(found)["practitioners"] == 0
        return
    ordered: nx.Graph[Any] = nx.Graph()
    ordered.add_nodes_from(found.nodes["practitioner_id"])
    ordered.add_edges_from(graph.edges(data=True))
    same_as_networkx(ordered, found.measures, department, "weight")
    children = {t: row["child_id"] for t, row in naive.tacs.items()}
    rows = found.nodes.set_index("practitioner_id")
    for person in graph.nodes:
        own = {children[t] for t, team in naive.team.items() if person in team}
        others = {department[q] for q in graph[person]} - {None, department[person]}
        assert rows.loc[person, "children"] == len(own)
        assert rows.loc[person, "agencies"] == len(others)
        assert rows.loc[person, "role"] == naive.people[person]["role"]
        assert rows.loc[person, "locality"] == locality(naive, person)
    assert set(found.agencies["agency_id"]) == {a for a in department.values() if a}
    points = found.single_points.set_index("practitioner_id")
    assert set(points.index) == set(nx.articulation_points(graph))
    for person in points.index:
        single_point(naive, graph, person, points.loc[person])


def locality(naive: Naive, person: str) -> str | None:
    lived = [
        naive.children[naive.tacs[t]["child_id"]]["locality"]
        for t, team in naive.team.items()
        if person in team
    ]
    known = Counter(x for x in lived if x)
    return min(known, key=lambda x: (-known[x], x)) if known else None


def single_point(naive: Naive, graph: nx.Graph[Any], person: str, row: Any) -> None:
    own = nx.node_connected_component(graph, person) - {person}
    parts = sorted(nx.connected_components(graph.subgraph(own)), key=lambda p: (-len(p), min(map(str, p))))
    off = set().union(*parts[1:])
    if len(parts) > 1 and len(parts[0]) > len(parts[1]):
        assert set(row["cut_off_ids"]) == off
    assert row["cut_off"] == len(row["cut_off_ids"]) == len(off)
    off = set(row["cut_off_ids"])
    kept = {naive.home(p) for p in own - off}
    touched = {naive.home(p) for p in off} - {None}
    assert set(row["agencies_touched"]) == touched
    assert set(row["agencies_cut_off"]) == touched - kept
    reached = {naive.tacs[t]["child_id"] for t, team in naive.team.items() if team & (off | {person})}
    assert row["children"] == len(reached)


@few
@given(partnerships())
def test_the_network_of_a_day_by_plain_loops(drawn: tuple[Partnership, date]) -> None:
    partnership, d = drawn
    found = network(as_slice(partnership), d, settings(), effort=NONE)
    as_read(found, Naive(partnership, d, settings()))


@pytest.mark.parametrize("seed", range(3))
def test_wider_partnerships_too(seed: int) -> None:
    size = Size(agencies=7, practitioners=90, tacs=90, children=60, memberships=420, leads=60, posts=80)
    partnership = random_partnership(seed, size)
    found = network(as_slice(partnership), AS_OF[0], settings(), effort=NONE)
    assert len(found.single_points) > 2
    as_read(found, Naive(partnership, AS_OF[0], settings()))


def test_the_record_is_plain_and_whole() -> None:
    found = network(Slice.from_folder(SMALL), date(2026, 10, 31), settings(), effort=Effort(runs=50))
    text = json.dumps(record(found), allow_nan=False)
    plain = json.loads(text)
    assert plain["as_of"] == "2026-10-31"
    assert plain["practitioners"] == len(plain["nodes"]) == sum(plain["components"]["sizes"])
    assert sum(len(c) for c in plain["communities"]) == plain["practitioners"]
    assert {"agency_id", "practitioners", "internal", "external", "ei", "z", "p", "p_adjusted"} <= set(
        plain["agencies"][0]
    )
    assert plain["assortativity"]["z"] is not None
    assert plain["random_networks"] == {"runs": 50, "path_runs": 50}


def test_weaker_ties_do_not_count_where_stronger_are_asked_for() -> None:
    tables, d = Slice.from_folder(SMALL), date(2026, 10, 31)
    every = network(tables, d, settings(), effort=NONE)
    strong = network(tables, d, settings(), min_weight=2, effort=NONE)
    weights = every.measures.ties.weight
    assert 0 < len(strong.measures.ties) == int((weights >= 2).sum()) < len(weights)
    assert every.strong.ties == len(strong.measures.ties)
    assert every.strong.components == len(strong.measures.components)
    assert strong.measures.ties.count == every.measures.ties.count


def test_a_picture_keeps_the_chosen_and_those_with_most_ties() -> None:
    found = network(Slice.from_folder(SMALL), date(2026, 10, 31), settings(), effort=NONE)
    count = found.measures.ties.count
    everybody = practitioners(found, np.ones(count, dtype=np.bool_), around=False, most=1000)
    assert list(everybody.nodes["practitioner_id"]) == list(found.nodes["practitioner_id"])
    assert len(everybody.ties) == len(found.measures.ties)
    assert everybody.nodes[["x", "y"]].notna().all(axis=None)
    own = (found.nodes["practitioner_id"] == "p05").to_numpy()
    near = practitioners(found, own, around=True, most=1000)
    degree = found.nodes.set_index("practitioner_id")["degree"].to_dict()["p05"]
    assert len(near.nodes) == degree + 1
    assert list(near.nodes.loc[near.nodes["own"], "practitioner_id"]) == ["p05"]
    few_ = practitioners(found, own, around=True, most=3)
    strength = near.nodes.set_index("practitioner_id")["weighted_degree"].drop("p05")
    kept = set(few_.nodes["practitioner_id"]) - {"p05"}
    assert strength[list(kept)].min() >= strength.drop(list(kept)).max()


@pytest.mark.parametrize("most", [1, 2, 100])
def test_the_picture_of_the_agencies_counts_common_teams(most: int) -> None:
    partnership = random_partnership(
        3, Size(agencies=6, practitioners=40, tacs=60, memberships=200, posts=60)
    )
    tables, d = as_slice(partnership), AS_OF[0]
    found = network(tables, d, settings(), effort=NONE)
    naive = Naive(partnership, d, settings())
    drawn = agency_picture(tables, d, settings(), found, most=most, least_shared=1)
    homes = [{naive.home(p) for p in team} - {None} for team in naive.team.values()]
    known = {a for team in homes for a in team}
    sector = {r["agency_id"]: r["sector"] for r in naive.rows["agencies"]}
    single = [a for a in drawn.nodes["agency_id"] if a is not None]
    stands = [{a} if a else {x for x in known - set(single) if sector[str(x)] == s}
              for a, s in zip(drawn.nodes["agency_id"], drawn.nodes["sector"], strict=True)]  # fmt: skip
    assert set().union(*stands) == known
    assert [len(x) for x in stands] == list(drawn.nodes["agencies"])
    everybody = {p for team in naive.team.values() for p in team}
    for held, size in zip(stands, drawn.nodes["practitioners"], strict=True):
        assert size == sum(naive.home(p) in held for p in everybody)
    wanted = {}
    for one, other in combinations(range(len(stands)), 2):
        shared = sum(bool(team & stands[one]) and bool(team & stands[other]) for team in homes)
        if shared:
            wanted[one, other] = shared
    rows = zip(drawn.ties["left"], drawn.ties["right"], drawn.ties["weight"], strict=True)
    assert {(int(a), int(b)): int(w) for a, b, w in rows} == wanted
    thinned = agency_picture(tables, d, settings(), found, most=most, least_shared=2, each=1)
    strong = {pair: weight for pair, weight in wanted.items() if weight >= 2}
    best = [max((w for pair, w in strong.items() if at in pair), default=0) for at in range(len(stands))]
    rows = zip(thinned.ties["left"], thinned.ties["right"], thinned.ties["weight"], strict=True)
    kept = {(int(a), int(b)): int(w) for a, b, w in rows}
    assert all(strong[pair] == w == max(best[pair[0]], best[pair[1]]) or w in (best[pair[0]], best[pair[1]])
               for pair, w in kept.items())  # fmt: skip
    assert {at for pair in kept for at in pair} == {at for pair in strong for at in pair}

"""The network measures against NetworkX, and against published values."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from analysis import network_fast as fast
from analysis.network import Effort, measures
from analysis.network_graph import from_networkx, groups_of
from tests.networking import NONE, close, same_as_networkx

quick = effort(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
Graph = nx.Graph


@st.composite
def graphs(draw: st.DrawFn) -> tuple[nx.Graph[Any], dict[Any, Any]]:
    """Sparse and dense, in pieces, with isolated nodes, equal and unequal weights, missing departments."""
    count = draw(st.integers(0, 14))
    pairs = list(combinations(range(count), 2))
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=30)) if pairs else []
    graph: nx.Graph[Any] = nx.Graph()
    names = [f"n{i}" for i in range(count)]
    graph.add_nodes_from(names)
    for a, b in chosen:
        graph.add_edge(names[a], names[b], weight=draw(st.integers(1, 4)))
    department = {name: draw(st.sampled_from(["A", "B", "C", None])) for name in names}
    return graph, department


@quick
@given(graphs(), st.sampled_from(["weight", None]))
def test_every_figure_is_that_of_networkx(
    drawn: tuple[nx.Graph[Any], dict[Any, Any]], weight: str | None
) -> None:
    graph, department = drawn
    found = measures(graph, department, weight=weight, effort=NONE)
    if graph.number_of_nodes() == 0:
        assert len(found.nodes) == 0
        assert found.modularity is None
        return
    same_as_networkx(graph, found, department, weight)


@pytest.mark.parametrize("seed", range(4))
def test_larger_random_graphs_too(seed: int) -> None:
    graph = nx.gnm_random_graph(120, 150 + 90 * seed, seed=seed)
    chance = np.random.default_rng(seed)
    for _, _, held in graph.edges(data=True):
        held["weight"] = int(chance.integers(1, 6))
    department = {n: f"D{int(chance.integers(6))}" for n in graph.nodes}
    same_as_networkx(graph, measures(graph, department, effort=NONE), department, "weight")


# -- published values --------------------------------------------------------------------------------


def test_zacharys_karate_club() -> None:
    graph = nx.karate_club_graph()
    club = dict(nx.get_node_attributes(graph, "club"))
    found = measures(graph, club, weight=None, effort=Effort(0, 5, 20071))
    same_as_networkx(graph, found, club, None)
    rows = found.nodes.set_index("node")
    # betweenness of the instructor and the administrator, and the greatest modularity there is
    # (Brandes and others 2008), as the literature gives them
    assert rows.loc[0, "betweenness"] == pytest.approx(0.43763528, abs=5e-9)
    assert rows.loc[33, "betweenness"] == pytest.approx(0.30407498, abs=5e-9)
    assert found.modularity == pytest.approx(0.41979, abs=5e-6)
    assert len(found.communities) == 4
    assert found.triangles == 45
    assert [cut.node for cut in found.cuts] == [0]
    assert rows.loc[0, "cut_off"] == 6
    assert sorted(found.cuts[0].off) == [4, 5, 6, 10, 11, 16]
    assert rows.loc[0, "constraint"] == pytest.approx(0.155423298, abs=5e-10)


def test_florentine_families() -> None:
    graph = nx.florentine_families_graph()
    side = {n: "Medici" if n in ("Medici", "Acciaiuoli", "Salviati", "Pazzi") else "other" for n in graph}
    found = measures(graph, side, effort=NONE)
    same_as_networkx(graph, found, side, "weight")
    rows = found.nodes.set_index("node")
    # Padgett's marriages: the Medici on 0.522 of the ways, the Guadagni on 0.255
    assert rows.loc["Medici", "betweenness"] == pytest.approx(0.521978, abs=5e-7)
    assert rows.loc["Guadagni", "betweenness"] == pytest.approx(0.254579, abs=5e-7)
    assert found.brokers(1).loc[0, "node"] == "Medici"
    assert set(rows.index[rows["articulation"]]) == {"Albizzi", "Guadagni", "Medici", "Salviati"}


def test_davis_southern_women_and_les_miserables() -> None:
    women = nx.davis_southern_women_graph()
    tied = nx.bipartite.weighted_projected_graph(women, women.graph["top"])
    letters = {n: n[0] for n in tied}
    same_as_networkx(tied, measures(tied, letters, effort=NONE), letters, "weight")
    novel = nx.les_miserables_graph()
    letters = {n: n[0] for n in novel}
    found = measures(novel, letters, effort=NONE)
    same_as_networkx(novel, found, letters, "weight")
    rows = found.nodes.set_index("node")
    assert found.ties.count == 77
    assert len(found.ties) == 254
    assert rows.loc["Valjean", "betweenness"] == pytest.approx(0.569989, abs=5e-7)


# -- graphs of all kinds ------------------------------------------------------------------------------


def test_directions_loops_and_parallel_edges() -> None:
    directed: nx.DiGraph[Any] = nx.DiGraph([("a", "b"), ("b", "a"), ("b", "c"), ("c", "c")])
    nodes, ties = from_networkx(directed, "weight")
    assert nodes == ["a", "b", "c"]
    assert (ties.left.tolist(), ties.right.tolist(), ties.weight.tolist()) == ([0, 1], [1, 2], [1.0, 1.0])
    directed.add_weighted_edges_from([("a", "b", 2.0), ("b", "a", 3.0)])
    assert from_networkx(directed, "weight")[1].weight.tolist() == [5.0, 1.0]
    many: nx.MultiGraph[Any] = nx.MultiGraph([("a", "b"), ("a", "b"), ("b", "c")])
    assert from_networkx(many, "weight")[1].weight.tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match="not below 0"):
        from_networkx(nx.Graph([("a", "b", {"weight": -1})]), "weight")


def test_departments_may_be_missing_or_of_any_kind() -> None:
    codes, labels = groups_of(["a", "b", "c", "d", "e"], {"a": 2, "b": None, "c": float("nan"), "d": 10})
    assert labels == [10, 2]
    assert codes.tolist() == [1, -1, -1, 0, -1]


def test_what_is_undefined() -> None:
    for graph in (nx.empty_graph(0), nx.empty_graph(1), nx.empty_graph(3)):
        found = measures(graph, {0: "A"}, effort=Effort(runs=20))
        assert found.modularity is None
        assert found.assortativity.record() == dict.fromkeys(("value", "expected", "z", "p"))
        assert found.cuts == []
        assert found.groups["ei"].isna().all()
        assert found.nodes["constraint"].isna().all()
        assert (found.nodes["betweenness"] == 0).all()
    one = measures(nx.complete_graph(4), dict.fromkeys(range(4), "A"), effort=Effort(runs=20))
    assert one.assortativity.value is None
    assert one.groups[["internal", "external", "ei"]].to_numpy().tolist() == [[6, 0, -1.0]]
    # no other network has these degrees, so nothing can be tested
    assert one.groups[["z", "p", "p_adjusted"]].isna().all(axis=None)


def test_communities_are_the_same_in_every_order_of_runs() -> None:
    graph = nx.les_miserables_graph()
    twice = [measures(graph, {}, effort=Effort(0, 3, 7)).communities for _ in range(2)]
    assert twice[0] == twice[1]
    assert [len(c) for c in twice[0]] == sorted(map(len, twice[0]), reverse=True)


@quick
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=12))
def test_agreement_by_counting_pairs(labels: list[tuple[int, int]]) -> None:
    one, other = np.array([a for a, _ in labels]), np.array([b for _, b in labels])
    mutual, rand = fast.agreement(one, other)
    if len(labels) < 2 or len(set(one.tolist())) < 2 or len(set(other.tolist())) < 2:
        assert (mutual, rand) == (None, None)
        return
    pairs = list(combinations(range(len(labels)), 2))
    a = sum(one[i] == one[j] for i, j in pairs)
    b = sum(other[i] == other[j] for i, j in pairs)
    both = sum(one[i] == one[j] and other[i] == other[j] for i, j in pairs)
    chance, most = a * b / len(pairs), (a + b) / 2
    assert close(rand, (both - chance) / (most - chance) if most - chance > 1e-12 else None)
    n = len(labels)
    entropy = [
        -sum(k / n * math.log(k / n) for k in Counter(x).values()) for x in (one.tolist(), other.tolist())
    ]
    joint = -sum(k / n * math.log(k / n) for k in Counter(labels).values())
    assert mutual == pytest.approx(max(0.0, 2 * (sum(entropy) - joint) / sum(entropy)), abs=1e-9)

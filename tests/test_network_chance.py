"""The random networks: degrees kept, every network as likely as any other, and p-values that mean it."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from scipy.stats import chisquare

from analysis.network import Effort, measures
from analysis.network_chance import Switcher, against, inside_groups, pooled, rewired
from analysis.network_graph import Ties, from_networkx, groups_of

quick = effort(max_examples=40, deadline=None)


def ties_of(graph: nx.Graph[Any]) -> Ties:
    return from_networkx(graph, None)[1]


def key(ties: Ties) -> frozenset[tuple[int, int]]:
    return frozenset(zip(ties.left.tolist(), ties.right.tolist(), strict=True))


def every_network(degree: list[int]) -> set[frozenset[tuple[int, int]]]:
    """All simple networks with these degrees, by trying every choice of ties."""
    pairs = list(combinations(range(len(degree)), 2))
    found = set()
    for chosen in combinations(pairs, sum(degree) // 2):
        held = Counter(end for pair in chosen for end in pair)
        if all(held[node] == wanted for node, wanted in enumerate(degree)):
            found.add(frozenset(chosen))
    return found


@quick
@given(st.integers(2, 12), st.floats(0.05, 0.95), st.integers(0, 10_000))
def test_degrees_stay_and_no_loop_or_double_tie_comes(count: int, density: float, seed: int) -> None:
    ties = ties_of(nx.gnp_random_graph(count, density, seed=seed))
    for drawn in rewired(ties, runs=5, seed=seed):
        assert drawn.degree.tolist() == ties.degree.tolist()
        assert len(key(drawn)) == len(ties)
        assert (drawn.left < drawn.right).all()
        assert (drawn.weight == 1).all()


def test_degrees_stay_in_a_large_network() -> None:
    ties = ties_of(nx.barabasi_albert_graph(800, 6, seed=3))
    switched = 0
    for drawn in rewired(ties, runs=4, seed=9):
        assert (drawn.degree == ties.degree).all()
        assert len(key(drawn)) == len(ties)
        switched += len(key(drawn) - key(ties))
    # hardly a tie is where it was
    assert switched > 0.9 * 4 * len(ties)


@pytest.mark.parametrize(
    "degree",
    [
        [2, 2, 2, 1, 1],
        [1, 1, 1, 1, 1, 1],
        [3, 2, 2, 2, 2, 1],
        [4, 3, 2, 2, 2, 1],
        [3, 3, 2, 2, 1, 1],
    ],
)
def test_every_network_with_the_degrees_is_as_likely(degree: list[int]) -> None:
    possible = every_network(degree)
    start = ties_of(nx.havel_hakimi_graph(degree))
    assert key(start) in possible
    assert len(possible) > 4
    draws = 60 * len(possible)
    chain = Switcher(start, seed=5)
    seen: Counter[frozenset[tuple[int, int]]] = Counter()
    for _ in range(draws):
        for _ in range(8):
            chain.step()
        left, right = chain.left.astype(np.int64), chain.right.astype(np.int64)
        seen[key(start.joined(left, right))] += 1
    assert set(seen) == possible
    assert chisquare([seen[k] for k in possible]).pvalue > 1e-3


def test_a_network_without_any_other_stays() -> None:
    for graph in (nx.complete_graph(5), nx.star_graph(6), nx.path_graph(2), nx.empty_graph(4)):
        ties = ties_of(graph)
        for drawn in rewired(ties, runs=3, seed=1):
            assert key(drawn) == key(ties)


def test_the_mean_is_that_of_all_networks() -> None:
    degree = [3, 3, 2, 2, 2, 1, 1]
    group = {n: "AABBABA"[n] for n in range(7)}
    graph = nx.havel_hakimi_graph(degree)
    codes, labels = groups_of(list(graph.nodes), group)
    found = inside_groups(ties_of(graph), codes, len(labels), runs=4000, seed=3)
    possible = every_network(degree)
    for at, label in enumerate(labels):
        inside = [sum(group[a] == group[b] == label for a, b in ties) for ties in possible]
        wanted, spread = float(np.mean(inside)), float(np.std(inside))
        assert found.internal[:, at].mean() == pytest.approx(wanted, abs=5 * spread / np.sqrt(4000))
        assert found.internal[:, at].std() == pytest.approx(spread, rel=0.06)
    alike = [sum(group[a] == group[b] for a, b in ties) for ties in possible]
    assert found.alike.mean() == pytest.approx(np.mean(alike), abs=5 * np.std(alike) / np.sqrt(4000))


def test_draws_follow_their_seed_and_hardly_each_other() -> None:
    graph = nx.les_miserables_graph()
    codes, labels = groups_of(list(graph.nodes), {n: n[0] for n in graph})
    ties = ties_of(graph)
    one, same, other = (inside_groups(ties, codes, len(labels), runs=400, seed=s).alike for s in (1, 1, 2))
    assert one.tolist() == same.tolist()
    assert one.tolist() != other.tolist()
    assert abs(np.corrcoef(one[:-1], one[1:])[0, 1]) < 0.2


def test_a_figure_among_its_draws() -> None:
    draws = np.array([1.0, 2.0, 3.0, 4.0])
    found = against(4.0, draws)
    assert found.expected == 2.5
    assert found.z == pytest.approx(1.5 / float(np.std(draws, ddof=1)))
    # one draw at or above it, and itself: 2 of 5, both sides
    assert found.p == pytest.approx(0.8)
    assert against(9.0, draws).p == pytest.approx(0.4)
    assert against(2.5, draws).p == 1.0
    assert against(2.0, np.full(9, 2.0)).z is None
    assert against(None, draws).record() == dict.fromkeys(("value", "expected", "z", "p"))
    assert against(1.0, np.zeros(0)).p is None


def test_draws_are_pooled_over_nodes_of_as_many_ties() -> None:
    degree = np.array([1, 1, 2, 5])
    drawn = [np.array([1.0, 2.0, 3.0, 4.0]), np.array([5.0, 6.0, 7.0, 8.0])]
    assert pooled(degree, drawn, 1)(1).tolist() == [1, 2, 5, 6]
    assert pooled(degree, drawn, 1)(5).tolist() == [4, 8]
    # too few of one degree: the nearest ones come in
    assert pooled(degree, drawn, 5)(2).tolist() == [1, 2, 3, 5, 6, 7]
    assert pooled(degree, drawn, 99)(5).tolist() == [1, 2, 3, 4, 5, 6, 7, 8]


def test_two_camps_are_found_and_a_mixed_network_is_not() -> None:
    camps = nx.planted_partition_graph(4, 20, 0.4, 0.03, seed=2)
    camp = {n: f"camp {n // 20}" for n in camps}
    found = measures(camps, camp, effort=Effort(runs=200, restarts=1))
    assert (found.groups["p_adjusted"] < 0.05).all()
    assert (found.groups["z"] < -3).all()
    assert found.assortativity.z is not None
    assert found.assortativity.z > 10
    anybody = {n: f"label {n % 4}" for n in camps}
    mixed = measures(camps, anybody, effort=Effort(runs=200, restarts=1))
    assert (mixed.groups["p_adjusted"] > 0.01).all()
    assert mixed.group_modularity.z == pytest.approx(mixed.assortativity.z)


def test_p_values_of_a_random_network_are_spread_evenly() -> None:
    """Networks drawn from the null itself: small p are as rare as they say."""
    small = []
    for seed in range(60):
        graph = nx.gnm_random_graph(40, 90, seed=seed)
        codes, labels = groups_of(list(graph.nodes), {n: n % 3 for n in graph})
        ties = ties_of(graph)
        alike = int((codes[ties.left] == codes[ties.right]).sum())
        draws = inside_groups(ties, codes, len(labels), runs=99, seed=seed).alike
        small.append(against(float(alike), draws.astype(np.float64)).p)
    below = sum(p is not None and p <= 0.1 for p in small)
    assert 0 <= below <= 14  # 6 expected, binomial
    assert sum(p is not None and p > 0.5 for p in small) >= 18


def test_a_bridge_between_two_clubs_is_beyond_chance() -> None:
    graph = nx.disjoint_union(nx.gnp_random_graph(25, 0.35, seed=1), nx.gnp_random_graph(25, 0.35, seed=2))
    graph.add_edges_from([(50, 0), (50, 1), (50, 2), (50, 25), (50, 26), (50, 27)])
    assert nx.is_connected(graph)
    found = measures(graph, {n: n < 25 for n in graph}, effort=Effort(runs=200, restarts=1))
    rows = found.nodes.set_index("node")
    assert found.brokers(1).loc[0, "node"] == 50
    assert rows["betweenness_p_adjusted"].to_dict()[50] < 0.05
    assert rows.loc[50, "cut_off"] == 25
    assert rows["cut_off_p_adjusted"].to_dict()[50] < 0.05
    assert found.path_runs == 200
    assert rows["cut_off_p"].notna().sum() == len(found.cuts)

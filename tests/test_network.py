"""The network measures against NetworkX, against published values, and against plain loops over the rows."""

from __future__ import annotations

import json
import math
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
from hypothesis import strategies as st

from analysis import network_fast as fast
from analysis.network import Effort, Measures, measures
from analysis.network_day import Network, network, record
from analysis.network_graph import from_networkx, groups_of
from analysis.network_layout import agencies as agency_picture
from analysis.network_layout import practitioners
from analysis.tables import Slice
from graphmodel.settings import settings
from tests.naive import Naive
from tests.partnerships import AS_OF, Partnership, Size, partnerships, random_partnership
from tests.test_analysis_catalogue import as_slice

quick = effort(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
few = effort(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NONE = Effort(runs=0, restarts=1, seed=1)
SMALL = Path(__file__).parent / "data" / "small"
Graph = nx.Graph


def close(found: float | None, wanted: float | None) -> bool:
    if wanted is None or math.isnan(wanted):
        return found is None or math.isnan(found)
    return found is not None and math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9)


def same_as_networkx(
    graph: nx.Graph[Any], found: Measures, department: dict[Any, Any], weight: str | None
) -> None:
    """Every figure that NetworkX has, node by node, to 1e-9."""
    rows = found.nodes.set_index("node")
    degree, weighted = dict(graph.degree()), dict(graph.degree(weight=weight))
    between = nx.betweenness_centrality(graph)
    bound, plain = nx.constraint(graph, weight=weight), nx.constraint(graph)
    closed: dict[Any, float] = nx.clustering(graph)  # type: ignore[assignment]
    points = set(nx.articulation_points(graph))
    assert list(rows.index) == list(graph.nodes)
    for node in graph.nodes:
        row = rows.loc[node]
        assert row["degree"] == degree[node]
        assert close(row["weighted_degree"], weighted[node])
        assert close(row["betweenness"], between[node])
        assert close(row["constraint"], bound[node])
        assert close(row["constraint_unweighted"], plain[node])
        assert close(row["clustering"], closed[node])
        assert row["articulation"] == (node in points)
        assert row["cut_off"] == cut_off(graph, node)
    parts = {frozenset(part) for part in nx.connected_components(graph)}
    assert {frozenset(held) for _, held in rows.groupby("component").groups.items()} == parts
    assert found.components == sorted(map(len, parts), reverse=True)
    assert found.triangles == sum(nx.triangles(graph).values()) // 3  # type: ignore[union-attr]
    same_partitions(graph, found, department, weight)


def same_partitions(
    graph: nx.Graph[Any], found: Measures, department: dict[Any, Any], weight: str | None
) -> None:
    groups: dict[Any, set[Any]] = {}
    for node in graph.nodes:
        groups.setdefault(department.get(node), set()).add(node)
    if not graph.number_of_edges():
        assert (found.modularity, found.group_modularity.value, found.assortativity.value) == (None,) * 3
        return
    for parts, figure, used in (
        ([set(c) for c in found.communities], found.modularity, weight),
        (list(groups.values()), found.group_modularity.value, None),
    ):
        assert close(figure, nx.community.modularity(graph, parts, weight=used))
    named = graph.copy()
    nx.set_node_attributes(named, {n: department.get(n) for n in graph.nodes}, "department")
    if len({department.get(n) for n in graph.nodes if graph.degree(n)}) > 1:
        wanted = nx.attribute_assortativity_coefficient(named, "department")
        assert close(found.assortativity.value, wanted)
    else:
        assert found.assortativity.value is None
    rows = found.groups.set_index("group")
    for label in {x for x in department.values() if x is not None}:
        assert close(rows.loc[label, "ei"], ei_index(graph, department, label))


def ei_index(graph: nx.Graph[Any], department: dict[Any, Any], label: Any) -> float | None:
    """External less internal over all, a tie at a time."""
    internal = external = 0
    for one, other in graph.edges():
        here = (department.get(one) == label, department.get(other) == label)
        internal += all(here)
        external += here[0] != here[1]
    return (external - internal) / (external + internal) if external + internal else None


def cut_off(graph: nx.Graph[Any], node: Any) -> int:
    """Whom the node's leaving cuts off, by taking it out."""
    own = nx.node_connected_component(graph, node)
    left = graph.subgraph(own - {node})
    parts = [len(part) for part in nx.connected_components(left)]
    return sum(parts) - max(parts, default=0)


# -- against NetworkX on random graphs ---------------------------------------------------------------


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


# -- the practitioners of a day -----------------------------------------------------------------------


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

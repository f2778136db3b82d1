"""The network figures by NetworkX, for the tests that compare."""

from __future__ import annotations

import math
from typing import Any

import networkx as nx

from analysis.network import Effort, Measures

NONE = Effort(runs=0, restarts=1, seed=1)


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

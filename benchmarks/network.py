"""The collaboration network beside plain NetworkX on the same ties, in one run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Final

import networkx as nx
import numpy as np

from analysis import asof
from analysis import network_fast as fast
from analysis.coded import coded, day_number
from analysis.network_chance import inside_groups
from analysis.network_day import network
from analysis.network_graph import Ties, co_membership
from analysis.tables import Slice
from benchmarks import AS_OF
from benchmarks.timing import Figures, conditions, say, several, timed
from graphmodel.settings import settings

AIM: Final = 10.0
_SWAPPED: Final = 3


class Different(AssertionError):
    """The two roads gave different figures, so their times may not be compared."""


def measure(folder: Path, times: int) -> Figures:
    """Seconds of each measure by both roads at the size of `folder` (CSV files), figures compared first.

    `whole` is all that the page and the command show, random networks included. A random network of plain
    NetworkX takes as many switches as ours does between two draws; `random_networks` is for 1,000 of ours,
    and for 1,000 of theirs by what a few took.
    """
    tables = Slice.from_folder(folder)
    state = asof.teams(coded(tables), day_number(AS_OF))
    people, ties = co_membership(state)
    group = asof.posts(coded(tables), state.day, settings()).home[people]
    graph = plain(ties)
    found: Figures = {
        **conditions(),
        "practitioners": ties.count,
        "ties": len(ties),
        "agencies": len(np.unique(group[group >= 0])),
        "times": times,
        "measures": {},
    }
    for name, (ours, theirs) in roads(ties, graph).items():
        say(f"network: {name}")
        known, once = timed(theirs)
        same(name, ours(), known)
        found["measures"][name] = {"ours": several(ours, times), "networkx": round(once, 4)}
    say("network: random networks")
    agencies = int(group.max()) + 1
    draw = several(lambda: inside_groups(ties, group, agencies, runs=1000, seed=1), times, warm=False)
    found["measures"]["random_networks"] = {"ours": draw, "networkx": round(swapped(graph) * 1000, 1)}
    say("network: whole")
    found["whole"] = several(lambda: network(tables, AS_OF, settings()), times, warm=False)
    return found


def tied(tables: Slice, d: date) -> Ties:
    """The co-membership network on a day."""
    return co_membership(asof.teams(coded(tables), day_number(d)))[1]


def plain(ties: Ties) -> nx.Graph[int]:
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(ties.count))
    graph.add_weighted_edges_from(
        zip(ties.left.tolist(), ties.right.tolist(), ties.weight.tolist(), strict=True)
    )
    return graph


Road = Callable[[], Any]


def roads(ties: Ties, graph: nx.Graph[int]) -> dict[str, tuple[Road, Road]]:
    """Ours and NetworkX's, each giving the same values in order of the nodes."""
    everybody = range(ties.count)

    def ordered(values: Any) -> list[float]:
        return [float(values[node]) for node in everybody]

    def cut_by_taking_out() -> list[float]:
        return [float(len(cut.off)) for cut in fast.cuts(ties)]

    return {
        "components": (
            lambda: sorted(np.bincount(fast.components(ties)).tolist()),
            lambda: sorted(len(part) for part in nx.connected_components(graph)),
        ),
        "betweenness": (
            lambda: fast.betweenness(ties).tolist(),
            lambda: ordered(nx.betweenness_centrality(graph)),
        ),
        "constraint": (
            lambda: fast.constraint(ties, weighted=True).tolist(),
            lambda: ordered(nx.constraint(graph, weight="weight")),
        ),
        "clustering": (lambda: fast.clustering(ties).tolist(), lambda: ordered(nx.clustering(graph))),
        "whom each cuts off": (cut_by_taking_out, lambda: taken_out(graph)),
    }


def taken_out(graph: nx.Graph[int]) -> list[float]:
    """Whom each articulation point cuts off, by taking it out."""
    found = []
    for node in sorted(nx.articulation_points(graph)):
        own = nx.node_connected_component(graph, node) - {node}
        parts = [len(part) for part in nx.connected_components(graph.subgraph(own))]
        found.append(float(sum(parts) - max(parts)))
    return found


def swapped(graph: nx.Graph[int]) -> float:
    """Seconds of one random network by `nx.double_edge_swap`, as many switches as there are half ties."""
    held = graph.copy()
    switches = max(1, round(0.625 * graph.number_of_edges()))

    def a_few() -> None:
        for seed in range(_SWAPPED):
            nx.double_edge_swap(held, nswap=switches, max_tries=switches * 100, seed=seed)

    return timed(a_few)[1] / _SWAPPED


def same(name: str, ours: list[float], theirs: list[float]) -> None:
    """Raises `Different` unless the values are equal to within 1e-9."""
    if len(ours) != len(theirs) or not np.allclose(ours, theirs, rtol=1e-9, atol=1e-9, equal_nan=True):
        raise Different(name)


def rows(found: Figures) -> str:
    """The figures as Markdown."""
    lines = [
        f"{found['practitioners']:,} practitioners of {found['agencies']:,} agencies, {found['ties']:,} "
        "ties. Figures were compared before anything was timed.",
        "",
        "| measure, seconds | ours | plain NetworkX | so many times as fast |",
        "|---|---|---|---|",
    ]
    for name, held in found["measures"].items():
        ours, theirs = held["ours"]["median"], held["networkx"]
        label = "1,000 random networks" if name == "random_networks" else name
        lines.append(f"| {label} | {ours:.3f} | {theirs:,.3f} | {theirs / max(ours, 1e-6):,.0f} |")
    whole = found["whole"]["median"]
    verdict = "met" if whole <= AIM else "**missed**"
    lines += ["", f"All that the page shows, cold: **{whole:.1f} s** (aim {AIM:g} s: {verdict})."]
    return "\n".join(lines) + "\n"

"""The measures of a network with departments: who holds it together, who keeps to themselves.

See the measures page, Network measures. `measures` takes any NetworkX graph and the department of each
node; `analysis.network_day` gives it the practitioners of a day and their home agencies.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from analysis import network_fast as fast
from analysis.coded import Floats, Ints
from analysis.network_chance import (
    Progress,
    Tested,
    adjusted,
    against,
    inside_groups,
    pooled,
    rewired,
)
from analysis.network_graph import Ties, from_networkx, groups_of
from analysis.rows import EQUAL, column

if TYPE_CHECKING:
    import networkx as nx

SURE: Final = 0.05
"""An adjusted p below this counts as beyond chance."""
_PATH_WORK: Final = 1.2e8
_LOUVAIN_WORK: Final = 100_000
_FEWEST_RUNS: Final = 5
_FEWEST_DRAWS: Final = 1000


@dataclass(frozen=True)
class Effort:
    """How much is drawn: `runs` random networks (0: none), `restarts` of Louvain, from one `seed`.

    Of a network of more than 20,000 ties the communities are looked for fewer times.
    """

    runs: int = 1000
    restarts: int = 5
    seed: int = 20071

    def looks(self, ties: Ties) -> int:
        """How often the communities are looked for."""
        return max(1, min(self.restarts, _LOUVAIN_WORK // max(len(ties), 1)))

    def path_runs(self, ties: Ties) -> int:
        """Random networks for betweenness, cut-off and clustering: `runs`, fewer where one takes long.

        None below five: what so few would say is not worth having.
        """
        if len(ties) == 0:
            return 0
        a_run = ties.count * len(ties) + 190 * len(ties) + 60_000
        runs = min(self.runs, int(_PATH_WORK / a_run))
        return runs if runs >= _FEWEST_RUNS else 0


@dataclass(frozen=True, eq=False)
class Measures:
    """The figures of one network; an undefined one is None or NaN.

    `nodes` has a row a node, in the graph's order: node, group (None: no department), component and
    community (0 the largest), degree, weighted_degree, betweenness, constraint (with weights) and
    constraint_unweighted (NaN without a tie), clustering, external (ties to another department or to
    somebody without one), articulation, cut_off (how many their leaving cuts off from the largest part of
    their component), and `betweenness_p`, `cut_off_p` with their adjusted values (one-sided, against nodes
    of as many ties in random networks; NaN where not drawn, with fewer than two ties, or, for cut_off, where
    nobody is cut off).

    `groups` has a row a department: group, size, internal, external, ei, expected_ei, z, p, p_adjusted.
    `articulation` counts the articulation points, `clustering` is the mean of the nodes' coefficients.
    """

    ties: Ties
    nodes: pd.DataFrame
    groups: pd.DataFrame
    cuts: list[fast.Cut]
    modularity: float | None
    assortativity: Tested
    group_modularity: Tested
    articulation: Tested
    clustering: Tested
    triangles: int
    runs: int
    path_runs: int

    @property
    def components(self) -> list[int]:
        """Sizes, largest first."""
        return [int(n) for n in np.bincount(self.nodes["component"].to_numpy(dtype=np.int64))]

    @property
    def communities(self) -> list[list[Any]]:
        """The nodes of each community, largest first."""
        return [list(held) for _, held in self.nodes.groupby("community", sort=True)["node"]]

    def brokers(self, most: int | None = None) -> pd.DataFrame:
        """Nodes that many shortest ways lead over and whose own ties are not tied to each other.

        Those with betweenness above 0 and a constraint at or below the median of all nodes with a tie,
        highest betweenness first (ties in the graph's order); columns of `nodes`.
        """
        middle = self.nodes["constraint"].median()
        kept = (self.nodes["betweenness"] > EQUAL) & (self.nodes["constraint"] <= middle + EQUAL)
        found = self.nodes[kept]
        order = np.argsort(-found["betweenness"].round(12).to_numpy(), kind="stable")
        return found.iloc[order[:most]].reset_index(drop=True)


def measures(
    graph: nx.Graph[Any],
    department: Mapping[Any, Any],
    *,
    weight: str | None = "weight",
    effort: Effort | None = None,
    progress: Progress | None = None,
) -> Measures:
    """Every measure of a graph whose nodes belong to departments.

    Directed graphs are taken as undirected and loops left out: see `network_graph.from_networkx`. With
    `weight` the edge attribute enters weighted degree, constraint, communities and modularity; None: every
    tie weighs 1. A node that `department` lacks, or has None for, belongs to none.
    """
    nodes, ties = from_networkx(graph, weight)
    group, labels = groups_of(nodes, department)
    return measured(ties, nodes, group, labels, effort=effort or Effort(), progress=progress)


def measured(
    ties: Ties,
    nodes: Sequence[Hashable],
    group: Ints,
    labels: Sequence[Any],
    *,
    effort: Effort,
    progress: Progress | None = None,
) -> Measures:
    """The measures of ties between nodes by number, `group[i]` being an index of `labels` or -1."""
    found = fast.cuts(ties)
    frame = _nodes(ties, nodes, [None if g < 0 else labels[g] for g in group], found, effort)
    frame["external"] = _external(ties, group)
    path_runs = effort.path_runs(ties)
    articulation, clustering = _paths(ties, frame, path_runs, effort, progress)
    groups, assortativity, modularity = _groups(ties, group, labels, effort, progress)
    community = frame["community"].to_numpy(dtype=np.int64)
    return Measures(
        ties=ties,
        nodes=frame,
        groups=groups,
        cuts=found,
        modularity=fast.modularity(ties, community, weighted=True),
        assortativity=assortativity,
        group_modularity=modularity,
        articulation=articulation,
        clustering=clustering,
        triangles=fast.triangles(ties),
        runs=effort.runs,
        path_runs=path_runs,
    )


def _external(ties: Ties, group: Ints) -> Ints:
    one, other = group[ties.left], group[ties.right]
    apart = (one != other) | (one < 0)
    ends = np.concatenate([ties.left[apart], ties.right[apart]])
    return np.bincount(ends, minlength=ties.count).astype(np.int64)


def _nodes(
    ties: Ties, nodes: Sequence[Hashable], groups: list[Any], found: Sequence[fast.Cut], effort: Effort
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "node": column(nodes),
            "group": column(groups),
            "component": fast.components(ties),
            "community": fast.communities(ties, seed=effort.seed, restarts=effort.looks(ties)),
            "degree": ties.degree,
            "weighted_degree": ties.strength,
            "betweenness": fast.betweenness(ties),
            "constraint": fast.constraint(ties, weighted=True),
            "constraint_unweighted": fast.constraint(ties, weighted=False),
            "clustering": fast.clustering(ties),
            **_cut_columns(ties.count, found),
        }
    )


def _cut_columns(count: int, found: Sequence[fast.Cut]) -> dict[str, Any]:
    articulation, off = np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.int64)
    for cut in found:
        articulation[cut.node], off[cut.node] = True, len(cut.off)
    return {"articulation": articulation, "cut_off": off}


def _paths(
    ties: Ties, frame: pd.DataFrame, runs: int, effort: Effort, progress: Progress | None
) -> tuple[Tested, Tested]:
    """What random networks give for betweenness and cut-off (put into `frame`), cuts and clustering."""
    between: list[Floats] = []
    off: list[Floats] = []
    points, closed = np.zeros(runs), np.zeros(runs)
    for run, drawn in enumerate(rewired(ties, runs=runs, seed=effort.seed + 1)):
        found = fast.cuts(drawn)
        between.append(fast.betweenness(drawn))
        off.append(_cut_columns(ties.count, found)["cut_off"].astype(np.float64))
        points[run], closed[run] = len(found), fast.clustering(drawn).mean()
        if progress is not None:
            progress("shortest ways in random networks", run + 1, runs)
    _one_sided(frame, "betweenness", ties.degree, between, frame["degree"].to_numpy() > 1)
    _one_sided(frame, "cut_off", ties.degree, off, frame["cut_off"].to_numpy() > 0)
    mean = float(frame["clustering"].mean()) if ties.count else None
    return against(float(frame["articulation"].sum()), points), against(mean, closed)


def _one_sided(
    frame: pd.DataFrame, name: str, degree: Ints, drawn: list[Floats], asked: np.ndarray[Any, Any]
) -> None:
    """`name_p`: the part of the draws of as many ties at or above the figure, itself counted as one."""
    p = np.full(len(frame), np.nan)
    if drawn:
        of = pooled(degree, drawn, _FEWEST_DRAWS)
        values = frame[name].to_numpy(dtype=np.float64)
        for node in np.flatnonzero(asked):
            draws = of(int(degree[node]))
            above = len(draws) - int(np.searchsorted(draws, values[node] - 1e-12, side="left"))
            p[node] = (1 + above) / (1 + len(draws))
    frame[f"{name}_p"], frame[f"{name}_p_adjusted"] = p, adjusted(p)


def _groups(
    ties: Ties, group: Ints, labels: Sequence[Any], effort: Effort, progress: Progress | None
) -> tuple[pd.DataFrame, Tested, Tested]:
    """A row a department, the assortativity and the modularity of the departments, against chance."""
    count = len(labels)
    internal, external = fast.mixing(ties, group, count)
    ends = np.bincount(group[group >= 0], weights=ties.degree[group >= 0], minlength=count)
    assortativity, modularity = fast.assortativity(ties, group), fast.modularity(ties, group, weighted=False)
    runs = effort.runs if len(ties) else 0
    draws = inside_groups(ties, group, count, runs=runs, seed=effort.seed, progress=progress)
    index = (ends - 3.0 * draws.internal) / np.where(ends > 0, ends - draws.internal, np.nan)
    found = []
    for at in range(count):
        value = float(external[at] - internal[at]) / float(ends[at] - internal[at]) if ends[at] else None
        found.append(against(value, index[:, at]))
    frame = pd.DataFrame(
        {
            "group": column(labels),
            "size": np.bincount(group[group >= 0], minlength=count).astype(np.int64),
            "internal": internal,
            "external": external,
            "ei": _floats(one.value for one in found),
            "expected_ei": _floats(one.expected for one in found),
            "z": _floats(one.z for one in found),
            # where every random network gives the same there is nothing to test
            "p": _floats(None if one.z is None else one.p for one in found),
        }
    )
    frame["p_adjusted"] = adjusted(frame["p"].to_numpy(dtype=np.float64))
    shares = np.bincount(group + 1, weights=ties.degree.astype(np.float64)) / max(2 * len(ties), 1)
    alike = float((shares**2).sum())
    part = draws.alike / max(len(ties), 1)
    return (
        frame,
        against(assortativity, (part - alike) / (1 - alike) if assortativity is not None else part),
        against(modularity, part - alike),
    )


def _floats(values: Any) -> Floats:
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)

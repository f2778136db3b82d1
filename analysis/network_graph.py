"""Ties as arrays: the co-membership network of a day, or any NetworkX graph.

See the measures page, Network measures. Nodes are numbered from 0; what they stand for is kept beside.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from analysis.asof import Teams
from analysis.coded import Floats, Ints
from analysis.rows import EQUAL

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, eq=False)
class Ties:
    """An undirected network of `count` nodes: a tie is `left[i] < right[i]`, each pair once, in order.

    `weight` is above 0; for practitioners it is the number of common TACs.
    """

    count: int
    left: Ints
    right: Ints
    weight: Floats

    def __len__(self) -> int:
        return len(self.left)

    @cached_property
    def degree(self) -> Ints:
        """Ties of each node."""
        ends = np.concatenate([self.left, self.right])
        return np.bincount(ends, minlength=self.count).astype(np.int64)

    @cached_property
    def strength(self) -> Floats:
        """Weights of each node's ties, summed: the weighted degree."""
        ends, both = np.concatenate([self.left, self.right]), np.concatenate([self.weight, self.weight])
        return np.bincount(ends, weights=both, minlength=self.count).astype(np.float64)

    def matrix(self, *, weighted: bool = False) -> Any:
        """The symmetric adjacency matrix, sparse by rows; ones where not `weighted`."""
        values = self.weight if weighted else np.ones(len(self))
        rows, columns = np.concatenate([self.left, self.right]), np.concatenate([self.right, self.left])
        shape = (self.count, self.count)
        return sparse.csr_array((np.concatenate([values, values]), (rows, columns)), shape=shape)

    def at_least(self, weight: float) -> Ties:
        """The ties of this weight or more (within 1e-9), with all nodes."""
        kept = self.weight >= weight - EQUAL
        return Ties(self.count, self.left[kept], self.right[kept], self.weight[kept])

    def joined(self, left: Ints, right: Ints) -> Ties:
        """The same nodes joined otherwise, with every weight 1."""
        low, high = np.minimum(left, right).astype(np.int64), np.maximum(left, right).astype(np.int64)
        return Ties(self.count, low, high, np.ones(len(low)))


def co_membership(state: Teams) -> tuple[Ints, Ties]:
    """The practitioners in a team of the day (their codes, in order) and who shares how many active TACs.

    Whoever is alone in a team is in the network without a tie.
    """
    people, who = np.unique(state.practitioner, return_inverse=True)
    shape = (len(state.active), len(people))
    sits = sparse.csr_array((np.ones(len(who), dtype=np.int64), (state.tac, who)), shape=shape)
    shared = sparse.triu(sits.T @ sits, k=1).tocoo()
    order = np.lexsort((shared.col, shared.row))
    left, right = shared.row[order].astype(np.int64), shared.col[order].astype(np.int64)
    return people, Ties(len(people), left, right, shared.data[order].astype(np.float64))


def from_networkx(graph: nx.Graph[Any], weight: str | None) -> tuple[list[Hashable], Ties]:
    """The nodes in the graph's order, and its ties.

    A directed graph is taken as undirected: a tie where either node names the other. Parallel edges and
    both directions are one tie, whose weight is their sum; an edge without the attribute `weight` counts 1.
    Where `weight` is None, or no edge has it, every tie weighs 1. Loops are no ties, and are left out, as
    are edges of weight 0. Raises `ValueError` where a weight is below 0.
    """
    nodes = list(graph.nodes)
    place = {node: at for at, node in enumerate(nodes)}
    known = weight is not None and any(weight in held for _, _, held in graph.edges(data=True))
    summed: dict[tuple[int, int], float] = {}
    for one, other, held in graph.edges(data=True):
        a, b = place[one], place[other]
        if a == b:
            continue
        value = float(held.get(weight, 1)) if known and weight else 1.0
        if value < 0:
            raise ValueError(f"the tie of {one} and {other} weighs {value}: a weight is not below 0")
        pair = (min(a, b), max(a, b))
        summed[pair] = summed.get(pair, 0.0) + value if known else 1.0
    pairs = sorted(pair for pair, value in summed.items() if value > 0)
    ends = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return nodes, Ties(len(nodes), ends[:, 0], ends[:, 1], np.array([summed[p] for p in pairs], dtype=float))


def groups_of(nodes: Sequence[Hashable], department: Mapping[Any, Any]) -> tuple[Ints, list[Any]]:
    """The group of each node by number, -1 where it has none (absent, None or NaN), and what they are."""
    held = [department.get(node) for node in nodes]
    named = [None if value is None or value != value else value for value in held]  # noqa: PLR0124  (NaN)
    labels = sorted({value for value in named if value is not None}, key=lambda x: (str(x), repr(x)))
    place = {label: at for at, label in enumerate(labels)}
    return np.array([-1 if x is None else place[x] for x in named], dtype=np.int64), labels

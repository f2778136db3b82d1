"""The figures of NetworkX by faster roads: sparse matrices, one depth-first walk, and rustworkx.

See the measures page, Network measures. Each function names the NetworkX function whose figure it gives;
the tests hold them against it to 1e-9.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csgraph

from analysis.coded import Bools, Floats, Ints
from analysis.network_graph import Ties

_FEWEST_FOR_BETWEENNESS = 3


def components(ties: Ties) -> Ints:
    """The component of each node, 0 the largest (equal ones in order of their first node).

    `nx.connected_components`.
    """
    if ties.count == 0:
        return np.zeros(0, dtype=np.int64)
    _, label = csgraph.connected_components(ties.matrix(), directed=False)
    return by_size(label.astype(np.int64))


def by_size(label: Ints) -> Ints:
    """Labels numbered anew: the largest group 0, equal ones in order of their first member."""
    found, first, group, size = np.unique(label, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(found), dtype=np.int64)
    rank[np.lexsort((first, -size))] = np.arange(len(found))
    return rank[group]


def betweenness(ties: Ties) -> Floats:
    """Normalised, unweighted betweenness; 0 for all in a network of fewer than three.

    `nx.betweenness_centrality`.
    """
    import rustworkx as rx  # noqa: PLC0415  (only where a network is measured)

    if ties.count < _FEWEST_FOR_BETWEENNESS or len(ties) == 0:
        return np.zeros(ties.count)
    graph: rx.PyGraph[int, None] = rx.PyGraph(multigraph=False)
    graph.add_nodes_from(range(ties.count))
    graph.add_edges_from_no_data(list(zip(ties.left.tolist(), ties.right.tolist(), strict=True)))
    found = rx.betweenness_centrality(graph, normalized=True, endpoints=False)
    return np.array([found[node] for node in range(ties.count)], dtype=np.float64)


def constraint(ties: Ties, *, weighted: bool) -> Floats:
    """Burt's constraint, `sum_j (p_ij + sum_q p_iq p_qj)^2` over the neighbours j; NaN without a tie.

    `p_ij` is the part of i's ties (of their weight) that goes to j. `nx.constraint`, with its `weight`
    where `weighted`. The indirect part is kept only where there is a tie.
    """
    held = ties.matrix(weighted=weighted)
    total = np.asarray(held.sum(axis=1)).ravel()
    row = np.repeat(np.arange(ties.count), np.diff(held.indptr))
    part = held.copy()
    part.data = held.data / total[row]
    pattern = part.copy()
    pattern.data = np.ones(len(part.data))
    local = (part + (part @ part).multiply(pattern)).power(2)
    found = np.asarray(local.sum(axis=1), dtype=np.float64).ravel()
    found[total == 0] = np.nan
    return found


def clustering(ties: Ties) -> Floats:
    """The part of the pairs of a node's neighbours that are tied themselves; 0 with fewer than two.

    `nx.clustering`, unweighted.
    """
    held = ties.matrix()
    closed = np.asarray((held @ held).multiply(held).sum(axis=1), dtype=np.float64).ravel()
    pairs = ties.degree * (ties.degree - 1.0)
    found: Floats = np.divide(closed, pairs, out=np.zeros(ties.count), where=pairs > 0)
    return found


def triangles(ties: Ties) -> int:
    """How many triples are all tied to each other: a third of the sum of `nx.triangles`."""
    held = ties.matrix()
    return round(float((held @ held).multiply(held).sum()) / 6)


@dataclass(frozen=True, eq=False)
class Cut:
    """A node without whom its component falls apart, and whom that cuts off from the largest part left.

    Of largest parts of equal size the one with the first node stays. `parts` is how many parts are left.
    """

    node: int
    parts: int
    off: Ints


def cuts(ties: Ties) -> list[Cut]:
    """The articulation points (`nx.articulation_points`) in order, each with whom it holds to the rest.

    One walk: a node's subtree that has no way round it is a run of the order of discovery.
    """
    walk = _Walk(ties)
    found = []
    for node in range(ties.count):
        below = [c for c in walk.children[node] if walk.low[c] >= walk.place[node]]
        if walk.parent[node] < 0:
            below = walk.children[node]
        runs = [(walk.place[c], walk.place[c] + walk.size[c]) for c in below]
        root = walk.root[node]
        whole = (walk.place[root], walk.place[root] + walk.size[root])
        rest = whole[1] - whole[0] - 1 - sum(b - a for a, b in runs)
        if len(runs) + (rest > 0) > 1:
            found.append(_cut(node, runs, whole, walk))
    return found


def _cut(node: int, runs: list[tuple[int, int]], whole: tuple[int, int], walk: _Walk) -> Cut:
    order = walk.order
    own = np.zeros(whole[1] - whole[0], dtype=np.int64)  # the part of each node of the component
    for number, (a, b) in enumerate(runs, start=1):
        own[a - whole[0] : b - whole[0]] = number
    own[walk.place[node] - whole[0]] = -1
    members = order[whole[0] : whole[1]]
    kept: Bools = own >= 0
    part = by_size_of_first(own[kept], members[kept])
    return Cut(node, int(part.max()) + 1, np.sort(members[kept][part > 0]))


def by_size_of_first(label: Ints, members: Ints) -> Ints:
    """As `by_size`, equal ones in order of their smallest member."""
    order = np.argsort(members)
    found = np.empty(len(label), dtype=np.int64)
    found[order] = by_size(label[order])
    return found


class _Walk:
    """A depth-first walk over each component: order of discovery, subtrees, how far back each reaches."""

    def __init__(self, ties: Ties) -> None:
        held = ties.matrix()
        start, other = held.indptr.tolist(), held.indices.tolist()
        count = ties.count
        self.place = [-1] * count
        self.low, self.size = [0] * count, [1] * count
        self.parent, self.root = [-1] * count, [-1] * count
        self.children: list[list[int]] = [[] for _ in range(count)]
        order: list[int] = []
        for begin in range(count):
            if self.place[begin] < 0:
                self._component(begin, start, other, order)
        self.order: Ints = np.array(order, dtype=np.int64)

    def _component(self, begin: int, start: list[int], other: list[int], order: list[int]) -> None:
        place, low, parent = self.place, self.low, self.parent
        at = {begin: start[begin]}
        stack = [begin]
        place[begin] = low[begin] = len(order)
        self.root[begin] = begin
        order.append(begin)
        while stack:
            node = stack[-1]
            if at[node] < start[node + 1]:
                to = other[at[node]]
                at[node] += 1
                if place[to] < 0:
                    parent[to], self.root[to], at[to] = node, begin, start[to]
                    place[to] = low[to] = len(order)
                    order.append(to)
                    self.children[node].append(to)
                    stack.append(to)
                elif to != parent[node]:
                    low[node] = min(low[node], place[to])
                continue
            stack.pop()
            above = parent[node]
            if above >= 0:
                low[above] = min(low[above], low[node])
                self.size[above] += self.size[node]


def communities(ties: Ties, *, seed: int, restarts: int) -> Ints:
    """Louvain communities, 0 the largest: the best by modularity of `restarts` runs, seeds from `seed` on.

    `nx.community.louvain_communities` with weights, over whole numbers, so that the same network gives the
    same communities in every process. Without a tie everybody is a community.
    """
    import networkx as nx  # noqa: PLC0415  (half a second, only where a network is measured)

    if len(ties) == 0:
        return np.arange(ties.count, dtype=np.int64)
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(ties.count))
    graph.add_weighted_edges_from(
        zip(ties.left.tolist(), ties.right.tolist(), ties.weight.tolist(), strict=True)
    )
    best, label = -np.inf, np.arange(ties.count, dtype=np.int64)
    for run in range(max(1, restarts)):
        tried = np.empty(ties.count, dtype=np.int64)
        for number, members in enumerate(nx.community.louvain_communities(graph, seed=seed + run)):
            tried[sorted(members)] = number
        value = modularity(ties, tried, weighted=True)
        if value is not None and value > best + 1e-12:  # equal up to rounding: the first
            best, label = value, tried
    return by_size(label)


def modularity(ties: Ties, label: Ints, *, weighted: bool) -> float | None:
    """Newman's modularity of a partition: `nx.community.modularity`. None without a tie."""
    if len(ties) == 0:
        return None
    weight = ties.weight if weighted else np.ones(len(ties))
    strength = ties.strength if weighted else ties.degree.astype(np.float64)
    total = float(weight.sum())
    inside = float(weight[label[ties.left] == label[ties.right]].sum())
    held = np.bincount(label - label.min(), weights=strength) / (2 * total)
    return inside / total - float((held**2).sum())


def mixing(ties: Ties, group: Ints, groups: int) -> tuple[Ints, Ints]:
    """Ties inside each group, and ties with one end in it; a node of group -1 is in none.

    A tie inside counts once, one between two groups once for each.
    """
    one, other = group[ties.left], group[ties.right]
    inside = (one == other) & (one >= 0)
    internal = np.bincount(one[inside], minlength=groups).astype(np.int64)
    ends = np.concatenate([one[~inside], other[~inside]])
    external = np.bincount(ends[ends >= 0], minlength=groups).astype(np.int64)
    return internal, external


def assortativity(ties: Ties, group: Ints) -> float | None:
    """Newman's assortativity of a category: `nx.attribute_assortativity_coefficient`.

    Nodes of group -1 are one category of their own, as a missing attribute is in NetworkX. None without a
    tie, and where all ties end in one category.
    """
    if len(ties) == 0:
        return None
    held = np.bincount(group + 1, weights=ties.degree.astype(np.float64)) / (2 * len(ties))
    alike = float((held**2).sum())
    if 1 - alike < 1e-12:  # noqa: PLR2004  (one category, up to rounding)
        return None
    same = float((group[ties.left] == group[ties.right]).mean())
    return (same - alike) / (1 - alike)


def agreement(one: Ints, other: Ints) -> tuple[float | None, float | None]:
    """How far two partitions say the same: normalised mutual information, and the adjusted Rand index.

    The information is divided by the mean of the two entropies: 0 nothing in common, 1 the same; the index
    is 0 in the mean by chance, 1 the same. Both None where a partition has one part only, or there are
    fewer than two nodes: then there is nothing to agree on.
    """
    count = len(one)
    if count < 2 or len(np.unique(one)) < 2 or len(np.unique(other)) < 2:  # noqa: PLR2004
        return None, None
    a, b = np.unique(one, return_inverse=True)[1], np.unique(other, return_inverse=True)[1]
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), 1.0)
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    entropy = [-float((x / count * np.log(x / count)).sum()) for x in (rows, columns)]
    full = table > 0
    expected = np.outer(rows, columns)[full] / count
    mutual = float((table[full] / count * np.log(table[full] / expected)).sum())
    pairs = [float((x * (x - 1)).sum() / 2) for x in (table, rows, columns)]
    chance = pairs[1] * pairs[2] / (count * (count - 1) / 2)
    most = (pairs[1] + pairs[2]) / 2
    rand = (pairs[0] - chance) / (most - chance) if abs(most - chance) > 1e-12 else None  # noqa: PLR2004
    return max(0.0, 2 * mutual / sum(entropy)), rand

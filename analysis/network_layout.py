"""Networks as pictures: which nodes and ties to draw, and where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd
from scipy import sparse

from analysis import asof
from analysis.coded import Bools, Floats, Ints, coded, day_number
from analysis.network_day import Network
from analysis.network_graph import Ties
from analysis.rows import column
from analysis.tables import Slice
from graphmodel.settings import Settings

_SEED: Final = 20071
_LONE_ROW: Final = 14
_SPREAD: Final = 2.2


def places(ties: Ties, *, seed: int = _SEED) -> Floats:
    """Coordinates from 0 to 1, a row a node: tied nodes near each other, those without a tie in rows below.

    By NetworkX's spring layout with a fixed seed, heavier ties pulling harder; the same for the same ties.
    """
    import networkx as nx  # noqa: PLC0415  (half a second, only where a network is drawn)

    found = np.zeros((ties.count, 2))
    tied = np.flatnonzero(ties.degree > 0)
    if len(tied):
        graph: nx.Graph[int] = nx.Graph()
        graph.add_nodes_from(tied.tolist())
        pull = np.sqrt(ties.weight)
        graph.add_weighted_edges_from(
            zip(ties.left.tolist(), ties.right.tolist(), pull.tolist(), strict=True)
        )
        room = _SPREAD / np.sqrt(len(tied))
        at = nx.spring_layout(graph, k=room, seed=seed, iterations=150, weight="weight")
        found[tied] = _square(np.array([at[node] for node in tied.tolist()]))
    alone = np.flatnonzero(ties.degree == 0)
    row, place = np.divmod(np.arange(len(alone)), _LONE_ROW)
    found[alone, 0] = (place + 0.5) / _LONE_ROW
    found[alone, 1] = -0.14 - 0.08 * row if len(tied) else 0.5 - 0.08 * row
    return found


def _square(found: Floats) -> Floats:
    low, high = found.min(axis=0), found.max(axis=0)
    span = np.where(high - low > 0, high - low, 1.0)
    scaled: Floats = np.where(high - low > 0, (found - low) / span, 0.5)
    return scaled


@dataclass(frozen=True, eq=False)
class Picture:
    """What to draw: `nodes` with x and y, and `ties` between their rows (left, right, weight)."""

    nodes: pd.DataFrame
    ties: pd.DataFrame


def agencies(
    tables: Slice,
    d: date,
    settings: Settings,
    found: Network,
    *,
    most: int,
    least_shared: int,
    each: int | None = None,
) -> Picture:
    """The agencies' network of a day: at most `most` single agencies, the smaller ones joined by sector.

    Nodes: agency_id (None for a joined one), sector, agencies (how many it stands for), practitioners (in
    teams on the day), x, y; largest first. Ties: left, right, weight, the number of active TACs in which
    both have somebody; those of `least_shared` or more, and of each node the `each` strongest (None: all).
    """
    data, day = coded(tables), day_number(d)
    state, home = asof.teams(data, day), asof.posts(data, day, settings).home
    agency = home[state.practitioner]
    held = found.agencies.sort_values(["practitioners", "agency_id"], ascending=[False, True])
    table = tables.table("agencies").set_index("agency_id")
    single = list(held["agency_id"][:most])
    rest = held["agency_id"][most:]
    sectors = table["sector"].reindex(rest).fillna("other")
    joined = sorted(sectors.unique())
    node_of = np.full(len(data.agencies) + 1, -1, dtype=np.int64)
    node_of[[data.agencies.code(a) for a in single]] = np.arange(len(single))
    for at, name in enumerate(joined):
        codes = [data.agencies.code(a) for a in rest[(sectors == name).to_numpy()]]
        node_of[codes] = len(single) + at
    size = held.set_index("agency_id")["practitioners"]
    nodes = pd.DataFrame(
        {
            "agency_id": column([*single, *[None] * len(joined)]),
            "sector": column([*table["sector"].reindex(single).fillna("other"), *joined]),
            "agencies": [1] * len(single) + [int((sectors == name).sum()) for name in joined],
            "practitioners": [int(size[a]) for a in single]
            + [int(size.reindex(rest[(sectors == name).to_numpy()]).sum()) for name in joined],
        }
    )
    ties = _shared(state.tac, node_of[agency], len(nodes), len(data.tacs)).at_least(least_shared)
    return _drawn(nodes, ties if each is None else strongest(ties, each))


def strongest(ties: Ties, each: int) -> Ties:
    """The ties that are among the `each` heaviest of one of their ends (equal ones in order)."""
    ends = np.concatenate([ties.left, ties.right])
    tie = np.tile(np.arange(len(ties)), 2)
    order = np.lexsort((tie, -ties.weight[tie], ends))
    first = np.searchsorted(ends[order], ends[order], side="left")
    kept = np.unique(tie[order][np.arange(len(ends)) - first < each])
    return Ties(ties.count, ties.left[kept], ties.right[kept], ties.weight[kept])


def _shared(tac: Ints, node: Ints, nodes: int, tacs: int) -> Ties:
    known = node >= 0
    sits = sparse.csr_array((np.ones(int(known.sum())), (tac[known], node[known])), shape=(tacs, nodes))
    sits.data = np.ones(len(sits.data))
    sits.sum_duplicates()
    sits.data = np.ones(len(sits.data))
    both = sparse.triu(sits.T @ sits, k=1).tocoo()
    order = np.lexsort((both.col, both.row))
    left, right = both.row[order].astype(np.int64), both.col[order].astype(np.int64)
    return Ties(nodes, left, right, both.data[order].astype(np.float64))


def _drawn(nodes: pd.DataFrame, ties: Ties) -> Picture:
    at = places(ties)
    lines = pd.DataFrame({"left": ties.left, "right": ties.right, "weight": ties.weight})
    return Picture(nodes.assign(x=at[:, 0], y=at[:, 1]), lines)


def practitioners(found: Network, own: Bools, *, around: bool, most: int) -> Picture:
    """The chosen practitioners (`own`, by row of `found.nodes`), and whom they are tied to where `around`.

    Of more than `most` the chosen ones come first, then those with the highest weighted degree. Nodes have
    the columns of `found.nodes`, own, x, y; ties left, right, weight among those drawn, with one end at
    least among the chosen ones.
    """
    ties = found.measures.ties
    inside: Bools = own.copy()
    if around:
        inside[ties.left[own[ties.right]]] = True
        inside[ties.right[own[ties.left]]] = True
    chosen = np.flatnonzero(inside)
    order = np.lexsort((chosen, -ties.strength[chosen], ~own[chosen]))
    kept = np.sort(chosen[order][:most])
    place = np.full(ties.count, -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    left, right = place[ties.left], place[ties.right]
    both = (left >= 0) & (right >= 0) & (own[ties.left] | own[ties.right])
    among = Ties(len(kept), left[both], right[both], ties.weight[both])
    return _drawn(found.nodes.iloc[kept].reset_index(drop=True).assign(own=own[kept]), among)

"""The practitioners' and the agencies' network of a day: silos, brokers, single points of failure.

See the measures page, Network measures. A practitioner's department is the home agency on the day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from analysis import asof, directory
from analysis import network_fast as fast
from analysis.coded import Ids, Ints, coded, day_number
from analysis.network import Effort, Measures, measured
from analysis.network_chance import Progress
from analysis.network_graph import Ties, co_membership
from analysis.rows import column, counted, distinct
from analysis.tables import Slice
from graphmodel.settings import Settings

MOST_LISTED: Final = 20


@dataclass(frozen=True)
class Strong:
    """What is left of the network where only ties of `weight` common TACs or more count."""

    weight: int
    ties: int
    without_tie: int
    components: int
    largest: int
    articulation: int
    assortativity: float | None
    modularity: float | None


@dataclass(frozen=True)
class Agreement:
    """How far the communities follow another partition of `practitioners` who have one."""

    practitioners: int
    mutual_information: float | None
    adjusted_rand: float | None


@dataclass(frozen=True, eq=False)
class Network:
    """The network of a day.

    `measures` is that of `analysis.network`, its nodes being practitioner ids and its groups agency ids.
    `nodes` adds role, locality (where most of their active TACs' children live; of equal ones the first by
    name), agencies (distinct home agencies of those they are tied to, without their own), and children
    (distinct children of their active TACs). `single_points` has a row an articulation practitioner, who cuts
    off most first: practitioner_id, agency_id, cut_off (practitioners), agencies_cut_off (those of which
    nobody is left in the largest part), agencies_touched (those of the ones cut off), cut_off_ids, children
    (distinct children of the active TACs of the practitioner and of those cut off), p_adjusted, and `strong`
    (whether it is one by the stronger ties alone as well). `pairs` is the catalogue query `collaboration`:
    the agencies' network. `brokers` also say by `strong` whether they are among the brokers of the stronger
    ties.
    """

    as_of: date
    min_weight: int
    measures: Measures
    nodes: pd.DataFrame
    agencies: pd.DataFrame
    brokers: pd.DataFrame
    single_points: pd.DataFrame
    pairs: pd.DataFrame
    strong: Strong
    by_agency: Agreement
    by_locality: Agreement

    def community_ids(self) -> list[list[str]]:
        return self.measures.communities


def effort_of(settings: Settings) -> Effort:
    """How much is drawn, as the settings say."""
    rules = settings.network
    return Effort(runs=rules.runs, restarts=rules.restarts, seed=rules.seed)


def network(
    tables: Slice,
    d: date,
    settings: Settings,
    *,
    min_weight: int = 1,
    effort: Effort | None = None,
    progress: Progress | None = None,
) -> Network:
    """The network of all practitioners in a team on `d`; ties of fewer than `min_weight` TACs do not count.

    Undefined figures are None or NaN: nobody in a team, nobody tied, one agency only.
    """
    data, day = coded(tables), day_number(d)
    state = asof.teams(data, day)
    people, every = co_membership(state)
    ties = every if min_weight <= 1 else every.at_least(min_weight)
    group = asof.posts(data, day, settings).home[people]
    labels = list(data.agencies.texts)
    used = effort or effort_of(settings)
    ids = list(data.practitioners.texts[people])
    found = measured(ties, ids, group, labels, effort=used, progress=progress)
    place = np.full(len(data.practitioners), -1, dtype=np.int64)
    place[people] = np.arange(len(people))
    # a row each seat in a team: who (by place in the network), and for which child
    sits = place[state.practitioner], data.tac_child[state.tac]
    names, locality = _localities(tables, *sits, len(people))
    others: dict[str, Any] = {
        "role": column(data.role_names.named(data.role[people])),
        "locality": column(names.named(locality)),
        "agencies": _agencies_around(ties, group),
        "children": counted(*sits, len(people)),
    }
    nodes = found.nodes.rename(columns={"node": "practitioner_id", "group": "agency_id"}).assign(**others)
    weak = settings.network.weak_below
    strong = every.at_least(max(weak, min_weight + 1))
    quick = measured(strong, ids, group, labels, effort=Effort(0, used.restarts, used.seed))
    community = found.nodes["community"].to_numpy(dtype=np.int64)
    return Network(
        as_of=d,
        min_weight=min_weight,
        measures=found,
        nodes=nodes,
        agencies=_agencies(found.groups),
        brokers=_brokers(nodes, found, quick),
        single_points=_single_points(found, quick, group, data.agencies, sits),
        pairs=directory.collaboration(tables, d, settings),
        strong=_strong(quick, max(weak, min_weight + 1)),
        by_agency=_agreement(community, group),
        by_locality=_agreement(community, locality),
    )


def _localities(tables: Slice, who: Ints, child: Ints, count: int) -> tuple[Ids, Ints]:
    """Where most of each practitioner's children live (each active TAC counts), -1 where none is known."""
    column_ = tables.arrow["children"]["locality"]
    names = Ids.of(column_)
    of_child = np.append(names.codes(column_), -1)[child]
    known = of_child >= 0
    width = max(len(names), 1)
    pairs, often = np.unique(who[known] * width + of_child[known], return_counts=True)
    person, place = np.divmod(pairs, width)
    order = np.lexsort((place, -often, person))
    first = np.unique(person[order], return_index=True)[1]
    found = np.full(count, -1, dtype=np.int64)
    found[person[order][first]] = place[order][first]
    return names, found


def _agencies_around(ties: Ties, group: Ints) -> Ints:
    ends, others = np.concatenate([ties.left, ties.right]), group[np.concatenate([ties.right, ties.left])]
    return counted(ends, np.where(others == group[ends], -1, others), ties.count)


def _agencies(groups: pd.DataFrame) -> pd.DataFrame:
    """A row each agency with somebody in a team."""
    kept = groups[groups["size"] > 0].reset_index(drop=True)
    return kept.rename(columns={"group": "agency_id", "size": "practitioners"})


def _brokers(nodes: pd.DataFrame, found: Measures, strong: Measures) -> pd.DataFrame:
    listed = found.brokers(MOST_LISTED)["node"]
    again = set(strong.brokers()["node"])
    rows = nodes.set_index("practitioner_id").loc[listed].reset_index()
    return rows.assign(strong=[who in again for who in listed])


def _single_points(
    found: Measures, strong: Measures, group: Ints, agencies: Ids, sits: tuple[Ints, Ints]
) -> pd.DataFrame:
    ids = found.nodes["node"].to_numpy(dtype=object)
    component = found.nodes["component"].to_numpy(dtype=np.int64)
    again = {cut.node for cut in strong.cuts}
    sure = found.nodes["cut_off_p_adjusted"].to_numpy(dtype=np.float64)
    who, child = distinct(*sits)
    rows = []
    for cut in found.cuts:
        off = np.zeros(len(ids), dtype=np.bool_)
        off[cut.off] = True
        left = (component == component[cut.node]) & ~off
        left[cut.node] = False
        touched = np.unique(group[off & (group >= 0)])
        gone = touched[~np.isin(touched, group[left])]
        concerned = off.copy()
        concerned[cut.node] = True
        rows.append(
            {
                "practitioner_id": ids[cut.node],
                "agency_id": agencies.named(group[[cut.node]])[0],
                "cut_off": len(cut.off),
                "agencies_cut_off": agencies.texts[gone].tolist(),
                "agencies_touched": agencies.texts[touched].tolist(),
                "cut_off_ids": ids[cut.off].tolist(),
                "children": len(np.unique(child[concerned[who]])),
                "p_adjusted": float(sure[cut.node]),
                "strong": cut.node in again,
            }
        )
    rows.sort(key=lambda row: (-row["cut_off"], -row["children"], row["practitioner_id"]))
    return pd.DataFrame(rows, columns=list(_SINGLE_POINT))


_SINGLE_POINT: Final = (
    "practitioner_id",
    "agency_id",
    "cut_off",
    "agencies_cut_off",
    "agencies_touched",
    "cut_off_ids",
    "children",
    "p_adjusted",
    "strong",
)


def _strong(found: Measures, weight: int) -> Strong:
    sizes = found.components
    return Strong(
        weight=weight,
        ties=len(found.ties),
        without_tie=int((found.ties.degree == 0).sum()),
        components=len(sizes),
        largest=max(sizes, default=0),
        articulation=len(found.cuts),
        assortativity=found.assortativity.value,
        modularity=found.modularity,
    )


def _agreement(community: Ints, other: Ints) -> Agreement:
    known = other >= 0
    mutual, rand = fast.agreement(community[known], other[known])
    return Agreement(int(known.sum()), mutual, rand)


def record(found: Network) -> dict[str, Any]:
    """All of it as plain values, missing figures None: what `tacgraph network --format json` prints."""
    held = found.measures
    return {
        "as_of": found.as_of.isoformat(),
        "min_weight": found.min_weight,
        "practitioners": held.ties.count,
        "without_tie": int((held.ties.degree == 0).sum()),
        "ties": len(held.ties),
        "components": {"count": len(held.components), "sizes": held.components},
        "modularity": held.modularity,
        "communities": held.communities,
        "communities_follow": {
            "agencies": vars(found.by_agency),
            "localities": vars(found.by_locality),
        },
        "assortativity": held.assortativity.record(),
        "agency_modularity": held.group_modularity.record(),
        "articulation_points": held.articulation.record(),
        "clustering": held.clustering.record(),
        "triangles": held.triangles,
        "random_networks": {"runs": held.runs, "path_runs": held.path_runs},
        "strong_ties": vars(found.strong),
        "agencies": _rows(found.agencies),
        "brokers": _rows(found.brokers),
        "single_points": _rows(found.single_points),
        "agency_ties": _rows(found.pairs),
        "nodes": _rows(found.nodes),
    }


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    held = frame.to_dict(orient="records")
    return [{str(k): _plain(v) for k, v in row.items()} for row in held]


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return value
    if value is None or value != value:  # noqa: PLR0124  (NaN)
        return None
    return value.item() if hasattr(value, "item") else value

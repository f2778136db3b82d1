"""What a page works out, by what the dashboard calls for it, by plain pandas and by DuckDB's SQL.

Each road begins with what is there before a page is asked for: ours with the slice's files, pandas and
DuckDB with the CSV files. Compared are the figures that all roads have; what ours works out besides
(intervals, exact tests, since when, random networks) is timed with it, to its own disadvantage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import networkx as nx
import numpy as np
import pandas as pd

from analysis import SECOND_ROADS, network_day, workload
from analysis.fairness import fairness
from analysis.fairness import trend as fairness_trend
from analysis.since import overloaded_since
from analysis.tables import Slice
from benchmarks import plain_pandas, with_duckdb
from benchmarks.plain_pandas import Tables
from benchmarks.plain_pandas_more import EVERY, team_pairs
from benchmarks.with_duckdb import Connection
from graphmodel.settings import Settings
from reports.figures import counts_on, coverage_on
from reports.words import COVERAGE_KINDS, DUPLICATE_KINDS

MONTHS: Final = 12
Rows = list[list[Any]]
Ours = Callable[[Slice, date, Settings], Rows]
Plain = Callable[[Tables, date, Settings], Rows]
Sql = Callable[[Connection, date], Rows]


@dataclass(frozen=True)
class Page:
    """One page by three roads (`sql` None: there is no such thing), and the files that it needs."""

    ours: Ours
    plain: Plain
    sql: Sql | None
    files: tuple[str, ...]


def _ends(d: date) -> list[date]:
    """The last twelve month ends before the day's month, and the day."""
    ends, at = [d], d
    for _ in range(MONTHS):
        at = at.replace(day=1) - timedelta(days=1)
        ends.append(at)
    return ends[::-1]


def _files(*names: str) -> tuple[str, ...]:
    return tuple(sorted({file for name in names for file in EVERY[name][1]}))


# -- ours: what the pages call, without the drawing ------------------------------------------------


def _overview(held: Slice, d: date, s: Settings) -> Rows:
    rows = []
    for day in (d, _ends(d)[-2]):
        counts = counts_on(held, day, s)
        fair = fairness(held, day, s, full=day == d)
        rows.append([*(counts[n] for n in _COUNTED), fair.hoover])
    used = workload.trend(held, d, s)["utilisation"].iloc[-1]
    gaps = coverage_on(held, d, s)
    return [*rows, [*(gaps[kind] for kind in COVERAGE_KINDS), float(used)]]


def _fairness(held: Slice, d: date, s: Settings) -> Rows:
    full = fairness(held, d, s, full=True)
    months, _ = fairness_trend(held, d, s, months=MONTHS)
    return [*full.agencies[["agency_id", "disparity"]].to_numpy().tolist(), *months["hoover"].map(_one)]


def _one(value: Any) -> list[Any]:
    return [float(value)]


def _overload(held: Slice, d: date, s: Settings) -> Rows:
    over = SECOND_ROADS["overloaded_leads"](held, d, s)
    past = {end: workload.load_by_practitioner(held, end, s) for end in _ends(d)}
    overloaded_since(held, d, s)
    return _past(over, past)


def _past(over: pd.DataFrame, past: dict[date, pd.DataFrame]) -> Rows:
    """Each lead above capacity with utilisation at the month ends."""
    lines = pd.DataFrame({e: f.set_index("practitioner_id")["utilisation"] for e, f in past.items()})
    ids = over["practitioner_id"].tolist()
    values = lines.reindex(ids).to_numpy(dtype=float)
    return [[who, *map(_number, row)] for who, row in zip(ids, values.tolist(), strict=True)]


def _number(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else float(value)


def _kinds(kinds: Iterator[str] | dict[str, str]) -> tuple[Ours, Plain, Sql]:
    """How many cases there are of each kind."""
    names = list(kinds)

    def plain(t: Tables, d: date, s: Settings) -> Rows:
        return [[float(len(EVERY[name][0](t, d, s))) for name in names]]

    def sql(c: Connection, d: date) -> Rows:
        return [[float(len(with_duckdb.asked(c, name, d))) for name in names]]

    return lambda h, d, s: [[float(len(SECOND_ROADS[n](h, d, s))) for n in names]], plain, sql


def _trends(held: Slice, d: date, s: Settings) -> Rows:
    found = []
    for day in _ends(d):
        counts, gaps = counts_on(held, day, s), coverage_on(held, day, s)
        found.append([*(counts[n] for n in _COUNTED), *(gaps[kind] for kind in COVERAGE_KINDS)])
    return found


def _network(held: Slice, d: date, s: Settings) -> Rows:
    found = network_day.network(held, d, s).nodes.sort_values("practitioner_id")
    return found[["practitioner_id", "betweenness"]].to_numpy().tolist()


# -- plain pandas -----------------------------------------------------------------------------------

_COUNTED: Final = ("active_tacs", "leading", "overloaded", "without_lead", *DUPLICATE_KINDS)


def _counts_plain(t: Tables, d: date, s: Settings) -> list[float]:
    load = plain_pandas.workload(t, d, s)
    over = load["utilisation"] > s.workload.overload_threshold + 1e-9
    leading = load["tacs_led"] > 0
    tacs = plain_pandas.active_tacs(t, pd.Timestamp(d))
    without = len(plain_pandas.tacs_without_lead(t, d, s))
    kinds = [len(EVERY[kind][0](t, d, s)) for kind in DUPLICATE_KINDS]
    return [float(n) for n in (len(tacs), leading.sum(), (leading & over).sum(), without, *kinds)]


def _hoover(rows: pd.DataFrame) -> float:
    return float((rows["load_share"] - rows["capacity_share"]).abs().sum() / 2)


def _overview_plain(t: Tables, d: date, s: Settings) -> Rows:
    days = (d, _ends(d)[-2])
    rows = [[*_counts_plain(t, x, s), _hoover(plain_pandas.agency_fairness(t, x, s))] for x in days]
    load = plain_pandas.workload(t, d, s)
    able = load["capacity"] > 0
    gaps = [float(len(EVERY[kind][0](t, d, s))) for kind in COVERAGE_KINDS]
    return [*rows, [*gaps, float(load.loc[able, "points"].sum() / load["capacity"].sum())]]


def _fairness_plain(t: Tables, d: date, s: Settings) -> Rows:
    now = plain_pandas.agency_fairness(t, d, s)
    ends = [[_hoover(plain_pandas.agency_fairness(t, end, s))] for end in _ends(d)]
    return [*now[["agency_id", "disparity"]].to_numpy().tolist(), *ends]


def _overload_plain(t: Tables, d: date, s: Settings) -> Rows:
    past = {end: plain_pandas.workload(t, end, s) for end in _ends(d)}
    return _past(plain_pandas.overloaded_leads(t, d, s), past)


def _trends_plain(t: Tables, d: date, s: Settings) -> Rows:
    gaps = _kinds(COVERAGE_KINDS)[1]
    return [[*_counts_plain(t, day, s), *gaps(t, day, s)[0]] for day in _ends(d)]


def co_members(t: Tables, d: date) -> nx.Graph[str]:
    """The co-membership graph by NetworkX, from the pairs of each team."""
    team = team_pairs(t, pd.Timestamp(d))
    pairs = team.merge(team, on="tac_id")
    pairs = pairs[pairs["practitioner_id_x"] < pairs["practitioner_id_y"]]
    ties = pairs.groupby(["practitioner_id_x", "practitioner_id_y"]).size().rename("weight").reset_index()
    graph: nx.Graph[str] = nx.from_pandas_edgelist(
        ties, "practitioner_id_x", "practitioner_id_y", edge_attr="weight"
    )
    graph.add_nodes_from(team["practitioner_id"].unique())
    return graph


def _network_plain(t: Tables, d: date, s: Settings) -> Rows:
    graph = co_members(t, d)
    between = nx.betweenness_centrality(graph)
    nx.constraint(graph, weight="weight")
    nx.clustering(graph)
    list(nx.articulation_points(graph))
    for restart in range(s.network.restarts):
        nx.community.louvain_communities(graph, weight="weight", seed=s.network.seed + restart)
    homes = plain_pandas.homes(t, pd.Timestamp(d)).to_dict()
    nx.set_node_attributes(graph, {who: homes.get(who) for who in graph}, "agency")
    nx.attribute_assortativity_coefficient(graph, "agency")
    return [[who, between[who]] for who in sorted(graph)]


# -- DuckDB -----------------------------------------------------------------------------------------


def _counts_sql(c: Connection, d: date) -> list[float]:
    """The counts of `_COUNTED` and then the Hoover index."""
    load = (
        "SELECT count(*) FILTER (WHERE tacs_led > 0), count(*) FILTER (WHERE tacs_led > 0 "
        "AND utilisation > getvariable('overload_threshold') + 1e-9) FROM load_on($d)"
    )
    leading, over = c.execute(load, {"d": d}).fetchall()[0]
    tacs = c.execute("SELECT count(*) FROM tacs_on($d)", {"d": d}).fetchall()[0][0]
    kinds = ("tacs_without_lead", *DUPLICATE_KINDS)
    return [float(n) for n in (tacs, leading, over, *(len(with_duckdb.asked(c, k, d)) for k in kinds))]


def _hoover_sql(c: Connection, d: date) -> float:
    at = ("gini", "theil", "theil_between", "theil_within", "hoover", "jain").index("hoover")
    return float(with_duckdb.asked(c, with_duckdb.INDICES, d)[0][at])


def _overview_sql(c: Connection, d: date) -> Rows:
    rows = [[*_counts_sql(c, x), _hoover_sql(c, x)] for x in (d, _ends(d)[-2])]
    used = "SELECT sum(points) FILTER (WHERE capacity > 0) / sum(capacity) FROM load_on($d)"
    gaps = _kinds(COVERAGE_KINDS)[2](c, d)[0]
    return [*rows, [*gaps, c.execute(used, {"d": d}).fetchall()[0][0]]]


def _fairness_sql(c: Connection, d: date) -> Rows:
    now = [[row[0], row[-1]] for row in with_duckdb.asked(c, "agency_fairness", d)]
    return [*now, *([_hoover_sql(c, end)] for end in _ends(d))]


def _overload_sql(c: Connection, d: date) -> Rows:
    past = {end: c.execute("SELECT * FROM load_on($d)", {"d": end}).df() for end in _ends(d)}
    return _past(c.execute(with_duckdb.text("overloaded_leads"), {"d": d}).df(), past)


def _trends_sql(c: Connection, d: date) -> Rows:
    gaps = _kinds(COVERAGE_KINDS)[2]
    return [[*_counts_sql(c, day), *gaps(c, day)[0]] for day in _ends(d)]


_ALL: Final = _files(*DUPLICATE_KINDS, *COVERAGE_KINDS, "workload", "agency_fairness")
PAGES: Final[dict[str, Page]] = {
    "overview": Page(_overview, _overview_plain, _overview_sql, _ALL),
    "fairness": Page(_fairness, _fairness_plain, _fairness_sql, _files("agency_fairness")),
    "overload": Page(_overload, _overload_plain, _overload_sql, _files("workload")),
    "duplication": Page(*_kinds(DUPLICATE_KINDS), _files(*DUPLICATE_KINDS)),
    "coverage": Page(*_kinds(COVERAGE_KINDS), _files(*COVERAGE_KINDS)),
    "trends": Page(_trends, _trends_plain, _trends_sql, _ALL),
    "network": Page(_network, _network_plain, None, _files("workload", "collaboration")),
}


def roads(name: str, kept: Path, example: Path, d: date, s: Settings) -> dict[str, Callable[[], Rows]]:
    """A page by each road, from the files on: the slice's for ours, the CSV files for the others."""
    page = PAGES[name]

    def ours() -> Rows:
        return page.ours(Slice.open(kept), d, s)

    def pandas() -> Rows:
        return page.plain(plain_pandas.read(example, page.files), d, s)

    found: dict[str, Callable[[], Rows]] = {"ours": ours}
    found["networkx" if page.sql is None else "pandas"] = pandas
    if page.sql is not None:
        sql = page.sql

        def duckdb() -> Rows:
            with with_duckdb.loaded(example, s, only=page.files) as made:
                return sql(made, d)

        found["duckdb"] = duckdb
    return found

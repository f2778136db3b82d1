"""What people would use instead, beside ours, in one run: pandas, DuckDB, NetworkX, Cypher, `LOAD CSV`.

Rows are compared before anything is timed. Roads take turns, so a busy moment hits all of them, and each has
its processor time beside the clock. Ratios are of medians: ours over theirs, below 1 is faster.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

import pandas as pd

from analysis import SECOND_ROADS
from analysis.fairness import INDICES, fairness
from analysis.tables import Slice
from benchmarks import child, load_csv, network, plain_pages, plain_pandas, plain_report, with_duckdb
from benchmarks.engines import Engine, empty, facts
from benchmarks.plain_pandas_more import EVERY
from benchmarks.prepared import prepared
from benchmarks.querying import VIEWER, Different, cells, parameters, same
from benchmarks.timing import Figures, conditions, say, spread, timed
from graphmodel.relationships import TABLES
from graphmodel.settings import Settings, settings
from queries import answer
from reports import figures as report_figures
from reports.monthly import write_report

SLOWER: Final = 3.0
"""From this ratio on a place where ours is slower is named in the summary."""
NOTICED: Final = 0.05
"""Seconds: below them nobody waits, whatever the ratio."""
OURS: Final = "ours"
IDENTITIES: Final = "duplicate_identities"

Road = Callable[[], Any]


def alternatives(engines: Sequence[Engine], example: Path, d: date, *, times: int, rounds: int) -> Figures:
    """The group. The engines hold the example, and hold it again afterwards."""
    agreed = settings()
    with engines[0].store() as store:
        Slice.current(store, engines[0].home)
    kept = next(x for x in (engines[0].home / "slice").iterdir() if (x / "slice.json").exists())
    found: Figures = {**conditions(), "times": times, "rounds": rounds}
    found["measures"] = measures(engines, kept, example, d, agreed, times=times)
    found["indices"] = indices(kept, example, d, agreed, times=times)
    found["network"] = network_measures(example, d, times=times)
    found["pages"] = pages(kept, example, d, agreed, times=max(2, times // 2))
    found["report"] = report(kept, example, d.replace(day=1), agreed, times=max(2, times // 2))
    found["load"] = loads(engines, example, agreed, rounds=rounds)
    found["ended"] = conditions()
    found["slower"] = slower(found)
    for line in told(found):
        say(line)
    return found


def in_turn(roads: dict[str, Road], times: int, *, warm: bool = True) -> Figures:
    """Seconds by the clock and of this process's processor of each road: medians, lowest, highest.

    One run of each after the other, begun with another one each time; a first round that does not count
    where `warm`.
    """
    names = list(roads)
    wall: dict[str, list[float]] = {name: [] for name in names}
    used: dict[str, list[float]] = {name: [] for name in names}
    for number in range(-1 if warm else 0, times):
        for place in range(len(names)):
            name = names[(number + place) % len(names)]
            processor, seconds = timed(partial(_processor_seconds, roads[name]))
            if number >= 0:
                wall[name].append(seconds)
                used[name].append(processor)
    return {name: {**spread(wall[name]), "processor": round(median(used[name]), 5)} for name in names}


def _processor_seconds(road: Road) -> float:
    begun = time.process_time()
    road()
    return time.process_time() - begun


def measures(
    engines: Sequence[Engine], kept: Path, example: Path, d: date, agreed: Settings, *, times: int
) -> Figures:
    """Every question of the catalogue: ours from the slice, pandas, DuckDB, and its Cypher on each engine."""
    held = Slice.open(kept)
    given = parameters(held, d)
    found: Figures = {"questions": {}, "engine_processor": {}}
    before = {made.name: made.processor_seconds() for made in engines}
    with ExitStack() as stack:
        opened = {made.name: stack.enter_context(made.store()) for made in engines}
        with with_duckdb.loaded(example, agreed) as sql:
            have = _Held(held, plain_pandas.read(example, TABLES), sql, agreed)
            for name in (*SECOND_ROADS, IDENTITIES):
                asked = given.get(name, {})
                roads = question(name, have, d, asked)
                for engine, store in opened.items():
                    roads[f"cypher_{engine}"] = _cypher(name, store, d, asked)
                found["questions"][name] = compared(name, roads, times)
    for made in engines:
        after, begun = made.processor_seconds(), before[made.name]
        known = None if after is None or begun is None else round(after - begun, 2)
        found["engine_processor"][made.name] = known
    return found


@dataclass(frozen=True)
class _Held:
    """What each road that needs no engine begins with, all in memory."""

    slice: Slice
    tables: plain_pandas.Tables
    sql: with_duckdb.Connection
    agreed: Settings


def question(name: str, have: _Held, d: date, asked: dict[str, Any]) -> dict[str, Road]:
    """One question by the roads that need no engine; rows as lists."""
    roads: dict[str, Road] = {}
    held, tables, sql, agreed = have.slice, have.tables, have.sql, have.agreed
    if name in SECOND_ROADS:
        figure, _ = EVERY[name]
        roads[OURS] = lambda: cells(SECOND_ROADS[name](held, d, agreed, **asked))
        roads["pandas"] = lambda: cells(figure(tables, d, agreed, **asked))
    roads["duckdb"] = lambda: with_duckdb.asked(sql, name, d, **asked)
    return roads


def _cypher(name: str, store: Any, d: date, asked: dict[str, Any]) -> Road:
    def ask() -> list[list[Any]]:
        result = answer(name, store=store, viewer=VIEWER, as_of=d, **asked)
        return [list(row) for row in result.rows.rows]

    return ask


def compared(name: str, roads: dict[str, Road], times: int) -> Figures:
    """The roads timed in turn, after all their rows were held to the first's."""
    first, *others = roads
    known = roads[first]()
    for other in others:
        same(f"{name} by {other}", roads[other](), known)
    return {"rows": len(known), "roads": in_turn(roads, times, warm=False)}


def indices(kept: Path, example: Path, d: date, agreed: Settings, *, times: int) -> Figures:
    """Gini, Theil with its parts, Hoover and Jain, by the slice and by SQL."""
    held = Slice.open(kept)

    def ours() -> list[list[Any]]:
        known = fairness(held, d, agreed, full=False).indices()
        return [[known[name] for name in INDICES]]

    with with_duckdb.loaded(example, agreed) as sql:
        roads: dict[str, Road] = {
            OURS: ours,
            "duckdb": lambda: with_duckdb.asked(sql, with_duckdb.INDICES, d),
        }
        return compared("fairness indices", roads, times)


def network_measures(example: Path, d: date, *, times: int) -> Figures:
    """Each measure of the co-membership network, ours and NetworkX's; the graph itself from pandas' pairs."""
    held, _, _ = prepared(example, d)
    tables = plain_pandas.read(example, ("tacs", "memberships", "leads"))
    ties = network.tied(held, d)
    graph = network.plain(ties)
    built = plain_pages.co_members(tables, d)
    if (len(built), built.number_of_edges()) != (ties.count, len(ties)):
        raise Different("the co-membership graph by pandas and NetworkX is another")
    found: Figures = {}
    roads: dict[str, tuple[Road, Road]] = {
        "co-membership": (lambda: network.tied(held, d), lambda: plain_pages.co_members(tables, d)),
        **network.roads(ties, graph),
    }
    for name, (ours, theirs) in roads.items():
        if name != "co-membership":
            network.same(name, ours(), theirs())
        found[name] = {"roads": in_turn({OURS: ours, "networkx": theirs}, max(2, times // 2), warm=False)}
    return found


def pages(kept: Path, example: Path, d: date, agreed: Settings, *, times: int) -> Figures:
    """What each page works out, from the files on."""
    found: Figures = {}
    for name in plain_pages.PAGES:
        say(f"alternatives: the page {name}")
        found[name] = compared(f"page {name}", dict(plain_pages.roads(name, kept, example, d, agreed)), times)
    return found


def report(kept: Path, example: Path, month: date, agreed: Settings, *, times: int) -> Figures:
    """Ours against the script, from the files on; means over the month compared first."""
    say("alternatives: the report")
    with tempfile.TemporaryDirectory() as out:
        folder = Path(out)
        script = plain_report.write(example, month, folder, agreed)
        gathered = report_figures.gather(Slice.open(kept), month, agreed).agencies.set_index("agency_id")
        theirs = script["agency_means"].set_index("agency_id")["tacs_led"]
        both = theirs.index.intersection(gathered.index)
        known = gathered.loc[both, "mean_tacs_led"].astype(float)
        # an agency without capacity on some day is in fewer of the script's daily rows
        whole = gathered.loc[both, "days"] == gathered["days"].max()
        pd.testing.assert_series_equal(
            theirs.loc[both][whole], known[whole], check_names=False, check_index_type=False, rtol=1e-9
        )
        roads: dict[str, Road] = {
            OURS: lambda: write_report(Slice.open(kept), month, folder, agreed),
            "pandas": lambda: plain_report.write(example, month, folder, agreed),
        }
        return {"roads": in_turn(roads, times)}


def loads(engines: Sequence[Engine], example: Path, agreed: Settings, *, rounds: int) -> Figures:
    """From files to something that can be asked: on each engine ours, and what else there is."""
    say("alternatives: loading by pandas and DuckDB")

    def duckdb() -> None:
        with_duckdb.loaded(example, agreed).close()

    roads: dict[str, Road] = {"pandas": lambda: plain_pandas.read(example, TABLES), "duckdb": duckdb}
    found: Figures = {"roads": in_turn(roads, max(rounds, 2))}
    for made in engines:
        runs: dict[str, list[float]] = {OURS: []}
        used: list[float] = []
        count = facts(made)
        for number in range(rounds):
            say(f"alternatives: loading into {made.name}, round {number + 1} of {rounds}")
            if made.server is not None:
                empty(made)
                server = made.server
                runs.setdefault("load_csv", []).append(
                    timed(lambda: load_csv.run(server, example, "MERGE"))[1]  # noqa: B023  (timed at once)
                )
                if facts(made) != count:
                    raise Different("LOAD CSV came to another graph than ours")
            empty(made)
            measured = child.measure(example, made)
            runs[OURS].append(measured["seconds"])
            used.append(measured["processor_seconds"])
        about = {name: spread(values) for name, values in runs.items()}
        about[OURS]["processor"] = round(median(used), 2)
        found[made.name] = {"roads": about}
    return found


# -- what it says -----------------------------------------------------------------------------------


def every(found: Figures) -> dict[str, Figures]:
    """All things that were timed by ours and others, by a name that says what it is."""
    kinds = {"measures": found["measures"]["questions"], "network": found["network"], "pages": found["pages"]}
    things = {f"{kind}: {name}": x["roads"] for kind, held in kinds.items() for name, x in held.items()}
    things["fairness indices"] = found["indices"]["roads"]
    things["report"] = found["report"]["roads"]
    for name, x in found["load"].items():
        if name != "roads" and len(x["roads"]) > 1:
            things[f"load: {name}"] = x["roads"]
    return {name: roads for name, roads in things.items() if OURS in roads}


def ratios(roads: Figures) -> dict[str, float]:
    """Ours over each of the others, by the medians of the clock."""
    ours = roads[OURS]["median"]
    return {name: round(ours / max(x["median"], 1e-9), 3) for name, x in roads.items() if name != OURS}


def slower(found: Figures) -> list[Figures]:
    """Where ours takes more than three times as long as another, and it is noticed; worst first."""
    rows = []
    for name, roads in every(found).items():
        for other, ratio in ratios(roads).items():
            if ratio > SLOWER and roads[OURS]["median"] > NOTICED:
                rows.append({"what": name, "than": other, "ratio": ratio, "seconds": roads[OURS]["median"]})
    return sorted(rows, key=lambda row: -float(row["ratio"]))


def told(found: Figures) -> list[str]:
    """The summary in lines."""
    worst = found["slower"]
    if not worst:
        return [f"alternatives: nowhere is ours slower than {SLOWER:g} times another, from {NOTICED:g} s on"]
    return [
        f"alternatives: {x['what']}: {x['ratio']:.1f} times as long as {x['than']} ({x['seconds']:.2f} s)"
        for x in worst
    ]

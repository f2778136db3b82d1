"""Each catalogue query by Cypher, from the slice and by plain pandas; the headline figures with reading."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import pandas as pd

from analysis import SECOND_ROADS
from analysis.tables import Slice
from benchmarks.engines import Engine
from benchmarks.plain_pandas import FIGURES, read
from benchmarks.plain_pandas_more import EVERY
from benchmarks.timing import Figures, conditions, say, several, timed
from graphmodel.access import Viewer
from graphmodel.settings import settings
from queries import answer, catalogue

VIEWER: Final = Viewer("benchmark", "analyst", "benchmark")


class Different(AssertionError):
    """Two roads to one figure gave different rows, so their times may not be compared."""


def queries(
    engines: Sequence[Engine], example: Path, d: date, *, times: int, headline: bool = True
) -> Figures:
    """The group, with the headline figures or without.

    The engines hold the example; slices are read back from the first of them.

    Cypher: `queries.answer` with everything a person waits for (the look on the audit record included), warm.
    Slice: the second road on a slice in memory; `open_seconds` is reading it from its Parquet files, with
    the coding of ids that the first figure needs. Pandas: the figure on frames in memory, and with reading
    the CSV files that it needs. Rows of all roads are compared before anything is timed.
    """
    found: Figures = {**conditions(), "times": times, "queries": {}}
    slices = {made.name: first_slice(made) for made in engines}
    found["read_back_seconds"] = {name: seconds for name, (_, seconds) in slices.items()}
    held = slices[engines[0].name][0]
    given = parameters(held, d)
    kept = next(x for x in (engines[0].home / "slice").iterdir() if (x / "slice.json").exists())
    rows: dict[str, list[list[Any]]] = {}
    for name in SECOND_ROADS:
        frame = SECOND_ROADS[name](held, d, settings(), **given[name])
        rows[name] = cells(frame)
        found["queries"][name] = {"rows": len(frame), "slice": _slice(name, held, d, given[name], times)}
    for made in engines:
        say(f"queries: by Cypher on {made.name}")
        with made.store() as store:
            for name in SECOND_ROADS:

                def ask(name: str = name) -> list[list[Any]]:
                    result = answer(name, store=store, viewer=VIEWER, as_of=d, **given[name])
                    return [list(row) for row in result.rows.rows]

                same(name, ask(), rows[name])
                found["queries"][name][made.name] = several(ask, times)
    say("queries: by plain pandas")
    for name, measured in pandas_roads(example, d, rows, given, times=times).items():
        found["queries"][name] |= measured
    if headline:
        found["headlines"] = headlines(kept, example, d, rows, times=times)
    return found


def pandas_roads(
    example: Path, d: date, rows: dict[str, list[list[Any]]], given: dict[str, dict[str, Any]], *, times: int
) -> Figures:
    """Each query by plain pandas, in memory and with reading its CSV files, its rows held to `rows`."""
    agreed = settings()
    found: Figures = {}
    for name, (figure, files) in EVERY.items():
        tables, asked = read(example, files), given[name]
        same(f"{name} by plain pandas", cells(figure(tables, d, agreed, **asked)), rows[name])

        def from_memory() -> object:
            return figure(tables, d, agreed, **asked)  # noqa: B023  (timed at once)

        def with_reading() -> object:
            return figure(read(example, files), d, agreed, **asked)  # noqa: B023

        timings = {"pandas": several(from_memory, times), "pandas_with_reading": several(with_reading, times)}
        found[name] = timings
    return found


def _slice(name: str, held: Slice, d: date, given: dict[str, Any], times: int) -> Figures:
    return several(lambda: SECOND_ROADS[name](held, d, settings(), **given), times)


def headlines(kept: Path, example: Path, d: date, rows: dict[str, list[list[Any]]], *, times: int) -> Figures:
    """The eight headline figures from the slice and by plain pandas, rows compared before anything is timed.

    `ratio` is slice over pandas of the medians: in memory on both sides, and with reading on both sides
    (the slice always reads all its tables, pandas the files of the one figure). `all` computes all eight
    after one reading, as a page or a report does.
    """
    agreed = settings()
    held = Slice.open(kept)
    found: Figures = {}
    for name, (figure, files) in FIGURES.items():
        tables = read(example, files)
        same(f"{name} by plain pandas", cells(figure(tables, d, agreed)), rows[name])

        def from_slice(name: str = name) -> object:
            return SECOND_ROADS[name](Slice.open(kept), d, agreed)

        measured: Figures = {
            "slice": several(lambda name=name: SECOND_ROADS[name](held, d, agreed), times),  # type: ignore[misc]
            "pandas": several(lambda f=figure, t=tables: f(t, d, agreed), times),  # type: ignore[misc]
            "slice_with_reading": several(from_slice, times),
            "pandas_with_reading": several(
                lambda f=figure, n=files: f(read(example, n), d, agreed),  # type: ignore[misc]
                times,
            ),
        }
        found[name] = with_ratios(measured)

    def all_from_slice() -> object:
        fresh = Slice.open(kept)
        return [SECOND_ROADS[name](fresh, d, agreed) for name in FIGURES]

    def all_by_pandas() -> object:
        tables = read(example, {file for _, files in FIGURES.values() for file in files})
        return [figure(tables, d, agreed) for figure, _ in FIGURES.values()]

    together: Figures = {
        "slice_with_reading": several(all_from_slice, times),
        "pandas_with_reading": several(all_by_pandas, times),
    }
    return {"figures": found, "all": with_ratios(together), "open_slice": several(_opening(kept), times)}


def _opening(kept: Path) -> Any:
    return lambda: Slice.open(kept)


def with_ratios(measured: Figures) -> Figures:
    """The figures with slice over pandas of the medians."""
    ratios = {}
    for suffix in ("", "_with_reading"):
        if f"slice{suffix}" in measured:
            ratio = measured[f"slice{suffix}"]["median"] / measured[f"pandas{suffix}"]["median"]
            ratios[f"ratio{suffix}"] = round(ratio, 3)
    return {**measured, **ratios}


def parameters(held: Slice, d: date) -> dict[str, dict[str, Any]]:
    """What each query is asked: its defaults, and a child and a practitioner who are in the thick of it."""
    day = pd.Timestamp(d)
    tacs, members = held.table("tacs"), held.table("memberships")
    live = tacs[(tacs["opened_on"] <= day) & ~(tacs["closed_on"] <= day)]
    busy = members[members["tac_id"].isin(live["tac_id"])]
    tac = live["tac_id"].isin([busy["tac_id"].mode().iloc[0]])
    given: dict[str, dict[str, Any]] = {name: {} for name in catalogue()}
    given["who_works_with"] = {"child_id": str(live.loc[tac, "child_id"].iloc[0])}
    given["accountability_line"] = {"practitioner_id": str(busy["practitioner_id"].mode().iloc[0])}
    return given


def cells(frame: pd.DataFrame) -> list[list[Any]]:
    """Rows of a frame as plain values, missing ones None."""
    return [[_plain(value) for value in row] for row in frame.itertuples(index=False)]


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return value
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date()
    return value.item() if hasattr(value, "item") else value


def same(what: str, one: list[list[Any]], other: list[list[Any]]) -> None:
    """Raises `Different` unless the rows are equal, figures to within 1e-9."""
    if len(one) != len(other):
        raise Different(f"{what}: {len(one)} rows, {len(other)} by the slice")
    for a, b in zip(one, other, strict=True):
        if not all(_alike(x, y) for x, y in zip(a, b, strict=True)):
            raise Different(f"{what}: row {a}, by the slice {b}")


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return bool(one == other)


def first_slice(made: Engine) -> tuple[Slice, float]:
    """The slice as it is read from the graph, once after each load, and the seconds that takes."""
    say(f"queries: reading the slice from {made.name}")
    with made.store() as store:
        held, seconds = timed(lambda: Slice.current(store, made.home))
    return held, round(seconds, 3)

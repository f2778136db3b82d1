"""`tacgraph query`, `tacgraph fairness` and `tacgraph report`: from the graph to figures."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from datetime import UTC, date, datetime
from math import isnan
from pathlib import Path
from typing import IO, Annotated, Any, Final, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from graphmodel.access import Viewer
from graphmodel.errors import SettingsError
from graphmodel.settings import data_folder, settings
from tacgraph.console import progress_bars, say, table_width

Format = Literal["table", "csv", "json", "parquet"]


def _today() -> date:
    return datetime.now(UTC).astimezone().date()


def query(
    name: str | None = None,
    /,
    *,
    as_of: date | None = None,
    parameter: Annotated[tuple[str, ...], Parameter(name=["--parameter", "-p"], negative="")] = (),
    format: Format = "table",  # noqa: A002  (the option's name)
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    rows: int = 50,
    reason: str = "",
    list_: Annotated[bool, Parameter(name="--list", negative="")] = False,
) -> int:
    """Run a query of the catalogue.

    Parameters
    ----------
    name
        The query's name; see --list.
    as_of
        The day it is asked for; left out: today.
    parameter
        key=value, as often as needed.
    format
        table for people; csv, json and parquet for machines.
    output
        A file instead of standard output (parquet needs one).
    rows
        How many rows a table shows; the other formats give all.
    reason
        Why a child's or a named practitioner's record is looked at; kept in the audit record.
    list_
        List the queries with their questions.
    """
    from graphmodel.store import Store
    from queries import catalogue, coerce, run

    if list_ or name is None:
        table = Table("query", "question", "parameters")
        for found in catalogue().values():
            table.add_row(found.name, found.question, ", ".join(p.name for p in found.parameters))
        Console(width=table_width()).print(table)
        return 0
    home = data_folder()
    given = coerce(name, parameter)
    with Store.open(home, on_wait=say) as store:
        result = run(name, store=store, viewer=Viewer.local(reason), as_of=as_of or _today(), **given)
    if format == "parquet":
        if output is None:
            raise SettingsError("the parquet format", "needs a file", "Add -o FILE.")
        result.to_parquet(output)
        return 0
    with ExitStack() as stack:
        stream: IO[str] = sys.stdout
        if output is not None:
            stream = stack.enter_context(output.open("w", encoding="utf-8", newline=""))
        if format == "csv":
            result.to_csv(stream)
        elif format == "json":
            result.to_json(stream)
        else:
            _print_rows(result.rows.columns, result.rows.rows, rows, stream)
    say(f"{name} as of {result.as_of}: {len(result.rows.rows):,} rows in {result.seconds:.2f} s")
    return 0


def _print_rows(columns: tuple[str, ...], rows: list[tuple[Any, ...]], most: int, stream: IO[str]) -> None:
    table = Table(*columns)
    for row in rows[:most]:
        table.add_row(*(_cell(value) for value in row))
    Console(file=stream, width=table_width()).print(table)
    if len(rows) > most:
        say(f"Shown: {most:,} of {len(rows):,} rows. All of them: --format csv, or --rows {len(rows)}.")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, list):
        return ";".join(str(item) for item in value)
    return str(value)


def fairness(
    *,
    as_of: date | None = None,
    format: Literal["table", "json"] = "table",  # noqa: A002  (the option's name)
) -> int:
    """How fairly the lead role is spread over agencies and practitioners.

    Parameters
    ----------
    as_of
        The day it is asked for; left out: today.
    format
        table for people, json for machines.
    """
    from analysis.fairness import fairness as measure
    from analysis.tables import Slice
    from graphmodel.store import Store

    home = data_folder()
    with Store.open(home, on_wait=say) as store, progress_bars() as progress:
        held = Slice.current(store, home, progress.step("read the as-of slice"))
    found = measure(held, as_of or _today(), settings())
    if format == "json":
        json.dump(found.record(), sys.stdout, indent=2, allow_nan=False)
        print()
        return 0
    day, console = as_of or _today(), Console(width=table_width())
    table = Table("index", "value", "what it says", title=f"Fairness of the lead role on {day}")
    for key, value in found.indices().items():
        table.add_row(key, "undefined" if value is None else f"{value:.4f}", INDEX_WORDS[key])
    console.print(table)
    _print_agencies(console, found.agencies, 12)
    return 0


INDEX_WORDS: Final = {
    "gini": "spread of utilisation over practitioners: 0 all alike, near 1 one carries all",
    "theil": "the same, in a form that adds up: between agencies and within them",
    "theil_between": "the part of it between agencies",
    "theil_within": "the part of it within agencies",
    "hoover": "the part of all lead work that would have to move for each agency to carry its share",
    "jain": "evenness of lead work against capacity over agencies: 1 even, 1/n one carries all",
}


def _print_agencies(console: Console, agencies: Any, most: int) -> None:
    surplus = agencies.assign(surplus=agencies["tacs_led"] - agencies["expected_tacs_led"])
    title = "Agencies by leads beyond what their teams would lead one to expect"
    heads = ("agency", "TACs led", "expected", "surplus", "share of lead work", "of capacity", "times fair")
    table = Table(*heads, title=title)
    for row in surplus.sort_values("surplus", ascending=False).head(most).itertuples(index=False):
        table.add_row(
            row.agency_id,
            str(row.tacs_led),
            f"{row.expected_tacs_led:.1f}",
            f"{row.surplus:+.1f}",
            _share(row.load_share),
            _share(row.capacity_share),
            "" if isnan(row.disparity) else f"{row.disparity:.2f}",
        )
    console.print(table)
    if len(agencies) > most:
        words = "All of them: tacgraph query agency_fairness --format csv"
        say(f"Shown: {most} of {len(agencies)} agencies. {words}")


def _share(value: float) -> str:
    return "" if isnan(value) else f"{value:.1%}"


def report(*, month: str, out: Path) -> int:
    """Write the monthly workload report: one HTML file and one workbook, safe to circulate.

    Parameters
    ----------
    month
        YYYY-MM.
    out
        The folder to write to.
    """
    from analysis.tables import Slice
    from graphmodel.store import Store
    from reports.monthly import write_report

    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as fault:
        raise SettingsError(f"month {month!r}", "is not a month", "Write it like 2026-10.") from fault
    home = data_folder()
    with Store.open(home, on_wait=say) as store, progress_bars() as progress:
        held = Slice.current(store, home, progress.step("read the as-of slice"))
        files = write_report(held, first, out, settings(), progress=progress.step("the month day by day"))
    for file in files:
        say(f"written: {file}")
    return 0

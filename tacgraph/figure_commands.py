"""`tacgraph fairness` and `tacgraph report`: from the graph to figures."""

from __future__ import annotations

import json
import sys
from datetime import date
from math import isnan
from pathlib import Path
from typing import Any, Final, Literal

from rich.console import Console
from rich.table import Table

from graphmodel.errors import SettingsError
from graphmodel.settings import data_folder, settings
from tacgraph.console import progress_bars, say, table_width, today


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
    found = measure(held, as_of or today(), settings())
    if format == "json":
        json.dump(found.record(), sys.stdout, indent=2, allow_nan=False)
        print()
        return 0
    day, console = as_of or today(), Console(width=table_width())
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

"""`tacgraph fairness` and `tacgraph report`: from the graph to figures."""

from __future__ import annotations

import json
import sys
from datetime import date
from math import isnan
from typing import Any, Final, Literal

from rich.console import Console

from graphmodel.errors import SettingsError
from graphmodel.settings import data_folder, settings
from tacgraph.console import Table, say, table_width, today


def fairness(
    *,
    as_of: date | None = None,
    discretionary: bool = False,
    full: bool = False,
    months: int | None = None,
    known_on: date | None = None,
    format: Literal["table", "json"] = "table",  # noqa: A002  (the option's name)
) -> int:
    """How fairly the lead role is spread over agencies and practitioners.

    Parameters
    ----------
    as_of
        The day it is asked for; left out: today.
    discretionary
        Leave out the TACs whose lead is fixed by statute or guidance.
    full
        With intervals, and the exact test of each agency's and each sector's lead count.
    months
        Also the indices at so many month ends before.
    known_on
        As it was known at the end of this day, told from the ledger; left out: as it is known now.
    format
        table for people, json for machines.
    """
    from analysis.fairness import fairness as measure
    from analysis.fairness import plain, trend
    from tacgraph.provenance_commands import slice_on

    if months is not None and not 1 <= months <= MOST_MONTHS:
        raise SettingsError(f"months {months}", "is out of range", f"Give 1 to {MOST_MONTHS}.")
    home, day, rules = data_folder(), as_of or today(), settings()
    held = slice_on(home, known_on)
    found = measure(held, day, rules, discretionary=discretionary, full=full)
    past = trend(held, day, rules, months=months, discretionary=discretionary)[0] if months else None
    if format == "json":
        record = found.record() if past is None else {**found.record(), "trend": plain(past)}
        json.dump(record, sys.stdout, indent=2, allow_nan=False)
        print()
        return 0
    console = Console(width=table_width())
    which = ", without TACs bound by statute" if discretionary else ""
    table = Table("index", "value", "what it says", title=f"Fairness of the lead role on {day}{which}")
    for key, value in found.indices().items():
        table.add_row(key, "undefined" if value is None else f"{value:.4f}", INDEX_WORDS[key])
    console.print(table)
    _print_agencies(console, found.agencies, 12)
    if found.sectors is not None:
        _print_full(console, found.agencies, found.sectors)
    if past is not None:
        _print_months(console, past)
    return 0


MOST_MONTHS: Final = 120
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


def _print_full(console: Console, agencies: Any, sectors: Any) -> None:
    from reports.findings_fairness import expected_sectors, sector_name

    say(str(expected_sectors(sectors)))
    heads = ("", "leads", "expected", "95 % between", "p", "adjusted p")
    named = [("sector", sectors.assign(key=sectors["sector"].map(sector_name)))]
    least = agencies.assign(key=agencies["agency_id"]).sort_values("p_adjusted").head(12)
    for what, frame in [*named, ("agency, least likely first", least)]:
        table = Table(*(what, *heads[1:]), title=f"Leads against those the teams explain, by {what}")
        for row in frame.itertuples(index=False):
            figures = [row.expected, row.p, row.p_adjusted]
            expected, p, adjusted = ("" if isnan(x) else f"{x:.3g}" for x in figures)
            between = "" if isnan(row.p) else f"{row.expected_low:.0f} to {row.expected_high:.0f}"
            table.add_row(row.key, str(row.observed), expected, between, p, adjusted)
        console.print(table)


def _print_months(console: Console, past: Any) -> None:
    names = list(INDEX_WORDS)
    table = Table("day", *names, title="The indices at month ends")
    for row in past.to_dict(orient="records"):
        table.add_row(str(row["day"]), *("" if isnan(row[n]) else f"{row[n]:.3f}" for n in names))
    console.print(table)


def _share(value: float) -> str:
    return "" if isnan(value) else f"{value:.1%}"

"""`tacgraph costs`: lead work in hours and pounds against the pooled budget."""

from __future__ import annotations

import json
import sys
from datetime import date
from math import isnan
from typing import Final, Literal

from rich.console import Console

from graphmodel.settings import data_folder, settings
from tacgraph.console import Table, say, table_width, tell, today

_MOST: Final = 20


def costs(
    *,
    as_of: date | None = None,
    known_on: date | None = None,
    format: Literal["table", "json"] = "table",  # noqa: A002  (the option's name)
) -> int:
    """What lead work costs each agency a year, against what it pays into the pooled budget.

    Parameters
    ----------
    as_of
        The day whose lead work is taken for a year's; left out: today.
    known_on
        As it was known at the end of this day, told from the ledger; left out: as it is known now.
    format
        table for people, json for machines.
    """
    from analysis.costs import costs as measure
    from analysis.fairness import plain
    from tacgraph.provenance_commands import slice_on

    home, day, rules = data_folder(), as_of or today(), settings()
    found = measure(slice_on(home, known_on), day, rules)
    if format == "json":
        about = {"as_of": day.isoformat(), **rules.costs.model_dump(), "agencies": plain(found)}
        json.dump(about, sys.stdout, indent=2, allow_nan=False)
        print()
        return 0
    console = Console(width=table_width())
    heads = ("agency", "TACs led", "hours a year", "pounds a year", "of all", "pays a year", "of all", "gap")
    table = Table(*heads, title=f"Lead work against contributions, at the level of {day}")
    ordered = found.sort_values("difference", ascending=False, na_position="last")
    for row in ordered.head(_MOST).to_dict(orient="records"):
        table.add_row(
            str(row["agency_id"]),
            f"{row['tacs_led']:,}",
            f"{row['hours']:,.0f}",
            f"£{row['pounds']:,.0f}",
            _share(row["share"]),
            "" if isnan(row["contribution"]) else f"£{row['contribution']:,.0f}",
            _share(row["contribution_share"]),
            _share(row["difference"], sign=True),
        )
    console.print(table)
    tell(f"{rules.costs.hours_per_point:g} hours a month and point: {rules.costs.hours_source}")
    tell(f"£{rules.costs.pounds_per_hour:g} an hour: {rules.costs.pounds_source}")
    if len(found) > _MOST:
        say(f"Shown: {_MOST} of {len(found)} agencies. All of them: --format json")
    return 0


def _share(value: float, *, sign: bool = False) -> str:
    return "" if isnan(value) else f"{value:+.1%}" if sign else f"{value:.1%}"

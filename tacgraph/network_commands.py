"""`tacgraph network`: who works with whom, who holds the network together, who keeps to themselves."""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import Any, Final, Literal

from rich.console import Console

from graphmodel.errors import SettingsError
from graphmodel.settings import data_folder, settings
from tacgraph.console import ProgressBars, Table, progress_bars, say, table_width, tell, today

_MOST: Final = 12


def network(
    *,
    as_of: date | None = None,
    min_weight: int = 1,
    runs: int | None = None,
    known_on: date | None = None,
    format: Literal["table", "json"] = "table",  # noqa: A002  (the option's name)
) -> int:
    """The collaboration network: silos, brokers, single points of failure, communities, against chance.

    Parameters
    ----------
    as_of
        The day it is asked for; left out: today.
    min_weight
        Count a tie only from so many common TACs on.
    runs
        Random networks to hold the figures against; left out: as the settings say. 0: none.
    known_on
        As it was known at the end of this day, told from the ledger; left out: as it is known now.
    format
        table for people; json for machines: all figures, with every practitioner under `nodes`.
    """
    from dataclasses import replace

    from analysis.network_day import effort_of, record
    from analysis.network_day import network as measure
    from tacgraph.provenance_commands import slice_on

    if min_weight < 1 or (runs is not None and runs < 0):
        raise SettingsError("--min-weight and --runs", "are below what there is", "Give 1 (0) or more.")
    home, day, agreed = data_folder(), as_of or today(), settings()
    effort = effort_of(agreed) if runs is None else replace(effort_of(agreed), runs=runs)
    held = slice_on(home, known_on)
    with progress_bars() as progress:
        found = measure(held, day, agreed, min_weight=min_weight, effort=effort, progress=_steps(progress))
    if format == "json":
        json.dump(record(found), sys.stdout, indent=2, allow_nan=False)
        print()
        return 0
    _print(found, Console(width=table_width()))
    return 0


def _steps(progress: ProgressBars) -> Any:
    """One bar a part of the work."""
    at: str | None = None
    listen: Any = None

    def told(part: str, done: int, total: int) -> None:
        nonlocal at, listen
        if part != at:
            at, listen = part, progress.step(part)
        listen(part, done, total)

    return told


def _print(found: Any, console: Console) -> None:
    from reports import findings_network as words

    held = found.measures
    table = Table("figure", "value", "by chance", "z", "p", title=f"Collaboration network on {found.as_of}")
    table.add_row("practitioners in teams", f"{held.ties.count:,}")
    table.add_row("ties (pairs in a common active team)", f"{len(held.ties):,}")
    table.add_row("connected parts", f"{len(held.components):,}")
    table.add_row("communities", f"{len(held.communities):,}")
    table.add_row("modularity of the communities", _figure(held.modularity))
    for name, one in (
        ("assortativity by agency", held.assortativity),
        ("modularity of the agencies", held.group_modularity),
        ("practitioners who are an only tie", held.articulation),
        ("clustering", held.clustering),
    ):
        table.add_row(name, *(_figure(x) for x in (one.value, one.expected, one.z, one.p)))
    console.print(table)
    _print_agencies(found, console, words)
    _print_brokers(found, console, words)
    tell("\nSingle points of failure")
    for _, row in found.single_points.head(_MOST).iterrows():
        tell(f"- {words.single_point(row, _agency)}")
    if found.single_points.empty:
        tell("- none")
    tell(f"\n{words.strong_ties(len(held.ties), found.strong)}")
    tell(words.follows(found.by_agency, found.by_locality))
    say(f"Shown: at most {_MOST} of each. All of them, and every practitioner: --format json")


def _agency(agency_id: object) -> str:
    return str(agency_id) if agency_id else "no post"


def _print_agencies(found: Any, console: Console, words: Any) -> None:
    heads = ("agency", "practitioners", "ties inside", "outside", "E-I", "by chance", "z", "p adjusted")
    kept = words.keeping_to_themselves(found.agencies)
    title = f"Agencies that keep to themselves beyond chance: {len(kept)} of {len(found.agencies)}"
    table = Table(*heads, title=title)
    for row in kept.head(_MOST).itertuples(index=False):
        counts = (str(row.practitioners), str(row.internal), str(row.external))
        figures = (row.ei, row.expected_ei, row.z, row.p_adjusted)
        table.add_row(row.agency_id, *counts, *(_figure(x) for x in figures))
    console.print(table)


def _print_brokers(found: Any, console: Console, words: Any) -> None:
    heads = ("practitioner", "role", "agency", "ties", "agencies", "betweenness", "constraint", "how sure")
    table = Table(*heads, title="Brokers: most ways lead over them, their own ties are hardly tied")
    for row in found.brokers.head(_MOST).itertuples(index=False):
        who = (row.practitioner_id, row.role, _agency(row.agency_id), str(row.degree), str(row.agencies))
        figures = (_figure(row.betweenness), _figure(row.constraint))
        table.add_row(*who, *figures, words.sure(row.betweenness_p_adjusted))
    console.print(table)


def _figure(value: float | None) -> str:
    if value is None or value != value:  # noqa: PLR0124  (NaN)
        return ""
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) > 1 else f"{value:,.3f}"

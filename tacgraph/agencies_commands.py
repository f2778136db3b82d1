"""`tacgraph agencies`: which agencies are which schools and NHS organisations of the public registries."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter
from rich.console import Console

from graphmodel.errors import SettingsError
from graphmodel.letters import harmless
from graphmodel.settings import data_folder, settings
from tacgraph.console import Table, say, table_width

app = App(name="agencies", help="Agencies of the graph and the public registries (GIAS, NHS ODS).")
_MOST = 30


@app.command
def resolve(
    *,
    registry: Annotated[list[Path] | None, Parameter(consume_multiple=True, negative="")] = None,
    la: str = "",
    upper: float = 0.95,
    lower: float = 0.80,
    successors: Literal["two", "one"] = "two",
    review: Path | None = None,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Match the graph's agencies with registry files, by number, else by name; doubtful ones are listed.

    Parameters
    ----------
    registry
        Files as published: edubasealldata….csv, links_edubasealldata….csv, epraccur.csv, an ORD answer. They
        are kept in the data folder; left out: those kept before.
    la
        The local authority's three digits: only its schools are compared by name.
    upper
        Linked from this likeness on, if no other entry is as like.
    lower
        For review from this likeness on.
    successors
        A school and the academy that it became: two agencies, or one over time.
    review
        A CSV file for the matches to decide, with `tacgraph match decide A B --same --kind agency`.
    dry_run
        Match and list, and keep nothing.
    """
    from graphmodel.store import Store
    from loaders.registries import keep, known, read_registry
    from loaders.registries import resolve as run
    from loaders.registries.link import agencies_of, link
    from loaders.registries.resolve import REVIEW_COLUMNS, review_rows

    if not 0 < lower <= upper <= 1:
        raise SettingsError("the thresholds", f"are {lower} and {upper}", "Give 0 < lower ≤ upper ≤ 1.")
    home = data_folder()
    if registry:
        found = read_registry(registry)
        if not dry_run:
            keep(home, found)
    else:
        found = known(home)
    if not found.establishments:
        raise SettingsError("the registry", "is not known yet", "Name its files with --registry.")
    with Store.open(home, on_wait=say) as store:
        agencies = agencies_of(store)
    result = run(agencies, found, la_code=la, upper=upper, lower=lower, one_agency=successors == "one")
    for note in found.notes:
        say(note)
    linked = [m for m in result.matches if m.outcome == "linked"]
    rows = review_rows(result)
    _print(rows, REVIEW_COLUMNS)
    if review is not None:
        with review.open("w", encoding="utf-8", newline="") as text:
            writer = csv.writer(text)
            writer.writerow(REVIEW_COLUMNS)
            writer.writerows([harmless(cell) for cell in row] for row in rows)
        say(f"Wrote {review}.")
    say(
        f"{len(agencies):,} agencies: {len(result.by_number):,} by number, {len(linked):,} linked, "
        f"{len({row[0] for row in rows}):,} to decide, {len(result.unmatched):,} not in the registry."
    )
    for one in result.successions[:_MOST]:
        say(f"{one.before} became {one.after} on {one.on or 'a day not given'} ({one.rule})")
    if dry_run:
        say("Nothing was kept (dry run).")
    else:
        say(f"{link(home, result.matches, settings()):,} ids now stand for another one in the graph.")
    return 0


def _print(rows: list[tuple[str, ...]], heads: tuple[str, ...]) -> None:
    if not rows:
        return
    table = Table(
        *heads, title=f"{len(rows):,} matches to decide: tacgraph match decide A B --same --kind agency"
    )
    for row in rows[:_MOST]:
        table.add_row(*row)
    Console(width=table_width()).print(table)

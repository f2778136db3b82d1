"""`tacgraph what-if` and `tacgraph schemes`: changed partnerships and published weights."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import date
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from cyclopts import Parameter
from rich.console import Console

from graphmodel.letters import letters
from graphmodel.settings import SCHEMES, data_folder, scheme_file, settings
from tacgraph.console import Table, on_record, say, table_width, today

if TYPE_CHECKING:
    from analysis.whatif import Comparison, Scenario

Many = Annotated[tuple[str, ...], Parameter(negative="")]
Switch = Annotated[bool, Parameter(negative="")]
_MOST_ROWS: Final = 20
_PERCENT: Final = ("utilisation", "hoover")
_RATIO: Final = ("jain", "gini", "theil_between")


def what_if(
    *,
    as_of: date | None = None,
    withdraw: Many = (),
    leaves: Many = (),
    arrive: Many = (),
    grow: str | None = None,
    needs_rise: str | None = None,
    close_schools: Switch = False,
    scheme: str | None = None,
    reassign: Switch = False,
    scenario: Path | None = None,
    known_on: date | None = None,
    format: Literal["table", "json"] = "table",  # noqa: A002  (the option's name)
) -> int:
    """Change the partnership of a day, measure it again, and compare with today; the graph stays as it is.

    Options can be combined, and those that take a text repeated. They apply in this order: the changes of the
    scenario file, withdrawals, those who leave, schools, needs, arrivals, growth.

    Parameters
    ----------
    as_of
        The day it is asked for; left out: today.
    withdraw
        AGENCY:ROLE:N, N posts of a role: of those who carry least, or with :most at the end who carry most.
        Who has no other post is gone, and their TACs have no lead.
    leaves
        A practitioner who leaves; their TACs have no lead.
    arrive
        AGENCY:ROLE:FTE, trained to lead unless :untrained stands at the end.
    grow
        How much TACs grow, as 10%: copies of those there are, with their teams and leads.
    needs_rise
        For what part of the children with a team needs rise by a level, as 20%.
    close_schools
        Practitioners in schools and those who work in term time only are away.
    scheme
        A published scheme of weights: see `tacgraph schemes`.
    reassign
        Hand leads left open to a member of the team, and let those who arrive relieve their colleagues.
    scenario
        A TOML file with changes, scheme, reassign and weights.
    known_on
        As it was known at the end of this day, told from the ledger; left out: as it is known now.
    format
        table for people, json for machines.
    """
    from analysis.whatif import compare
    from tacgraph.provenance_commands import slice_on

    texts = [f"withdraw {x}" for x in withdraw] + [f"leaves {x}" for x in leaves]
    texts += ["close-schools"] if close_schools else []
    texts += [f"needs-rise {needs_rise}"] if needs_rise else []
    texts += [f"arrive {x}" for x in arrive] + ([f"grow {grow}"] if grow else [])
    asked = _asked(scenario, texts, scheme or "", reassign=reassign)
    home = data_folder()
    held = slice_on(home, known_on)
    found = compare(held, as_of or today(), settings(), asked)
    if format == "json":
        # the moves name teams, so it is a look at children
        on_record(home, "what-if", f"leads moved as of {found.as_of}", len(found.outcome.moves))
        json.dump(found.record(), sys.stdout, indent=2, allow_nan=False)
        print()
        return 0
    _print(found)
    return 0


def _asked(file: Path | None, texts: list[str], scheme: str, *, reassign: bool) -> Scenario:
    from analysis.whatif_text import scenario_file, scenario_of

    stated = scenario_of(texts, scheme=scheme, reassign=reassign)
    if file is None:
        return stated
    read = scenario_file(file)
    return replace(
        read,
        changes=(*read.changes, *stated.changes),
        scheme=stated.scheme or read.scheme,
        reassign=stated.reassign or read.reassign,
    )


def _print(found: Comparison) -> None:
    from analysis.whatif import FIGURES
    from reports.findings_whatif import handed_on
    from reports.findings_whatif import what_if as finding

    console = Console(width=table_width())
    change = dict(zip(found.figures["figure"], found.figures["change"], strict=True))
    console.print(letters(finding(found.scenario, change)), style="bold", markup=False, highlight=False)
    for note in (*found.outcome.notes, handed_on(found.outcome.moves)):
        console.print(letters(note), markup=False, highlight=False)
    table = Table("figure", "today", "then", "change", title=f"As of {found.as_of}")
    for name, today_, then, more in found.figures.itertuples(index=False, name=None):
        shown = [_shown(name, today_), _shown(name, then), _shown(name, more, sign=True)]
        table.add_row(FIGURES[name], *shown)
    console.print(table)
    _print_agencies(console, found.agencies)
    _print_people(console, found.practitioners)


def _shown(name: str, value: float, *, sign: bool = False) -> str:
    plus = "+" if sign and value > 0 else ""
    if isnan(value):
        return "undefined"
    if name in _PERCENT:
        return f"{plus}{value:.1%}"
    return f"{plus}{value:.3f}" if name in _RATIO else f"{plus}{value:,.6g}"


def _print_agencies(console: Console, agencies: Any) -> None:
    moved = agencies["uncovered"] > 0
    for name in ("tacs_led", "capacity", "overloaded"):
        moved |= (agencies[name] - agencies[f"{name}_then"]).abs() > 1e-9  # noqa: PLR2004
    rows = agencies[moved]
    if rows.empty:
        return
    heads = ("agency", "TACs led", "capacity", "overloaded leads", "TACs left without a lead")
    table = Table(*heads, title="Agencies for which something changes: today → then")
    for row in rows.head(_MOST_ROWS).itertuples(index=False):
        table.add_row(
            row.agency_id,
            f"{row.tacs_led} → {row.tacs_led_then}",
            f"{row.capacity:.1f} → {row.capacity_then:.1f}",
            f"{row.overloaded} → {row.overloaded_then}",
            str(row.uncovered),
        )
    console.print(table)
    if len(rows) > _MOST_ROWS:
        say(f"Shown: {_MOST_ROWS} of {len(rows)} agencies. All of them: --format json")


def _print_people(console: Console, people: Any) -> None:
    if people.empty:
        return
    table = Table("practitioner", "role", "agency", "today", "then", "what", title="Leads above capacity")
    for row in people.head(_MOST_ROWS).itertuples(index=False):
        parts = ["" if isnan(x) else f"{x:.0%}" for x in (row.utilisation, row.utilisation_then)]
        table.add_row(row.practitioner_id, row.role, row.home_agency_id or "", *parts, row.what)
    console.print(table)
    if len(people) > _MOST_ROWS:
        say(f"Shown: {_MOST_ROWS} of {len(people)} practitioners. All of them: --format json")


def schemes(*, format: Literal["table", "json"] = "table") -> int:  # noqa: A002  (the option's name)
    """The weights in force and the published schemes to compare with: who agreed them, when, and the source.

    Parameters
    ----------
    format
        table for people, json for machines.
    """
    rules = settings()
    force = {
        "name": rules.scheme or "(the settings in force)",
        "version": rules.version,
        "agreed_by": rules.agreed_by,
        "agreed_on": str(rules.agreed_on),
        "title": "In force here",
    }
    rows = [force, *(_scheme(file.stem) for file in sorted(SCHEMES.glob("*.toml")))]
    if format == "json":
        json.dump(rows, sys.stdout, indent=2)
        print()
        return 0
    console = Console(width=table_width())
    table = Table("scheme", "version", "agreed by", "agreed on", "what it says", show_lines=True)
    for row in rows:
        says = [row["title"] + ".", row.get("says", "")]
        says += [f"Source: {row['source']}."] if "source" in row else []
        says += [f"Not expressed: {row['not_expressed']}."] if "not_expressed" in row else []
        table.add_row(
            row["name"], row["version"], row["agreed_by"], row["agreed_on"] or "no day", "\n".join(says)
        )
    console.print(table)
    say('To compare: tacgraph what-if --scheme NAME. To adopt one: scheme = "NAME" in settings.toml.')
    return 0


def _scheme(name: str) -> dict[str, str]:
    values = scheme_file(name)
    about = {key: str(text) for key, text in values["about"].items()}
    stated = {key: str(values[key]) for key in ("version", "agreed_by", "agreed_on")}
    return {"name": name, **stated, **about}

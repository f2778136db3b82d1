"""`tacgraph advise` and `tacgraph who-should-lead`: which lead roles to hand over, and who could take one."""

from __future__ import annotations

import json
import sys
from datetime import date
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from cyclopts import Parameter
from rich.console import Console

from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import AccessRefused, SettingsError
from graphmodel.settings import data_folder, settings
from tacgraph.console import Table, progress_bars, say, table_width, today

if TYPE_CHECKING:
    from analysis.advice import Advice, Point
    from analysis.advice_lead import Candidates

_MOST: Final = 25
_Format = Literal["table", "json"]


def advise(
    *,
    as_of: date | None = None,
    max_moves: int | None = None,
    known_on: date | None = None,
    format: _Format = "table",  # noqa: A002  (the option's name)
    out: Annotated[Path | None, Parameter(negative="")] = None,
) -> int:
    """Which lead roles to hand over so that overload goes: the best moves, and the curve of fewer.

    Each handover is to a member of the same team who is trained and has a post, in the role that the
    allocation table asks for. The answer is the best there is, or says by how much it may not be.

    Parameters
    ----------
    as_of
        The day it is asked for; left out: today.
    max_moves
        At most so many handovers; left out: as many as help.
    known_on
        As it was known at the end of this day, told from the ledger; left out: as it is known now. Without
        --out: handovers of leads as they were would undo what has happened since.
    format
        table for people; json for machines: moves, curve, who is left and why, optimality.
    out
        Write the handovers to this folder in the import format, so that they can be loaded.
    """
    from analysis import advice_files
    from analysis.advice import advise as work_out
    from tacgraph.provenance_commands import slice_on

    if known_on is not None and out is not None:
        mend = "Leave --known-on out: what is loaded must start from the leads as they are."
        raise SettingsError("--out", "cannot go with --known-on", mend)
    home, day = data_folder(), as_of or today()
    held = slice_on(home, known_on)
    with progress_bars() as progress:
        found = work_out(held, day, settings(), max_moves=max_moves, progress=progress.step("the best moves"))
    about = f"{_count(found.chosen.handovers, 'handover')} as of {day.isoformat()}"
    AuditLog(home).record(Viewer.local(), "command line: advise", about=about, rows=found.chosen.handovers)
    if format == "json":
        json.dump(found.record(), sys.stdout, indent=2, allow_nan=False)
        print()
    else:
        _print_advice(found)
    if out is not None:
        for path in advice_files.write(out, held, day, found.chosen.moves):
            say(f"written: {path}")
        say(f"Load them with: tacgraph load {out}")
    return 0


def who_should_lead(
    tac_id: str,
    /,
    *,
    as_of: date | None = None,
    reason: str = "",
    format: _Format = "table",  # noqa: A002  (the option's name)
) -> int:
    """Who in this team should lead: its members against the guidance's criteria, each shown; on record.

    Parameters
    ----------
    tac_id
        The team, by its TAC's id.
    as_of
        The day it is asked for; left out: today.
    reason
        Why you need to see it: for the audit record.
    format
        table for people, json for machines.
    """
    from analysis.advice_lead import who_should_lead as rank
    from tacgraph.provenance_commands import slice_on

    home, viewer = data_folder(), Viewer.local(reason.strip())
    viewer.must_see_children()
    if not viewer.reason:
        raise AccessRefused("a child's team", "no reason was stated", "State it with --reason.")
    found = rank(slice_on(home, None), tac_id, as_of or today(), settings())
    AuditLog(home).record(
        viewer, "command line: who should lead", about=f"tac_id={tac_id}", rows=len(found.members)
    )
    if format == "json":
        json.dump(found.record(), sys.stdout, indent=2, allow_nan=False)
        print()
    else:
        _print_candidates(found)
    return 0


def _print_advice(found: Advice) -> None:
    console, last = Console(width=table_width()), found.chosen
    heads = (
        "handovers", "points above capacity", "overloaded leads", "severely", "brought within capacity",
        "newly above", "Hoover index", "proven best",
    )  # fmt: skip
    curve = Table(*heads, title=f"Handovers against what remains, on {found.as_of}")
    for point in found.points:
        held = point.figures
        hoover = held["hoover"]
        curve.add_row(
            str(point.handovers),
            f"{held['overload_points']:.1f}",
            str(held["overloaded"]),
            str(held["severe"]),
            str(point.helped),
            str(point.newly_overloaded),
            "undefined" if hoover is None else f"{hoover:.3f}",
            "yes" if point.plan.proven else f"within {point.plan.gap:.1%}",
        )
    console.print(curve)
    _print_moves(console, last)
    _print_unhelped(console, last)
    if not last.plan.proven:
        for stage in last.plan.stages:
            state = "proven" if stage.proven else f"may be as low as {stage.bound:.3f}"
            say(f"{stage.goal}: {stage.value:.3f}, {state}")


def _print_moves(console: Console, last: Point) -> None:
    if not last.handovers:
        say("No handover that is allowed would take work off those above capacity or bring agencies nearer.")
        return
    heads = ("", "TAC", "from", "of", "to", "of", "points off overload", "why")
    table = Table(*heads, title=f"{_count(last.handovers, 'handover')}, the most useful first")
    for move in last.moves.head(_MOST).to_dict(orient="records"):
        table.add_row(
            str(move["step"]),
            move["tac_id"],
            move["from_practitioner_id"],
            move["from_agency_id"] or "",
            move["to_practitioner_id"],
            move["to_agency_id"] or "",
            f"{move['overload_removed']:.2f}",
            move["reason"],
        )
    console.print(table)
    if last.handovers > _MOST:
        say(f"Shown: {_MOST} of {last.handovers} handovers. All of them: --format json, or --out FOLDER.")


def _print_unhelped(console: Console, last: Point) -> None:
    if last.unhelped.empty:
        say("Nobody who leads is above capacity after them.")
        return
    stay = "stays" if len(last.unhelped) == 1 else "stay"
    title = f"{_count(len(last.unhelped), 'lead')} {stay} above capacity"
    table = Table("lead", "role", "agency", "why", title=title)
    for row in last.unhelped.head(_MOST).to_dict(orient="records"):
        table.add_row(row["practitioner_id"], row["role"], row["home_agency_id"] or "", row["reason"])
    console.print(table)
    if len(last.unhelped) > _MOST:
        say(f"Shown: {_MOST} of {len(last.unhelped)} leads. All of them: --format json.")


def _print_candidates(found: Candidates) -> None:
    roles = " or ".join(found.required_roles)
    rule = f"; {found.strength}: {roles}" if roles else "; no rule asks for a role"
    heads = (
        "", "practitioner", "role", "agency", "leads now", "role asked for", "family's choice", "has a post",
        "part of services", "delivers", "days in team", "trained", "of capacity as lead", "all year",
    )  # fmt: skip
    table = Table(*heads, title=f"Who should lead {found.tac_id} on {found.as_of}{rule}")
    for number, row in enumerate(found.members.to_dict(orient="records"), start=1):
        table.add_row(
            str(number),
            row["practitioner_id"],
            row["role"],
            row["home_agency_id"] or "",
            *(_word(row[name]) for name in ("leads_now", "statutory", "family_choice", "has_post")),
            _part(row["predominant_need"]),
            str(row["delivers"]),
            str(row["days_in_team"]),
            _word(row["trained"]),
            _part(row["utilisation_as_lead"]),
            _word(row["all_year"]),
        )
    Console(width=table_width()).print(table)
    say("In order of these columns from the left, one after the other; none is added up in a score.")


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _word(value: Any) -> str:
    return "" if value is None else ("yes" if value else "no")


def _part(value: float) -> str:
    return "" if isnan(value) else f"{value:.0%}"

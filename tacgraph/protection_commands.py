"""`tacgraph retain`, `tacgraph subject-access` and `tacgraph erase`: data protection."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from graphmodel.access import Viewer
from graphmodel.beside import whole
from graphmodel.disk import on_disk
from graphmodel.errors import AccessRefused, SourceError
from graphmodel.settings import data_folder, settings
from tacgraph.console import progress_bars, say, today, warn

_CHANGES = (
    "Past figures: all counts stay. Figures by family leave these children out; figures by age take "
    "1 January of the year of birth. Dashboards that run take it up within seconds."
)
_ELSEWHERE = (
    "Not reached from here: backups, reports and packs handed out, the source systems (what files still say "
    "of the child is held back by each load), and earlier lines of the audit record."
)


def retain(*, as_of: date | None = None, yes: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Say what is kept longer than the rules in [retention] allow; with --yes, take it out.

    Parameters
    ----------
    as_of
        The day that the rules are judged on; left out: today.
    yes
        Do it. It cannot be undone.
    """
    from graphmodel.store import Store
    from loaders.protection import due, leaving, refuse_wrong_clock, take_out
    from loaders.protection import retain as run

    home, rules = data_folder(), settings().retention
    on = as_of or today()
    with Store.open(home) as store:
        refuse_wrong_clock(store, day_is_stated=as_of is not None)
        found = due(store, home, rules, on)
        left = leaving(store, home, rules, on)
    after = f"{rules.child_years} years after the last activity and from {rules.child_until_age} years of age"
    say(f"By the rules on {on} ({after}; lists of loads after {rules.list_years} years):")
    print(f"children due: {len(found.children):,}")
    print(f"lists of loads due: {len(found.lists):,}")
    print(f"names of practitioners who left due: {len(left.practitioners):,}")
    print(f"agencies that nothing names due: {len(left.agencies):,}")
    print(f"identity records of nobody here: {left.identities:,}")
    print(f"lines of the audit record due: {left.lines:,}")
    say(
        f"Kept: {found.active:,} with something running, {found.recent:,} too recent, {found.young:,} too "
        f"young. Not to be judged, without any day: {found.undated:,}."
    )
    if not yes:
        say(f"Nothing was changed; --yes does it. {_CHANGES}")
        return 0
    with progress_bars() as progress:
        progress.begin("take children out", len(found.children))
        why = Viewer.local(f"retention rules on {on}")
        done = run(home, found, why, progress.advance)
    take_out(home, left, rules, why)
    say(f"Made nobody of {done.children:,} children ({done.records:,} records, {done.ledger:,} facts).")
    say(_CHANGES)
    say(_ELSEWHERE)
    return 0


def subject_access(child: str, /, *, reason: str, out: Path) -> int:
    """Write everything that is held about a child, with its sources, to a JSON file that only you can read.

    The look is recorded. Practitioners appear by id and role; names are not in it.

    Parameters
    ----------
    child
        The child's id.
    reason
        Why: the request and who made it.
    out
        The file to write.
    """
    from loaders.protection import everything_about

    _must_say_why(reason)
    found = everything_about(data_folder(), child, Viewer.local(reason))
    if out.exists():
        raise SourceError(f"file {out.name}", "cannot be made (it is there already)", "Name another.")
    with on_disk(out), whole(out) as made, made.open("w", encoding="utf-8") as file:
        json.dump(found, file, ensure_ascii=False, indent=1, default=str)
    graph = found["graph"]
    say(
        f"{len(graph['records']):,} records, {len(graph['relations']):,} relations, {len(found['ledger']):,} "
        f"facts of the ledger, {len(found['identity']):,} identity records, {len(found['lists']):,} lines of "
        f"lists and {len(found['looks']):,} looks in {out}"
    )
    say("Read it before you hand it out: it tells of brothers and sisters and of professionals too.")
    return 0


def erase(
    child: str,
    /,
    *,
    reason: str,
    lift: Annotated[bool, Parameter(negative="")] = False,
    yes: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Make nobody of a child: its records stay in the counts, and nothing in them leads back to it.

    Later loads hold back what a source still says of it, until --lift says that it may be taken again.

    Parameters
    ----------
    child
        The child's id. Erase it in the source systems first.
    reason
        Why: the request and who decided.
    lift
        Take a child again who was erased before, from the next load on. What was erased stays nobody's.
    yes
        Do it. It cannot be undone.
    """
    from loaders.protection import erase as run
    from loaders.protection import lift as take_again

    _must_say_why(reason)
    if lift:
        if not yes:
            say("Nothing was changed; --yes does it: from then on a load takes the child as a new one.")
            return 0
        take_again(data_folder(), child, Viewer.local(reason))
        say("The next load that names the child takes it as a new one.")
        return 0
    if not yes:
        say(f"Nothing was changed; --yes does it, and it cannot be undone. {_CHANGES}")
        say(_ELSEWHERE)
        return 0
    done = run(data_folder(), [child], Viewer.local(reason))
    say(
        f"Done: {done.records:,} records in the graph, {done.ledger:,} facts of the ledger, {done.lists:,} "
        f"lines of lists, {done.links:,} links, {done.identities:,} identity records."
    )
    say(_CHANGES)
    warn(_ELSEWHERE)
    return 0


def _must_say_why(reason: str) -> None:
    if not reason.strip():
        raise AccessRefused("a child's record", "no reason was stated", "State why with --reason.")

"""`tacgraph ledger state|tidy|catch-up|begin-anew`: what each source stated, kept beside the graph."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from graphmodel.settings import data_folder
from tacgraph.console import say

app = App(name="ledger", help="What each source stated, and when: kept beside the graph.")


@app.command
def state() -> int:
    """Say how ledger and graph stand to each other; exit code 3 where they are not of one time."""
    from graphmodel.ledger_state import must_agree
    from graphmodel.store import Store

    home = data_folder()
    with Store.open(home, on_wait=say) as store:
        found = must_agree(store, home)
    if found.ledger is None or not found.ledger.parts:
        say("There is no ledger yet: the first load begins one.")
        return 0
    parts = found.ledger.parts
    print(f"{len(parts):,} loads that changed something, from {parts[0].at[:10]} to {parts[-1].at[:10]}")
    if found.empty:
        say("The graph is empty. tacgraph ledger catch-up fills it from the ledger; a load begins another.")
    elif found.ledger.pending():
        say("The last load was cut off: the next one, or tacgraph ledger tidy --yes, completes it.")
    else:
        say("The graph has all of it.")
    return 0


@app.command
def tidy(
    *,
    yes: Annotated[bool, Parameter(negative="")] = False,
    keep_left: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Complete what was cut off, pack many small parts into one, remove what emptied graphs left.

    What was known on any day stays as it was, but for ledgers of graphs that are no more.

    Parameters
    ----------
    yes
        Do it; without it, only what there is to do is said.
    keep_left
        Leave the ledgers of graphs that were emptied.
    """
    from graphmodel.store import Store
    from loaders.ledger_tidy import look
    from loaders.ledger_tidy import tidy as run

    home = data_folder()
    if yes:
        found = run(home, left=not keep_left)
    else:
        with Store.open(home, on_wait=say) as store:
            found = look(home, store)
    print(f"loads that were cut off: {found.pending:,}")
    print(f"folders that no load finished: {len(found.unfinished):,}")
    print(f"parts to pack: {found.parts:,}")
    print(f"folders that a pack stands for: {len(found.superseded):,}")
    for name, parts, last in found.left:
        print(f"ledger of a graph that is no more: {name}, {parts:,} loads, the last of {last or 'no day'}")
    if not yes:
        say("Nothing was changed; --yes does it.")
    elif found.parts:
        say("The parts that were packed stay for an hour, for readers; the next tidying removes them.")
    return 0


@app.command
def catch_up(*, yes: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Bring a graph that was set back, or emptied, to where its ledger is.

    Parameters
    ----------
    yes
        Do it.
    """
    from graphmodel.ledger_state import standing
    from graphmodel.store import Store
    from loaders.ledger_tidy import catch_up as run

    home = data_folder()
    if not yes:
        with Store.open(home, on_wait=say) as store:
            found = standing(store, home)
        print(f"loads that the graph has no record of: {len(found.missing):,}")
        say("Nothing was changed; --yes writes them and all that they stated into the graph.")
        return 0
    found = run(home)
    say(f"The graph has all {len(found.ledger.parts) if found.ledger else 0:,} loads of its ledger again.")
    return 0


@app.command
def begin_anew(*, yes: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Leave the graph as it is and put its ledger aside; the next load begins another.

    What was known on earlier days cannot be asked any more then.

    Parameters
    ----------
    yes
        Do it.
    """
    from loaders.ledger_tidy import begin_anew as run

    if not yes:
        say("Nothing was changed; --yes puts the ledger aside: what was known earlier cannot be asked then.")
        return 0
    aside = run(data_folder())
    say("There is no ledger." if aside is None else f"The ledger lies in {aside.name}, aside.")
    return 0

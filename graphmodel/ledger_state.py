"""Whether graph and ledger are of one time: where one of them was set back, it is noticed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from graphmodel.errors import EngineError
from graphmodel.ledger import FOLDER, Ledger, Part, find_ledger
from graphmodel.store import Store


@dataclass(frozen=True)
class Standing:
    """The graph's ledger in this data folder, and how the two stand.

    `missing`: parts of loads of which the graph has no record. `beyond`: the place of the last part that the
    graph's records name where the ledger does not reach so far, else 0. `empty`: the graph has no record of
    any load, so the ledger is the one last used with this database.
    """

    ledger: Ledger | None
    missing: tuple[Part, ...] = ()
    beyond: int = 0
    empty: bool = False


def standing(store: Store, home: Path) -> Standing:
    """Compare the graph's load records with the ledger's parts. A few files and one small query."""
    # the ledgers first: a load leaves its record before its part, so no load under way looks like a loss
    folders = [place for place in (home / FOLDER).iterdir() if place.is_dir()] if _any(home) else []
    ledgers = {place.name: Ledger.open(place) for place in folders if not place.name.startswith(".")}
    last = find_ledger(home)
    loads = store.fetch(
        "MATCH (l:Load) RETURN l.load_id AS load_id, l.ledger AS ledger, l.ledger_place AS place, "
        "l.started_at AS started_at ORDER BY started_at"
    )
    named = [str(row[1]) for row in loads if row[1] in ledgers]
    if not named:
        # a server of its own has a ledger of its own; one without any record was emptied
        return Standing(None if loads else last, missing=last.parts if last and not loads else (), empty=True)
    ledger = ledgers[named[-1]]
    known = {row[0] for row in loads}
    missing = tuple(part for part in ledger.parts if part.load_id not in known)
    reached = max((int(row[2]) for row in loads if row[1] == ledger.name and row[2] is not None), default=0)
    end = ledger.parts[-1].place if ledger.parts else 0
    return Standing(ledger, missing, reached if reached > end else 0)


def _any(home: Path) -> bool:
    return (home / FOLDER).is_dir()


def must_agree(store: Store, home: Path) -> Standing:
    """Raise `EngineError` where the graph is older than its ledger, or the ledger older than the graph.

    A graph without any load record was emptied, and begins anew with the next load: that is no fault here.
    """
    found = standing(store, home)
    if found.missing and not found.empty:
        raise EngineError(
            "the graph",
            f"is older than its ledger: it knows nothing of {_words(found.missing)}. It was set back, or an "
            "older copy was restored",
            "tacgraph ledger catch-up brings it up from the ledger; tacgraph ledger begin-anew leaves it as "
            "it is and puts the ledger aside.",
        )
    if found.beyond:
        raise EngineError(
            "the ledger",
            "is older than the graph: this data folder was set back, or is a copy of an earlier day",
            "Restore the data folder of the same day as the graph, or put the ledger aside: tacgraph ledger "
            "begin-anew.",
        )
    return found


def _words(parts: Sequence[Part]) -> str:
    first, last = parts[0], parts[-1]
    if first == last:
        return f"load {first.load_id} of {first.at[:10]}"
    return f"{len(parts)} loads from {first.load_id} of {first.at[:10]} to {last.load_id} of {last.at[:10]}"

"""Which ledger belongs to the graph at hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from graphmodel import ledger as book
from graphmodel.ledger import Ledger
from graphmodel.store import Store


@dataclass(frozen=True)
class Found:
    """The ledger of the graph at hand. `older`: the graph has facts that the ledger does not know.

    Of a fact of the graph only the `outside` sources may have stated it without the ledger's knowledge.
    """

    ledger: Ledger
    older: bool
    outside: frozenset[str]

    def owned(self, source: str) -> frozenset[str]:
        """The sources of whose facts the ledger knows all."""
        return frozenset({source, *(part.source for part in self.ledger.parts)}) - self.outside


def find(home: Path, store: Store, *, make: bool) -> Found:
    """The ledger that the graph's load records name, else a new one (made on disk where `make`)."""
    records = store.fetch(
        "MATCH (l:Load) RETURN l.source AS source, l.ledger AS ledger, l.started_at AS at ORDER BY at"
    )
    folders = [home / book.FOLDER / str(row[1]) for row in records if row[1]]
    folder = next((f for f in reversed(folders) if f.is_dir()), None)
    if folder is None:
        found = Ledger.make(home) if make else Ledger(home / book.FOLDER / "none", ())
        older = bool(store.fetch("MATCH (n) WHERE n.fingerprint IS NOT NULL RETURN 1 AS one LIMIT 1"))
        if older and make:
            (found.folder / "older").touch(mode=0o600)
    else:
        found = Ledger.open(folder)
        older = (folder / "older").exists()
    outside = frozenset(str(source) for source, name, _ in records if name != found.name)
    return Found(found, older or bool(outside), outside)

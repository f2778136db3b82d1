"""Matches with the registries put into the links, where they survive loads and can be undone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from graphmodel.settings import Settings
from graphmodel.store import Store
from loaders.matching.links import Proposal, ordered
from loaders.matching.run import propose
from loaders.registries.resolve import Agency, Match

AGENCIES: Final = "MATCH (a:Agency) RETURN a.agency_id, a.name, a.sector ORDER BY a.agency_id"


def agencies_of(store: Store) -> list[Agency]:
    """Every agency of the graph."""
    return [Agency(row[0], row[1] or "", row[2] or "") for row in store.fetch(AGENCIES)]


def link(home: Path, matches: list[Match], settings: Settings) -> int:
    """Put matches forward as links of agencies; gives how many ids now stand otherwise.

    A link holds both ids with their scheme and, as evidence, how they were matched.
    """
    found = []
    for match in matches:
        if match.agency_id == match.ident:
            continue
        a, b = ordered(match.agency_id, match.ident)
        evidence = {"how": match.how, "why": match.why}
        found.append(Proposal("agency", a, b, match.score, match.outcome, evidence))
    run = f"registry {datetime.now(UTC).isoformat(timespec='seconds')}"
    return propose(home, found, settings=settings, run=run) if found else 0

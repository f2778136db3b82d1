"""Which model a graph has, and how an older one becomes today's.

A graph says its model's version in one node (`:Model`). A graph that holds facts and does not say has that of
0.1 and 0.2, which did not write it. Each step up is a `Migration`; a step's statements may be cut off
anywhere and run again. A graph of a newer program is refused: what this one does not know it would spoil.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from graphmodel import cypher
from graphmodel.errors import EngineError

MODEL_ID: Final = "tacgraph"
UNSTATED: Final = 1
"""The version of a graph that holds facts and does not say its version."""


RESTORING: Final = "restore"
"""`source` of the load record that stands in a graph while it is restored."""


class Writer(Protocol):
    """What of the store a migration needs, signed in as the administrator."""

    def fetch(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[list[Any]]: ...

    def write(
        self, statements: Sequence[tuple[str, Mapping[str, Any]]] | str, **parameters: Any
    ) -> list[list[list[Any]]]: ...


@dataclass(frozen=True)
class Migration:
    """The step to `version`, which `program` was the first to write, and what changed.

    Each of `statements` is run again and again, a transaction each time, until it returns 0: it takes a
    bounded part of what is still to be changed, and gives back how much it changed.
    """

    version: int
    program: str
    what: str
    statements: tuple[str, ...] = ()


MIGRATIONS: Final[tuple[Migration, ...]] = (
    Migration(
        UNSTATED,
        "0.1.0",
        "the first model; 0.2.0 only added a property that may be absent (newly_qualified_until)",
    ),
    Migration(2, "0.3.0", "the graph says the version of its model"),
)
"""In order, without a gap; the last is the version of this program."""

Listener = Callable[[str], None]


def current() -> int:
    """The model's version that this program writes."""
    return MIGRATIONS[-1].version


def version_of(store: Writer) -> int | None:
    """The version of the graph's model; None for a graph without facts that does not say."""
    # the embedded engine refuses to look for a label that it has never heard of
    known = store.fetch("SHOW CONSTRAINTS YIELD name WHERE name = 'model_model_id' RETURN name")
    stated = store.fetch("MATCH (m:Model) RETURN max(m.version) AS version") if known else []
    if stated and stated[0][0] is not None:
        return int(stated[0][0])
    codes = ["Status", "NeedsLevel", "Model"]
    held = store.fetch("MATCH (n) WHERE NOT labels(n)[0] IN $codes RETURN 1 AS one LIMIT 1", {"codes": codes})
    return UNSTATED if held else None


def refuse_newer(found: int | None) -> None:
    """Raise `EngineError` where a graph's model is newer than this program's."""
    if found is not None and found > current():
        raise EngineError(
            "the graph",
            f"has a newer model (version {found}) than this program knows ({current()})",
            f"Use the tacgraph that wrote it, newer than {MIGRATIONS[-1].program}; nothing was changed.",
        )


def apply(store: Writer, told: Listener | None = None) -> None:
    """Make constraints, types and code nodes, and bring an older graph up step by step.

    Harmless where all is there already. The version is written after each step, so a graph that was cut
    off in one takes it up again. Raises `EngineError` for a newer graph, before anything is changed.
    """
    found = version_of(store)
    refuse_newer(found)
    for statement in cypher.constraints():
        store.write(statement)
    store.write(cypher.introduce_types())
    for statement, rows in cypher.code_nodes():
        store.write(statement, rows=rows)
    for migration in MIGRATIONS:
        if found is not None and migration.version > found:
            if told is not None and migration.statements:
                told(f"model {migration.version}: {migration.what}")
            for statement in migration.statements:
                while store.write(statement)[0][0][0]:
                    continue
            if migration.statements:
                renew(store)
            _state(store, migration.version)
    if found is None:
        _state(store, current())


def renew(store: Writer) -> None:
    """Give the facts another generation: they were changed otherwise than by a load (erased, migrated).

    Whatever was read before is out of date from then on, though no load says so.
    """
    store.write(
        "MERGE (m:Model {model_id: $id}) SET m.generation = $generation RETURN count(*) AS made",
        id=MODEL_ID,
        generation=secrets.token_hex(8),
    )


def _state(store: Writer, version: int) -> None:
    store.write(
        "MERGE (m:Model {model_id: $id}) SET m.version = $version RETURN count(*) AS made",
        id=MODEL_ID,
        version=version,
    )

"""All facts that stand, from the ledger alone: what the graph ought to hold."""

from __future__ import annotations

from collections.abc import Iterator

from graphmodel.declare import NodeType
from graphmodel.ledger import Ledger, key_names
from graphmodel.nodes import NODE_BY_LABEL
from graphmodel.relationships import TABLES
from graphmodel.standing import Order, Run, stand, translated


def references(label: str) -> Iterator[tuple[str, str]]:
    """(table, column) of every column whose values are ids of these nodes."""
    for table, declared in TABLES.items():
        if isinstance(declared, NodeType):
            named = [(link.target, link.column) for link in declared.links]
        else:
            named = [declared.start, declared.end]
        yield from ((table, column) for target, column in named if target == label)


def whole(run: Run, ledger: Ledger, order: Order, *, links: str, kinds: frozenset[str]) -> None:
    """Make `whole_<table>` for every table, like `standing.stand`; nodes only referred to have no source."""
    for table in TABLES:
        facts = f"(SELECT *, NULL::BIGINT AS here FROM {ledger.current(table)})"
        stand(run, table, translated(table, facts, links, kinds), f"whole_{table}", order)
    if not any(part.retires for part in ledger.parts):
        return
    for table, declared in reversed(TABLES.items()):
        if isinstance(declared, NodeType):
            ended = f"(SELECT *, NULL::BIGINT AS here FROM {ledger.ended(table)})"
            latest = translated(table, ended, links, kinds)
            while keep(run, table, latest, order, prefix="whole"):
                pass


def keep(
    run: Run, table: str, ended: str, order: Order, *, prefix: str, current: str = "", also: str = ""
) -> int:
    """Add to `<prefix>_<table>` the nodes that `<prefix>_` tables refer to and that nobody states now.

    They have the values that they had last (`ended`: rows like those of `Ledger.ended`, ids translated), and
    no source. `current` is SQL for the keys of facts that are stated but not in these tables, `also` for keys
    that are named elsewhere. How many.
    """
    (key,) = key_names(table)
    label = next(node.label for node in NODE_BY_LABEL.values() if node.table == table)
    wanted = " UNION ".join(
        f"SELECT {column} AS {key} FROM {prefix}_{other}" for other, column in references(label)
    )
    if also:
        wanted = f"{wanted} UNION {also}" if wanted else also
    if not wanted:
        return 0
    elsewhere = f" EXCEPT {current}" if current else ""
    run(
        f"CREATE OR REPLACE TEMP TABLE missing AS SELECT {key} FROM ({wanted}) WHERE {key} IS NOT NULL "
        f"EXCEPT SELECT {key} FROM {prefix}_{table}{elsewhere}"
    )
    latest = (
        f"(SELECT * FROM {ended} SEMI JOIN missing USING ({key}) "
        f"QUALIFY place = max(place) OVER (PARTITION BY {key}))"
    )
    stand(run, table, latest, "kept", order)
    (found,) = run("SELECT count(*) FROM kept")
    run(f"INSERT INTO {prefix}_{table} BY NAME SELECT * REPLACE ('' AS sources) FROM kept")
    return int(found[0])

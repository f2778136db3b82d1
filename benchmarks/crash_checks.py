"""What must hold after a kill: nothing lost, doubled or half there; every second road says the same."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final

from analysis.readback import SCHEMAS, from_graph
from analysis.tables import Slice
from benchmarks.crash_model import Facts, Model, as_facts
from benchmarks.engines import Engine
from graphmodel.audit_log import AuditLog
from graphmodel.ledger import find_ledger
from graphmodel.nodes import NODE_TYPES
from graphmodel.store import Store
from loaders.protection.erasing import JOURNAL
from loaders.record import LOADS
from tests.loading import tables_in_graph

MOST_SHOWN: Final = 5
TABLE_OF: Final = {node.label: node.table for node in NODE_TYPES if node.table is not None}
BY_ROW: Final = {label: table for label, table in TABLE_OF.items() if label not in ("Status", "NeedsLevel")}


def assert_whole(made: Engine, model: Model) -> None:
    """Graph, ledger, slice, record of loads and audit record after an operation that ended well."""
    with made.chosen(), Store.open(made.home) as store:
        same(as_facts(tables_in_graph(store)), model.facts(), "graph", "model")
        assert_nothing_loose(store, model)
        held = from_graph(store)
        ledger = find_ledger(made.home)
        if ledger is not None and ledger.parts:
            known = Slice.known(made.home, datetime.now(UTC))
            for name in SCHEMAS:
                rows("ledger", known.arrow[name].to_pylist(), "graph", held[name].to_pylist(), name)
        kept = Slice.current(store, made.home)
        must(kept.complete, "the slice does not say that it is complete")
        for name in SCHEMAS:
            rows("slice", kept.arrow[name].to_pylist(), "graph", held[name].to_pylist(), name)
    faults = AuditLog(made.home).verify()
    must(not faults, f"the audit record is broken: {faults}")
    must(not (made.home / JOURNAL).exists(), "an erasure is still under way")
    left = [p.name for p in (made.home / LOADS).glob("staging-*")]
    must(not left, f"left behind: {left}")


def assert_nothing_loose(store: Store, model: Model) -> None:
    """As many nodes of each label as the model has ids, no id twice: what hangs loose is in no table."""
    wanted = {name: len(found) for name, found in model.facts().items()}
    for node in NODE_TYPES:
        if node.label not in BY_ROW:
            continue
        asked = f"MATCH (n:{node.label}) RETURN count(n), count(DISTINCT n.{node.key})"
        count, distinct = store.fetch(asked)[0]
        must(count == distinct, f"{count} nodes {node.label} have {distinct} ids")
        expected = wanted.get(BY_ROW[node.label], 0)
        must(count == expected, f"{count} nodes {node.label}, {expected} rows of {BY_ROW[node.label]}")


def assert_half_is_old_or_new(made: Engine, before: Model, after: Model, operation: dict[str, Any]) -> None:
    """Right after the kill: no row twice, each as it was or as it will be (links to come apart)."""
    with made.chosen(), Store.open(made.home) as store:
        now = as_facts(tables_in_graph(store))
    old, new = before.facts(), after.facts()
    swapped = before.copy()
    if operation["what"] == "decide":
        swapped.link(operation["pair"], operation["pair"][1])
    other = swapped.facts()
    for name, found in now.items():
        known = {*old.get(name, ()), *new.get(name, ()), *other.get(name, ())}
        twice = [row for row, many in Counter(found).items() if many > 1 and "erased" not in row]
        must(not twice, f"{name}: rows twice after the kill: {twice[:MOST_SHOWN]}")
        if name in ("agencies", "practitioners"):
            continue
        strange = [row for row in found if row not in known]
        must(not strange, f"{name}: neither as before nor as after: {strange[:MOST_SHOWN]}")
    faults = AuditLog(made.home).verify()
    # the line that was being written may be cut off, and says so; none before it is touched
    must(len(faults) <= 1, f"the audit record is broken: {faults}")


def same(found: Facts, wanted: Facts, one: str, other: str) -> None:
    for name in sorted({*found, *wanted}):
        rows(one, found.get(name, []), other, wanted.get(name, []), name)


def rows(one: str, found: list[Any], other: str, wanted: list[Any], table: str) -> None:
    """The same rows as often, or what differs."""
    if found == wanted:
        return
    has, must_have = Counter(map(str, found)), Counter(map(str, wanted))
    more, less = list((has - must_have).elements()), list((must_have - has).elements())
    must(
        not (more or less),
        f"{table}: only in the {one}: {len(more)} {more[:MOST_SHOWN]}; "
        f"only in the {other}: {len(less)} {less[:MOST_SHOWN]}",
    )


def must(holds: bool, words: str) -> None:
    """Raises `AssertionError` in words, also where Python leaves `assert` out."""
    if not holds:
        raise AssertionError(words)

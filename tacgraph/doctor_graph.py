"""What the doctor looks at in the graph, once a database answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from graphmodel import migrations
from graphmodel.cypher import constraints
from graphmodel.errors import EngineError
from graphmodel.ledger_state import must_agree
from graphmodel.store import Store
from tacgraph.doctor_check import Check, guarded, look, well, wrong
from tacgraph.doctor_schedule import schedule

OLD_DAYS: Final = 45
"""After how many days without a load the month's figures rest on the month before."""


def of_graph(store: Store) -> Iterator[Check]:
    checks: tuple[tuple[str, Callable[[Store], Check]], ...] = (
        ("model", _schema),
        ("model version", _model),
        ("last load", _loads),
        ("order of loads", _order),
        ("ledger", _ledger),
        ("graph", _contents),
        ("erasure", _erased),
        ("schedule", _schedule),
    )
    for name, check in checks:
        yield guarded(name, lambda check=check: check(store))  # type: ignore[misc]


def _schema(store: Store) -> Check:
    wanted = {text.split()[2] for text in constraints()}
    there = {row[0] for row in store.fetch("SHOW CONSTRAINTS YIELD name RETURN name")}
    missing = wanted - there
    if missing:
        return wrong("model", f"{len(missing)} constraints are missing", "Run tacgraph load.")
    return well("model", f"{len(wanted)} constraints")


def _model(store: Store) -> Check:
    """Whether program and graph agree on the model's version."""
    found, known = migrations.version_of(store), migrations.current()
    words = f"version {found}, the program's {known}"
    if found is not None and found > known:
        return wrong("model version", words, "Use the newer tacgraph that wrote it.")
    if found is not None and found < known:
        return wrong("model version", words, "The next tacgraph load brings it up.")
    return well("model version", f"version {known}")


def _order(store: Store) -> Check:
    """A load from the future: the clock was wrong then, or is now, and the order of loads with it."""
    now = datetime.now(UTC)
    rows = store.fetch("MATCH (l:Load) WHERE l.started_at IS NOT NULL RETURN max(l.started_at) AS latest")
    latest = rows[0][0] if rows else None
    if latest is not None and datetime.fromisoformat(latest) > now + timedelta(minutes=5):
        return wrong(
            "order of loads",
            f"it is {now.isoformat(timespec='minutes')}, but a load began at {latest}",
            "Set the machine's clock (NTP); later loads count by its order.",
        )
    return well("order of loads", "none is from the future")


def _ledger(store: Store) -> Check:
    """Whether graph and ledger are of one time."""
    try:
        found = must_agree(store, store.home)
    except EngineError as fault:
        return wrong("ledger", f"{fault.thing} {fault.fault}", fault.mend)
    if found.empty and found.missing:
        mend = "If the graph was emptied by mistake: tacgraph ledger catch-up; else load."
        return look("ledger", f"the graph is empty, its ledger has {len(found.missing):,} loads", mend)
    parts = len(found.ledger.parts) if found.ledger else 0
    return well("ledger", f"{parts:,} loads that changed something, all in the graph")


def _erased(store: Store) -> Check:
    from loaders.protection.erasing import JOURNAL, came_back

    if (store.home / JOURNAL).exists():
        return wrong("erasure", "one was cut off", "Run tacgraph erase with --yes again.")
    back = came_back(store, store.home)
    if back:
        mend = "Erase them in the source system, then run tacgraph erase again."
        return wrong("erasure", f"{back} erased children are back", mend)
    return well("erasure", "nobody is back")


def _loads(store: Store) -> Check:
    rows = store.fetch(
        "MATCH (l:Load) RETURN l.load_id, l.source, l.outcome, l.finished_at ORDER BY l.load_id DESC"
    )
    if not rows:
        return wrong("last load", "nothing was loaded yet", "Run tacgraph load PATH.")
    load_id, source, outcome, finished = rows[0]
    if any(row[1] == "restore" and row[2] == "running" for row in rows):
        mend = "Run the same tacgraph restore again."
        return wrong("last load", "the graph is half a restore", mend)
    if finished is None:
        mend = "If no loader runs, it was cut off: run the same tacgraph load again."
        return wrong("last load", f"{load_id} from {source} has not finished", mend)
    found = f"{load_id} from {source}: {outcome}"
    if outcome != "loaded":
        return wrong("last load", found, "Mend what its lists name (loads/ of the data folder); load again.")
    days = (datetime.now(UTC) - datetime.fromisoformat(finished)).days
    if days > OLD_DAYS:
        return look("last load", f"{found}, {days} days ago", "Load the newest extract of each source.")
    return well("last load", found)


def _contents(store: Store) -> Check:
    rows = store.fetch("MATCH (n) RETURN labels(n)[0] AS label, count(*) AS nodes ORDER BY label")
    there = {label: nodes for label, nodes in rows if label in ("Child", "Practitioner", "Tac")}
    if not there:
        return wrong("graph", "no children, practitioners or teams", "Run tacgraph load PATH.")
    return well("graph", ", ".join(f"{nodes:,} {label}" for label, nodes in there.items()))


def _schedule(store: Store) -> Check:
    latest = store.fetch("MATCH (l:Load {outcome: 'loaded'}) RETURN max(l.load_id)")
    today = datetime.now(UTC).astimezone().date()
    return schedule(store.home, today, str(latest[0][0] if latest else ""))

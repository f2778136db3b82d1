"""Keeping nobody longer than agreed: which children are due by the rules, and making nobody of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from graphmodel.access import Viewer
from graphmodel.errors import LoadRefused
from graphmodel.ledger import ERASED
from graphmodel.settings import Retention
from graphmodel.store import Store
from loaders import record
from loaders.protection.activity import last_days
from loaders.protection.erasing import Erasure, erase
from loaders.protection.years import day_of, years_after

CHUNK: Final = 5_000
LONGEST: Final = timedelta(days=366)
"""Rules are not judged by the clock's own day when the latest load is older than this."""


@dataclass(frozen=True)
class Due:
    """What the rules say on a day. `children` are due; so many others are `active`, `recent` or `young`.

    `undated` have neither activity nor birth date, so no rule can judge them. `lists` are folders of loads
    whose rejects and findings are due.
    """

    on: date
    children: tuple[str, ...]
    active: int
    recent: int
    young: int
    undated: int
    lists: tuple[str, ...]


def refuse_wrong_clock(store: Store, *, day_is_stated: bool) -> None:
    """Raise `LoadRefused` where this computer's clock cannot be right, or the graph is too old to judge by.

    A clock before the latest load is wrong; one more than a year after it is, or newer records were not
    loaded, and children who are active in them would count as long gone (not asked where somebody stated
    the day).
    """
    latest = record.Before.of(store).instant
    if latest is None:
        return
    at, last = datetime.now(UTC), datetime.fromisoformat(latest)
    said = f"this computer's clock ({at:%Y-%m-%d %H:%M} UTC)"
    if at < last - record.SLACK:
        raise LoadRefused(
            said, f"is before the latest load ({last:%Y-%m-%d %H:%M} UTC)", "Set it; nothing was changed."
        )
    if at > last + LONGEST and not day_is_stated:
        raise LoadRefused(
            said,
            f"is long after the latest load ({last:%Y-%m-%d}): by that date many would count as long gone",
            "Set it, or load what is new first, or state the day with --as-of; nothing was changed.",
        )


def due(store: Store, home: Path, rules: Retention, on: date) -> Due:
    """Judge every child and every load's lists by the rules; nothing is changed.

    A child is due where no status, team or service runs on `on`, the last day of anything about it is at
    least `child_years` years ago, and it is `child_until_age` or older (unknown: old enough).
    A `child_years` or `list_years` of 0 keeps for good. Children already made nobody are left out.
    """
    lists = tuple(_old_lists(home, rules, on)) if rules.list_years else ()
    if not rules.child_years:
        return Due(on, (), 0, 0, 0, 0, lists)
    born = {
        row[0]: day_of(row[1])
        for rows in store.stream(
            "MATCH (c:Child) WHERE NOT $source IN coalesce(c.sources, []) "
            "RETURN c.child_id, toString(c.birth_date)",
            {"source": ERASED},
        )
        for row in rows
    }
    last, running = last_days(store, "Child", on)
    found: dict[str, list[str]] = {name: [] for name in ("due", "active", "recent", "young", "undated")}
    for child, birth in sorted(born.items()):
        found[_judged(last.get(child), birth, rules, on, running=child in running)].append(child)
    counts = {name: len(ids) for name, ids in found.items() if name != "due"}
    return Due(on, tuple(found["due"]), lists=lists, **counts)


def _judged(last: date | None, birth: date | None, rules: Retention, on: date, *, running: bool) -> str:
    if running:
        return "active"
    if last is None and birth is None:
        return "undated"
    if last is not None and years_after(last, rules.child_years) > on:
        return "recent"
    if birth is not None and years_after(birth, rules.child_until_age) > on:
        return "young"
    return "due"


def _old_lists(home: Path, rules: Retention, on: date) -> Iterator[str]:
    for folder in sorted((home / record.LOADS).glob("*T*-*")):
        stamp = folder.name[:8]
        if stamp.isdecimal() and years_after(date.fromisoformat(stamp), rules.list_years) <= on:
            yield folder.name


def retain(home: Path, found: Due, viewer: Viewer, told: Callable[[int], None] = lambda _: None) -> Erasure:
    """Make nobody of the children that are due, and delete the lists of loads that are.

    The audit record names the rules' day and how many. Raises as `erase` does.
    """
    done = Erasure(0, 0, 0, 0, 0, 0)
    for start in range(0, len(found.children), CHUNK):
        part = found.children[start : start + CHUNK]
        step = erase(home, part, viewer, what="retention", only_known=False)
        done = Erasure(*(getattr(done, n) + getattr(step, n) for n in Erasure.__dataclass_fields__))
        told(len(part))
    for name in found.lists:
        shutil.rmtree(home / record.LOADS / name, ignore_errors=True)
    with Store.open(home) as store:
        store.audit.record(
            viewer, "retention", about=f"rules on {found.on}", rows=done.children, lists=len(found.lists)
        )
    return done

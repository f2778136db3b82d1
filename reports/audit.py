"""The audit record as a table to go through: who looked at whom, when and why, and what is unusual about it.

Nothing here says that a look was wrong: it says where to ask first (TG 2.11-2.14: every access leaves a
trail, and a trail that nobody walks protects nobody).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

import pandas as pd

from graphmodel.settings import Audit

COLUMNS: Final = ("line", "at", "who", "role", "reason", "what", "about", "rows", "unusual")
CHILD: Final = "child_id="
WEEKEND: Final = 5
UNUSUAL: Final[Mapping[str, str]] = {
    "refused": "refused",
    "many": "many in a short time",
    "rare": "a child at whom nobody else looks",
    "hours": "outside working hours",
    "no_reason": "no reason stated",
}


def looks(entries: Sequence[Mapping[str, Any]], rules: Audit, zone: tzinfo | None = None) -> pd.DataFrame:
    """Every look as a row, unusual ones first (those with most that is unusual), then the latest first.

    Columns: line (in the record, from 1), at (an instant of `zone`, by default this machine's), who, role,
    reason, what, about, rows, unusual (the names in `UNUSUAL` that hold, in that order). *Many*: one of at
    least `burst_looks` by one person that fall within `burst_minutes`. *Rare*: at a child at whom only this
    person ever looked, where the record has at least `rare_from` looks at children. *Hours*: on a Saturday or
    Sunday, before `opens_at` or from `closes_at` on. Without an instant neither hours nor many holds.
    """
    when = [_instant(entry.get("at"), zone) for entry in entries]
    marks = {
        "refused": {i for i, entry in enumerate(entries) if entry.get("refused")},
        "many": _bursts(entries, when, rules),
        "rare": _rare(entries, rules),
        "hours": {i for i, at in enumerate(when) if at is not None and _out_of_hours(at, rules)},
        "no_reason": {i for i, entry in enumerate(entries) if not str(entry.get("reason") or "").strip()},
    }
    rows: list[tuple[Any, ...]] = [
        (
            number + 1,
            when[number],
            *(str(entry.get(name) or "") for name in ("who", "role", "reason", "what", "about")),
            int(entry.get("rows") or 0),
            [name for name in UNUSUAL if number in marks[name]],
        )
        for number, entry in enumerate(entries)
    ]
    rows.sort(key=lambda row: (-len(row[-1]), -row[0]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def child_of(entry: Mapping[str, Any]) -> str | None:
    """The one child that an entry is about; None where it is about none, or about rows of many."""
    about = str(entry.get("about") or "")
    return about.removeprefix(CHILD) if about.startswith(CHILD) else None


def _instant(text: object, zone: tzinfo | None) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).astimezone(zone)
    except ValueError:
        return None


def _out_of_hours(at: datetime, rules: Audit) -> bool:
    return at.weekday() >= WEEKEND or not rules.opens_at <= at.hour < rules.closes_at


def _bursts(entries: Sequence[Mapping[str, Any]], when: Sequence[datetime | None], rules: Audit) -> set[int]:
    """Places of the looks that belong to a window of one person with too many."""
    by_person: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for number, (entry, at) in enumerate(zip(entries, when, strict=True)):
        if at is not None:
            by_person[str(entry.get("who"))].append((at, number))
    width, found = timedelta(minutes=rules.burst_minutes), set[int]()
    for theirs in by_person.values():
        theirs.sort()
        first, marked = 0, 0
        for last, (at, _) in enumerate(theirs):
            while at - theirs[first][0] > width:
                first += 1
            if last - first + 1 >= rules.burst_looks:
                found |= {number for _, number in theirs[max(first, marked) : last + 1]}
                marked = last + 1
    return found


def _rare(entries: Sequence[Mapping[str, Any]], rules: Audit) -> set[int]:
    lookers: dict[str, set[str]] = defaultdict(set)
    about = [child_of(entry) for entry in entries]
    for entry, child in zip(entries, about, strict=True):
        if child is not None:
            lookers[child].add(str(entry.get("who")))
    if sum(child is not None for child in about) < rules.rare_from:
        return set()
    return {i for i, child in enumerate(about) if child is not None and len(lookers[child]) == 1}


def summary(found: pd.DataFrame, faults: Sequence[str], days: int | None) -> str:
    """The finding in a sentence: how many looks, how many of them unusual, whether the record is whole."""
    span = "on record" if days is None else f"in the last {days} days"
    unusual = int(found["unusual"].map(bool).sum())
    many = f"{len(found):,} look{'' if len(found) == 1 else 's'} {span}"
    odd = f", {unusual:,} of them unusual" if len(found) else ""
    whole = "the record is whole" if not faults else f"the record has been altered in {len(faults):,} places"
    return f"{many}{odd}; {whole}"


def by_person(found: pd.DataFrame) -> pd.DataFrame:
    """Looks by person and role: who, role, looks, unusual, last; most unusual first, then most looks."""
    if found.empty:
        return pd.DataFrame(columns=["who", "role", "looks", "unusual", "last"])
    grouped = (
        found.assign(odd=found["unusual"].map(bool))
        .groupby(["who", "role"], as_index=False)
        .agg(looks=("line", "size"), unusual=("odd", "sum"), last=("at", "max"))
    )
    order = grouped.sort_values(["unusual", "looks", "who", "role"], ascending=[False, False, True, True])
    return order.reset_index(drop=True)

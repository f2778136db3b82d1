"""Lists of everybody on a day, month after month → who was in which team from when to when.

Whoever is on a list and on the next one stayed; whoever is on no later list left by the next list's day.
What each list said is kept by its day in the data folder, with ids and codes only, so that the same lists
give the same facts in whatever order they come.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from graphmodel.errors import SourceError
from loaders.sources.spreadsheet.gather import Gathered, State

LISTS: Final = "lists"


@dataclass
class Snapshot:
    """What one list said. A first day is what the list gives, empty where it gives none."""

    teams: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    members: dict[tuple[str, str], str] = field(default_factory=dict)
    leads: dict[tuple[str, str], str] = field(default_factory=dict)
    needs: dict[tuple[str, str], str] = field(default_factory=dict)
    statuses: dict[tuple[str, str], str] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        return {
            "teams": [[k, *v] for k, v in sorted(self.teams.items())],
            **{n: [[*k, v] for k, v in sorted(getattr(self, n).items())] for n in _PAIRS},
        }


_PAIRS: Final = ("members", "leads", "needs", "statuses")


def snapshots(found: Gathered) -> dict[str, Snapshot]:
    """What each list said, by its day."""
    said = {day: Snapshot() for day in found.days}
    for team in found.teams.values():
        for day in team.days:
            said[day].teams["|".join(team.key)] = (team.key[0], team.key[1], team.opened)
    for name in ("members", "leads"):
        for part in getattr(found, name):
            getattr(said[part.day], name)["|".join(part.team), part.practitioner] = part.since or ""
    states: tuple[tuple[str, list[State]], ...] = (("needs", found.needs), ("statuses", found.statuses))
    for name, held in states:
        for state in held:
            getattr(said[state.day], name)[state.child, state.code] = state.since or ""
    return said


def _file(home: Path, source: str) -> Path:
    return home / LISTS / f"{source}.json"


def kept(home: Path, source: str) -> dict[str, Snapshot]:
    """The lists of this source that were loaded before, by day."""
    path = _file(home, source)
    if not path.exists():
        return {}
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return {day: _snapshot(said) for day, said in values.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        mend = "Take it out and load all lists again, in one folder."
        raise SourceError(str(path), f"cannot be read ({fault})", mend) from None


def _snapshot(values: dict[str, Any]) -> Snapshot:
    found = Snapshot({key: (given, child, opened) for key, given, child, opened in values["teams"]})
    for name in _PAIRS:
        setattr(found, name, {(a, b): since for a, b, since in values[name]})
    return found


def keep(home: Path, source: str, said: dict[str, Snapshot]) -> None:
    """Add these lists to those kept; a list of the same day takes the other's place."""
    path = _file(home, source)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    everything = {**kept(home, source), **said}
    text = json.dumps({day: everything[day].plain() for day in sorted(everything)}, ensure_ascii=False)
    fresh = path.with_suffix(".new")
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
    fresh.replace(path)


@dataclass(frozen=True)
class Run:
    """An unbroken stay on the lists: `first` and `last` are list days, `after` the first list without it."""

    key: tuple[str, str]
    since: str
    first: str
    last: str
    after: str | None

    @property
    def started_on(self) -> str:
        return self.since or self.first


def runs(said: dict[str, Snapshot], name: str) -> Iterator[Run]:
    """The stays of one kind, in order of their key."""
    days = sorted(said)
    keys: Iterable[Any] = sorted({key for day in days for key in getattr(said[day], name)})
    for key in keys:
        first = last = since = ""
        for day in days:
            held = getattr(said[day], name)
            if key in held:
                if not first:
                    value = held[key]
                    first, since = day, value if isinstance(value, str) else value[2]
                last = day
            elif first:
                yield Run(_pair(key), since, first, last, day)
                first = ""
        if first:
            yield Run(_pair(key), since, first, last, None)


def _pair(key: str | tuple[str, str]) -> tuple[str, str]:
    return (key, "") if isinstance(key, str) else key

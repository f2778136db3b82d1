"""Which months are due, written whole or not at all, each once, and handed over by the user's own command."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from graphmodel.beside import workplace
from graphmodel.disk import on_disk
from graphmodel.errors import SettingsError, TacgraphError

STATE: Final = ".state"
HAND_OVER_SECONDS: Final = 600


class HandOverFailed(TacgraphError):
    """The user's own command did not take the report."""


@dataclass(frozen=True)
class State:
    """What is known of a month's pack: the load it was made of, whether it is provisional, handed over."""

    load: str
    provisional: bool
    handed_over: bool = False


def month_of(text: str) -> date:
    """The first day of `YYYY-MM`. Raises `SettingsError`."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as fault:
        raise SettingsError(f"month {text!r}", "is not a month", "Write it like 2026-10.") from fault


def before(month: date) -> date:
    """The first day of the month before."""
    return (month.replace(day=1) - timedelta(days=1)).replace(day=1)


def months_between(first: date, last: date) -> list[date]:
    """The first days of all months from `first`'s to `last`'s."""
    found, month = [], last.replace(day=1)
    while month >= first.replace(day=1):
        found.append(month)
        month = before(month)
    return found[::-1]


class Packs:
    """The packs of a folder: one folder a month, named YYYY-MM, and what is known of each."""

    def __init__(self, out: Path) -> None:
        self.out = out

    def folder(self, month: date) -> Path:
        return self.out / f"{month:%Y-%m}"

    def state(self, month: date) -> State | None:
        """What is known of a month; None where it was not written, or its folder was taken away."""
        file = self.out / STATE / f"{month:%Y-%m}.json"
        try:
            known = State(**json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return known if self.folder(month).is_dir() else None

    def keep(self, month: date, state: State) -> None:
        place = self.out / STATE
        place.mkdir(parents=True, exist_ok=True)
        made = place / f".{month:%Y-%m}.new"
        made.write_text(json.dumps(asdict(state)) + "\n", encoding="utf-8")
        made.replace(place / f"{month:%Y-%m}.json")

    def due(self, today: date, load: str, *, since: date | None = None) -> list[date]:
        """The months that are over and not yet written, oldest first.

        From `since`, else from the oldest written, else the last month alone. A provisional pack (its data
        were late or not whole) is due again once there is another load.
        """
        last = before(today)
        known = {month: self.state(month) for month in self._written()}
        first = since or min((month for month, state in known.items() if state), default=last)
        return [
            month
            for month in months_between(first, last)
            if (state := known.get(month)) is None or (state.provisional and state.load != load)
        ]

    def not_handed_over(self) -> list[date]:
        """The months that were written and whose hand-over is still to be done, oldest first."""
        found = {month: self.state(month) for month in self._written()}
        return [month for month, state in sorted(found.items()) if state and not state.handed_over]

    def _written(self) -> list[date]:
        names = sorted(file.stem for file in (self.out / STATE).glob("????-??.json"))
        return [month_of(name) for name in names]

    def write(self, month: date, work: Callable[[Path], None]) -> Path:
        """Have `work` fill a new folder, and put it in the place of the month's: whole, or not at all."""
        place = self.folder(month)
        with on_disk(self.out):
            self.out.mkdir(parents=True, exist_ok=True)
            with workplace(self.out) as made:
                new = made / "new"
                new.mkdir(mode=0o700)
                work(new)
                if place.exists():
                    place.rename(made / "old")
                new.rename(place)
        return place

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One run at a time; a second one waits. Raises `SettingsError` where it cannot write."""
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.out / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as fault:
            mend = "Name a folder that can be written to."
            raise SettingsError(f"folder {self.out}", f"cannot be written ({fault})", mend) from fault
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def words_of(command: str, folder: Path, month: date) -> list[str]:
    """The program and its arguments, `{folder}` and `{month}` filled in after the text was split.

    So a folder's name with blanks or signs stays one argument; there is no shell. Raises `SettingsError`.
    """
    try:
        words = shlex.split(command)
    except ValueError as fault:
        raise SettingsError(
            f"command {command!r}", f"cannot be read ({fault})", "Mend its quotes."
        ) from fault
    if not words:
        raise SettingsError("the command of --then", "is empty", "Name a program and its arguments.")
    filled = {"{folder}": str(folder.resolve()), "{month}": f"{month:%Y-%m}"}
    for name, value in filled.items():
        words = [word.replace(name, value) for word in words]
    return words


def hand_over(command: str, folder: Path, month: date) -> None:
    """Run the user's command on a month's folder. Raises `HandOverFailed`, with what it said last."""
    words = words_of(command, folder, month)
    thing, mend = f"hand-over of {month:%Y-%m}", "The report is written; mend the command and run this again."
    try:
        done = subprocess.run(
            words, check=False, capture_output=True, text=True, errors="replace", timeout=HAND_OVER_SECONDS,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as fault:
        raise HandOverFailed(thing, f"{words[0]} cannot be run ({fault.strerror})", mend) from fault
    except subprocess.TimeoutExpired as fault:
        raise HandOverFailed(thing, f"{words[0]} took more than {HAND_OVER_SECONDS} s", mend) from fault
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:] or ["it said nothing"]
        raise HandOverFailed(thing, f"{words[0]} ended with code {done.returncode}: {said[0]}", mend)

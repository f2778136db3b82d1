"""What takes seconds to work out, kept on disk, and a process that works it out before somebody asks.

`tacgraph dashboard` begins the process when it begins to serve (`dashboards.launch`). It runs at low
priority, reads the slice where none is kept yet, and makes the answers of the opening day; a visitor who
comes first waits for it, and works nothing out a second time. It ends when it is done, and when the dashboard
ends.
"""

from __future__ import annotations

import fcntl
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Final

from analysis import advice as advice_measures
from analysis import network_day
from analysis.advice import Advice
from analysis.answers import Question, kept_or_made
from analysis.network_day import Network
from analysis.tables import Slice
from dashboards.launch import AS_OF_VARIABLE
from graphmodel.errors import TacgraphError
from graphmodel.settings import Settings, data_folder, settings
from graphmodel.store import Store

NICE: Final = 10
_LOCK: Final = ".warming"


def network(home: Path, tables: Slice, day: date, asked: Settings) -> Network:
    """The network of a day with all that is drawn beside it."""
    question = Question("network", home, tables, day, asked)
    return kept_or_made(question, lambda: network_day.network(tables, day, asked))


def advice_asked(home: Path, tables: Slice, day: date, asked: Settings) -> Question:
    """The question whose answer `advice` is."""
    return Question("advice", home, tables, day, asked)


def advice(home: Path, tables: Slice, day: date, asked: Settings) -> Advice:
    """Every point of the curve of a day; kept only where each was proven the best in the time there was."""
    question = advice_asked(home, tables, day, asked)
    return kept_or_made(question, lambda: advice_measures.advise(tables, day, asked), worth=_proven)


def _proven(found: Advice) -> bool:
    return all(point.plan.proven for point in found.points)


def opening_day(tables: Slice) -> date:
    """The day that pages open with: the one named at the start, else the last of the data, at most today."""
    stated = os.environ.get(AS_OF_VARIABLE)
    today = datetime.now().astimezone().date()
    return date.fromisoformat(stated) if stated else min(tables.data_date or today, today)


def work_ahead(home: Path) -> None:
    """Make the slice of the latest load, and what its opening day needs; raises as a page does."""
    with Store.open(home, "reader") as store:
        tables = Slice.current(store, home)
    if not tables.complete or not len(tables.table("tacs")):
        return
    asked, day = settings(), opening_day(tables)
    network(home, tables, day, asked)
    advice(home, tables, day, asked)


@contextmanager
def _only_one(home: Path) -> Iterator[bool]:
    """Whether no other process works ahead for this data folder."""
    descriptor = os.open(home / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)


def _end_with_the_dashboard() -> None:
    """The dashboard holds the other end of our standard input, and never writes."""
    with suppress(OSError):
        # not by sys.stdin, whose lock a thread that waits would hold while this process ends
        os.read(0, 1)
    os._exit(0)


def main() -> int:
    """Work ahead once; faults are for the visitor who meets them, in words."""
    os.nice(NICE)
    threading.Thread(target=_end_with_the_dashboard, daemon=True).start()
    home = data_folder()
    with suppress(TacgraphError, OSError), _only_one(home) as alone:
        if alone:
            work_ahead(home)
    return 0


if __name__ == "__main__":
    sys.exit(main())

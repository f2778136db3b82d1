"""Messages to people go to standard error; what a machine may read goes to standard output, clean."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

messages: Final = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    messages.print(text, markup=False)


def warn(text: str) -> None:
    messages.print(text, style="bold", markup=False)


class ProgressBars:
    """Progress of long work, one bar a step; on a pipe it says each step once instead of drawing."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._task: TaskID | None = None
        self._drawn = messages.is_terminal

    def start(self, what: str, total: int | None) -> None:
        """Begin a step of `total` rows (None: unknown)."""
        if self._task is not None:
            self._bars.stop_task(self._task)
        self._task = self._bars.add_task(what, total=total)
        if not self._drawn:
            say(what + (f" ({total:,} rows)" if total else ""))

    def advance(self, rows: int) -> None:
        """`rows` more of the step are done."""
        if self._task is not None:
            self._bars.advance(self._task, rows)


@contextmanager
def progress_bars() -> Iterator[ProgressBars]:
    columns = (
        TextColumn("{task.description:<32}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=messages, disable=not messages.is_terminal) as bars:
        yield ProgressBars(bars)


def table_width() -> int:
    """Columns to print a table in: the terminal's, and room for all of it where there is none."""
    return messages.width if sys.stdout.isatty() else 200

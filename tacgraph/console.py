"""Messages to people go to standard error; what a machine may read goes to standard output, clean."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from rich import table as rich_table
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.letters import letters

messages: Final = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


def say(text: str) -> None:
    messages.print(letters(text), markup=False)


def warn(text: str) -> None:
    messages.print(letters(text), style="bold", markup=False)


def tell(text: object) -> None:
    """A sentence to standard output, whose names come from the data."""
    print(letters(text))


class Table(rich_table.Table):
    """A table whose heads, cells and title are letters: nothing in them is mark-up or moves a terminal."""

    def __init__(self, *heads: str, title: str | None = None, **options: Any) -> None:
        told = None if title is None else Text(letters(title))
        super().__init__(title=told, **options)
        for head in heads:
            self.add_column(head)

    def add_column(self, header: Any = "", *more: Any, **options: Any) -> None:
        """As of every table."""
        super().add_column(_text(header), *more, **options)

    def add_row(self, *cells: Any, **options: Any) -> None:
        """As of every table."""
        super().add_row(*(_text(cell) for cell in cells), **options)


def _text(cell: Any) -> Any:
    return Text(letters(cell)) if isinstance(cell, str) else cell


class ProgressBars:
    """Progress of long work, one bar a step; on a pipe it says each step once instead of drawing."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._task: TaskID | None = None
        self._drawn = messages.is_terminal

    def begin(self, name: str, total: int | None) -> None:
        """Begin a step of `total` rows or parts (None: unknown)."""
        self.close()
        self._task = self._bars.add_task(name, total=total)
        if not self._drawn:
            say(name + (f" ({total:,})" if total else ""))

    def advance(self, count: int) -> None:
        """`count` more of the step are done."""
        if self._task is not None:
            self._bars.advance(self._task, count)

    def close(self) -> None:
        """End the step."""
        if self._task is not None:
            self._bars.stop_task(self._task)
        self._task = None

    def step(self, name: str) -> Callable[[str, int, int], None]:
        """A listener for work that says "this part, so many done of so many": one bar for all of it."""
        begun = False

        def listen(_part: str, done: int, total: int) -> None:
            nonlocal begun
            if not begun:
                self.begin(name, total)
                begun = True
            if self._task is not None:
                self._bars.update(self._task, completed=done)

        return listen


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


def on_record(home: Path, command: str, about: str, rows: int) -> None:
    """A line of the audit record for what a command shows of teams or people from the slice."""
    AuditLog(home).record(Viewer.local(), f"command line: {command}", about=about, rows=rows)


def table_width() -> int:
    """Columns to print a table in: the terminal's, and room for all of it where there is none."""
    return messages.width if sys.stdout.isatty() else 200


def today() -> date:
    """The day where the command is given."""
    return datetime.now(UTC).astimezone().date()


def cell(value: Any) -> str:
    """A value in a table for people: decimals to two places, lists joined."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, list):
        return ";".join(str(item) for item in value)
    return str(value)

"""Work counted, never timed: round trips and rows asked of the database, and days that are measured anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from analysis import asof
from analysis.coded import Coded
from graphmodel.store import Rows, Store


@dataclass
class Work:
    """What was asked: texts of reads in order, rows that came back, transactions and statements written."""

    reads: list[str] = field(default_factory=list)
    rows: int = 0
    transactions: int = 0
    statements: int = 0


@contextmanager
def counted() -> Iterator[Work]:
    """Count what every store of this process does meanwhile; the work itself is done as ever."""
    work = Work()
    chunks, rows, write = Store._chunks, Store._rows, Store.write

    def counting_chunks(
        store: Store, query: str, parameters: Mapping[str, Any], chunk: int
    ) -> Iterator[list[list[Any]]]:
        work.reads.append(query)
        for part in chunks(store, query, parameters, chunk):
            work.rows += len(part)
            yield part

    def counting_rows(store: Store, query: str, *rest: Any) -> Rows:
        work.reads.append(query)
        found = rows(store, query, *rest)
        work.rows += len(found.rows)
        return found

    def counting_write(
        store: Store, statements: Sequence[tuple[str, Mapping[str, Any]]] | str, **parameters: Any
    ) -> list[list[list[Any]]]:
        work.transactions += 1
        work.statements += 1 if isinstance(statements, str) else len(statements)
        return write(store, statements, **parameters)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "_chunks", counting_chunks)
        patch.setattr(Store, "_rows", counting_rows)
        patch.setattr(Store, "write", counting_write)
        yield work


@contextmanager
def days_measured() -> Iterator[list[int]]:
    """The days whose teams are worked out meanwhile, in order: what nearly every figure begins with."""
    days: list[int] = []
    teams = asof.teams

    def counting(data: Coded, day: int) -> asof.Teams:
        days.append(day)
        return teams(data, day)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asof, "teams", counting)
        yield days

"""Every question of the catalogue as an analyst would ask it of DuckDB: SQL on tables of the CSV files.

One file a question in `duckdb_sql/`, written from the measures page alone, and the macros that they share: a
yardstick, and a third computation of the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import duckdb

from graphmodel.codes import SENSITIVE_CATEGORIES, allocation_rules
from graphmodel.relationships import TABLES
from graphmodel.settings import Settings

Connection = duckdb.DuckDBPyConnection

SQL: Final = Path(__file__).with_name("duckdb_sql")
INDICES: Final = "fairness_indices"
"""Gini, Theil with its two parts, Hoover and Jain: no query of the catalogue, but the page Fairness."""
_SHARED: Final = frozenset({"tables", "macros"})
NAMES: Final = tuple(sorted(path.stem for path in SQL.glob("*.sql") if path.stem not in _SHARED))


@cache
def text(name: str) -> str:
    return (SQL / f"{name}.sql").read_text(encoding="utf-8")


def loaded(folder: Path, settings: Settings, *, only: Iterable[str] = TABLES, threads: int = 2) -> Connection:
    """A database in memory with the CSV files of a folder and the settings' weights; close it after use.

    `only` names the files that are read; the other tables stay empty.
    """
    made = duckdb.connect(":memory:", config={"threads": threads})
    made.execute(text("tables"))
    for path in (folder / f"{name}.csv" for name in only):
        if not path.exists():
            continue
        # everything as text: it is the table that says the types, and "007" stays an id
        made.execute(
            f"INSERT INTO {path.stem} BY NAME "  # noqa: S608  (our own example's file names)
            "SELECT * FROM read_csv($path, header = true, all_varchar = true, delim = ',', quote = '\"')",
            {"path": str(path)},
        )
    _agree(made, settings)
    made.execute(text("macros"))
    return made


def _agree(made: Connection, settings: Settings) -> None:
    """The settings as two small tables and variables."""
    work = settings.workload
    made.executemany("INSERT INTO need_weight VALUES (?, ?)", [[k, w] for k, w in work.need_weight.items()])
    made.executemany("INSERT INTO role_share VALUES (?, ?)", [[r, s] for r, s in work.tac_share.items()])
    rules = [
        [r["status"], r["precedence"], r["strength"], r["roles"]]
        for r in allocation_rules(settings.allocation_profile)
    ]
    made.executemany("INSERT INTO allocation_rule VALUES (?, ?, ?, ?)", rules)
    for name, value in {**work.model_dump(), **settings.queries.model_dump()}.items():
        if isinstance(value, int | float):
            kind = "DOUBLE" if isinstance(value, float) else "INTEGER"
            made.execute(f"SET VARIABLE {name} = {value!r}::{kind}")
    known = ", ".join(f"'{category}'" for category in sorted(SENSITIVE_CATEGORIES))
    made.execute(f"SET VARIABLE sensitive_categories = [{known}]")


def asked(made: Connection, name: str, d: date, **given: Any) -> list[list[Any]]:
    """The rows of one question on a day, in the order that the measures page says."""
    return [list(row) for row in made.execute(text(name), {"d": d, **given}).fetchall()]

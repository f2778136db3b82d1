"""What a process that is to be killed does: one operation, saying each step that it takes."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import date
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from analysis.tables import Slice
from graphmodel.access import Viewer
from graphmodel.errors import QueryError, TacgraphError
from graphmodel.settings import Retention, settings
from graphmodel.store import Store
from loaders import load, shape
from loaders.backup import back_up, restore
from loaders.matching.links import Links
from loaders.matching.run import decide, restate, undo
from loaders.protection import due, erase, retain
from tacgraph.report_commands import report

BATCH: Final = 60
"""Rows in a transaction: small, so that there are many places to strike."""
WHY: Final = Viewer.local("a crash test, agreed with nobody")
ON: Final = date(2026, 3, 31)
RULES: Final = Retention(child_years=1, child_until_age=17, list_years=0)


STEPS: list[Connection] = []
"""Where this process says its steps."""


def step(name: str) -> None:
    for told in STEPS:
        told.send(name)


class Speaking:
    """Progress, told step by step."""

    def __init__(self) -> None:
        self.name = ""

    def begin(self, name: str, total: int | None) -> None:  # noqa: ARG002
        self.name = name
        step(name)

    def advance(self, count: int) -> None:  # noqa: ARG002
        step(self.name)

    def close(self) -> None:
        step("closed")


def _load(home: Path, given: dict[str, Any]) -> None:
    load(
        Path(given["folder"]),
        home=home,
        source=given["source"],
        replace=given["replace"],
        progress=Speaking(),
    )


def _decide(home: Path, given: dict[str, Any]) -> None:
    a, b = given["pair"]
    decide(home, "child", a, b, "same", settings=settings(), who="a test", role="analyst", why="a test")


def _undo(home: Path, given: dict[str, Any]) -> None:
    """As somebody would who looks first: what is taken back already is only brought to the graph."""
    a, b = given["pair"]
    with Links(home) as links:
        stands = (min(a, b), max(a, b)) in links.decided("child")
        if not stands:
            restate(home, links)
    if stands:
        undo(home, "child", a, b, settings=settings(), who="a test", role="analyst", why="a test")


def _erase(home: Path, given: dict[str, Any]) -> None:
    """An id that is not in the graph any more was erased before the kill."""
    try:
        erase(home, [given["child"]], WHY)
    except QueryError as gone:
        if "is not in the graph" not in str(gone):
            raise


def _retain(home: Path, _: dict[str, Any]) -> None:
    with Store.open(home) as store:
        found = due(store, home, RULES, ON)
    step("the children that are due are known")
    retain(home, found, WHY)


def _backup(home: Path, given: dict[str, Any]) -> None:
    back_up(home, Path(given["archive"]), force=True, progress=Speaking())


def _restore(home: Path, given: dict[str, Any]) -> None:
    restore(Path(given["archive"]), home, force=True, progress=Speaking())


def _slice(home: Path, _: dict[str, Any]) -> None:
    with Store.open(home) as store:
        Slice.current(store, home)


def _report(_: Path, given: dict[str, Any]) -> None:
    code = report(out=Path(given["out"]), month="2026-02")
    if code:
        raise SystemExit(code)


OPERATIONS: Final[dict[str, Callable[[Path, dict[str, Any]], None]]] = {
    "load": _load,
    "decide": _decide,
    "undo": _undo,
    "erase": _erase,
    "retain": _retain,
    "backup": _backup,
    "restore": _restore,
    "slice": _slice,
    "report": _report,
}


def work(
    operation: dict[str, Any], home: str, variables: Mapping[str, str], told: Connection, words: str
) -> None:
    """One operation, to the exit code that `tacgraph` would have; what it says goes to the file `words`."""
    os.environ.update(variables)
    file = os.open(words, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    STEPS.append(told)
    vars(shape)["BATCH_ROWS"] = BATCH
    code = 1
    try:
        OPERATIONS[operation["what"]](Path(home), operation)
        told.send(None)
        code = 0
    except TacgraphError as fault:
        print(fault, file=sys.stderr)
        code = fault.exit_code
    except BaseException:  # noqa: BLE001  (whatever it is, the one who started this must read it)
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    # past the interpreter's own end, as after a kill nothing may depend on it
    os._exit(code)

"""An erasure that a kill cut off: the next one, of whomever, and the next load complete it first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.store import Store
from loaders import load
from loaders.protection import erase, erasing
from loaders.protection.erasing import JOURNAL
from tests.loading import SMALL, read_tables, tables_in_graph, write_tables
from tests.test_ledger import assert_ledger_is_graph

FIRST, SECOND = "c01", "c02"
WHY = Viewer.local("request 1, decided by the data protection officer")
OTHER = Viewer.local("request 2")


class Killed(BaseException):
    """What stops a process at once."""


def cut_off(home: Path, child: str, at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An erasure that ends where this step of it begins."""

    def end(*_: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(erasing, at, end)
        with pytest.raises(Killed):
            erase(home, [child], WHY)


def children(home: Path) -> list[str]:
    with Store.open(home) as store:
        return [row[0] for row in tables_in_graph(store)["children"]]


def test_the_next_erasure_completes_it_and_does_its_own(
    on_engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(SMALL, home=on_engine)
    many = len(children(on_engine))
    cut_off(on_engine, FIRST, "_rewrite_graph", monkeypatch)
    done = erase(on_engine, [SECOND], OTHER)
    assert done.children == 2
    left = children(on_engine)
    assert len(left) == many
    assert not {FIRST, SECOND} & set(left)
    assert_ledger_is_graph(on_engine)
    looks = [entry["reason"] for entry in AuditLog(on_engine).entries() if entry["what"] == "erasure"]
    assert looks == [WHY.reason, OTHER.reason], "each under the reason that it was decided for"


def test_the_next_load_completes_it_before_it_looks_at_anything(
    on_engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source has erased the child too: without that, the replacement would take the child out whole."""
    load(SMALL, home=on_engine)
    many = len(children(on_engine))
    cut_off(on_engine, FIRST, "_rewrite_graph", monkeypatch)
    given = read_tables(SMALL)
    tacs = {row["tac_id"] for row in given["tacs"] if row["child_id"] == FIRST}
    left = {
        name: [r for r in rows if r.get("child_id") != FIRST and r.get("tac_id") not in tacs]
        for name, rows in given.items()
    }
    report = load(write_tables(tmp_path / "left", left), home=on_engine, replace=True)
    assert "an erasure was cut off: it is completed" in report.notes
    assert not (on_engine / JOURNAL).exists()
    found = children(on_engine)
    assert len(found) == many, "the erased child still counts"
    assert FIRST not in found
    assert_ledger_is_graph(on_engine)


def test_a_plan_that_was_half_written_is_none(on_engine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(SMALL, home=on_engine)

    def half(value: Any, file: Any) -> None:
        text = json.dumps(value)
        file.write(text[: len(text) // 2])
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(json, "dump", half)
        with pytest.raises(Killed):
            erase(on_engine, [FIRST], WHY)
    assert erase(on_engine, [FIRST], WHY).children == 1
    assert FIRST not in children(on_engine)
    assert not list(on_engine.glob("*erasing*")), "nothing is left that tells who it was"

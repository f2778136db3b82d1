"""Who was erased comes back by order alone: each load holds it back, no list shows it, an order lifts it."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import AccessRefused, QueryError
from graphmodel.store import Store
from loaders import load
from loaders.protection import erase, lift
from loaders.protection.erased import digest, listed, remember
from loaders.protection.erasing import came_back
from tacgraph import cli
from tests.loading import SMALL, read_list, read_tables, tables_in_graph, write_tables

WHY = Viewer.local("request of 2026-11-22, decided by the data protection officer")
CHILD = "c01"


def own_rows() -> dict[str, int]:
    """How many rows of each file are the child's own, by plain loops."""
    found = read_tables(SMALL)
    tacs = {row["tac_id"] for row in found["tacs"] if row["child_id"] == CHILD}
    mine = {
        table: sum(row.get("child_id") == CHILD or row.get("tac_id") in tacs for row in rows)
        for table, rows in found.items()
    }
    return {table: rows for table, rows in mine.items() if rows}


def test_what_a_source_still_says_is_held_back_and_not_repeated(on_engine: Path) -> None:
    load(SMALL, home=on_engine)
    erase(on_engine, [CHILD], WHY)
    with Store.open(on_engine) as store:
        before = tables_in_graph(store)
        report = load(SMALL, home=on_engine)
        assert tables_in_graph(store) == before
        assert came_back(store, on_engine) == 0
    assert {t: c.rejected for t, c in report.tables.items() if c.rejected} == own_rows()
    assert not any(c.created or c.updated or c.retired for c in report.tables.values())
    rejects = read_list(report, "rejects.csv")
    today = datetime.now(UTC).date().isoformat()
    assert len(rejects) == sum(own_rows().values())
    assert all(row["value"].startswith("erased:") for row in rejects)
    assert all(f"was erased on {today}; tacgraph erase ID --lift" in row["reason"] for row in rejects)
    tables = read_tables(SMALL)
    ids = {CHILD} | {row["tac_id"] for row in tables["tacs"] if row["child_id"] == CHILD}
    assert not [one for row in rejects for one in ids if one in row["value"] + row["reason"]]
    assert not [row for row in read_list(report, "findings.csv") if ids & set(row["ids"].split())]
    again = load(SMALL, home=on_engine, replace=True)
    with Store.open(on_engine) as store:
        assert tables_in_graph(store) == before
    assert not any(c.retired for c in again.tables.values())


def test_a_faulty_row_of_an_erased_child_shows_none_of_its_cells(on_engine: Path, tmp_path: Path) -> None:
    load(SMALL, home=on_engine)
    erase(on_engine, [CHILD], WHY)
    rows = [
        {"child_id": CHILD, "birth_date": "on her third birthday"},
        {"child_id": "c02", "birth_date": "x"},
    ]
    report = load(write_tables(tmp_path / "faulty", {"children": rows}), home=on_engine)
    values = {row["value"] for row in read_list(report, "rejects.csv")}
    assert "x" in values
    assert not [value for value in values if "birthday" in value]


def test_it_is_taken_again_by_order_alone(on_engine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load(SMALL, home=on_engine)
    erase(on_engine, [CHILD], WHY)
    for viewer in (Viewer("al", "administrator", "because"), Viewer("jo", "safeguarding_lead")):
        with pytest.raises(AccessRefused):
            lift(on_engine, CHILD, viewer)
    with pytest.raises(QueryError, match="was not erased"):
        lift(on_engine, "c02", WHY)

    def run(*words: str) -> int:
        with pytest.raises(SystemExit) as ended:
            cli.main(list(words))
        return int(ended.value.code or 0)

    assert run("erase", CHILD, "--lift", "--reason", "the request was taken back") == 0
    assert "Nothing was changed" in capsys.readouterr().err
    assert load(SMALL, home=on_engine).tables["children"].rejected == 1
    assert run("erase", CHILD, "--lift", "--reason", "the request was taken back", "--yes") == 0
    entry = AuditLog(on_engine).entries()[-1]
    assert (entry["what"], entry["reason"]) == ("erasure lifted", "the request was taken back")
    report = load(SMALL, home=on_engine)
    assert not any(c.rejected for c in report.tables.values())
    with Store.open(on_engine) as store:
        assert CHILD in {row[0] for row in tables_in_graph(store)["children"]}
        assert came_back(store, on_engine) == 0


def test_the_list_holds_hashes_and_days_and_is_the_owners_alone(tmp_path: Path) -> None:
    remember(tmp_path, ["a", "b"])
    remember(tmp_path, ["b", "c"])
    path = tmp_path / "erased.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_text(encoding="ascii").splitlines()) == 3
    with path.open("a", encoding="ascii") as file:
        file.write(digest(b"key of an older version", "d") + "\n")
    found = listed(tmp_path)
    assert sorted(found.values()) == ["", *[datetime.now(UTC).date().isoformat()] * 3]

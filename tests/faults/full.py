"""What is done on a disk that fills: scenarios for a child process (`tests.faults.disk`), each a check."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from datetime import date
from pathlib import Path

import pytest

from analysis.tables import Slice
from dashboards import agreeing, keeping
from graphmodel import engine
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import DiskError
from graphmodel.settings import load_settings
from graphmodel.store import Store
from loaders import load
from loaders.backup import back_up
from loaders.matching.links import Links
from reports.monthly import make_report, write_files
from tacgraph.cli import main
from tests.faults.disk import Disk
from tests.loading import facts, write_tables
from tests.partnerships import random_partnership
from tests.test_ledger import assert_ledger_is_graph

SETTLED = 40_000_000
"""Bytes enough for everything."""


def command(*words: str) -> tuple[int, str]:
    """Run the command line: its exit code and what it said to people."""
    said = io.StringIO()
    with redirect_stderr(said), redirect_stdout(io.StringIO()):
        from tacgraph import console  # noqa: PLC0415

        console.messages.file = said
        try:
            main(words)
        except SystemExit as end:
            return int(end.code or 0), said.getvalue()
    return 0, said.getvalue()


def files(folder: Path) -> dict[str, bytes]:
    """Every file below, its content by its name; the ballast left out."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "ballast")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def is_told(code: int, words: str, folder: Path) -> None:
    assert code == 8, (code, words)
    assert "is full" in words, words
    assert "MB free" in words
    assert str(folder) in words
    assert "Traceback" not in words


def a_load(folder: Path) -> None:
    """At whatever step room ends: said, and with room again all of it is there, once."""
    home, disk = folder / "home", Disk(folder)
    source = folder / "source"
    random_partnership(3).write(source)
    refused = 0
    for leave in (0, 4_096, 20_000, 60_000, 150_000, 400_000, 800_000, 1_600_000, 3_200_000, SETTLED):
        disk.fill(leave)
        code, words = command("load", str(source))
        disk.free()
        if code == 0:
            break
        is_told(code, words, folder)
        refused += 1
    assert refused >= 2
    disk.free()
    load(source, home=home)
    assert_ledger_is_graph(home)
    with Store.open(home) as store:
        once = facts(store)
    assert not load(source, home=home).changed
    with Store.open(home) as store:
        assert facts(store) == once
    assert not [p for p in (home / "loads").iterdir() if p.name.startswith("staging-")]
    print("refused", refused)


def records(folder: Path) -> None:
    """What cannot be written down is not shown; nothing half is left, and the record goes on."""
    home, disk = folder / "home", Disk(folder)
    home.mkdir(mode=0o700, exist_ok=True)
    load(
        write_tables(
            folder / "source",
            {"practitioners": [{"practitioner_id": "p1", "name": "A Name", "role": "social_worker"}]},
        ),
        home=home,
    )
    # longer than the room that the file's last block may have
    viewer, log = Viewer.local("a reason " * 2_000), AuditLog(home)
    asked = "MATCH (p:Practitioner) RETURN p.practitioner_id AS practitioner_id, p.name AS name"
    with Store.open(home) as store:
        assert store.read(asked, viewer=viewer).rows == [("p1", "A Name")]
        before = log.path.read_bytes()
        disk.fill(len(before) if disk.limits else 0)
        for _ in range(3):
            with pytest.raises(DiskError, match="is full"):
                store.read(asked, viewer=viewer)
        assert log.path.read_bytes() == before
        disk.free()
        assert store.read(asked, viewer=viewer).rows == [("p1", "A Name")]
    assert log.verify() == []
    assert len(log.entries()) == 2
    lines_kept(home, disk, viewer)
    links_kept(home, disk)


def lines_kept(home: Path, disk: Disk, viewer: Viewer) -> None:
    agreed, path = load_settings(), home / keeping.PROPOSALS
    agreeing.propose(viewer, agreed, "workload.points_per_fte", "14.0", "why")
    before = path.read_bytes()
    disk.fill(len(before) if disk.limits else 0)
    # a line longer than what a block of the disk still has room for
    with pytest.raises(DiskError, match="is full"):
        agreeing.propose(viewer, agreed, "workload.points_per_fte", "13.0", "why " * 5_000)
    assert path.read_bytes() == before
    disk.free()
    agreeing.propose(viewer, agreed, "workload.points_per_fte", "12.0", "why")
    assert [one.value for one in agreeing.proposals(agreed)] == [12.0, 14.0]


def links_kept(home: Path, disk: Disk) -> None:
    with Links(home) as links:
        links.propose("child", "a", "b", 0.9, {})
        disk.fill()
        with pytest.raises(DiskError, match="is full"):
            links.propose("child", "a", "b1", 0.9, {"why": "x" * 300_000})
        disk.free()
        links.propose("child", "a", "c", 0.9, {})
        pairs = {one.pair for one in links.proposals("child")}
    assert {("a", "b"), ("a", "c")} <= pairs


def writings(folder: Path) -> None:
    """A slice, a report and a backup: whole or not there."""
    home, disk, out = folder / "home", Disk(folder), folder / "out"
    load(random_partnership(3).write(folder / "source"), home=home)
    disk.fill()
    with Store.open(home) as store:
        held = Slice.current(store, home)
        assert "is full" in held.not_kept
        assert not list((home / "slice").glob("*-*"))
    disk.free()
    with Store.open(home) as store:
        held = Slice.current(store, home)
        assert held.not_kept == ""
    report = make_report(held, date(2026, 3, 1), load_settings())
    write_files(report, out)
    made = files(out)
    for leave in (0, 30_000, 120_000):
        again = folder / f"again-{leave}"
        disk.fill(leave)
        for place in (out, again):
            with pytest.raises(DiskError, match="is full") as told:
                write_files(report, place)
            assert str(folder) in str(told.value)
        disk.free()
        assert files(out) == made
        assert not again.exists() or files(again) == {}
        write_files(report, again)
        assert files(again) == made
    disk.fill()
    code, said = command("report", "--month", "2026-03", "--out", str(folder / "new"))
    disk.free()
    is_told(code, said, folder)
    for leave in (0, 20_000):
        disk.fill(leave)
        code, said = command("backup", str(folder / "kept.tar.zst"))
        disk.free()
        is_told(code, said, folder)
        assert not [path for path in folder.iterdir() if "kept.tar" in path.name]
    back_up(home, folder / "kept.tar.zst")


def engines(folder: Path) -> None:
    """The embedded engine's own disk: a load that fails is said, and run again it is whole."""
    home, disk = folder / "home", Disk(folder)
    first = write_tables(
        folder / "first", {"agencies": [{"agency_id": "a", "name": "A", "sector": "health"}]}
    )
    load(first, home=home)
    source = random_partnership(3).write(folder / "source")
    running = engine.find(home)
    assert running is not None
    try:
        disk.fill(200_000, (running.pid,))
        code, said = command("load", str(source))
        disk.free((running.pid,))
        if disk.limits:
            # that the disk is full is then no more than the engine's word
            assert code in (3, 4, 8), (code, said)
            assert "Traceback" not in said
        else:
            is_told(code, said, folder)
        load(source, home=home)
        assert_ledger_is_graph(home)
        assert not load(source, home=home).changed
        with Store.open(home) as store:
            assert store.fetch("MATCH (a:Agency {agency_id: 'a'}) RETURN count(a) AS n") == [[1]]
    finally:
        engine.stop(home)


def read_only(folder: Path) -> None:
    """What needs no writing works; what does says that it cannot."""
    home, disk, out = folder / "home", Disk(folder), folder / "out"
    source = random_partnership(3).write(folder / "source")
    load(source, home=home)
    asked = folder / "names.cypher"
    asked.write_text("MATCH (p:Practitioner) RETURN p.practitioner_id, p.name AS name", encoding="utf-8")
    disk.read_only(on=True)
    names = ("cypher", str(asked), "--reason", "why")
    for words in (
        ("load", str(source)),
        ("report", "--month", "2026-03", "--out", str(out)),
        ("backup", str(folder / "kept.tar")),
        names,
    ):
        code, said = command(*words)
        if disk.limits and os.geteuid() == 0:
            # rights bind no administrator
            assert code in (0, 8), said
            continue
        assert code == 8, (words, said)
        assert "can only be read" in said or "may not be written" in said, said
        assert str(folder) in said
        assert "Traceback" not in said
    assert command("query", "agency_fairness", "--as-of", "2026-03-31")[0] == 0
    with Store.open(home) as store:
        assert len(Slice.current(store, home).table("children"))
    disk.read_only(on=False)
    assert command("load", str(source))[0] == 0
    assert command(*names)[0] == 0


SCENARIOS: dict[str, Callable[[Path], None]] = {
    "load": a_load, "records": records, "writings": writings, "engine": engines, "read-only": read_only,
}  # fmt: skip

if __name__ == "__main__":
    SCENARIOS[sys.argv[1]](Path(sys.argv[2]))

"""The report by its command: loads on page one, packs by agency, names and their record, months due."""

from __future__ import annotations

import json
import re
import shlex
import sys
import zipfile
from datetime import date
from pathlib import Path

import pytest

from analysis.tables import Slice
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import AccessRefused, SettingsError
from graphmodel.settings import settings
from graphmodel.store import Store
from reports.agency_pack import MARK, people_of, staffed, write_packs
from reports.monthly import make_report
from reports.standing import standing
from tests.loading import read_tables
from tests.test_cli import SMALL, tacgraph
from tests.test_report import every_byte, pdf_text

OCTOBER = date(2026, 10, 1)
REASON = "monthly supervision"

embedded = pytest.mark.parametrize("engine_environment", ["embedded"], indirect=True)


@pytest.fixture
def loaded(on_engine: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert tacgraph("load", str(SMALL)) == 0
    capsys.readouterr()
    return on_engine


def names() -> dict[str, str]:
    return {row["practitioner_id"]: row["name"] for row in read_tables(SMALL)["practitioners"]}


def texts_of(file: Path) -> str:
    if file.suffix == ".pdf":
        return " ".join(pdf_text(file).split())
    with zipfile.ZipFile(file) as parts:
        return " ".join(parts.read(name).decode(errors="replace") for name in parts.namelist())


def told(text: str, word: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


@embedded
def test_a_pack_names_its_own_and_nobody_else(loaded: Path, tmp_path: Path) -> None:
    with Store.open(loaded, "reader") as store:
        held = Slice.current(store, loaded)
        report = make_report(held, OCTOBER, settings())
        viewer = Viewer.local(REASON)
        files = write_packs(report, held, store, viewer, tmp_path, settings=settings())
        again = write_packs(report, held, store, viewer, tmp_path / "again", settings=settings())
    assert [every_byte(a) for a in files] == [every_byte(b) for b in again]
    people = people_of(held, date(2026, 10, 31), settings())
    home = dict(zip(people["practitioner_id"], people["home_agency_id"], strict=True))
    children = [row["child_id"] for row in read_tables(SMALL)["children"]]
    assert len(files) == 2 * len(staffed(people)) > 2
    for file in files:
        agency, text = file.stem.removeprefix("workload-2026-10-"), texts_of(file)
        assert MARK in text
        for who, name in names().items():
            assert told(text, name) == (home.get(who) == agency), f"{name} in {file.name}"
            assert told(text, who) == (home.get(who) == agency)
        assert not [child for child in children if told(text, child)]
        assert file.stat().st_mode & 0o077 == 0


@embedded
def test_each_pack_leaves_an_audit_record(loaded: Path, tmp_path: Path) -> None:
    with Store.open(loaded, "reader") as store:
        held = Slice.current(store, loaded)
        report = make_report(held, OCTOBER, settings())
        write_packs(report, held, store, Viewer.local(REASON), tmp_path, settings=settings(), agencies=["A1"])
    seen = [entry for entry in AuditLog(loaded).entries() if entry["what"] == "report pack"]
    assert [(entry["about"], entry["reason"]) for entry in seen[-1:]] == [("A1", REASON)]
    assert AuditLog(loaded).verify() == []


@embedded
@pytest.mark.parametrize(
    "viewer",
    [
        Viewer.local(""),
        Viewer("s", "strategic_manager", REASON),
        Viewer("p", "practitioner", REASON),
        Viewer("a", "analyst", REASON),
    ],
)
def test_who_may_not_see_names_gets_no_pack(loaded: Path, tmp_path: Path, viewer: Viewer) -> None:
    with Store.open(loaded, "reader") as store:
        held = Slice.current(store, loaded)
        report = make_report(held, OCTOBER, settings())
        with pytest.raises(AccessRefused):
            write_packs(report, held, store, viewer, tmp_path / "out", settings=settings())
        with pytest.raises(SettingsError, match="no practitioners"):
            write_packs(
                report, held, store, Viewer.local(REASON), tmp_path, settings=settings(), agencies=["nobody"]
            )
    assert not (tmp_path / "out").exists()


@embedded
@pytest.mark.usefixtures("loaded")
def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "one"
    assert tacgraph("report", "--month", "2026-10", "--out", str(out)) == 0
    assert tacgraph("report", "--month", "2026-10", "--out", str(tmp_path / "two")) == 0
    for file in sorted(out.iterdir()):
        assert every_byte(file) == every_byte(tmp_path / "two" / file.name), file.name
    assert tacgraph("report", "--month", "2026-10", "--agency", "A1", "--out", str(out)) == 5
    assert (
        tacgraph("report", "--month", "2026-10", "--agency", "A1", "--reason", REASON, "--out", str(out)) == 0
    )
    assert (out / "workload-2026-10-A1.pdf").exists()
    with_names = ["--out", "x", "--month", "2026-10", "--packs", "--reason", REASON, "--then", "true"]
    for wrong in (
        with_names,
        ["--out", "x"],
        ["--out", "x", "--month", "2026-10", "--due"],
        ["--out", "x", "--month", "10"],
    ):
        assert tacgraph("report", *wrong) == 2
    capsys.readouterr()
    assert tacgraph("schedule", "--out", str(out), "--kind", "cron", "--packs") == 5
    assert tacgraph("schedule", "--out", str(out), "--write", str(tmp_path / "units")) == 0
    assert {x.name for x in (tmp_path / "units").iterdir()} == {
        "tacgraph-report.service",
        "tacgraph-report.timer",
    }


@embedded
@pytest.mark.usefixtures("loaded")
def test_due_months_are_written_handed_over_and_tried_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tacgraph.report_commands.today", lambda: date(2026, 11, 3))
    out, post = tmp_path / "out", tmp_path / "post"
    script = f"import sys, pathlib; pathlib.Path({str(post)!r}, sys.argv[1]).mkdir()"
    command = shlex.join([sys.executable, "-c", script, "{month}"])
    due = ("report", "--due", "--out", str(out), "--packs", "--reason", REASON, "--then", command)
    assert tacgraph(*due, "--since", "2026-09") == 1
    assert "The report is written; mend the command" in capsys.readouterr().err
    assert {x.name for x in out.iterdir() if not x.name.startswith(".")} == {
        f"2026-{month}{names}" for month in ("09", "10") for names in ("", "-agencies")
    }
    assert not list((out / "2026-10").rglob("*A1*"))
    assert list((out / "2026-10-agencies").glob("*A1.pdf"))
    before = (out / "2026-10" / "workload-2026-10.pdf").stat().st_mtime_ns
    post.mkdir()
    assert tacgraph(*due) == 0
    assert {x.name for x in post.iterdir()} == {"2026-09", "2026-10"}
    assert (out / "2026-10" / "workload-2026-10.pdf").stat().st_mtime_ns == before
    assert tacgraph(*due) == 0
    assert "Nothing is due" in capsys.readouterr().err


# -- the loads, on page one ----------------------------------------------------------------------------


def record(store: Store, load_id: str, source: str, outcome: str, finished: str | None) -> None:
    store.write(
        "CREATE (l:Load {load_id: $load_id, source: $source, format: 'canonical', path_name: 'x', "
        "started_at: $load_id, finished_at: $finished, outcome: $outcome}) RETURN count(*) AS made",
        load_id=load_id, source=source, outcome=outcome, finished=finished,
    )  # fmt: skip


@embedded
@pytest.mark.parametrize(
    ("loads", "said"),
    [
        ([], []),
        ([("1", "ssd", "loaded", "2026-11-02T04:00:00+00:00")], []),
        (
            [("1", "ssd", "loaded", "2026-10-30T04:00:00+00:00")],
            ["ssd are late: it was last loaded on 30 October"],
        ),
        (
            [
                ("1", "ssd", "loaded", "2026-11-01T04:00:00+00:00"),
                ("2", "ssd", "failed", "2026-11-02T04:00:00+00:00"),
            ],
            ["latest load of the source ssd failed (load 2)"],
        ),
        (
            [
                ("1", "ssd", "failed", "2026-11-01T04:00:00+00:00"),
                ("2", "ssd", "loaded", "2026-11-02T04:00:00+00:00"),
            ],
            [],
        ),
        (
            [("1", "ssd", "running", None), ("2", "health", "refused", "2026-11-02T04:00:00+00:00")],
            ["source health was refused", "source ssd is running, or was cut off"],
        ),
    ],
)
def test_loads_that_failed_or_came_early_are_said(
    on_engine: Path, loads: list[tuple[str, str, str, str | None]], said: list[str]
) -> None:
    with Store.open(on_engine, "writer") as writer:
        for load in loads:
            record(writer, *load)
    with Store.open(on_engine, "reader") as store:
        found = standing(store, date(2026, 10, 31))
    assert len(found) == len(said)
    for sentence, words in zip(found, said, strict=True):
        assert words in sentence


@embedded
def test_a_failed_load_stands_on_page_one(loaded: Path, tmp_path: Path) -> None:
    with Store.open(loaded, "writer") as writer:
        record(writer, "99990101T000000-abcdef", "health", "failed", "9999-01-01T00:00:00+00:00")
    assert tacgraph("report", "--month", "2026-10", "--out", str(tmp_path)) == 0
    first = " ".join(pdf_text(tmp_path / "workload-2026-10.pdf").split("\f")[0].split())
    assert "The latest load of the source health failed (load 99990101T000000-abcdef)" in first
    assert first.index("health failed") < first.index("Findings, most serious first")
    page = (tmp_path / "workload-2026-10.html").read_text(encoding="utf-8")
    assert "source health failed" in page
    described = json.loads(
        (tmp_path / "workload-2026-10-csv" / "datapackage.json").read_text(encoding="utf-8")
    )
    assert any("health failed" in notice for notice in described["notices"])

"""The command line as people and scripts use it: clean output, faults in one line, telling exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from analysis import SECOND_ROADS
from analysis.fairness import fairness
from analysis.tables import Slice
from graphmodel.audit_log import AuditLog
from graphmodel.settings import settings
from tacgraph import cli

SMALL = Path(__file__).parent / "data" / "small"


def tacgraph(*words: str) -> int:
    """Run one command in this process; gives its exit code."""
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    return int(ended.value.code or 0)


@pytest.fixture
def loaded(on_engine: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert tacgraph("load", str(SMALL)) == 0
    capsys.readouterr()
    return on_engine


def test_from_a_folder_to_figures(loaded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tacgraph("query", "workload", "--as-of", "2026-06-30", "--format", "csv") == 0
    out = capsys.readouterr().out
    rows = list(csv.DictReader(io.StringIO(out)))
    expected = SECOND_ROADS["workload"](
        Slice.from_folder(SMALL), pd.Timestamp("2026-06-30").date(), settings()
    )
    assert [r["practitioner_id"] for r in rows] == list(expected["practitioner_id"])
    assert [float(r["points"]) for r in rows] == pytest.approx(list(expected["points"]))
    assert AuditLog(loaded).verify() == []


@pytest.mark.usefixtures("loaded")
def test_fairness_prints_its_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert tacgraph("fairness", "--as-of", "2026-06-30", "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    wanted = fairness(Slice.from_folder(SMALL), pd.Timestamp("2026-06-30").date(), settings())
    for key in ("gini", "theil", "theil_between", "theil_within", "hoover", "jain"):
        assert found[key] == pytest.approx(getattr(wanted, key))
    assert [a["agency_id"] for a in found["agencies"]] == sorted(a["agency_id"] for a in found["agencies"])


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("machine", ["csv", "json", "parquet"])
def test_a_file_holds_what_standard_output_would(tmp_path: Path, machine: str) -> None:
    out = tmp_path / f"rows.{machine}"
    words = ("query", "workload", "--as-of", "2026-06-30", "--format", machine, "-o", str(out))
    assert tacgraph(*words) == 0
    if machine == "csv":
        count = len(pd.read_csv(out))
    elif machine == "json":
        count = len(json.loads(out.read_text(encoding="utf-8")))
    else:
        count = len(pd.read_parquet(out))
    wanted = SECOND_ROADS["workload"](Slice.from_folder(SMALL), pd.Timestamp("2026-06-30").date(), settings())
    assert count == len(wanted) > 0


@pytest.mark.usefixtures("loaded")
def test_a_table_says_what_it_does_not_show(capsys: pytest.CaptureFixture[str]) -> None:
    assert tacgraph("query", "workload", "--as-of", "2026-06-30", "--rows", "2") == 0
    assert "Shown: 2 of 11 rows" in capsys.readouterr().err


def test_a_second_load_changes_nothing_and_strict_refuses(
    loaded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "bad"
    folder.mkdir()
    for file in SMALL.glob("*.csv"):
        (folder / file.name).write_bytes(file.read_bytes())
    with (folder / "needs.csv").open("a", encoding="utf-8") as needs:
        needs.write("c01,9,2026-01-01,\n")
    assert tacgraph("load", str(folder), "--strict") == 7
    assert "rejects.csv" in capsys.readouterr().err
    assert tacgraph("load", str(folder)) == 0
    assert "1 row was rejected" in capsys.readouterr().err
    assert sum(1 for _ in loaded.glob("loads/*/rejects.csv")) >= 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("query", "workloda", "--as-of", "2026-06-30"), 4, "Did you mean workload"),
        (("query", "workload", "-p", "threshold=1"), 4, "threshold"),
        (("query", "overloaded_leads", "-p", "threshold=much"), 4, "a number"),
        (("query", "workload", "--as-of", "2026-02-30"), 2, "as-of"),
        (("query", "workload", "--format", "parquet"), 2, "-o FILE"),
        (("load", "no/such/folder"), 6, "no/such/folder"),
        (("report", "--month", "October", "--out", "x"), 2, "2026-10"),
        (("sing",), 2, "sing"),
    ],
)
@pytest.mark.usefixtures("loaded")
def test_a_fault_is_said_in_words(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, said: str
) -> None:
    assert tacgraph(*words) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert "Traceback" not in captured.err


@pytest.mark.usefixtures("loaded")
def test_the_doctor_is_content_after_a_load(capsys: pytest.CaptureFixture[str]) -> None:
    code = tacgraph("doctor")
    out = capsys.readouterr().out
    assert "WRONG" not in out
    assert code == 0


def test_the_doctor_names_what_is_wrong(on_engine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    on_engine.chmod(0o755)
    try:
        assert tacgraph("doctor") == 1
    finally:
        on_engine.chmod(0o700)
    out = capsys.readouterr().out
    assert "chmod 700" in out
    assert "nothing was loaded yet" in out


def test_the_list_of_queries_has_every_question(capsys: pytest.CaptureFixture[str]) -> None:
    assert tacgraph("query", "--list") == 0
    out = capsys.readouterr().out
    for name in SECOND_ROADS:
        assert name in out


def test_the_installed_command_starts_without_the_heavy_libraries(tmp_path: Path) -> None:
    """`tacgraph --help` answers at once: what a command needs is imported when it runs."""
    code = "import sys, tacgraph.cli; print(*{m.split('.')[0] for m in sys.modules})"
    environment = {**os.environ, "TACGRAPH_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert not {"pandas", "streamlit", "plotly", "duckdb", "networkx"} & set(done.stdout.split())


def test_the_engine_starts_says_where_and_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TACGRAPH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("NEO4J_URI", raising=False)
    assert tacgraph("engine", "status") == 3
    assert tacgraph("engine", "start") == 0
    uri = capsys.readouterr().out.splitlines()[-1]
    assert uri.startswith("bolt://127.0.0.1:")
    assert tacgraph("engine", "status") == 0
    assert uri in capsys.readouterr().out
    assert tacgraph("engine", "stop") == 0
    assert tacgraph("engine", "status") == 3

"""`tacgraph map` and `tacgraph template` from the command line: what is written, printed and refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from loaders.sources.spreadsheet.mapping import MAPPINGS, read_mapping
from tacgraph import cli

LIST = 'Pupil,DOB,HV,Lead Professional\n"Patel, Anna",03/04/2015,Jo Smith,HV\n"Reed, Tom",soon,Ann Other,HV\n'


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        cli.main(list(words))
    return int(ended.value.code or 0)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TACGRAPH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    return tmp_path / "home"


def test_a_mapping_is_proposed_tried_and_kept(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("map", "list.csv", "--as-at", "2026-10-31", "--source", "brook")
    assert run(*words, "--out", "brook.toml", "--save", "--check") == 0
    printed = capsys.readouterr()
    assert "child_name" in printed.out
    assert "is no ISO date" in printed.out
    assert "no hours (FTE)" in printed.err
    for secret in ("Patel", "Smith", "03/04/2015"):
        assert secret not in printed.out + printed.err
    kept = read_mapping(home / MAPPINGS / "brook.toml")
    assert kept == read_mapping(Path("brook.toml"))
    assert (kept.source, kept.as_at, [c.field for c in kept.columns][-1]) == ("brook", "2026-10-31", "lead")
    assert run("map", "list.csv", "--check", "--with", "brook.toml") == 0
    Path("brook.toml").write_text("mine", encoding="utf-8")
    assert run(*words, "--out", "brook.toml") == 6
    assert Path("brook.toml").read_text(encoding="utf-8") == "mine"


@pytest.mark.usefixtures("home")
def test_fields_are_listed_and_a_missing_file_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("map", "--fields") == 0
    assert "member_since" in capsys.readouterr().out
    assert run("map") == 2
    assert run("map", "nothing.csv") == 6
    assert "is no file" in capsys.readouterr().err


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("simple", [[], ["--simple"]])
def test_templates_are_written_once(simple: list[str]) -> None:
    assert run("template", "out.xlsx", *simple) == 0
    assert Path("out.xlsx").read_bytes().startswith(b"PK")
    assert run("template", "out.xlsx", *simple) == 2
    assert run("template", "out.csv", *simple) == 2

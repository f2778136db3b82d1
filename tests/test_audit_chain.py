"""Attacks on the audit record: each of them shows, in the chain or against a mark that was kept elsewhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from graphmodel import audit_log
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog, Mark
from tacgraph import cli

LOOKER = Viewer("jo", "safeguarding_lead", "review of the plan")
LINES = 8
HERE = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])

Lines = list[bytes]


def written(home: Path, count: int = LINES) -> AuditLog:
    log = AuditLog(home)
    log.path.unlink(missing_ok=True)
    for number in range(count):
        log.record(LOOKER, "look", about=f"child_id=c{number}", rows=number)
    return log


def edit(lines: Lines, at: int) -> Lines:
    return [*lines[:at], lines[at].replace(b'"who": "jo"', b'"who": "al"'), *lines[at + 1 :]]


def delete(lines: Lines, at: int) -> Lines:
    return lines[:at] + lines[at + 1 :]


def swap(lines: Lines, at: int) -> Lines:
    return [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]


def copy(lines: Lines, at: int) -> Lines:
    return [*lines[: at + 1], lines[at], *lines[at + 1 :]]


def spoil(lines: Lines, at: int) -> Lines:
    return [*lines[:at], lines[at][: len(lines[at]) // 2], *lines[at + 1 :]]


def reseal(lines: Lines, at: int) -> Lines:
    """Change a line and give it the hash that it then ought to have."""
    entry = json.loads(lines[at]) | {"who": "al"}
    del entry["hash"]
    text = json.dumps(entry, ensure_ascii=False, sort_keys=True)
    entry["hash"] = hashlib.sha256(text.encode()).hexdigest()
    return [*lines[:at], json.dumps(entry, ensure_ascii=False).encode(), *lines[at + 1 :]]


@pytest.mark.parametrize("attack", [edit, delete, swap, copy, spoil, reseal])
@HERE
@given(at=st.integers(0, LINES - 2))
def test_a_line_that_is_not_as_it_was_written_shows(
    tmp_path: Path, attack: Callable[[Lines, int], Lines], at: int
) -> None:
    log = written(tmp_path)
    assert log.verify() == []
    lines = log.path.read_bytes().splitlines()
    log.path.write_bytes(b"\n".join(attack(lines, at)) + b"\n")
    assert log.verify() != []


@HERE
@given(kept=st.integers(0, LINES), left=st.integers(0, LINES - 1))
def test_lines_taken_off_the_end_show_against_a_mark(tmp_path: Path, kept: int, left: int) -> None:
    log = written(tmp_path, kept)
    mark = log.mark()
    for number in range(kept, LINES):
        log.record(LOOKER, "look", about=str(number), rows=1)
    lines = log.path.read_bytes().splitlines(keepends=True)
    log.path.write_bytes(b"".join(lines[:left]))
    assert log.verify() == []
    assert (log.verify([mark]) != []) == (left < kept)
    # and what is written behind it does not hide them
    for _ in range(LINES):
        log.record(LOOKER, "look", about="more", rows=1)
    assert log.verify() == []
    assert (log.verify([mark]) != []) == (left < kept)


def test_a_record_written_anew_shows_against_a_mark(tmp_path: Path) -> None:
    log = written(tmp_path)
    mark = log.mark()
    written(tmp_path)
    AuditLog(tmp_path).record(LOOKER, "one", about="more", rows=1)
    forged = tmp_path / "forged"
    forged.mkdir()
    other = AuditLog(forged)
    for _ in range(LINES):
        other.record(Viewer("al", "analyst"), "look", about="", rows=0)
    assert other.verify() == []
    assert "another than it was" in " ".join(other.verify([mark]))


@HERE
@given(reason=st.text(max_size=40), who=st.text(alphabet=st.characters(exclude_categories=[]), max_size=10))
def test_no_reason_and_no_name_breaks_the_chain(tmp_path: Path, reason: str, who: str) -> None:
    log = written(tmp_path, 1)
    log.record(Viewer(who, "analyst", reason), "look", about=who, rows=1)
    log.record(Viewer(who, "analyst", "\u2028\u0085\x1c\r\n" + reason), "look", about=who, rows=1)
    assert log.verify() == []
    assert [entry["reason"] for entry in log.entries()[1:]] == [reason, "\u2028\u0085\x1c\r\n" + reason]


@HERE
@given(cut=st.integers(1, 400))
def test_a_line_that_was_cut_off_shows_and_the_record_goes_on(tmp_path: Path, cut: int) -> None:
    log = written(tmp_path)
    content = log.path.read_bytes()
    assume(cut < len(content.splitlines()[-1]))
    log.path.write_bytes(content[:-cut])
    log.record(LOOKER, "look", about="after", rows=1)
    if cut == 1:
        # only the line's end was missing
        assert log.verify() == []
    else:
        (fault,) = log.verify()
        assert f"line {LINES}" in fault
    assert len(log.entries()) == LINES + 1
    assert log.entries()[-1]["about"] == "after"


class Clock(datetime):
    """A clock that the tests set."""

    at = datetime(2026, 10, 31, 12, tzinfo=UTC)

    @classmethod
    def now(cls, _zone: Any = None) -> datetime:  # type: ignore[override]
        return cls.at


def test_a_clock_that_jumps_breaks_nothing_and_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_log, "datetime", Clock)
    log = AuditLog(tmp_path)
    for hour in (12, 13, 9, 14):
        monkeypatch.setattr(Clock, "at", datetime(2026, 10, 31, hour, tzinfo=UTC))
        log.record(LOOKER, "look", about="", rows=1)
    assert log.verify() == []
    (notice,) = log.turned_back()
    assert notice.startswith("line 3: 2026-10-31T09")


def test_a_mark_is_one_line_of_text(tmp_path: Path) -> None:
    mark = written(tmp_path).mark()
    assert Mark.parse(f"2026-10-31T12:00:00+00:00 {mark}") == mark
    assert AuditLog(tmp_path / "none").mark() == Mark(0, "0" * 64)
    for text in ("", "8", "8 abc", "x " + "0" * 64):
        with pytest.raises(ValueError, match=r"mark|unpack"):
            Mark.parse(text)


def test_the_command_verifies_and_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TACGRAPH_HOME", str(tmp_path))
    log = written(tmp_path)

    def run(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(["audit", *words])
        return int(ended.value.code or 0), capsys.readouterr().out

    code, line = run("mark")
    assert (code, Mark.parse(line)) == (0, log.mark())
    marks = tmp_path / "marks"
    marks.write_text(line, encoding="utf-8")
    assert run("verify") == (0, "")
    assert run("verify", "--marks", str(marks)) == (0, "")
    lines = log.path.read_bytes().splitlines(keepends=True)
    log.path.write_bytes(b"".join(lines[:-2]))
    assert run("verify") == (0, "")
    assert run("verify", "--marks", str(marks)) == (
        1,
        "it had 8 lines once and has 6: the last were taken off\n",
    )
    marks.write_text("nonsense", encoding="utf-8")
    assert run("verify", "--marks", str(marks))[0] == 6

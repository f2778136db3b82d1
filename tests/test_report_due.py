"""Months that are due, packs written whole, the hand-over, and what cron and systemd are given."""

from __future__ import annotations

import configparser
import os
import shlex
import shutil
import subprocess
import sys
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmodel.errors import SettingsError
from reports.due import HandOverFailed, Packs, State, before, hand_over, month_of, months_between, words_of
from tacgraph.scheduling import Job, cron_line, service, texts, timer

JULY, AUGUST, SEPTEMBER = date(2026, 7, 1), date(2026, 8, 1), date(2026, 9, 1)
TODAY = date(2026, 10, 5)


def written(packs: Packs, month: date, load: str = "L1", *, provisional: bool = False) -> None:
    def fill(folder: Path) -> None:
        (folder / "report").write_text(load, encoding="utf-8")

    packs.write(month, fill)
    packs.keep(month, State(load, provisional))


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 40))
def test_months_between_are_each_month_once(last: date, back: int) -> None:
    first = last
    for _ in range(back):
        first = before(first)
    found = months_between(first, last)
    assert len(found) == back + 1
    assert found[-1] == last.replace(day=1)
    assert found[0] == first.replace(day=1)
    assert all(before(b) == a for a, b in pairwise(found))


def test_the_first_time_the_last_month_is_due(tmp_path: Path) -> None:
    assert Packs(tmp_path).due(TODAY, "L1") == [SEPTEMBER]
    assert Packs(tmp_path).due(date(2026, 1, 1), "L1") == [date(2025, 12, 1)]
    assert Packs(tmp_path).due(TODAY, "L1", since=JULY) == [JULY, AUGUST, SEPTEMBER]


def test_missed_months_are_caught_up_with_and_written_ones_left(tmp_path: Path) -> None:
    packs = Packs(tmp_path)
    written(packs, JULY)
    assert packs.due(TODAY, "L1") == [AUGUST, SEPTEMBER]
    written(packs, AUGUST)
    written(packs, SEPTEMBER)
    assert packs.due(TODAY, "L2") == []
    shutil.rmtree(packs.folder(AUGUST))
    assert packs.due(TODAY, "L2") == [AUGUST]


def test_a_month_of_late_data_is_due_again_after_another_load(tmp_path: Path) -> None:
    packs = Packs(tmp_path)
    written(packs, SEPTEMBER, provisional=True)
    assert packs.due(TODAY, "L1") == []
    assert packs.due(TODAY, "L2") == [SEPTEMBER]
    written(packs, SEPTEMBER, "L2")
    assert packs.due(TODAY, "L3") == []


def test_a_pack_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    packs = Packs(tmp_path)
    written(packs, JULY, "old")

    def fail(folder: Path) -> None:
        (folder / "report").write_text("half", encoding="utf-8")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        packs.write(JULY, fail)
    assert (packs.folder(JULY) / "report").read_text(encoding="utf-8") == "old"
    assert sorted(x.name for x in tmp_path.iterdir()) == [".state", "2026-07"]
    written(packs, JULY, "new")
    assert (packs.folder(JULY) / "report").read_text(encoding="utf-8") == "new"
    assert sorted(x.name for x in tmp_path.iterdir()) == [".state", "2026-07"]


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "10-2026", "2026-10-01"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="is not a month"):
        month_of(text)


# -- the hand-over -------------------------------------------------------------------------------------


def test_the_command_gets_the_folder_as_one_argument_and_no_shell(tmp_path: Path) -> None:
    folder = tmp_path / "a b; touch x $(id)"
    folder.mkdir()
    out = tmp_path / "told"
    script = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text('|'.join(sys.argv[2:]))"
    command = f"{shlex.join([sys.executable, '-c', script, str(out)])} {{folder}} 'for {{month}}' '$HOME'"
    hand_over(command, folder, JULY)
    assert out.read_text(encoding="utf-8") == f"{folder}|for 2026-07|$HOME"
    assert sorted(x.name for x in tmp_path.iterdir()) == [folder.name, "told"]


def test_failures_are_said(tmp_path: Path) -> None:
    with pytest.raises(HandOverFailed, match="cannot be run"):
        hand_over("no-such-program-here {folder}", tmp_path, JULY)
    script = "import sys; sys.exit('the post office is closed')"
    with pytest.raises(HandOverFailed, match=r"code 1: the post office is closed.*written"):
        hand_over(shlex.join([sys.executable, "-c", script]), tmp_path, JULY)
    for command in ("", "echo 'open"):
        with pytest.raises(SettingsError):
            words_of(command, tmp_path, JULY)


def test_what_was_not_handed_over_is_remembered(tmp_path: Path) -> None:
    packs = Packs(tmp_path)
    written(packs, JULY)
    written(packs, AUGUST)
    packs.keep(AUGUST, State("L1", provisional=False, handed_over=True))
    assert packs.not_handed_over() == [JULY]


# -- cron and systemd ----------------------------------------------------------------------------------

awkward = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=20)


def job(then: str, reason: str = "", home: str = "/srv/t") -> Job:
    words = ["/bin/python", "-m", "tacgraph", "report", "--due", "--then", then, "--reason", reason]
    return Job(tuple(words), {"TACGRAPH_HOME": home}, 6, 5, Path("/srv/out"))


@given(awkward, awkward)
def test_a_cron_line_says_the_words_as_they_are(then: str, reason: str) -> None:
    line = cron_line(job(then, reason))
    assert line.count("\n") == 1
    assert line.startswith("5 6 * * * ")
    command = line.strip("\n").split(" ", 5)[5]
    # cron ends a command at a per cent sign that has no backslash, and takes the backslash off
    assert "%" not in command.replace("\\%", "")
    words = shlex.split(command.replace("\\%", "%"))
    assert words[:2] == ["umask", "077;"]
    assert words[2] == "TACGRAPH_HOME=/srv/t"
    assert words[3:] == list(job(then, reason).words)


def systemd_words(text: str) -> list[str]:
    """The words of an ExecStart by systemd's rules: quotes, backslash in them, %% and $$."""
    words, word, quoted, at = [], "", False, 0
    while at < len(text):
        sign = text[at]
        if sign == '"':
            if quoted:
                words.append(word)
                word = ""
            quoted = not quoted
        elif quoted and sign in "\\%$":
            assert sign == "\\" or text[at + 1] == sign, "a sign of systemd's own stands alone"
            word += text[at + 1]
            at += 1
        elif quoted:
            word += sign
        else:
            assert sign == " "
        at += 1
    assert not quoted
    return words


@given(awkward, awkward)
def test_a_unit_says_the_words_as_they_are(then: str, reason: str) -> None:
    lines = service(job(then, reason)).splitlines()
    command = next(line for line in lines if line.startswith("ExecStart="))
    assert systemd_words(command.removeprefix("ExecStart=")) == list(job(then, reason).words)
    assert 'Environment="TACGRAPH_HOME=/srv/t"' in lines
    assert "UMask=0077" in lines


def test_the_timer_catches_up() -> None:
    parsed = configparser.ConfigParser()
    parsed.read_string(timer(job("x")))
    assert parsed["Timer"]["OnCalendar"] == "*-*-* 06:05:00"
    assert parsed["Timer"]["Persistent"] == "true"
    assert parsed["Install"]["WantedBy"] == "timers.target"


def test_a_job_holds_the_set_up_and_no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACGRAPH_HOME", str(tmp_path))
    monkeypatch.setenv("NEO4J_URI", "bolt://graph:7687")
    monkeypatch.setenv("NEO4J_PASSWORD", "hush-hush")
    made = Job.of(tmp_path / "out", at="7:30", then="send {folder}", packs=True, reason="agreed")
    assert made.environment["TACGRAPH_HOME"] == str(tmp_path)
    assert made.environment["NEO4J_URI"] == "bolt://graph:7687"
    for kind in ("cron", "systemd"):
        assert "hush" not in "".join(texts(made, kind).values())
    for at in ("25:00", "noon", "6"):
        with pytest.raises(SettingsError, match="time of day"):
            Job.of(tmp_path, at=at, then="", packs=False, reason="")
    with pytest.raises(SettingsError, match="control character"):
        Job.of(tmp_path, at="6:00", then="a\nb", packs=False, reason="")


def test_a_cron_line_runs_in_a_shell(tmp_path: Path) -> None:
    script = "import os, sys; print(os.environ['TACGRAPH_HOME'], sys.argv[1:])"
    made = Job((sys.executable, "-c", script, "50%", "it's $HOME"), {"TACGRAPH_HOME": "a b"}, 6, 0, tmp_path)
    command = cron_line(made).strip().split(" ", 5)[5].replace("\\%", "%")
    told = subprocess.run(
        ["/bin/sh", "-c", command], check=True, capture_output=True, text=True, env=os.environ
    )
    assert told.stdout == "a b ['50%', \"it's $HOME\"]\n"

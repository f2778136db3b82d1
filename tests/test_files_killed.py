"""A report or an export killed at any of its steps: each file is the old one or the new one, whole."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from graphmodel.beside import whole
from tests.faults.disk import ROOT
from tests.partnerships import random_partnership

PROGRAM = """
import os, signal, sys
from datetime import date
from pathlib import Path
from analysis.tables import Slice
from graphmodel.access import Viewer
from graphmodel.settings import settings
from reports.exports import export
from reports.monthly import write_report

what, source, out, home, last = sys.argv[1:6]
tables, steps = Slice.from_folder(Path(source)), 0
place, does = str(Path(out).parent), ("open", "os.mkdir", "os.rename", "os.remove")

def watch(event, about):
    global steps
    # what it opens, makes, moves and removes where the files are to be
    if event in does and str(about[0]).startswith(place):
        steps += 1
        if steps == int(last):
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(watch)
if what == "export":
    export(tables, Path(out), format="canonical", viewer=Viewer.local("a test"), home=Path(home))
else:
    write_report(tables, date(2026, 3, 1), Path(out), settings(), standing=[what])
print(steps)
"""
CHANCE = random.Random(20261122)


class Writing:
    """Files of one partnership, written by processes of their own."""

    def __init__(self, folder: Path) -> None:
        self.source = random_partnership(4).write(folder / "source")
        self.home = folder / "home"
        self.home.mkdir(mode=0o700)

    def run(self, what: str, out: Path, last: int = 0) -> int:
        """Write it, and be killed at the step `last`; how many steps it took where it was not."""
        words = [sys.executable, "-c", PROGRAM, what, self.source, out, self.home, last]
        done = subprocess.run(list(map(str, words)), cwd=ROOT, check=False, capture_output=True, text=True)
        assert done.returncode == (-signal.SIGKILL if last else 0), done.stderr
        return 0 if last else int(done.stdout)


@pytest.fixture
def writing(tmp_path: Path) -> Writing:
    return Writing(tmp_path)


def held(out: Path) -> dict[str, bytes]:
    """Every file below a folder, but those of a place to work in."""
    paths = {x.relative_to(out): x for x in out.rglob("*") if x.is_file()}
    return {str(name): x.read_bytes() for name, x in paths.items() if not name.parts[0].startswith(".")}


def units(files: dict[str, bytes]) -> dict[str, dict[str, bytes]]:
    """Files by what is moved at once: one of the report's three, or its folder of CSV."""
    found: dict[str, dict[str, bytes]] = {}
    for name, content in files.items():
        found.setdefault(name.split("/")[0], {})[name] = content
    return found


def test_a_killed_report_leaves_each_file_old_or_new_and_the_next_run_clears_up(
    writing: Writing, tmp_path: Path
) -> None:
    (tmp_path / "old").mkdir()
    steps = writing.run("as it was", tmp_path / "old" / "out")
    old = units(held(tmp_path / "old" / "out"))
    writing.run("as it is", tmp_path / "new" / "out")
    new = units(held(tmp_path / "new" / "out"))
    assert old.keys() == new.keys()
    assert len(new) == 4
    assert old != new
    out = tmp_path / "old" / "out"
    for last in sorted({2, CHANCE.randint(3, steps - 12), steps - CHANCE.randint(1, 10)}):
        writing.run("as it is", out, last)
        left = units(held(out))
        assert left.keys() == new.keys()
        assert not [name for name, files in left.items() if files not in (old[name], new[name])]
    writing.run("as it is", out)
    assert units(held(out)) == new
    assert not [x for x in out.iterdir() if x.name.startswith(".")]


def test_a_killed_export_leaves_nothing_and_the_next_run_clears_up(writing: Writing, tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    steps = writing.run("export", tmp_path / "given" / "whole")
    new = held(tmp_path / "given" / "whole")
    assert new
    out = tmp_path / "given" / "out"
    for last in sorted({5, CHANCE.randint(6, steps)}):
        writing.run("export", out, last)
        assert not out.exists()
        assert list(out.parent.glob(".out-*")), "it was killed at its work"
    writing.run("export", out)
    assert held(out) == new
    assert sorted(x.name for x in out.parent.iterdir()) == ["out", "whole"]


def test_what_a_killed_writer_of_one_file_left_goes_with_the_next(tmp_path: Path) -> None:
    path, other = tmp_path / "answer.csv", tmp_path / ".other.csv.0a1b2c3d.partial"
    other.touch()
    (tmp_path / ".answer.csv.0a1b2c3d.partial").write_text("half", encoding="utf-8")
    with whole(path) as made:
        made.write_text("one", encoding="utf-8")
        with whole(path) as second:
            second.write_text("two", encoding="utf-8")
        assert made.exists(), "a writer that is at work is left alone"
    assert path.read_text(encoding="utf-8") == "one"
    assert sorted(x.name for x in tmp_path.iterdir()) == [other.name, path.name]

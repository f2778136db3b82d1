"""Two that would write at once: one goes first, the other is told who; a dead one's lock is nobody's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from analysis.tables import Slice
from graphmodel.access import Viewer
from graphmodel.errors import LoadRefused
from graphmodel.store import Store
from loaders import alone, load
from loaders.backup import restore
from loaders.protection import erase
from tests.faults.disk import ROOT
from tests.loading import write_tables
from tests.partnerships import random_partnership
from tests.test_ledger import assert_ledger_is_graph

SOON = {"BEAT_SECONDS": 0.3, "STILL_SECONDS": 2.0}
"""As in the program, only sooner."""


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SOON.items():
        monkeypatch.setattr(alone, name, value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return random_partnership(4).write(tmp_path / "source")


@contextmanager
def at_work(folder: Path, home: Path) -> Iterator[subprocess.Popen[str]]:
    """A loader of its own process, in the middle of its work until it is let go on (a line on its input)."""
    program = (
        "import sys; from pathlib import Path; from loaders import alone, load\n"
        "from loaders.report import Silent\n"
        f"vars(alone).update({SOON!r})\n"
        "class Waiting(Silent):\n"
        "    def begin(self, name, total):\n"
        "        if name.startswith('load children'):\n"
        "            print('waits', flush=True); sys.stdin.readline()\n"
        "load(Path(sys.argv[1]), home=Path(sys.argv[2]), source='first', progress=Waiting())\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(folder), str(home)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "waits\n"
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def go_on(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=500)
    assert process.returncode == 0


def test_in_one_folder_whatever_would_write_is_told_who_does(
    on_engine: Path, folder: Path, tmp_path: Path
) -> None:
    before = write_tables(
        tmp_path / "before", {"agencies": [{"agency_id": "z", "name": "Z", "sector": "health"}]}
    )
    load(before, home=on_engine, source="before")
    with Store.open(on_engine) as store:
        earlier = Slice.current(store, on_engine)
    with at_work(folder, on_engine) as other:
        words = rf"another load runs in it \(load of first by .* process {other.pid}, since \d{{4}}-"
        with pytest.raises(LoadRefused, match=words) as told:
            load(folder, home=on_engine)
        assert "Wait until it is done" in told.value.mend
        with pytest.raises(LoadRefused, match=words):
            erase(on_engine, ["c"], Viewer.local("why"))
        with pytest.raises(LoadRefused, match=words):
            restore(tmp_path / "none.tar", on_engine, force=True)
        with Store.open(on_engine) as store:
            # of one moment: nothing of what the other has done so far
            held = Slice.current(store, on_engine)
            assert held.load_id == earlier.load_id
            assert all(held.arrow[name].equals(earlier.arrow[name]) for name in held.arrow)
        go_on(other)
    assert load(folder, home=on_engine, source="first").total("created") == 0
    assert_ledger_is_graph(on_engine)


def test_the_lock_of_a_killed_loader_is_nobodys(on_engine: Path, folder: Path) -> None:
    with at_work(folder, on_engine) as other:
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
        report = load(folder, home=on_engine, source="first")
    assert any("was cut off: what it left is completed" in note for note in report.notes)
    assert_ledger_is_graph(on_engine)
    with Store.open(on_engine) as store:
        assert Slice.current(store, on_engine).load_id == report.load_id


def test_two_that_make_the_slice_at_once_make_one(on_engine: Path, folder: Path) -> None:
    load(folder, home=on_engine)
    program = (
        "import sys; from pathlib import Path; from graphmodel.store import Store\n"
        "from analysis.tables import Slice\n"
        "home = Path(sys.argv[1])\n"
        "with Store.open(home) as store: print(Slice.current(store, home).load_id)\n"
    )
    words = [sys.executable, "-c", program, str(on_engine)]
    both = [subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [one.communicate(timeout=500)[0] for one in both]
    assert said[0] == said[1] != ""
    kept = [path.name for path in (on_engine / "slice").iterdir()]
    assert len([name for name in kept if name.startswith(said[0].strip())]) == 1
    assert not [name for name in kept if name.startswith((".making", ".gone"))]

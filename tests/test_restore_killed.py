"""A restore that is killed as it moves folders: who was erased stays known, and the next one completes it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from graphmodel import engine
from loaders import load
from loaders.backup import back_up, restore
from loaders.backup.saving import ERASED, FILES
from tests.faults.disk import ROOT
from tests.loading import SMALL
from tests.test_backup import emptied, stopped

GONE = "0" * 64
PROGRAM = """
import os, signal, sys
from pathlib import Path
from loaders.backup import restore
real, at = Path.rename, sys.argv[3]
def rename(self, target):
    mine = self.name == sys.argv[4]
    if mine and at == "before": os.kill(os.getpid(), signal.SIGKILL)
    moved = real(self, target)
    if mine and at == "after": os.kill(os.getpid(), signal.SIGKILL)
    return moved
Path.rename = rename
restore(Path(sys.argv[1]), Path(sys.argv[2]), force=True)
"""


@pytest.mark.parametrize("at", ["before", "after"])
def test_who_was_erased_stays_known_whenever_a_restore_is_killed(
    on_engine: Path, tmp_path: Path, at: str
) -> None:
    load(SMALL, home=on_engine)
    out, into = tmp_path / "kept.tar.gz", tmp_path / "other"
    back_up(on_engine, out)
    emptied(on_engine)
    into.mkdir(mode=0o700)
    (into / ERASED).write_text(f"{GONE}\n", encoding="ascii")
    with stopped(into):
        words = [sys.executable, "-c", PROGRAM, str(out), str(into), at, FILES]
        killed = subprocess.run(words, cwd=ROOT, check=False, capture_output=True)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert into.exists() == (at == "after")
        if into.exists():
            assert GONE in (into / ERASED).read_text(encoding="ascii").split()
        restore(out, into, force=True)
        assert GONE in (into / ERASED).read_text(encoding="ascii").split()
        report = load(SMALL, home=into)
        assert not report.total("created") + report.total("updated")
    for left in tmp_path.glob("other.before-*"):
        engine.stop(left)
    assert not list(tmp_path.glob(".other*")), "nothing half is left beside it"

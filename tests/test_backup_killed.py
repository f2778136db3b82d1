"""A backup that is killed at any step: the old file stays whole, the next run succeeds and clears up."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

from loaders import load
from loaders.backup import back_up, read_manifest
from tests.faults.disk import ROOT
from tests.loading import SMALL

PROGRAM = """
import os, signal, sys
from pathlib import Path
from loaders.backup import back_up
class Killing:
    steps = int(sys.argv[3])
    def begin(self, name, total): self.tick()
    def advance(self, count): self.tick()
    def close(self): pass
    def tick(self):
        self.steps -= 1
        if self.steps < 0:
            os.kill(os.getpid(), signal.SIGKILL)
back_up(Path(sys.argv[1]), Path(sys.argv[2]), force=True, progress=Killing())
"""
CHANCE = random.Random(20261122)


def test_a_killed_backup_leaves_the_old_one_whole_and_the_next_clears_up(
    on_engine: Path, tmp_path: Path
) -> None:
    load(SMALL, home=on_engine)
    out = tmp_path / "kept.tar"
    first = back_up(on_engine, out)
    old = out.read_bytes()
    for steps in (0, CHANCE.randint(1, 12)):
        words = [sys.executable, "-c", PROGRAM, str(on_engine), str(out), str(steps)]
        killed = subprocess.run(words, cwd=ROOT, check=False, capture_output=True)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert out.read_bytes() == old
        assert list(tmp_path.glob(".kept.tar.*")), "it was killed at its work"
    again = back_up(on_engine, out, force=True)
    assert (again.nodes, again.digest) == (first.nodes, first.digest)
    assert read_manifest(out, None) == again
    assert not list(tmp_path.glob(".*"))

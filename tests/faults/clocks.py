"""Processes whose clock a test sets while they run (`clock/sitecustomize.py`)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLOCK = Path(__file__).with_name("clock")
HOUR, DAY = 3_600.0, 86_400.0


class Clock:
    """How far the clock of the processes started here is from the true one."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "clock-is-off-by"
        self.set(0)

    def set(self, seconds: float) -> None:
        self.file.write_text(str(seconds), encoding="ascii")

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """`python …` by this clock."""
        path = os.pathsep.join([str(CLOCK), str(ROOT)])
        environment = {**os.environ, "TACGRAPH_TEST_CLOCK": str(self.file), "PYTHONPATH": path, **more}
        return subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    def tacgraph(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self.run("-m", "tacgraph", *words, **more)

"""How long the monthly report takes: its making alone, and the whole command."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from analysis.tables import Slice
from benchmarks.engines import Engine
from benchmarks.timing import Figures, conditions, say, several
from graphmodel.settings import settings
from reports.monthly import write_report


def reports(made: Engine, month: date, *, times: int) -> Figures:
    """The group: seconds of `write_report` on a slice in memory, and of `tacgraph report` by the clock."""
    say(f"report: {month:%Y-%m}, {times} times")
    found: Figures = conditions()
    with tempfile.TemporaryDirectory() as out:
        with made.store() as store:
            held = Slice.current(store, made.home)
        found["write_report"] = several(lambda: write_report(held, month, Path(out), settings()), times)
        command = [str(Path(sys.executable).with_name("tacgraph")), "report", "--month", f"{month:%Y-%m}"]

        def whole() -> None:
            subprocess.run(
                [*command, "--out", out], env=made.environment, check=True, capture_output=True, text=True
            )

        found["command"] = several(whole, times)
        found["bytes"] = {
            file.suffix[1:]: file.stat().st_size for file in sorted(Path(out).iterdir()) if file.is_file()
        }
    return found

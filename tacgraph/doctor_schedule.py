"""Whether the monthly report that was put on a schedule gets written."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from tacgraph.doctor_check import Check, look, well, wrong
from tacgraph.scheduling import UNIT

GRACE_DAYS: Final = 2
"""How long after a month's end nobody is worried: the job runs once a day."""


@dataclass(frozen=True)
class Planned:
    """A job of this machine: where it stands, its program, where it writes, and for which data folder."""

    where: str
    program: str
    out: Path
    home: str
    enabled: bool


def schedule(home: Path, today: date, load: str) -> Check:
    """Find the job of this data folder and hold what it should have written against what is there."""
    from reports.due import Packs

    jobs = [job for job in (*_units(), *_cron()) if job.home in {"", str(home.resolve())}]
    for job in jobs:
        if not job.enabled:
            mend = f"systemctl --user enable --now {UNIT}.timer"
            return look("schedule", f"{job.where} is there, and no timer starts it", mend)
        if not Path(job.program).exists():
            mend = "Run tacgraph schedule again and put its lines in the place of the old ones."
            return wrong("schedule", f"{job.where} starts {job.program}, which is gone", mend)
        missed = Packs(job.out).due(today - timedelta(days=GRACE_DAYS), load)
        if missed:
            mend = f"Run it by hand and read what it says: tacgraph report --due --out {job.out}"
            return look("schedule", f"{missed[0]:%Y-%m} was due in {job.out} and is not written", mend)
    return well("schedule", f"{len(jobs)} job, nothing missed" if jobs else "none")


def _units() -> list[Planned]:
    """The unit of `tacgraph schedule`, where the user's systemd has it."""
    root = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"
    unit = root / f"{UNIT}.service"
    if not unit.is_file():
        return []
    text = unit.read_text(encoding="utf-8", errors="replace").replace("$$", "$").replace("%%", "%")
    command = re.search(r"^ExecStart=(.*)$", text, re.MULTILINE)
    home = re.search(r'^Environment="TACGRAPH_HOME=(.*)"$', text, re.MULTILINE)
    if command is None:
        return []
    timer = root / "timers.target.wants" / f"{UNIT}.timer"
    found = _planned(unit.name, command[1], home[1] if home else "", enabled=timer.exists())
    return [found] if found else []


def _cron() -> list[Planned]:
    """The lines of the user's crontab that write reports."""
    try:
        told = subprocess.run(
            ["crontab", "-l"], check=False, capture_output=True, text=True, errors="replace", timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = [line for line in told.stdout.splitlines() if "tacgraph report --due" in line and line[:1] != "#"]
    found = []
    for line in lines:
        text = line.replace("\\%", "%").partition(";")[2]
        home = re.search(r"TACGRAPH_HOME=('[^']*'|\S+)", text)
        found.append(_planned("the crontab", text, home[1].strip("'") if home else "", enabled=True))
    return [job for job in found if job is not None]


def _planned(where: str, command: str, home: str, *, enabled: bool) -> Planned | None:
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    if "--out" not in words[:-1] or "-m" not in words:
        return None
    program = words[words.index("-m") - 1]
    return Planned(where, program, Path(words[words.index("--out") + 1]), home, enabled)

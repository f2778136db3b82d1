"""The texts of a cron line and of systemd's units for the monthly report."""

from __future__ import annotations

import os
import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self

from graphmodel.errors import SettingsError
from graphmodel.settings import data_folder, own_file

KEPT: Final = ("NEO4J_URI", "TACGRAPH_SETTINGS")
UNIT: Final = "tacgraph-report"


@dataclass(frozen=True)
class Job:
    """What is to run, when, and with which environment; passwords are never written down."""

    words: tuple[str, ...]
    environment: dict[str, str]
    hour: int
    minute: int
    out: Path

    @classmethod
    def of(cls, out: Path, *, at: str, then: str, packs: bool, reason: str) -> Self:
        """The job of this set-up: its data folder, database and settings. Raises `SettingsError`."""
        found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", at)
        if found is None:
            raise SettingsError(f"time {at!r}", "is not a time of day", "Write it like 06:00.")
        out = out.resolve()
        words = [sys.executable, "-m", "tacgraph", "report", "--due", "--out", str(out)]
        if packs:
            words += ["--packs", "--reason", reason]
        if then:
            words += ["--then", then]
        for word in words:
            if any(ord(sign) < ord(" ") for sign in word):
                mend = "Write it on one line, without tabs."
                raise SettingsError(f"argument {word!r}", "has a control character", mend)
        kept = {name: os.environ[name] for name in KEPT if os.environ.get(name)}
        own = own_file()
        if own is not None:
            kept["TACGRAPH_SETTINGS"] = str(own.resolve())
        return cls(
            tuple(words), {"TACGRAPH_HOME": str(data_folder()), **kept}, int(found[1]), int(found[2]), out
        )

    def how(self, kind: Literal["systemd", "cron"], folder: Path | None) -> list[str]:
        """What is left to do, in words."""
        if kind == "cron":
            return [f"Add the line with crontab -e{f' (it is in {folder})' if folder else ''}."]
        place = "" if folder is None else f" (they are in {folder})"
        return [
            f"Put both files into ~/.config/systemd/user{place}, then:",
            f"systemctl --user daemon-reload && systemctl --user enable --now {UNIT}.timer",
            "So that it runs while you are not signed in: loginctl enable-linger",
        ]


def cron_line(job: Job) -> str:
    """The line for a crontab: a per cent sign ends a command there, so it is escaped."""
    setting = [f"{name}={shlex.quote(value)}" for name, value in job.environment.items()]
    command = " ".join(["umask 077;", *setting, shlex.join(job.words)])
    return f"{job.minute} {job.hour} * * * {command.replace('%', chr(92) + '%')}\n"


def _quoted(word: str) -> str:
    """A word of a unit file: in quotes, with systemd's own signs doubled."""
    text = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{text}"'


def service(job: Job) -> str:
    """The unit that runs once."""
    # $ stands for a variable in a command, and in it alone
    command = " ".join(_quoted(word).replace("$", "$$") for word in job.words)
    setting = "\n".join(
        f"Environment={_quoted(f'{name}={value}')}" for name, value in job.environment.items()
    )
    return (
        "[Unit]\nDescription=tacgraph: the monthly workload reports that are due\n\n"
        f"[Service]\nType=oneshot\nUMask=0077\n{setting}\nExecStart={command}\n"
    )


def timer(job: Job) -> str:
    """The unit that runs it each day, and at the next start where the machine was off."""
    return (
        "[Unit]\nDescription=tacgraph: look each day for monthly reports that are due\n\n"
        f"[Timer]\nOnCalendar=*-*-* {job.hour:02}:{job.minute:02}:00\nPersistent=true\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )


def texts(job: Job, kind: Literal["systemd", "cron"]) -> dict[str, str]:
    """The files by name."""
    if kind == "cron":
        return {f"{UNIT}.cron": cron_line(job)}
    return {f"{UNIT}.service": service(job), f"{UNIT}.timer": timer(job)}

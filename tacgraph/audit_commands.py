"""`tacgraph audit verify|mark`: whether the audit record is as it was written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cyclopts import App

from graphmodel.audit_log import AuditLog, Mark
from graphmodel.errors import SourceError
from graphmodel.settings import data_folder
from tacgraph.console import say, warn

app = App(name="audit", help="The audit record of the data folder: who looked at whom, when and why.")


@app.command
def verify(*, marks: Path | None = None) -> int:
    """Check every line of the record against the one before it; exit code 1 where something is wrong.

    Parameters
    ----------
    marks
        A file, kept elsewhere, of lines that tacgraph audit mark printed: they also show lines taken off the
        end, and a record written anew.
    """
    log = AuditLog(data_folder())
    kept = [] if marks is None else _read(marks)
    faults = log.verify(kept)
    for fault in faults:
        print(fault)
    for notice in log.turned_back():
        say(f"The clock went back: {notice}")
    lines = len(log.entries())
    if faults:
        warn(
            f"{len(faults):,} faults in {lines:,} lines. Keep the file as it is, compare it with the latest "
            "copy held elsewhere, and ask who could write in the data folder."
        )
        return 1
    held = f", and all {len(kept):,} marks hold" if kept else ""
    say(f"{lines:,} lines, each following from the one before it{held}.")
    if not kept:
        say("Lines taken off the end show only against marks kept elsewhere: tacgraph audit mark.")
    return 0


@app.command
def mark() -> None:
    """Print where the record ends now, to be appended to a file on another machine, day by day."""
    print(f"{datetime.now(UTC).isoformat(timespec='seconds')} {AuditLog(data_folder()).mark()}")


def _read(file: Path) -> list[Mark]:
    try:
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        return [Mark.parse(line) for line in lines]
    except (OSError, ValueError) as fault:
        raise SourceError(
            f"file of marks {file.name}", f"cannot be read ({fault})", "Give lines of tacgraph audit mark."
        ) from fault

"""What one look at the set-up gives, and how a look never ends in a traceback."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from graphmodel.errors import TacgraphError


@dataclass(frozen=True)
class Check:
    """One thing looked at: `found` says what is, `mend` what to do (empty where all is well).

    What is `ok` needs no mend. Of the rest `grave` things are wrong, and the others worth a look.
    """

    name: str
    ok: bool
    found: str
    mend: str = ""
    grave: bool = True

    @property
    def state(self) -> Literal["ok", "look", "WRONG"]:
        if self.ok:
            return "ok"
        return "WRONG" if self.grave else "look"


def well(name: str, found: str) -> Check:
    return Check(name, ok=True, found=found)


def wrong(name: str, found: str, mend: str) -> Check:
    return Check(name, ok=False, found=found, mend=mend)


def look(name: str, found: str, mend: str) -> Check:
    """Worth a look: it may be meant so."""
    return Check(name, ok=False, found=found, mend=mend, grave=False)


def of_fault(name: str, fault: TacgraphError) -> Check:
    return wrong(name, f"{fault.thing}: {fault.fault}", fault.mend)


def guarded(name: str, check: Callable[[], Check]) -> Check:
    """A check whose own failure is a finding: whatever is damaged, the others are still run."""
    try:
        return check()
    except TacgraphError as fault:
        return of_fault(name, fault)
    except OSError as fault:
        thing = fault.filename or "a file of the data folder"
        return wrong(
            name, f"{thing} cannot be read ({fault.strerror or fault})", "Mend its owner and its rights."
        )
    # the set-up is damaged in a way that nobody thought of: that is what a doctor is called for
    except Exception as fault:  # noqa: BLE001
        said = str(fault).splitlines()[:1] or [""]
        return wrong(
            name,
            f"this could not be looked at ({type(fault).__name__}: {said[0][:120]})",
            "Restore the last backup into a new folder (tacgraph restore) and compare.",
        )


def named(paths: Iterable[Path], home: Path, most: int = 3) -> str:
    """The first few of some files, as they are called within the data folder."""
    every = [str(path.relative_to(home)) for path in sorted(paths)]
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")

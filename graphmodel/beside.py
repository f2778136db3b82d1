"""Files written aside and moved in place when they are whole, so that nobody ever finds half of one.

A place to work in lies on the same disk as what is to come of it and is locked for as long as its process
lives; what a killed process left is told by its free lock, never by a clock, and goes with the next run.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

MAKING: Final = ".making-"
PARTIAL: Final = ".partial"


@contextmanager
def workplace(parent: Path, prefix: str = MAKING, suffix: str = "") -> Iterator[Path]:
    """A folder of one's own in `parent`, for its owner alone, gone at the end."""
    clear(parent, prefix, suffix)
    made, descriptor = _locked(parent, prefix, suffix)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(descriptor)


def clear(parent: Path, prefix: str = MAKING, suffix: str = "") -> None:
    """Remove the workplaces and files of this name that killed processes left in `parent`."""
    for left in [one for one in parent.iterdir() if _is_named(one.name, prefix, suffix)]:
        with suppress(OSError):
            descriptor = os.open(left, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.unlink()
            finally:
                os.close(descriptor)


def _is_named(name: str, prefix: str, suffix: str) -> bool:
    return name.startswith(prefix) and name.endswith(suffix) and len(name) > len(prefix) + len(suffix)


def _locked(parent: Path, prefix: str, suffix: str) -> tuple[Path, int]:
    while True:
        made = Path(tempfile.mkdtemp(prefix=prefix, suffix=suffix, dir=parent))
        try:
            descriptor = os.open(made, os.O_RDONLY)
        except FileNotFoundError:
            continue
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # somebody who clears up may have taken it between its making and its lock
        if made.exists():
            return made, descriptor
        os.close(descriptor)


def put_in_place(made: Path, out: Path) -> None:
    """Move everything in a workplace to `out`, each file or folder in the place of the one of its name."""
    for new in sorted(made.iterdir()):
        for file in [new, *new.rglob("*")] if new.is_dir() else [new]:
            _to_disk(file)
        place = out / new.name
        if new.is_dir() and place.is_dir():
            place.rename(made / f".old-{secrets.token_hex(4)}")
            new.rename(place)
        else:
            new.replace(place)
    _to_disk(out)


def _to_disk(place: Path) -> None:
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A name beside `path` to write to, moved there at the end; where something fails neither is left.

    An owner's file: nobody else may read it. What killed processes left of this name goes.
    """
    clear(path.parent, f".{path.name}.", PARTIAL)
    made = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PARTIAL}")
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield made
        _to_disk(made)
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)
        os.close(descriptor)

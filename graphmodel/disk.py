"""What goes wrong with disks and folders, in words: full, read-only, not ours, gone, in use, broken.

Whoever writes files that matter does it inside `on_disk(folder)`, so that the message names the right disk;
`disk_fault` is the last net for what was not.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from graphmodel.errors import DiskError, TacgraphError

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_REFUSED: Final = frozenset({errno.EACCES, errno.EPERM})
_GONE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ESTALE})
_BUSY: Final = frozenset({errno.EBUSY, errno.ETXTBSY, errno.EAGAIN})
_KNOWN: Final = (*_FULL, errno.EROFS, *_REFUSED, *_GONE, *_BUSY, errno.EISDIR, errno.EIO)
_LIBRARIES: Final = ("duckdb", "_duckdb", "sqlite3", "pyarrow", "xlsxwriter")
_OTHER_WORDS: Final = {
    "database or disk is full": errno.ENOSPC,
    "max_temp_directory_size": errno.ENOSPC,
    "disk i/o error": errno.EIO,
    "readonly database": errno.EROFS,
    "unable to open database file": errno.ENOENT,
    "database is locked": errno.EBUSY,
    "could not set lock on file": errno.EBUSY,
}
"""What libraries say instead of the system's own words."""
_MEGABYTE: Final = 1_000_000


def number_of(fault: BaseException) -> int | None:
    """The system's number of what a library or the system raised; None where it is no matter of a disk."""
    if isinstance(fault, OSError) and fault.errno in _KNOWN:
        return fault.errno
    if isinstance(fault, OSError) or type(fault).__module__.split(".")[0] in _LIBRARIES:
        return number_in(str(fault))
    return None


def number_in(text: str) -> int | None:
    """The system's number that a text speaks of, such as `No space left on device`."""
    lowered = text.lower()
    for number in _KNOWN:
        if os.strerror(number).lower() in lowered:
            return number
    return next((number for words, number in _OTHER_WORDS.items() if words in lowered), None)


def is_full(text: str) -> bool:
    """Whether a text speaks of a disk without room."""
    return number_in(text) in _FULL


def disk_fault(fault: BaseException, place: Path) -> DiskError | None:
    """The fault in words, of a folder or file (better: the one that the fault names); None for any other."""
    number = number_of(fault)
    if number is None:
        return None
    named = getattr(fault, "filename", None)
    where = Path(os.fsdecode(named)) if isinstance(named, str | bytes) and named else place
    return in_words(number, where if where.is_absolute() else place)


def in_words(number: int, where: Path) -> DiskError:
    """What a number of the system means at a place, and the mend."""
    if number in _FULL:
        thing, fault, mend = f"the disk of {where}", f"is full ({_free(where)})", _to_free(where)
    elif number == errno.EROFS:
        thing, fault = f"the disk of {where}", "can only be read"
        mend = "Have it mounted for writing, or name another."
    elif number in _REFUSED:
        uid = f" (uid {os.getuid()})" if hasattr(os, "getuid") else ""
        thing, fault = str(where), f"may not be written or read by this user{uid}"
        mend = "Have its owner give you the right, or name another folder (TACGRAPH_HOME)."
    elif number in _GONE:
        thing, fault, mend = str(where), "is not there, or is there no more", "Put it back or mount its disk."
    elif number in _BUSY:
        thing, fault = str(where), "is in use by another program"
        mend = "Close that program, or wait until it is done."
    elif number == errno.EISDIR:
        thing, fault, mend = str(where), "is a folder where a file belongs", "Move it away."
    else:
        thing, fault = f"the disk of {where}", "reports errors in reading or writing"
        mend = "Have it looked at."
    return DiskError(thing, fault, f"{mend} Then run it again: nothing is half done.")


def _nearest(place: Path) -> Path:
    while not place.exists() and place != place.parent:
        place = place.parent
    return place


def _free(place: Path) -> str:
    with suppress(OSError):
        return f"{shutil.disk_usage(_nearest(place)).free / _MEGABYTE:,.1f} MB free"
    return "how much is free cannot be told"


def _to_free(place: Path) -> str:
    """What may go: of a data folder what is made anew by itself, elsewhere what its owner can spare."""
    for folder in (place, *place.parents):
        kept = folder / "slice"
        if kept.is_dir() and ((folder / "loads").is_dir() or (folder / "engine.lock").exists()):
            size = sum(file.stat().st_size for file in kept.rglob("*") if file.is_file()) / _MEGABYTE
            return (
                f"Free room there: {kept} ({size:,.1f} MB) may be deleted, it is read anew; so may old "
                "reports and backups."
            )
    return "Free room there, for instance of old reports and backups."


@contextmanager
def on_disk(place: Path) -> Iterator[None]:
    """Raise what a disk does as `DiskError`, naming this folder or file where the fault names none."""
    try:
        yield
    except TacgraphError:
        raise
    except Exception as fault:
        told = disk_fault(fault, place)
        if told is None:
            raise
        raise told from fault


def append(file: IO[bytes], content: bytes) -> None:
    """Add to an unbuffered file's end all of it or nothing, safely on disk; the caller holds its lock."""
    file.seek(0, os.SEEK_END)
    before = file.tell()
    try:
        left = memoryview(content)
        while left:
            left = left[file.write(left) :]
        file.flush()
        os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            os.ftruncate(file.fileno(), before)
        raise

"""What took long to work out, kept beside the slice it is of: the next process reads it.

A file an answer in the folder `slice/.answers` of the data folder, so it goes with the slices: when a newer
one is kept, and when a child is erased. Its name is a digest of the load, the question, the day, all
settings, this program's code and the versions of the libraries, so whatever could change the answer changes
the name. A file holds plain values only (`analysis.plain_values`), never code. It holds ids as the slice
beside it does, and no names of people; who may see what of it is decided where it is shown, as for an answer
just made.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, TypeVar, cast

from analysis.plain_values import Unknown, packed, unpacked
from analysis.tables import Slice
from graphmodel.settings import Settings

FOLDER: Final = ".answers"
MOST: Final = 48
"""Answers kept; the longest unused go first."""
_LIBRARIES: Final = ("numpy", "pandas", "scipy", "networkx", "rustworkx", "highspy")
_DIGEST_BYTES: Final = 32

T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """What is asked of a slice of a data folder: by name, on a day, with settings."""

    name: str
    home: Path
    tables: Slice
    day: date
    settings: Settings

    @property
    def path(self) -> Path:
        """Where its answer is kept, if it is."""
        at, load = self.tables.loaded_at, self.tables.load_id
        stated = [self.name, load, at and at.isoformat(), self.day.isoformat()]
        stated += [self.settings.model_dump_json(), _code()]
        return self.home / "slice" / FOLDER / f"{hashlib.sha256(json.dumps(stated).encode()).hexdigest()}.z"

    @property
    def keeps(self) -> bool:
        """Whether its slice is whole and kept in the data folder, so that an answer may be kept beside it."""
        load, folder = self.tables.load_id, self.home / "slice"
        return load is not None and self.tables.complete and any(folder.glob(f"{load}-*"))

    @property
    def kept(self) -> bool:
        """Whether there is an answer to read; it may yet turn out to be damaged."""
        return self.path.is_file()


def kept_or_made(asked: Question, make: Callable[[], T], *, worth: Callable[[T], bool] = lambda _: True) -> T:
    """The answer that is kept, else what `make` gives, which is then kept.

    Whoever asks while another process or thread makes it waits for that and makes none of their own. It is
    kept only where `worth` says so, the slice still is, and the disk lets it.
    """
    found = _read(asked.path)
    if found is not None:
        return cast("T", found[0])
    if not asked.keeps:
        return make()
    with _alone(asked.path):
        found = _read(asked.path)
        if found is not None:
            return cast("T", found[0])
        made = make()
        if worth(made) and asked.keeps:
            _write(asked.path, made)
        return made


@cache
def _code() -> str:
    """A digest of the code that answers come from: every module here, the codes, and the libraries."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted([*here.glob("*.py"), *(here.parent / "graphmodel").glob("codes.py")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    for library in _LIBRARIES:
        try:
            digest.update(f"{library} {version(library)}\0".encode())
        except PackageNotFoundError:
            digest.update(f"{library} none\0".encode())
    return digest.hexdigest()


def _read(path: Path) -> tuple[object] | None:
    """The answer of a file; None where there is none, or it is not whole."""
    try:
        content = path.read_bytes()
        body = content[_DIGEST_BYTES:]
        if hashlib.sha256(body).digest() != content[:_DIGEST_BYTES]:
            return None
        answer = unpacked(zlib.decompress(body).decode("utf-8"))
        os.utime(path)
    except (OSError, Unknown, ValueError, zlib.error):
        return None
    return (answer,)


def _write(path: Path, answer: object) -> None:
    """Keep an answer, whole or not at all, for its owner only; not on a disk that is full or read-only."""
    body = zlib.compress(packed(answer).encode("utf-8"), 1)
    with suppress(OSError):
        descriptor, made = tempfile.mkstemp(prefix=".making-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(hashlib.sha256(body).digest() + body)
            Path(made).replace(path)
        finally:
            Path(made).unlink(missing_ok=True)
        held = sorted(path.parent.glob("*.z"), key=lambda x: x.stat().st_mtime)
        for old in held[:-MOST]:
            old.unlink(missing_ok=True)
            old.with_suffix(".lock").unlink(missing_ok=True)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One maker of an answer at a time; where no lock can be written, whoever asks makes their own."""
    descriptor = None
    try:
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)

"""One file for a backup: a tar whose first member, the manifest, says what every other one must be.

Compressed by the ending of its name (`.tar`, `.tar.gz`, `.tar.zst`), sealed where there is a passphrase,
readable by its owner alone. What is read back is held to the manifest member by member: names, sizes,
digests; links, folders and names that lead elsewhere are refused, so that no archive
can write outside its folder.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import os
import re
import secrets
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Annotated, Any, Final, Literal, cast

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graphmodel.errors import SourceError
from loaders.backup.sealing import MAGIC, SealedReader, SealedWriter

MANIFEST: Final = "manifest.json"
LARGEST_MANIFEST: Final = 64 << 20
_BLOCK: Final = 1 << 20
_NAME: Final = re.compile(r"(?!.*(?:^|/)\.{1,2}(?:/|$))[^/\x00\\][^\x00\\]*")

Kind = Literal["value", "date", "datetime"]
Count = Annotated[int, Field(ge=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Held(_Strict):
    """A file of the archive."""

    name: str
    size: Count
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Part(_Strict):
    """The nodes of one label, or the relationships of one shape: rows, and the properties they have."""

    name: str
    rows: Count
    columns: dict[str, Kind]


class Manifest(_Strict):
    """What a backup is: when and of what, counts, the digest of the graph, and every file with its own."""

    format: Literal[1] = 1
    program: str
    model: Count
    made_at: str
    engine: Literal["embedded", "neo4j"]
    load_id: str | None
    nodes: dict[str, Count]
    relationships: dict[str, Count]
    digest: str
    parts: tuple[Part, ...]
    identity_key: Literal["inside", "left out", "in the environment", "none yet"]
    left_out: tuple[str, ...]
    files: tuple[Held, ...]


def held(folder: Path, name: str) -> Held:
    """The file's entry for the manifest."""
    digest, size = hashlib.sha256(), 0
    with (folder / name).open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return Held(name=name, size=size, sha256=digest.hexdigest())


# -- writing ---------------------------------------------------------------------------------------


def pack(folder: Path, manifest: Manifest, out: Path, passphrase: str | None) -> None:
    """Write `folder`'s files as `out`, all at once: whoever looks sees the whole archive or none."""
    made = out.with_name(f".{out.name}.{secrets.token_hex(4)}.partial")
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            # while it is held nobody takes it for what a killed backup left
            fcntl.flock(file, fcntl.LOCK_EX)
            with _sealed(file, passphrase) as inner, _compressed(cast("IO[bytes]", inner), out.name) as sink:
                _write_tar(folder, manifest, sink)
            file.flush()
            os.fsync(file.fileno())
        made.replace(out)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


def _write_tar(folder: Path, manifest: Manifest, sink: Any) -> None:
    text = manifest.model_dump_json(indent=1).encode()
    first = folder / MANIFEST
    first.write_bytes(text)
    with tarfile.open(fileobj=sink, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for name in (MANIFEST, *(file.name for file in manifest.files)):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = (folder / name).stat().st_size, 0o600
            with (folder / name).open("rb") as content:
                tar.addfile(entry, content)


@contextmanager
def _sealed(file: IO[bytes], passphrase: str | None) -> Iterator[IO[bytes] | SealedWriter]:
    if passphrase is None:
        yield file
    else:
        writer = SealedWriter(file, passphrase)
        yield writer
        writer.close()


@contextmanager
def _compressed(file: IO[bytes], name: str) -> Iterator[Any]:
    if name.endswith(".gz"):
        with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as packed:
            yield packed
    elif name.endswith(".zst"):
        with pa.CompressedOutputStream(pa.PythonFile(_Writable(file), mode="w"), "zstd") as packed:
            yield packed
    else:
        yield file


class _Writable:
    """What Arrow asks of a file, for a writer that has less; closing it leaves the file open."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.closed = file, False

    def write(self, content: bytes) -> int:
        return self._file.write(bytes(content))

    def flush(self) -> None:
        """Nothing is held back here."""

    def close(self) -> None:
        self.closed = True


# -- reading ---------------------------------------------------------------------------------------


def unpack(path: Path, folder: Path, passphrase: str | None, room: Callable[[int], None]) -> Manifest:
    """Write the archive's files into an empty `folder` and give its manifest; every digest holds.

    `room` is told how many bytes are to come before they do. Raises `SourceError` where the file is no
    backup, is cut off, was changed, holds something the manifest does not name, or needs a passphrase.
    """
    try:
        with ExitStack() as stack, tarfile.open(fileobj=_opened(path, passphrase, stack), mode="r|") as tar:
            manifest = _manifest(tar, path)
            room(sum(file.size for file in manifest.files))
            wanted = {file.name: file for file in manifest.files}
            # not `for`, which would begin with the manifest again
            while (entry := tar.next()) is not None:
                _take(tar, entry, wanted.pop(entry.name, None), folder, path)
    except (tarfile.TarError, EOFError, OSError, ValueError, gzip.BadGzipFile) as fault:
        if isinstance(fault, OSError) and fault.errno is not None:
            raise SourceError(
                f"backup {path.name}", f"cannot be unpacked ({fault.strerror})", "Mend that, then try again."
            ) from fault
        raise _spoilt(path, "is cut off or is no backup") from fault
    if wanted:
        raise _spoilt(path, f"lacks {min(wanted)}")
    return manifest


def read_manifest(path: Path, passphrase: str | None) -> Manifest:
    """The manifest alone, which says what a backup is; nothing behind it is looked at."""
    try:
        with ExitStack() as stack, tarfile.open(fileobj=_opened(path, passphrase, stack), mode="r|") as tar:
            return _manifest(tar, path)
    except (tarfile.TarError, EOFError, OSError, ValueError) as fault:
        raise _spoilt(path, "is cut off or is no backup") from fault


def _opened(path: Path, passphrase: str | None, stack: ExitStack) -> Any:
    if not path.is_file():
        raise SourceError(f"backup {path.name}", "is not there", "Name the file that tacgraph backup wrote.")
    file: Any = stack.enter_context(path.open("rb"))
    if file.read(len(MAGIC)) == MAGIC:
        if passphrase is None:
            raise SourceError(
                f"backup {path.name}",
                "is sealed",
                "Give its passphrase (TACGRAPH_BACKUP_PASSPHRASE or --passphrase-file).",
            )
        file = _Buffered(SealedReader(file, passphrase, path.name))
    else:
        file.seek(0)
        file = _Buffered(file)
    start = file.peek(4)
    if start.startswith(b"\x1f\x8b"):
        return stack.enter_context(gzip.GzipFile(fileobj=file, mode="rb"))
    if start.startswith(b"\x28\xb5\x2f\xfd"):
        return pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd")
    return file


class _Buffered:
    """A reader that one can look ahead in."""

    def __init__(self, file: IO[bytes] | SealedReader) -> None:
        self._file, self._ahead, self.closed = file, b"", False

    def peek(self, size: int) -> bytes:
        self._ahead += self._file.read(size - len(self._ahead))
        return self._ahead

    def read(self, size: int = -1) -> bytes:
        found = self._ahead if size < 0 else self._ahead[:size]
        self._ahead = self._ahead[len(found) :]
        return found + (self._file.read(-1 if size < 0 else size - len(found)) if len(found) != size else b"")

    def close(self) -> None:
        self.closed = True


def _manifest(tar: tarfile.TarFile, path: Path) -> Manifest:
    first = tar.next()
    if first is None or first.name != MANIFEST or not first.isreg() or first.size > LARGEST_MANIFEST:
        raise _spoilt(path, "does not begin with a manifest")
    file = tar.extractfile(first)
    content = file.read() if file is not None else b""
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as fault:
        where = ", ".join(".".join(str(x) for x in e["loc"]) for e in fault.errors()[:3])
        raise _spoilt(path, f"has a manifest that this version cannot read ({where or 'no JSON'})") from fault
    names = [file.name for file in manifest.files]
    bad = [name for name in names if not _NAME.fullmatch(name)]
    if bad or len(set(names)) != len(names) or MANIFEST in names:
        raise _spoilt(path, "has a manifest with names that cannot be")
    return manifest


def _take(
    tar: tarfile.TarFile, entry: tarfile.TarInfo, wanted: Held | None, folder: Path, path: Path
) -> None:
    if wanted is None or not entry.isreg() or entry.size != wanted.size:
        raise _spoilt(path, f"holds {entry.name!r}, which is not as its manifest says")
    target = folder / wanted.name
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, content = hashlib.sha256(), tar.extractfile(entry)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while content is not None and (block := content.read(_BLOCK)):
            digest.update(block)
            file.write(block)
    if digest.hexdigest() != wanted.sha256:
        raise _spoilt(path, f"was changed: {wanted.name} is not as it was written")


def _spoilt(path: Path, fault: str) -> SourceError:
    return SourceError(f"backup {path.name}", fault, "Take another backup; nothing was restored.")

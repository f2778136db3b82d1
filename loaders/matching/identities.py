"""The identity store: what sources say that tells one person from another, apart from everything else.

`identity/` in the data folder (0700), a file a source and kind, encrypted (AES-256-GCM) under a key derived
from the folder's identity key or `TACGRAPH_IDENTITY_KEY`. Nothing of it goes to the graph, the slice, the
logs or the reports. Whether it is kept between matchings is a setting (`[matching] keep_identities`).
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import io
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from graphmodel.errors import SettingsError
from loaders.identity import identity_key

Kind = Literal["child", "practitioner"]
FOLDER: Final = "identity"
_MAGIC: Final = b"tacgraph identities 1\n"
_NONCE: Final = 12

_COMMON: Final = [
    pa.field("id", pa.string()),
    pa.field("source", pa.string()),
    pa.field("space", pa.string()),
]
_CHILD: Final = ("first_name", "last_name", "birth_date", "postcode", "nhs_number", "upn", "uln")
_PRACTITIONER: Final = ("name", "role", "agency_id", "swe_number", "email", "staff_id")
SCHEMAS: Final[dict[Kind, pa.Schema]] = {
    "child": pa.schema(
        [
            *_COMMON,
            *(pa.field(name, pa.string()) for name in _CHILD),
            pa.field("former_upn", pa.list_(pa.string())),
        ]
    ),
    "practitioner": pa.schema([*_COMMON, *(pa.field(name, pa.string()) for name in _PRACTITIONER)]),
}
"""Columns by kind: as the source writes them. `space` names the set of ids in which an id is unique."""


class IdentityStore:
    """The records of one data folder: for each source and id the latest."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / FOLDER

    def keep(self, kind: Kind, source: str, records: pa.Table, *, whole: bool = False) -> bool:
        """Put records of a source in the place of its former ones with these ids (`whole`: of all its ids).

        `records` have the columns of `SCHEMAS[kind]`; the last of several rows with one id counts. False
        where the former ones could not be read (another key): they are gone, as nobody could use them.
        """
        readable = True
        with self._alone():
            path = self._path(kind, source)
            new = last_of_each(records.select(SCHEMAS[kind].names).cast(SCHEMAS[kind]))
            if not whole and path.exists():
                try:
                    old = self._read(path, SCHEMAS[kind])
                    new = pa.concat_tables([old.filter(pc.invert(pc.is_in(old["id"], new["id"]))), new])
                except SettingsError:
                    readable = False
            if new.num_rows:
                self._write(path, new.sort_by("id"))
            else:
                path.unlink(missing_ok=True)
        return readable

    def records(self, kind: Kind) -> pa.Table:
        """All records of a kind, by source and id.

        Raises `SettingsError` where the key is not the one that they were kept under.
        """
        if not self.folder.exists():
            return SCHEMAS[kind].empty_table()
        found = [self._read(path, SCHEMAS[kind]) for path in sorted(self.folder.glob(f"{kind}-*.bin"))]
        table = pa.concat_tables([SCHEMAS[kind].empty_table(), *found])
        return table.sort_by([("source", "ascending"), ("id", "ascending")])

    def forget(self) -> int:
        """Delete every record; gives the number of files. The links stay."""
        if not self.folder.exists():
            return 0
        with self._alone():
            files = list(self.folder.glob("*.bin"))
            for path in files:
                path.unlink()
            return len(files)

    def _path(self, kind: Kind, source: str) -> Path:
        return self.folder / f"{kind}-{hashlib.sha256(source.encode()).hexdigest()[:24]}.bin"

    def _read(self, path: Path, schema: pa.Schema) -> pa.Table:
        content = path.read_bytes().removeprefix(_MAGIC)
        try:
            plain = self._cipher().decrypt(content[:_NONCE], content[_NONCE:], _about(path))
        except (InvalidTag, ValueError) as fault:
            raise SettingsError(
                f"identity records {path.name}",
                "cannot be read: they were kept under another key, or damaged",
                f"Give the key they were kept under (TACGRAPH_IDENTITY_KEY), or delete the folder {FOLDER} "
                "of the data folder and load the sources again.",
            ) from fault
        return pq.read_table(pa.BufferReader(plain)).select(schema.names).cast(schema)

    def _write(self, path: Path, table: pa.Table) -> None:
        packed = io.BytesIO()
        pq.write_table(table, packed, compression="zstd")
        nonce = secrets.token_bytes(_NONCE)
        content = _MAGIC + nonce + self._cipher().encrypt(nonce, packed.getvalue(), _about(path))
        made = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            made.rename(path)
        finally:
            made.unlink(missing_ok=True)

    def _cipher(self) -> AESGCM:
        return AESGCM(hmac.digest(identity_key(self.home), b"identity store, version 1", "sha256"))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One writer at a time; what a killed one left half written goes."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            for left in self.folder.glob(".*.bin.*"):
                left.unlink(missing_ok=True)
            yield
        finally:
            os.close(descriptor)


def _about(path: Path) -> bytes:
    """Bound to its name, so that one file cannot be put in another's place."""
    return path.name.encode()


def last_of_each(table: pa.Table) -> pa.Table:
    """The last row of each id."""
    numbered = table.append_column("at", pa.array(range(table.num_rows), pa.int64()))
    last = numbered.group_by("id").aggregate([("at", "max")])["at_max"]
    return table.take(last)

"""Keyed hashes of identity numbers: equal numbers match across sources, and nobody can read them back."""

from __future__ import annotations

import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from graphmodel.disk import on_disk
from graphmodel.errors import SettingsError

KEY_VARIABLE: Final = "TACGRAPH_IDENTITY_KEY"
KEY_FILE: Final = "identity.key"
_SHORTEST_KEY: Final = 16


def identity_key(home: Path) -> bytes:
    """The key of this data folder: from the environment, else a 0600 file, made at the first load.

    Raises `SettingsError` where the key is too short to protect anything, `DiskError` where none can be kept.
    """
    named = os.environ.get(KEY_VARIABLE)
    if named is not None:
        if len(named) < _SHORTEST_KEY:
            raise SettingsError(
                KEY_VARIABLE, f"is shorter than {_SHORTEST_KEY} characters", "Use a longer one."
            )
        return named.encode()
    path = home / KEY_FILE
    with on_disk(path):
        if not path.exists():
            _make(path)
        key = path.read_bytes()
    if len(key) < _SHORTEST_KEY:
        raise SettingsError(
            f"the key in {path}",
            "is cut short",
            "Put it back from a backup; where nothing was loaded yet, delete it.",
        )
    return key


def _make(path: Path) -> None:
    """A new key, whole or not there; of several made at once the first stays."""
    made = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(32).encode())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(made, path)
    finally:
        made.unlink(missing_ok=True)


def keyed_hash(key: bytes, kind: str, value: str) -> str:
    """HMAC-SHA256 of an identity number without its spaces and in capitals; `kind` keeps kinds apart."""
    plain = "".join(value.split()).upper()
    return hmac.digest(key, f"{kind}:{plain}".encode("utf-8", "surrogateescape"), "sha256").hex()

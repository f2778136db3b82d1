"""A backup under a passphrase: chunks of AES-256-GCM, so that no byte, order or end can be changed unseen.

The key comes from the passphrase by scrypt with a salt of the file's own. Each chunk's nonce holds its number
and whether it is the last, so a chunk taken out, put in, moved or cut off at the end fails to open.
"""

from __future__ import annotations

import os
from typing import IO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from graphmodel.errors import SourceError

MAGIC: Final = b"tacgraph sealed backup 1\n"
CHUNK: Final = 1 << 20
_SALT, _PREFIX, _TAG = 16, 7, 16
SHORTEST_PASSPHRASE: Final = 12


def _key(passphrase: str, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode()))


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


class SealedWriter:
    """Takes bytes and writes them sealed to `file`; `close` writes the last chunk, and leaves `file` open."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        salt, self._prefix = os.urandom(_SALT), os.urandom(_PREFIX)
        self._file, self._head = file, MAGIC + salt + self._prefix
        self._cipher, self._waiting, self._number = _key(passphrase, salt), bytearray(), 0
        file.write(self._head)

    def write(self, content: bytes) -> int:
        self._waiting += content
        # the last chunk is known only at the end, so one is always held back
        while len(self._waiting) > CHUNK:
            self._seal(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(content)

    def close(self) -> None:
        self._seal(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        nonce = _nonce(self._prefix, self._number, last=last)
        self._file.write(self._cipher.encrypt(nonce, chunk, self._head))
        self._number += 1


class SealedReader:
    """Opens what `SealedWriter` wrote, from after `MAGIC` on.

    `read` raises `SourceError` at the first chunk that is not as it was written, and for another passphrase.
    """

    def __init__(self, file: IO[bytes], passphrase: str, name: str) -> None:
        salt, self._prefix = file.read(_SALT), file.read(_PREFIX)
        self._file, self._name, self._head = file, name, MAGIC + salt + self._prefix
        self._cipher, self._open, self._number = _key(passphrase, salt), bytearray(), 0
        self._next = file.read(CHUNK + _TAG)
        self._ended = False

    def read(self, size: int = -1) -> bytes:
        while not self._ended and (size < 0 or len(self._open) < size):
            self._take()
        found = bytes(self._open) if size < 0 else bytes(self._open[:size])
        del self._open[: len(found)]
        return found

    def _take(self) -> None:
        sealed, self._next = self._next, self._file.read(CHUNK + _TAG)
        last = not self._next
        try:
            self._open += self._cipher.decrypt(
                _nonce(self._prefix, self._number, last=last), sealed, self._head
            )
        except (InvalidTag, ValueError) as fault:
            raise SourceError(
                f"backup {self._name}",
                "does not open: another passphrase, or it was changed or cut off",
                "Check the passphrase; else take another backup.",
            ) from fault
        self._number, self._ended = self._number + 1, last

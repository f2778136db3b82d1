"""What fuzz tests share: an outcome is a result, or an error that says what, why and how to mend it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from graphmodel.errors import TacgraphError

T = TypeVar("T")


def outcome(attempt: Callable[[], T]) -> T | TacgraphError:
    """What an attempt gives, or the program's own error; any other error goes on up and fails the test."""
    try:
        return attempt()
    except TacgraphError as fault:
        return fault


def damaged(whole: bytes, at: int, byte: int | None) -> bytes:
    """The bytes cut off at a place (`byte` None), or with another byte there."""
    at %= max(len(whole), 1)
    return whole[:at] if byte is None else whole[:at] + bytes([byte]) + whole[at + 1 :]

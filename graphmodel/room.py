"""How much memory rows take, so that a result is cut before it takes all there is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

ROW: Final = 64
"""Bytes of a row by itself: a tuple and its place in a list."""
PLAIN: Final = 32
"""Bytes of a number, a date or a truth value with its place in a row."""
TEXT: Final = 64
HOLDER: Final = 72


def room(value: Any) -> int:
    """Bytes that a plain value takes, to about a third (what is in it counts, objects shared do so twice)."""
    if isinstance(value, str):
        # letters beyond Latin-1 take two or four bytes each
        return TEXT + len(value) * (1 if value.isascii() else 4)
    if isinstance(value, Mapping):
        return HOLDER + sum(room(key) + room(part) for key, part in value.items())
    if isinstance(value, list | tuple):
        return HOLDER + sum(map(room, value))
    return PLAIN


def room_of(row: tuple[Any, ...]) -> int:
    """Bytes of a row of plain values."""
    return ROW + sum(map(room, row))

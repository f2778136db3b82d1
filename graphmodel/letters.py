"""Texts from data, files and addresses, made so that whatever shows them takes them for letters alone.

A terminal obeys control characters, a page those that turn the direction of writing, and a spreadsheet takes
a cell that begins with `=` for a formula. Who chose a name may have known that.
"""

from __future__ import annotations

import re
from typing import Final

_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FORMULA: Final = re.compile(r"\s*[=+@\-\t\r]")
_NUMBER: Final = re.compile(r"[+-]?(\d[\d,]*\.?\d*|\.\d+)([eE][+-]?\d+)?%?")


def letters(text: object) -> str:
    """A text without control characters (line feeds and tabs stay) and without those that turn it round."""
    return _CONTROLS.sub("", str(text))


def harmless(text: str) -> str:
    """A cell of a CSV file: one that a spreadsheet would reckon out gets an apostrophe, which it hides.

    Numbers stay as they are. A text that looks like one so marked is marked too: `as_it_came` undoes it.
    """
    bare = text.lstrip("'")
    return f"'{text}" if _FORMULA.match(bare) and not _NUMBER.fullmatch(bare) else text


def as_it_came(cell: str) -> str:
    """The text of which `harmless` made this cell."""
    return cell[1:] if cell.startswith("'") and harmless(cell[1:]) == cell else cell

"""Texts from data, files and addresses as letters: nothing in them is a link, a picture or a mark of style.

Streamlit reads titles, captions, messages and the cells of plain tables as Markdown, and a name may have been
chosen by somebody who knows that.
"""

from __future__ import annotations

import re
from typing import Final

import pandas as pd

from graphmodel.letters import letters

_JOINER: Final = "\u2060"
_MARKS: Final = re.compile(r"([\\`*\[\]<>$~]|(?<![a-z0-9])_|_(?![a-z0-9])|:(?=[a-z]))", re.IGNORECASE)
# an address becomes a link even where its letters are escaped, so a joiner that nobody sees parts it
_ADDRESSES: Final = re.compile(
    r"(?:(?<=http:)|(?<=https:)|(?<=ftp:))(?=//)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE
)


def plain(text: object) -> str:
    """A text for a place where Streamlit reads Markdown; ordinary prose stays as it is.

    Control characters and those that turn the direction of writing are left out, white space is one blank.
    """
    bare = " ".join(letters(text).split())
    return _ADDRESSES.sub(_JOINER, _MARKS.sub(r"\\\1", bare))


def plain_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame for `st.table`, whose cells are Markdown too: texts in it as letters."""
    return frame.map(lambda cell: plain(cell) if isinstance(cell, str) else cell)

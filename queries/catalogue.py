"""All queries of a folder, read and checked at once; a bad one is refused, never half used."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from graphmodel.errors import DeclarationError
from queries.guard import text_faults
from queries.header import Query, read_header

FOLDER: Final = Path(__file__).with_name("cypher")


def read_catalogue(folder: Path) -> dict[str, Query]:
    """The queries of a folder's `.cypher` files, by name.

    Raises `DeclarationError` that names each file, each fault and its mend in one message.
    """
    found: dict[str, Query] = {}
    faults: list[str] = []
    for path in sorted(folder.glob("*.cypher")):
        query, wrong = check_file(path)
        faults += [f"{path.name}: {fault}" for fault in wrong]
        if query is not None:
            found[query.name] = query
    if faults:
        raise DeclarationError("the query catalogue", "; ".join(faults), "Mend these files.")
    return found


def check_file(path: Path) -> tuple[Query | None, list[str]]:
    """The query of one file, and all its faults in words (header first, then Cypher)."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        return None, [f"it cannot be read as UTF-8 text ({type(fault).__name__}): save it anew"]
    return check_query(path.stem, text, path)


def check_query(name: str, text: str, path: Path) -> tuple[Query | None, list[str]]:
    """The same of a text that is to be the file `path`."""
    query, faults = read_header(name, text, path)
    return query, [*faults, *(text_faults(query) if query is not None else ())]


@lru_cache(maxsize=1)
def catalogue() -> dict[str, Query]:
    """The program's own queries, by name."""
    return read_catalogue(FOLDER)

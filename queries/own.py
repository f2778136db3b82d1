"""An analyst's own queries: files of the catalogue's format in folders of their own, searched after it.

Folders are those that `TACGRAPH_QUERIES` names (joined as in `PATH`), then `queries` in the data folder.
Their files are held to all that the catalogue's are, and to the grammar that every analyst's text is held to.
A column of theirs may show a child under any name, so each run of one is a look at children and recorded.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from graphmodel.consent import refuse_unconsented
from graphmodel.errors import QueryError, TextRefused
from queries.catalogue import FOLDER, catalogue, check_file, check_query
from queries.grammar import check_text
from queries.header import Column, ColumnType, Query, split

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,60}")


def folders() -> list[Path]:
    """Where own queries are, the first one being where they are saved."""
    named = [Path(x) for x in os.environ.get("TACGRAPH_QUERIES", "").split(os.pathsep) if x.strip()]
    home = Path(os.environ.get("TACGRAPH_HOME") or ".tacgraph").resolve()
    return [*named, home / "queries"]


def own_queries() -> tuple[dict[str, Query], dict[str, list[str]]]:
    """The own queries by name, and by name the faults in words of those that are refused."""
    found: dict[str, Query] = {}
    faults: dict[str, list[str]] = {}
    for folder in folders():
        for path in sorted(folder.glob("*.cypher")):
            query, wrong = check_file(path)
            if path.stem in catalogue():
                wrong = [*wrong, f"{path.stem} is a query of the catalogue: give it another name"]
            if path.stem in found:
                wrong = [*wrong, f"{found[path.stem].path} has the same name: give it another"]
            if query is None or wrong:
                faults.setdefault(path.stem, []).extend(f"{path}: {fault}" for fault in wrong)
            else:
                found[path.stem] = query
    return found, faults


def is_own(query: Query) -> bool:
    """Whether it is no query of the catalogue."""
    return query.path.parent != FOLDER


def search(word: str = "") -> list[Query]:
    """Queries of the catalogue and own ones whose name, title, question or tags hold every word."""
    words = word.casefold().split()
    every = [*catalogue().values(), *own_queries()[0].values()]
    return [query for query in every if all(part in _told(query) for part in words)]


def _told(query: Query) -> str:
    texts = (query.name, query.title, query.question, query.grain, *query.tags, *query.column_names)
    return " ".join(texts).casefold()


def save(name: str, text: str, *, replace: bool = False) -> Path:
    """Save a query with its header under a name, in the first of `folders`; gives the file.

    Raises `QueryError` for a name that is none or is taken, and naming all faults of the text; nothing is
    written then.
    """
    thing = f"query {name!r}"
    if not _NAME.fullmatch(name):
        raise QueryError(thing, "is no lower snake case name", "Name it like `overdue_reviews`.")
    if name in catalogue():
        raise QueryError(thing, "is a query of the catalogue", "Give it another name.")
    folder = folders()[0]
    path = folder / f"{name}.cypher"
    if path.exists() and not replace:
        raise QueryError(thing, f"is there already ({path})", "Name it differently, or add --replace.")
    refuse_faults(name, text, path)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = folder / f".{name}.making"
    made.write_text(text.rstrip() + "\n", encoding="utf-8")
    made.chmod(0o600)
    made.replace(path)
    return path


def refuse_faults(name: str, text: str, path: Path) -> Query:
    """The query of a text; raises `QueryError` with all that keeps it from being one of this name.

    A `TextRefused` where no analyst's text may say this.
    """
    query, faults = check_query(name, text, path)
    kind = QueryError
    try:
        check_text(text)
        refuse_unconsented(text)
    except TextRefused as fault:
        faults, kind = [*faults, fault.fault], type(fault)
    if query is None or faults:
        raise kind(f"query {name!r}", "; ".join(dict.fromkeys(faults)), "Mend its file.")
    return query


def with_header(
    name: str, text: str, columns: Sequence[Column], parameters: Mapping[str, Any], question: str = ""
) -> str:
    """A text without a header, with one worked out: `columns` as they came, `parameters` as given.

    Leading comments stay, below the header.
    """
    title = name.replace("_", " ").capitalize()
    lines = [
        f"title = {_toml(title)}",
        f"question = {_toml(question or title + '?')}",
        'grain = "a row of the result"',
        'source = "own query"',
        'tags = ["own"]',
        'identifying = "child"',
        "sort = []",
        "parameters = [",
        *(
            f'  {{name = {_toml(key)}, {_typed(value)}, unit = "as given", meaning = "as given when saved"}},'
            for key, value in parameters.items()
        ),
        "]",
        "columns = [",
        *(
            f"  {{name = {_toml(c.name)}, type = {_toml(c.type)}, meaning = {_toml(c.meaning)}}},"
            for c in columns
        ),
        "]",
    ]
    return "\n".join([*("// " + line for line in lines), "", text.strip(), ""])


def _typed(value: Any) -> str:
    """Type and default of a parameter; a map or a list has no default, so it is given each time."""
    if isinstance(value, (list, Mapping)):
        return 'type = "list"' if isinstance(value, list) else 'type = "map"'
    return f"type = {_toml(type_of([value]))}, default = {_toml(value)}"


def type_of(values: Iterable[Any]) -> ColumnType:
    """The type of a column that holds these values; `text` where they are of several kinds, or maps."""
    kinds = {_kind(value) for value in values if value is not None}
    if kinds == {"integer", "decimal"}:
        return "decimal"
    return kinds.pop() if len(kinds) == 1 else "text"


def _kind(value: Any) -> ColumnType:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "decimal"
    if isinstance(value, date) and not isinstance(value, datetime):
        return "date"
    is_list = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return "list" if is_list else "text"


def _toml(value: Any) -> str:
    # a JSON string is a TOML string; dates are given as text
    return json.dumps(value if isinstance(value, (bool, int, float)) else str(value), ensure_ascii=False)


_KEY: Final = re.compile(r"\s*(title|question|grain|columns|parameters|identifying)\s*=")


def has_header(text: str) -> bool:
    """Whether the leading comments are meant as a header, right or wrong."""
    return any(_KEY.match(line) for line in split(text)[0].splitlines())

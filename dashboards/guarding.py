"""The last net before rows reach the browser: whom the viewer may not see is not in them.

The decision is `graphmodel.access`'s; here it is applied to frames. A page narrows its rows itself
(`people`); one that forgets gets them without those people (`unseen`): tables and charts pass through here.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import pandas as pd
import streamlit as st

from dashboards.data import REPLACED, Held
from graphmodel.access import Viewer

_MOST_PARENTS = 20


def parts_of(found: Held, agency_id: str) -> frozenset[str]:
    """An agency and all that are part of it, by id."""
    table = found.slice.table("agencies")
    parent = dict(zip(table["agency_id"], table["parent_agency_id"], strict=True))
    return frozenset(one for one in parent if agency_id in _line(parent, one)) | {agency_id}


def _line(parent: dict[str, Any], agency_id: Any) -> list[str]:
    """An agency and those it is part of, upwards; a loop ends it."""
    line: list[str] = []
    while isinstance(agency_id, str) and agency_id not in line and len(line) < _MOST_PARENTS:
        line.append(agency_id)
        agency_id = parent.get(agency_id)
    return line


def people(frame: pd.DataFrame, found: Held, viewer: Viewer, column: str) -> pd.DataFrame:
    """The rows about practitioners whom the viewer may see; `column` holds their home agency on the day."""
    if viewer.may("practitioners") and viewer.agency_id is None:
        return frame
    lines = _lines(found, frame[column].unique())
    seen = [
        viewer.sees_practitioner(who, lines.get(agency, ()))
        for who, agency in zip(frame["practitioner_id"], frame[column], strict=True)
    ]
    return frame[seen]


def _lines(found: Held, agencies: Iterable[Any]) -> dict[Any, list[str]]:
    table = found.slice.table("agencies")
    parent = dict(zip(table["agency_id"], table["parent_agency_id"], strict=True))
    return {agency: _line(parent, agency) for agency in agencies}


def unseen_here(rows: pd.DataFrame) -> list[Any]:
    """Labels of the rows that show somebody whom the viewer of this run of the page may not see."""
    shown = st.session_state.get("view")
    return unseen(rows, shown.found, shown.viewer) if shown else []


def unseen(rows: pd.DataFrame, found: Held, viewer: Viewer) -> list[Any]:
    """Labels of the rows with a cell that is the id of a practitioner or a child the viewer may not see.

    Ids of families and teams count as a child's. For whoever sees both there is nothing to look through.
    """
    hidden: frozenset[str] = frozenset()
    if not viewer.may("children"):
        hidden |= _ids(found, "children", ("child_id", "family_id")) | _ids(found, "tacs", ("tac_id",))
    if not viewer.may("practitioners"):
        hidden |= _ids(found, "practitioners", ("practitioner_id", "name")) - {viewer.practitioner_id or ""}
    elif viewer.agency_id is not None:
        hidden |= _of_others(found, viewer.agency_id)
    if not hidden or rows.empty:
        return []
    cells = rows.select_dtypes(exclude=["number", "bool", "datetime"])
    bad = pd.Series(data=False, index=rows.index)
    for name in cells:
        bad |= cells[name].map(lambda cell: _holds(cell, hidden))
    return list(rows.index[bad])


def _holds(cell: Any, hidden: frozenset[str]) -> bool:
    if isinstance(cell, list | tuple):
        return any(isinstance(one, str) and one in hidden for one in cell)
    return isinstance(cell, str) and (cell in hidden or any(one in hidden for one in cell.split(", ")))


def _of_others(found: Held, agency_id: str) -> frozenset[str]:
    """Practitioners who never held a post in the agency or in a part of it, by id and by name."""
    posts, table = found.slice.table("posts"), found.slice.table("practitioners")
    own = posts.loc[posts["agency_id"].isin(parts_of(found, agency_id)), "practitioner_id"].unique()
    others = table[~table["practitioner_id"].isin(own)]
    names = set(others["name"].dropna()) - set(table.loc[table["practitioner_id"].isin(own), "name"].dropna())
    return frozenset(others["practitioner_id"]) | names


def _ids(found: Held, table: str, columns: tuple[str, ...]) -> frozenset[str]:
    return _known(found.key, table, columns, _Table(found.slice.table(table)))


class _Table:
    """A frame that does not take part in a key of the cache: `found.key` stands for its facts."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Table)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=12)
def _known(key: str, table: str, columns: tuple[str, ...], held: _Table) -> frozenset[str]:  # noqa: ARG001
    return frozenset(str(one) for name in columns for one in held.frame[name].dropna().unique())


REPLACED.append(_known.cache_clear)

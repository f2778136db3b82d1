"""Record linkage of plain frames, without a data folder: for evaluation, and for whoever has only tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import pyarrow as pa

from graphmodel.errors import SourceError
from graphmodel.settings import Matching
from graphmodel.settings import settings as agreed
from loaders.matching.children import match_children, prepare
from loaders.matching.identities import SCHEMAS

_MARK: Final = "\x1f"
COLUMNS: Final = ("source_1", "id_1", "source_2", "id_2", "probability", "outcome", "group", "why")


def match_records(
    frames: Mapping[str, pd.DataFrame],
    *,
    id_column: str = "child_id",
    extra: Sequence[str] = (),
    within: bool | None = None,
    settings: Matching | None = None,
) -> pd.DataFrame:
    """Pairs of records that are one child, or may be: one row a pair from the lower threshold up.

    `frames` by source; columns as in the import format's `children` (first_name, last_name, birth_date,
    postcode, nhs_number, upn; what a frame lacks is missing), `id_column`, and `extra`: columns of text that
    are compared as well (an address, a town). `within`: two records of one frame may be linked too (default:
    where there is one frame only, so that duplicates in it are found); else they come up for review at most.

    Gives source_1, id_1, source_2, id_2, probability, outcome (`linked`, `review`, `apart`: told apart by a
    better match), group (number of the group the pair is in once all links are made; empty where the two are
    not together), why, and a word a field. Pairs that came together only through a third record are rows
    too, without a probability where they were never compared.

    Raises `SourceError` where a frame has no ids.
    """
    table = pa.concat_tables([_records(name, frame, id_column, extra) for name, frame in frames.items()])
    prepared = prepare(table, extra)
    among = len(frames) == 1 if within is None else within
    found = match_children(prepared, settings or agreed().matching, extra=extra, within=among)
    rows: list[dict[str, Any]] = []
    numbers = {one: at for at, group in enumerate(found.groups.groups(), 1) for one in group}
    seen = set()
    for p in found.proposals:
        seen.add(p.pair)
        together = numbers.get(p.a) if numbers.get(p.a, 0) == numbers.get(p.b, -1) else None
        words = {name: word for name, word in p.evidence.items() if name != "why"}
        rows.append(_row(p.a, p.b, p.probability, p.outcome, together, p.evidence.get("why", "")) | words)
    for at, group in enumerate(found.groups.groups(), 1):
        rows += [
            _row(a, b, float("nan"), "linked", at, "through a third record")
            for place, a in enumerate(group)
            for b in group[place + 1 :]
            if (a, b) not in seen
        ]
    frame = pd.DataFrame(rows, columns=None if rows else list(COLUMNS))
    frame["group"] = frame["group"].astype("Int64")
    return frame.sort_values(["source_1", "id_1", "source_2", "id_2"], ignore_index=True)


def _row(  # noqa: PLR0917  (the columns in their order)
    a: str, b: str, probability: float, outcome: str, group: int | None, why: str
) -> dict[str, Any]:
    (source_1, id_1), (source_2, id_2) = a.split(_MARK), b.split(_MARK)
    values = (source_1, id_1, source_2, id_2, probability, outcome, group, why)
    return dict(zip(COLUMNS, values, strict=True))


def _records(source: str, frame: pd.DataFrame, id_column: str, extra: Sequence[str]) -> pa.Table:
    if id_column not in frame:
        raise SourceError(f"frame {source}", f"has no column {id_column}", "Name the column with the ids.")
    schema = SCHEMAS["child"]
    for name in extra:
        schema = schema.append(pa.field(name, pa.string()))
    columns: dict[str, Any] = {}
    for field in schema:
        if field.name == "former_upn":
            columns[field.name] = pa.nulls(len(frame), field.type)
        elif field.name in frame and field.name not in ("id", "source", "space"):
            columns[field.name] = pa.array([_text(cell) for cell in frame[field.name]], pa.string())
        else:
            columns[field.name] = pa.nulls(len(frame), pa.string())
    columns["id"] = pa.array([f"{source}{_MARK}{_text(cell)}" for cell in frame[id_column]], pa.string())
    columns["source"] = columns["space"] = pa.array([source] * len(frame), pa.string())
    return pa.table(columns, schema=schema)


def _text(cell: object) -> str | None:
    """A cell as text; a date as ISO, a missing value as None."""
    if cell is None or cell != cell:  # noqa: PLR0124  (NaN, NaT)
        return None
    return cell.isoformat()[:10] if hasattr(cell, "isoformat") else str(cell)

"""What a query gave, and its ways out: a data frame, CSV, JSON and Parquet, each with where it comes from."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from graphmodel.store import Rows
from queries.header import Query

_DTYPES: Final = {
    "text": "str",
    "integer": "Int64",
    "decimal": "float64",
    "date": "datetime64[s]",
    "boolean": "boolean",
    "list": "object",
}
_ARROW: Final = {
    "text": pa.string(),
    "integer": pa.int64(),
    "decimal": pa.float64(),
    "date": pa.date32(),
    "boolean": pa.bool_(),
    "list": pa.list_(pa.string()),
}


@dataclass(frozen=True)
class Result:
    """The rows of one query as of one date, with the parameters, the time and the load they come from.

    `load_id` is the latest finished load of the graph, None where none is recorded. `rows.complete` is
    false where the row limit cut the rest off.
    """

    query: Query
    rows: Rows
    parameters: Mapping[str, Any]
    as_of: date
    seconds: float
    load_id: str | None = None

    @property
    def about(self) -> dict[str, Any]:
        """Where the rows come from, as plain values."""
        return {
            "query": self.query.name,
            "as_of": self.as_of.isoformat(),
            "parameters": json.loads(json.dumps(dict(self.parameters), default=str)),
            "load_id": self.load_id,
            "rows": len(self.rows.rows),
            "complete": self.rows.complete,
        }

    def frame(self) -> pd.DataFrame:
        """A data frame: dates as datetime64, whole numbers and truth values nullable, lists as lists.

        Its `attrs` say where it comes from: see `about`.
        """
        columns = list(zip(*self.rows.rows, strict=True)) or [() for _ in self.query.columns]
        frame = pd.DataFrame(
            {
                column.name: pd.Series(list(values), dtype=_DTYPES[column.type])
                for column, values in zip(self.query.columns, columns, strict=True)
            }
        )
        frame.attrs.update(self.about)
        return frame

    def to_csv(self, stream: IO[str]) -> None:
        """CSV: lists joined with `;`, numbers unrounded, true and false, empty where there is no value."""
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(self.rows.columns)
        writer.writerows([text(value) for value in row] for row in self.rows.rows)

    def to_json(self, stream: IO[str]) -> None:
        """A JSON list, an object a row; dates as ISO text, lists as lists, null where there is no value."""
        records = [
            {name: x.isoformat() if isinstance(x, date) else x for name, x in record.items()}
            for record in self.rows.records()
        ]
        json.dump(records, stream, ensure_ascii=False, indent=2, allow_nan=False)
        stream.write("\n")

    def to_parquet(self, path: Path) -> None:
        """A Parquet file, typed by the header, with `about` as JSON under the metadata key `tacgraph`."""
        schema = pa.schema(
            [(column.name, _ARROW[column.type]) for column in self.query.columns],
            metadata={"tacgraph": json.dumps(self.about, ensure_ascii=False)},
        )
        pq.write_table(pa.Table.from_pylist(self.rows.records(), schema=schema), path)


def text(value: Any) -> str:
    """A value as the CSV has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, list):
        return ";".join(value)
    return value.isoformat() if isinstance(value, date) else str(value)

"""What a query gave, and its ways out: a data frame, CSV, JSON and Parquet, each with where it comes from."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from graphmodel.errors import QueryError
from graphmodel.letters import harmless
from graphmodel.settings import settings
from graphmodel.store import Rows
from graphmodel.terms import said
from queries.header import Query, split

_DTYPES: Final = {
    "text": "str",
    "integer": "Int64",
    "decimal": "float64",
    "date": "datetime64[s]",
    "boolean": "boolean",
    "list": "object",
}
_GROUP_ROWS: Final = 50_000
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
    time_limit: float | None = None
    row_limit: int | None = None
    dates: tuple[date, ...] = ()

    @property
    def about(self) -> dict[str, Any]:
        """Where the rows come from, as plain values."""
        found = {
            "query": self.query.name,
            "title": said(self.query.title),
            "as_of": self.as_of.isoformat(),
            "parameters": json.loads(json.dumps(dict(self.parameters), default=str)),
            "load_id": self.load_id,
            "rows": len(self.rows.rows),
            "complete": self.rows.complete,
            "row_limit": self.row_limit,
            "time_limit_seconds": self.time_limit,
        }
        return found | ({"dates": [day.isoformat() for day in self.dates]} if self.dates else {})

    @property
    def limit_said(self) -> str:
        """In words that the row limit bit; empty where all rows are there."""
        if self.rows.complete:
            return ""
        name = self.query.name
        if self.rows.full:
            most, held = settings().queries.result_mb, len(self.rows.rows)
            return (
                f"The {most:,} MB that one result may take (queries.result_mb) were full after {held:,} "
                f"rows: the rest of {name} is cut off. Ask for fewer columns or rows."
            )
        limit = f"The row limit of {self.row_limit:,}" if self.row_limit is not None else "The row limit"
        return f"{limit} cut the rest off: these are not all rows of {name}."

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
        """CSV: lists joined with `;`, numbers unrounded, true and false, empty where there is no value.

        A text that a spreadsheet would reckon out gets an apostrophe in front: see `graphmodel.letters`.
        """
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([harmless(name) for name in self.rows.columns])
        writer.writerows([_cell_text(value) for value in row] for row in self.rows.rows)

    def to_json(self, stream: IO[str]) -> None:
        """A JSON list, an object a row; dates as ISO text, lists as lists, null where there is no value."""
        # row by row: all of a large result as objects and then as one text would take several times its room
        between = "[\n"
        for row in self.rows.rows:
            cells = (x.isoformat() if isinstance(x, date) else x for x in row)
            record = dict(zip(self.rows.columns, cells, strict=True))
            told = json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False, default=str)
            # not textwrap, for which other letters of Unicode end a line too
            stream.write(between + "  " + told.replace("\n", "\n  "))
            between = ",\n"
        stream.write("\n]\n" if self.rows.rows else "[]\n")

    def to_about(self, stream: IO[str]) -> None:
        """`about` as JSON, for the formats that hold nothing but rows."""
        json.dump(self.about, stream, ensure_ascii=False, indent=2)
        stream.write("\n")

    def to_xlsx(self, path: Path) -> None:
        """A workbook: the rows on one sheet, where they come from (and the Cypher) on the sheet `about`.

        Text is written as text, so that no cell of the data becomes a formula or a link. Raises `QueryError`
        where a sheet cannot hold the rows or a text.
        """
        write_workbook(self, path)

    def to_parquet(self, path: Path) -> None:
        """A Parquet file, typed by the header, with `about` as JSON under the metadata key `tacgraph`."""
        schema = pa.schema(
            [(column.name, _ARROW[column.type]) for column in self.query.columns],
            metadata={"tacgraph": json.dumps(self.about, ensure_ascii=False)},
        )
        with pq.ParquetWriter(path, schema) as file:
            for start in range(0, max(len(self.rows.rows), 1), _GROUP_ROWS):
                part = self.rows.rows[start : start + _GROUP_ROWS]
                file.write_table(pa.Table.from_pylist(self._records(part), schema=schema))

    def _records(self, rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
        return [
            {
                column.name: text(value) if column.type == "text" and value is not None else value
                for column, value in zip(self.query.columns, row, strict=True)
            }
            for row in rows
        ]


def _cell_text(value: Any) -> str:
    return harmless(text(value)) if isinstance(value, (str, list, dict)) else text(value)


def text(value: Any) -> str:
    """A value as text: what a CSV has but for the apostrophe before a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ";".join(value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.isoformat() if isinstance(value, date) else str(value)


# -- workbooks -------------------------------------------------------------------------------------

_SHEET_ROWS: Final = 1_048_575
_CELL_CHARACTERS: Final = 32_767
_EXACT: Final = 2**53
_FIRST_YEAR: Final = 1900
_OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def write_workbook(result: Result, path: Path) -> None:
    """See `Result.to_xlsx`."""
    if len(result.rows.rows) > _SHEET_ROWS:
        raise QueryError(
            f"the {len(result.rows.rows):,} rows of {result.query.name}",
            "are more than a sheet holds",
            "Take csv or parquet, or a row limit.",
        )
    with xlsxwriter.Workbook(str(path), _OPTIONS) as book:
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet("rows")
        sheet.freeze_panes(1, 0)
        for at, name in enumerate(result.rows.columns):
            sheet.write_string(0, at, name, bold)
        for number, row in enumerate(result.rows.rows, start=1):
            for at, value in enumerate(row):
                _cell(sheet, number, at, value, day)
        about = book.add_worksheet("about")
        about.set_column(0, 0, 24)
        _, cypher = split(result.query.text)
        parts = [(key, value) for key, value in result.about.items() if key != "parameters"]
        parts += [(f"parameter {key}", value) for key, value in result.about["parameters"].items()]
        # a text longer than a cell goes on in the next line
        for number, (key, value) in enumerate(
            [*parts, *(("cypher", x) for x in cypher.strip().splitlines())]
        ):
            about.write_string(number, 0, key, bold)
            _cell(about, number, 1, value, day)


def _cell(sheet: Any, row: int, at: int, value: Any, day: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, at, value)
    elif isinstance(value, (int, float)) and abs(value) <= _EXACT:
        sheet.write_number(row, at, value)
    elif isinstance(value, date) and value.year >= _FIRST_YEAR and not isinstance(value, datetime):
        sheet.write_datetime(row, at, datetime.combine(value, time()), day)
    elif sheet.write_string(row, at, text(value)):
        raise QueryError(
            f"row {row}, column {at + 1}",
            f"has more than the {_CELL_CHARACTERS:,} characters that a cell holds",
            "Take csv or parquet.",
        )

"""The report as a workbook: a cover, then a sheet a table, numbers as numbers, text never as a formula."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import xlsxwriter

from reports.sheets import FORMATS, Column, Table

if TYPE_CHECKING:
    from reports.monthly import Report

SHEETS: Final = {
    "headline": "Headline",
    "agencies": "Agencies",
    "agency-means": "Agencies, means",
    "agency-overload": "Agencies, overload",
    "fairness": "Fairness",
    "roles": "Roles",
    "agencies-compared": "Agencies, compared",
    "duplication": "Duplication",
    "coverage": "Coverage",
    "caseload-teams": "Caseload by team",
    "caseload-workers": "Caseload by worker",
    "trend": "Trend",
    "parameters": "Parameters",
}
HEAD_ROW: Final = 3
WIDEST: Final = 60
NARROWEST: Final = 12
# a workbook's own date of making would differ at each writing; the time of writing stands on the cover
MADE: Final = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
BLUE: Final = "#12436D"
ORANGE: Final = "#F46A25"


class _Looks:
    """The cell formats of one workbook."""

    def __init__(self, book: Any) -> None:
        self.title = book.add_format({"bold": True, "font_size": 14, "font_color": BLUE})
        self.note = book.add_format({"font_color": "#595959"})
        self.strong = book.add_format({"bold": True, "valign": "top"})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        head = {"bold": True, "text_wrap": True, "bottom": 2, "valign": "bottom"}
        self.head = book.add_format(head)
        self.head_number = book.add_format({**head, "align": "right"})
        self.text = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
        self.masked = book.add_format({"align": "right"})
        self.number: dict[str, Any] = {
            kind: book.add_format({"num_format": form}) for kind, form in FORMATS.items() if kind != "text"
        }


def write(report: Report, path: Path) -> None:
    """Write the workbook; an older file of that name is replaced."""
    lines = [
        *report.facts,
        *(("Notice", notice) for notice in report.notices),
        ("Kept back", report.rule),
        *((f"Finding {n}", finding.sentence) for n, finding in enumerate(report.findings, start=1)),
        *((sheet, report.tables[name].caption) for name, sheet in SHEETS.items()),
    ]
    with _book(path, report.title, report.rule) as book:
        looks = _Looks(book)
        _cover(book, report.title, lines, looks)
        for name, sheet in SHEETS.items():
            _sheet(book, sheet, report.tables[name], looks)
        _chart(book, report)


def write_tables(
    path: Path, title: str, lines: Sequence[tuple[str, str]], tables: Mapping[str, Table], comments: str
) -> None:
    """Write a cover with `lines`, and a sheet each table by its name."""
    with _book(path, title, comments) as book:
        looks = _Looks(book)
        _cover(book, title, lines, looks)
        for sheet, table in tables.items():
            _sheet(book, sheet, table, looks)


def _book(path: Path, title: str, comments: str) -> Any:
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    # else its sheets lie in a folder for temporary files meanwhile, on a disk that nobody named
    options["in_memory"] = True
    book = xlsxwriter.Workbook(str(path), options)
    book.set_properties({"title": title, "created": MADE, "comments": comments})
    return book


def _cover(book: Any, title: str, lines: Sequence[tuple[str, str]], looks: _Looks) -> None:
    cover = book.add_worksheet("Cover")
    cover.set_column(0, 0, 18)
    cover.set_column(1, 1, 100)
    cover.write_string(0, 0, title, looks.title)
    for row, (name, text) in enumerate(lines, start=2):
        cover.write_string(row, 0, name, looks.strong)
        cover.write_string(row, 1, text, looks.wrapped)


def _sheet(book: Any, name: str, table: Table, looks: _Looks) -> None:
    sheet = book.add_worksheet(name)
    sheet.write_string(0, 0, table.caption, looks.title)
    sheet.write_string(1, 0, table.note, looks.note)
    for position, column in enumerate(table.columns):
        look = looks.head if column.kind == "text" else looks.head_number
        sheet.write_string(HEAD_ROW, position, column.heading, look)
        sheet.set_column(position, position, _width(table, position, column))
    if table.rows:
        sheet.add_table(
            HEAD_ROW, 0, HEAD_ROW + len(table.rows), len(table.columns) - 1, _listed(table, looks)
        )
    for number, row in enumerate(table.rows, start=HEAD_ROW + 1):
        for position, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
            if isinstance(cell, str):
                look = looks.text if column.kind == "text" else looks.masked
                sheet.write_string(number, position, cell, look)
            else:
                sheet.write_number(number, position, cell, looks.number[column.kind])
    if table.after:
        sheet.write_string(HEAD_ROW + len(table.rows) + 1, 0, table.after, looks.note)
    sheet.freeze_panes(HEAD_ROW + 1, 1)
    sheet.repeat_rows(HEAD_ROW)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _listed(table: Table, looks: _Looks) -> dict[str, Any]:
    """What makes the rows a table of the workbook: its name, its headings, a filter on each."""
    heads = [
        {"header": c.heading, "header_format": looks.head if c.kind == "text" else looks.head_number}
        for c in table.columns
    ]
    return {"name": table.name.replace("-", "_"), "columns": heads, "style": "Table Style Light 1"}


def _width(table: Table, position: int, column: Column) -> float:
    longest = max((len(row[position]) for row in table.texts()), default=0)
    wanted = max(longest, min(len(column.heading), NARROWEST)) + 2
    return float(min(max(wanted, NARROWEST), WIDEST))


def _chart(book: Any, report: Report) -> None:
    """Shares of lead work and of capacity as bars beside the agencies' table, where any are shown."""
    table = report.tables["agencies"]
    names = [column.name for column in table.columns]
    load, capacity = names.index("load_share"), names.index("capacity_share")
    shown = sum(isinstance(row[load], float) for row in table.rows)
    if not shown:
        return
    sheet = SHEETS["agencies"]
    first, last = HEAD_ROW + 1, HEAD_ROW + shown
    chart = book.add_chart({"type": "bar"})
    for column, colour, pattern in ((load, BLUE, None), (capacity, ORANGE, "wide_upward_diagonal")):
        fill: dict[str, Any] = {"fill": {"color": colour}}
        if pattern:
            fill = {"pattern": {"pattern": pattern, "fg_color": colour, "bg_color": "white"}}
        chart.add_series(
            {
                "name": [sheet, HEAD_ROW, column],
                "categories": [sheet, first, 0, last, 0],
                "values": [sheet, first, column, last, column],
                **fill,
            }
        )
    picture = report.pictures["load-against-capacity"]
    chart.set_title({"name": picture.title, "name_font": {"size": 12}})
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis({"num_format": "0%", "major_gridlines": {"visible": True, "line": {"color": "#D5D9DE"}}})
    chart.set_legend({"position": "top"})
    chart.set_size({"width": 760, "height": 140 + 44 * shown})
    book.get_worksheet_by_name(sheet).insert_chart(
        HEAD_ROW + len(table.rows) + 3, 0, chart, {"description": picture.summary}
    )

"""Blank workbooks to fill in: the canonical format, a sheet a table, and one simple sheet for a partner."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from graphmodel import codes
from graphmodel.declare import NodeType, Property
from graphmodel.nodes import NODE_BY_LABEL
from graphmodel.relationships import TABLES, TableType
from loaders.raw import required_columns
from loaders.sources.spreadsheet.simple import ORGANISATION, SIMPLE

ROWS: Final = 2_000
"""Rows with drop-downs and date checks; more can be filled."""

_LONGEST_LIST: Final = 255
_INSTRUCTIONS: Final = "Instructions"
_FORMATS: Final = {
    "date": "a day: 2026-10-31",
    "boolean": "true or false",
    "decimal": "a number, with a point",
    "integer": "a whole number",
    "text": "text",
}


_SHEETS: Final = (
    "One sheet a table; a row is one fact. Bold headings are required. Rest the pointer on a heading to see "
    "what belongs there."
)
_DAYS_MEAN: Final = (
    "Days as 2026-10-31 or as Excel dates. An empty ended_on means: still running; a filled one is the first "
    "day on which it no longer holds."
)
_EXAMPLE: Final = (
    "An example: child 1204, level of need 3, team opened 05/01/2026, practitioner A, health_visitor, "
    "Example NHS Trust, health, member since 05/01/2026, lead: Yes"
)


def write_template(path: Path) -> None:
    """The canonical format as a workbook: headings with notes, drop-downs for codes, checks for days."""
    book = _Book(path)
    book.instructions(
        [
            "How to fill this workbook",
            _SHEETS,
            "Sheets that you do not need may stay empty. Do not rename sheets or headings.",
            "Ids are yours: any text, the same for the same person, agency or team on every sheet.",
            _DAYS_MEAN,
            "Load it: tacgraph load THIS.xlsx",
        ]
    )
    for name, table in TABLES.items():
        book.table(name, table)
    book.close()


def write_simple_template(path: Path) -> None:
    """The simple template: a row for each child and practitioner; it loads without any mapping."""
    book = _Book(path)
    book.instructions(
        [
            "How to fill this workbook",
            "One row for each practitioner who works with a child: a child with three has three rows.",
            "Write the child's and the team's details on each of its rows.",
            "Say Yes under “Lead practitioner” for the one who leads.",
            _EXAMPLE,
            f"Fill in the first row of the sheet Teams ({ORGANISATION}). The columns are:",
            *(f"{heading}: {what}" for heading, _, what in SIMPLE),
        ]
    )
    book.simple()
    book.close()


class _Book:
    """A workbook under way."""

    def __init__(self, path: Path) -> None:
        self.book = xlsxwriter.Workbook(str(path))
        add = self.book.add_format
        self.title = add({"bold": True, "font_size": 14})
        self.wrap = add({"text_wrap": True, "valign": "top"})
        self.required = add({"bold": True, "bg_color": "#12436D", "font_color": "#FFFFFF", "text_wrap": True})
        self.optional = add({"bg_color": "#DDE6EE", "text_wrap": True})
        self.day = add({"num_format": "yyyy-mm-dd"})
        self.british = add({"num_format": "dd/mm/yyyy"})
        self.text = add({"num_format": "@"})

    def close(self) -> None:
        self.book.close()

    def instructions(self, lines: Sequence[str]) -> None:
        sheet = self.book.add_worksheet(_INSTRUCTIONS)
        sheet.set_column(0, 0, 110)
        for row, line in enumerate(lines):
            sheet.write_string(row, 0, line, self.title if row == 0 else self.wrap)

    def table(self, name: str, table: TableType) -> None:
        """One table of the format: its columns as declared, key first."""
        sheet = self.book.add_worksheet(name)
        needed = required_columns(name)
        properties = {p.name: p for p in _properties(table)}
        for place, column in enumerate(table.columns):
            prop = properties.get(column)
            must = column in needed
            sheet.write_string(0, place, column, self.required if must else self.optional)
            sheet.write_comment(0, place, _note(column, prop, table, required=must), {"x_scale": 2})
            kind = prop.type if prop else "text"
            sheet.set_column(
                place, place, 18, self.day if kind == "date" else self.text if kind == "text" else None
            )
            self.validate(sheet, place, 1, _check(column, prop))
        sheet.freeze_panes(1, 0)

    def simple(self) -> None:
        sheet = self.book.add_worksheet("Teams")
        sheet.write_string(0, 0, ORGANISATION, self.title)
        kinds: dict[str, Property] = {p.name: p for table in TABLES.values() for p in _properties(table)}
        days = ("birth_date", "status_since", "opened_on", "closed_on", "next_review_on", "review_on")
        lists = {
            "lead_flag": ("Yes", "No"),
            "sector": codes.SECTORS,
            "status": tuple(s.status for s in codes.STATUSES),
            "needs_level": tuple(str(level.level) for level in codes.NEEDS_LEVELS),
        }
        for place, (heading, name, what) in enumerate(SIMPLE):
            sheet.write_string(1, place, heading, self.required)
            sheet.write_comment(1, place, what, {"x_scale": 2})
            is_day = name in days or name.startswith("member_")
            sheet.set_column(place, place, 18, self.british if is_day else None)
            check: dict[str, Any] | None = _list(lists[name]) if name in lists else None
            if is_day:
                check = _DAYS
            elif name == "fte":
                check = _check("fte", kinds["fte"])
            elif name == "role":
                check = {**_list(codes.ROLES), "error_type": "information"}
            self.validate(sheet, place, 2, check)
        sheet.freeze_panes(2, 1)

    def validate(self, sheet: Any, place: int, first: int, check: dict[str, Any] | None) -> None:
        """Let Excel check a column; a list too long to stand in the check itself goes onto a sheet."""
        if check is None:
            return
        if check["validate"] == "list" and len(",".join(check["source"])) > _LONGEST_LIST:
            check = {**check, "source": self.listed(check["source"])}
        sheet.data_validation(first, place, ROWS, place, check)

    def listed(self, values: Sequence[str]) -> str:
        """Put values onto the hidden sheet of lists; the range where they stand."""
        sheet = self.book.get_worksheet_by_name("Lists")
        if sheet is None:
            sheet = self.book.add_worksheet("Lists")
            sheet.hide()
            self.lists: dict[tuple[str, ...], int] = {}
        column = self.lists.setdefault(tuple(values), len(self.lists))
        for row, value in enumerate(values):
            sheet.write_string(row, column, value)
        letter = chr(ord("A") + column)
        return f"=Lists!${letter}$1:${letter}${len(values)}"


_DAYS: Final[dict[str, Any]] = {
    "validate": "date",
    "criteria": "between",
    "minimum": "=DATE(1990,1,1)",
    "maximum": "=DATE(2100,1,1)",
    "error_title": "No day",
    "error_message": "Write a day, such as 31/10/2026.",
}


def _properties(table: TableType) -> tuple[Property, ...]:
    return table.properties if isinstance(table, NodeType) else table.all_properties


def _list(values: Sequence[str]) -> dict[str, Any]:
    return {"validate": "list", "source": list(values)}


def _check(column: str, prop: Property | None) -> dict[str, Any] | None:
    """What Excel is to check in a column."""
    kinds = {
        "status": [s.status for s in codes.STATUSES],
        "level": [str(n.level) for n in codes.NEEDS_LEVELS],
    }
    if column in kinds:
        return _list(kinds[column])
    if prop is None:
        return None
    if prop.codes or prop.known:
        return _list(prop.codes) if prop.codes else {**_list(prop.known), "error_type": "information"}
    if prop.type in ("date", "boolean"):
        return _DAYS if prop.type == "date" else _list(["true", "false"])
    return _between(prop) if prop.type in ("decimal", "integer") else None


def _between(prop: Property) -> dict[str, Any] | None:
    low = prop.minimum if prop.minimum is not None else prop.above
    if low is None:
        return None
    if prop.maximum is None:
        return {"validate": "decimal", "criteria": ">=", "value": low}
    return {"validate": "decimal", "criteria": "between", "minimum": low, "maximum": prop.maximum}


def _note(column: str, prop: Property | None, table: TableType, *, required: bool) -> str:
    """What belongs under a heading, as the declarations have it."""
    lines = ["required" if required else "may be empty"]
    if prop is not None:
        lines.append(prop.meaning)
        lines.append(_FORMATS[prop.type])
        if prop.codes or prop.known:
            lines.append(("one of: " if prop.codes else "usually: ") + ", ".join(prop.codes or prop.known))
        if prop.default is not None:
            lines.append(f"empty: {prop.default}")
        if prop.storage != "graph":
            lines.append("only to recognise the child; never kept as it stands")
        return "\n".join(lines)
    links = table.links if isinstance(table, NodeType) else ()
    link = next((x for x in links if x.column == column), None)
    if link is not None:
        return "\n".join(
            [*lines, link.meaning, f"an id of the sheet {NODE_BY_LABEL[link.target].table or 'here'}"]
        )
    return "\n".join([*lines, "an id: any text, the same everywhere"])

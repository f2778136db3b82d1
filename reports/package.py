"""The report's tables as CSV with a description that machines read: a Data Package (version 2).

The same masked cells as on paper, numbers unrounded. In a column of numbers a cell without one holds a word
that the description lists: why there is no number.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from graphmodel.letters import harmless
from reports.sheets import Cell, Column, Table
from reports.words import LITTLE, NOT_DEFINED, SUPPRESSED

if TYPE_CHECKING:
    from reports.monthly import Report

DESCRIPTION: Final = "datapackage.json"
PROFILE: Final = "https://datapackage.org/profiles/2.0/datapackage.json"
WHOLE: Final = frozenset({"count", "change"})


def write(report: Report, folder: Path) -> Path:
    """Write a file each table and the description into `folder` (made where there is none)."""
    folder.mkdir(parents=True, exist_ok=True)
    resources = []
    for table in report.tables.values():
        text = as_csv(table, report.up_to).encode()
        path = f"{table.name}.csv"
        (folder / path).write_bytes(text)
        resources.append(_resource(table, path, text, report.up_to))
    described = {
        "$schema": PROFILE,
        "name": folder.name,
        "title": report.title,
        "description": report.rule,
        "sources": [{"title": report.source}],
        "notices": report.notices,
        "findings": [{"severity": f.severity, "sentence": f.sentence} for f in report.findings],
        "facts": dict(report.facts),
        "resources": resources,
    }
    said = json.dumps(described, ensure_ascii=False, indent=2)
    (folder / DESCRIPTION).write_text(said + "\n", encoding="utf-8")
    return folder


def _words(up_to: int) -> dict[str, str]:
    return {
        SUPPRESSED: f"suppressed: from 1 to {up_to}, or it would give such a count away",
        LITTLE.format(up_to=up_to): f"a change from 1 to {up_to}, up or down",
        NOT_DEFINED: "not defined: nothing to compare with or to divide by",
    }


def as_csv(table: Table, up_to: int) -> str:
    """The table as CSV: names of columns, then the rows."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.name for column in table.columns])
    known = _words(up_to)
    for row in table.rows:
        writer.writerow([_cell(cell, column, known) for cell, column in zip(row, table.columns, strict=True)])
    return out.getvalue()


def _cell(cell: Cell, column: Column, known: dict[str, str]) -> str:
    if column.kind == "text":
        return harmless(str(cell))
    if isinstance(cell, str):
        # a range in words is no number either
        return cell if cell in known else SUPPRESSED
    return f"{cell:.0f}" if column.kind in WHOLE else repr(cell)


def _resource(table: Table, path: str, text: bytes, up_to: int) -> dict[str, Any]:
    kinds = {column.kind: "integer" if column.kind in WHOLE else "number" for column in table.columns}
    return {
        "name": table.name,
        "path": path,
        "type": "table",
        "title": table.caption,
        **({"description": table.note} if table.note else {}),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(text),
        "hash": f"sha256:{hashlib.sha256(text).hexdigest()}",
        "schema": {
            "fields": [
                {
                    "name": column.name,
                    "title": column.heading,
                    "type": "string" if column.kind == "text" else kinds[column.kind],
                }
                for column in table.columns
            ],
            "missingValues": [{"value": word, "label": label} for word, label in _words(up_to).items()],
        },
    }

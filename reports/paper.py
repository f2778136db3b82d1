"""The report on paper: a tagged PDF (PDF/UA-1) set by Typst, its texts handed over as data, never as markup.

Fonts come with the package and the machine's own are left out, so the same report has the same bytes
everywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, Final

import typst

from graphmodel.letters import letters
from reports.canvas import PAPER_WIDTH
from reports.contents import ANNEX, LIMITS, METHOD, SECTIONS, SEVERITY_WORDS
from reports.findings import Finding
from reports.sheets import Table

if TYPE_CHECKING:
    from reports.monthly import Report


CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def set_in_type(template: str, data: dict[str, Any], drawings: dict[str, str]) -> bytes:
    """A template of this package set with `data` and SVG drawings by name, as PDF/UA-1."""
    package = files("reports")
    parts = {
        "main.typ": (package / template).read_bytes(),
        "common.typ": (package / "common.typ").read_bytes(),
        "report.json": json.dumps(_readable(data), ensure_ascii=False).encode(),
        **{f"{name}.svg": drawing.encode() for name, drawing in drawings.items()},
    }
    # its types do not say that it takes several files
    compile_: Any = typst.compile
    with as_file(package / "fonts") as fonts:
        made: bytes = compile_(
            parts, font_paths=[str(fonts)], ignore_system_fonts=True, pdf_standards=["ua-1"], timestamp=0
        )
    return made


def _readable(data: Any) -> Any:
    """Data whose texts hold nothing that a reader of the page cannot see: see `graphmodel.letters`."""
    if isinstance(data, dict):
        return {key: _readable(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_readable(value) for value in data]
    return letters(data) if isinstance(data, str) else data


def table_data(table: Table) -> dict[str, Any]:
    """A table as the template takes it: all cells as text, and which columns hold numbers."""
    return {
        "name": table.name,
        "caption": table.caption,
        "note": table.note,
        "after": table.after,
        # a heading in one word breaks between its parts
        "heads": [CAMEL.sub("\u200b", column.heading) for column in table.columns],
        "numbers": [column.kind != "text" for column in table.columns],
        "rows": table.texts(),
    }


def finding_data(found: Sequence[Finding]) -> list[dict[str, str]]:
    """Findings as the template takes them."""
    return [
        {"severity": f.severity, "word": SEVERITY_WORDS[f.severity], "sentence": f.sentence} for f in found
    ]


def pdf(report: Report) -> bytes:
    """The report as PDF: findings on page one, then a section a page or more, then how it is made."""
    data = {
        "title": report.title,
        "facts": report.facts,
        "notices": report.notices,
        "findings": finding_data(report.findings),
        "tiles": report.tiles,
        "sections": [
            {
                "heading": section.heading,
                "parts": [{"kind": part.kind, "name": part.name} for part in section.parts],
            }
            for section in SECTIONS
        ],
        "annex": ANNEX,
        "tables": {name: table_data(table) for name, table in report.tables.items()},
        "pictures": {
            name: {"title": picture.title, "alt": picture.summary} for name, picture in report.prints.items()
        },
        "method": METHOD,
        "limits": LIMITS,
        "rule": report.rule,
        "up_to": report.up_to,
        "lead_term": report.lead_term,
        "source": report.source,
    }
    drawings = {name: picture.canvas.svg(PAPER_WIDTH) for name, picture in report.prints.items()}
    return set_in_type("report.typ", data, drawings)

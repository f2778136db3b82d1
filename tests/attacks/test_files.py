"""Files to take away: no cell is a formula or a link, no text of the data is a program's own language."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path
from typing import Any, Final

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import queries
from dashboards import answer, widgets
from graphmodel.access import Viewer
from graphmodel.letters import harmless
from reports.package import as_csv
from reports.sheets import Column, Table
from tacgraph import cli
from tests.attacks.conftest import EVIL, LAST, NAMES, Hostile

_NUMBER: Final = re.compile(r"[+-]?[\d.,]+%?")
FRAME: Final = pd.DataFrame({"=A1": list(NAMES), "Count": range(len(NAMES))})


def reckoned(cell: str) -> bool:
    """Whether a spreadsheet would take a cell of a CSV file for a formula."""
    return cell.lstrip()[:1] in tuple("=+-@") and not _NUMBER.fullmatch(cell)


def cells(text: str) -> list[str]:
    """Every cell below the lines that begin with `# `."""
    lines = [line for line in text.lstrip("\ufeff").splitlines(keepends=True) if not line.startswith("# ")]
    return [cell for row in csv.reader(io.StringIO("".join(lines))) for cell in row]


def formulas(workbook: bytes) -> list[Any]:
    """Cells that are formulas, and links."""
    book = openpyxl.load_workbook(io.BytesIO(workbook))
    every = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        outside = [n for n in parts.namelist() if "externalLink" in n]
    return [cell.value for cell in every if cell.data_type == "f" or cell.hyperlink] + outside


def test_the_files_of_a_page() -> None:
    text = widgets.comma_separated(FRAME, "=1+1\n=2+2", ["-3+3"]).decode("utf-8-sig")
    assert [cell for cell in cells(text) if reckoned(cell)] == []
    assert all(line.startswith("# ") for line in text.splitlines()[:3])
    assert formulas(widgets.workbook(FRAME, "=1+1", ["@x"])) == []


def test_the_files_of_a_query(at_hostile: Hostile) -> None:
    asked = (
        "MATCH (a:Agency) RETURN a.name AS `=name`, [a.name] AS names, {a: a.name} AS told ORDER BY a.name"
    )
    result = queries.answer_text(asked, as_of=LAST, viewer=Viewer.local("a test"))
    assert len(result.rows.rows) >= len(NAMES)
    stream = io.StringIO()
    result.to_csv(stream)
    for text in (stream.getvalue(), answer.comma_separated(result).decode("utf-8-sig")):
        assert EVIL in text
        assert [cell for cell in cells(text) if reckoned(cell)] == []
    assert formulas(answer.workbook(result)) == []
    assert at_hostile.home.exists()


def test_a_table_of_the_report_package() -> None:
    told = Table("t", "=c", "", (Column("name", "Name"),), tuple((name,) for name in NAMES))
    assert [cell for cell in cells(as_csv(told, 5)) if reckoned(cell)] == []


@given(st.text(max_size=20), st.floats(allow_nan=False, allow_infinity=False))
def test_only_what_would_be_reckoned_is_changed_and_never_a_number(text: str, number: float) -> None:
    assert not reckoned(harmless(text))
    assert harmless(text) in (text, f"'{text}")
    assert harmless(repr(number)) == repr(number)
    assert harmless(f"{number:,.1f}") == f"{number:,.1f}"


def test_the_report_and_its_packs(at_hostile: Hostile, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["report", "--month", "2026-09", "--out", str(tmp_path / "out")])
    assert ended.value.code == 0
    made = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert {path.suffix for path in made} >= {".html", ".pdf", ".xlsx", ".csv"}
    for path in made:
        held = path.read_bytes()
        if path.suffix == ".xlsx":
            assert formulas(held) == []
        if path.suffix == ".csv":
            assert [cell for cell in cells(held.decode()) if reckoned(cell)] == []
        if path.suffix == ".html":
            assert not re.search(rf"<(img|a)[^>]*{EVIL}".encode(), held)
        if path.suffix == ".pdf":
            assert b"/URI" not in held
    assert at_hostile.home.exists()

"""Workbooks that ask for more memory than anybody has are refused in words before they are opened."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from graphmodel.errors import SourceError
from loaders import bounds
from loaders.bounds import check_workbook
from loaders.sheets import Book
from tests.loading import write_book


def test_two_cells_at_the_ends_of_a_sheet_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "far.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("far")
    sheet.write(0, 0, "here")
    sheet.write(1_048_575, 16_383, "and there")
    book.close()
    assert path.stat().st_size < 10_000
    with pytest.raises(SourceError, match="spread over"):
        Book(path)


def test_a_format_without_a_value_at_the_end_of_a_sheet_is_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "styled.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("styled")
    sheet.write(0, 0, "here")
    sheet.write_blank(1_048_575, 16_383, None, book.add_format({"bold": True}))
    book.close()
    assert Book(path).sheets == ["styled"]


def test_what_unpacks_beyond_the_bound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 3_000_000)
    check_workbook(path)
    monkeypatch.setattr(bounds, "MOST_BYTES", 1 << 20)
    with pytest.raises(SourceError, match="unpacks to more"):
        check_workbook(path)


def test_an_ordinary_workbook_passes(tmp_path: Path) -> None:
    assert Book(write_book(tmp_path / "plain.xlsx", {"a": [["x", 1], ["y", 2]]})).sheets == ["a"]

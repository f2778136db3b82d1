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


def test_a_sheet_that_lies_elsewhere_in_the_archive_is_looked_at_too(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "odd.xlsx", "w") as archive:
        cells = (
            b'<row r="1"><c r=\'A1\'><v>1</v></c></row><x:row r="1048576"><x:c r="XFD1048576"><v>1</v></x:c>'
        )
        archive.writestr("other/place.dat", cells)
    with pytest.raises(SourceError, match="spread over 17,179,869,184"):
        check_workbook(tmp_path / "odd.xlsx")


def test_cells_that_do_not_say_where_they_stand_are_counted(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bare.xlsx", "w") as archive:
        cells = b"<row>" + b"<c><v>1</v></c>" * 16_000 + b'</row><row r="1000000"><c><v>1</v></c></row>'
        archive.writestr("xl/worksheets/sheet1.xml", cells)
    with pytest.raises(SourceError, match="spread over 16,000,000,000"):
        check_workbook(tmp_path / "bare.xlsx")


def test_a_binary_workbook_whose_cells_stand_far_apart_is_refused(tmp_path: Path) -> None:
    def record(kind: int, content: bytes) -> bytes:
        return bytes([kind, len(content)]) + content

    def cell(row: int, column: int) -> bytes:
        start = record(0, row.to_bytes(4, "little") + b"\0" * 13)
        return start + record(5, column.to_bytes(4, "little") + b"\0" * 12)

    path = tmp_path / "far.xlsb"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.bin", b"\x81\x01\0" + cell(0, 0) + cell(1_048_575, 16_383))
    with pytest.raises(SourceError, match="spread over 17,179,869,184"):
        check_workbook(path)


def test_a_large_part_packed_beyond_what_sheets_are_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", b"0" * 3_000_000)
    check_workbook(path)
    monkeypatch.setattr(bounds, "_LARGE", 1 << 20)
    with pytest.raises(SourceError, match="over 200 times its size"):
        check_workbook(path)

"""Partners' files that are damaged or never reckoned out: what is whole is read, the rest is named."""

from __future__ import annotations

import tomllib
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from loaders.raw import PLACE, Source
from loaders.sheets import Book
from loaders.sources.made import MadeTable
from loaders.sources.spreadsheet.grid import open_grid
from loaders.sources.spreadsheet.mapping import Column, Mapping, mapping_of
from loaders.sources.spreadsheet.propose import propose
from loaders.sources.spreadsheet.read import read_mapped
from loaders.sources.spreadsheet.written import write_mapping
from tests.loading import KEY, write_book
from tests.test_spreadsheet_shapes import rows_of

HEAD = "Child ID,Child name,TAC opened,Lead professional,Lead agency\n"


def row(number: int, agency: str = "Oak School") -> str:
    return f"{number},Tom Lee,05/01/2026,Ann Reed,{agency}\n"


FIELDS = ("child_id", "child_name", "opened_on", "lead", "lead_agency")
MAPPING = Mapping(
    "p",
    tuple(Column(h, f) for h, f in zip(HEAD.strip().split(","), FIELDS, strict=True)),
    since_is="opened_on",
)


def read(path: Path) -> Source:
    return read_mapped(path.name, [open_grid(path)], MAPPING, KEY)


def faults_of(source: Source, table: str = "children") -> list[tuple[int, str, str]]:
    found = source.table(table)
    assert isinstance(found, MadeTable)
    return [(f.row % PLACE, f.column, f.reason) for f in found.faults]


def children(source: Source) -> list[str]:
    return [str(r["child_id"]).removeprefix("p:") for r in rows_of(source, "children")]


def test_a_quote_that_does_not_close_takes_its_own_row_alone(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    body = "".join(map(row, range(1, 4))) + '4,"Tom Lee,05/01/2026,Ann Reed,Oak School\n'
    path.write_text(HEAD + body + "".join(map(row, range(5, 30))), encoding="utf-8")
    source = read(path)
    assert children(source) == [str(n) for n in range(1, 30) if n != 4]
    why = "a quotation mark opens in this row and does not close"
    for table in ("children", "tacs", "memberships", "leads"):
        assert faults_of(source, table) == [(5, "", why)]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (
            "2,Jos\udce9 Lee,05/01/2026,Ann Reed,Oak School\n",
            "has bytes that are not UTF-8: export as CSV UTF-8",
        ),
        ("2,To\0m Lee,05/01/2026,Ann Reed,Oak School\n", "has a NUL: the file is damaged here"),
        ("2,Tom Lee,05/01/2026,Reed, Ann,Oak School\n", "row has 6 cells, the header 5"),
        ("2,Tom Lee,05/0\n", "row has 3 cells, the header 5"),
    ],
)
def test_a_row_that_is_damaged_or_shifted_is_named_and_not_read(
    tmp_path: Path, bad: str, reason: str
) -> None:
    path = tmp_path / "list.csv"
    whole = HEAD + row(1).replace("Tom", "Zoë") + bad + row(3) + row(4)
    path.write_bytes(whole.encode("utf-8", "surrogateescape"))
    source = read(path)
    assert children(source) == ["1", "3", "4"]
    assert faults_of(source) == [(3, "", reason)]
    assert {r["name"] for r in rows_of(source, "agencies")} == {"Oak School"}


def test_a_column_without_a_heading_and_rows_cut_short_throughout_are_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(HEAD + "".join(row(n).replace("\n", ",see file\n") for n in (1, 2, 3)), encoding="utf-8")
    assert children(read(path)) == ["1", "2", "3"]
    path.write_text(HEAD + "".join(f"{n},Tom Lee,05/01/2026,Ann Reed\n" for n in (1, 2, 3)), encoding="utf-8")
    assert children(read(path)) == ["1", "2", "3"]


def test_another_encoding_is_said(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes((HEAD + row(1).replace("Tom", "José")).encode("cp1252"))
    assert any("read as Windows-1252" in note for note in read(path).notes)


def test_headings_alike_but_for_signs_and_capitals_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "Child ID,Notes,NOTES,Notes:,Notes 2,Lead professional,TAC opened\n1,a,b,c,d,Ann Reed,05/01/2026\n",
        encoding="utf-8",
    )
    mapping = propose(path, as_at="2026-10-31").mapping
    heads = [c.heading for c in mapping.columns]
    assert heads[:5] == ["Child ID", "Notes", "NOTES (2)", "Notes: (3)", "Notes 2 (2)"]
    assert mapping_of(tomllib.loads(write_mapping(mapping, "x")), "m").columns


def test_an_id_that_a_spreadsheet_has_rounded_is_no_id(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(HEAD + row(1) + "1.23E+12,Kim Poe,05/01/2026,Ann Reed,Oak School\n" * 2, encoding="utf-8")
    source = read(path)
    assert children(source) == ["1"]
    why = "is a number whose last digits the spreadsheet has lost: keep ids as text"
    assert faults_of(source) == [(3, "Child ID", why), (4, "Child ID", why)]


def formulas(path: Path, *, saved: bool) -> Path:
    """A list whose ids and leads are formulas; of those in row 3 the result is the empty text."""
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("List")
    sheet.write_row(0, 0, HEAD.strip().split(","))
    for at in (1, 2, 3):
        sheet.write_row(at, 0, ["", "Tom Lee", "05/01/2026", "", "Oak School"])
        sheet.write_formula(at, 0, f"=A{at}+1", None, at if saved else "")
        lead = "" if not saved else "~" if at == 2 else "Ann Reed"
        sheet.write_formula(at, 3, f'=IF(B{at}="","",B{at})', None, lead)
    book.close()
    with zipfile.ZipFile(path) as made:
        parts = {name: made.read(name) for name in made.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, part in parts.items():
            out.writestr(name, part.replace(b"<v>~</v>", b"<v></v>"))
    return path


def test_a_formula_whose_value_is_the_empty_text_is_empty(tmp_path: Path) -> None:
    path = formulas(tmp_path / "list.xlsx", saved=True)
    assert (3, 3) not in Book(path).suspects("List")
    source = read(path)
    assert (children(source), faults_of(source)) == (["1", "2", "3"], [])
    assert [r["name"] for r in rows_of(source, "practitioners")] == ["Ann Reed"]
    assert len(rows_of(source, "leads")) == 2


def test_a_formula_that_was_never_reckoned_out_is_no_id_and_no_name(tmp_path: Path) -> None:
    source = read(formulas(tmp_path / "list.xlsx", saved=False))
    assert children(source) == []
    assert [(r, c) for r, c, _ in faults_of(source)] == [(2, "Child ID"), (3, "Child ID"), (4, "Child ID")]
    assert all("formula without a value" in why for _, _, why in faults_of(source))


def test_a_chart_beside_the_list_is_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("List")
    sheet.write_row(0, 0, HEAD.strip().split(","))
    sheet.write_row(1, 0, [1, "Tom Lee", "05/01/2026", "Ann Reed", "Oak School"])
    sheet.write_formula(1, 6, "=1+1", None, 2)
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "=List!$A$2:$A$3"})
    book.add_chartsheet("Chart").set_chart(chart)
    book.close()
    assert Book(path).sheets == ["List"]
    assert children(read(path)) == ["1"]


def test_cells_of_great_length_take_no_time(tmp_path: Path) -> None:
    long = "a" * 30_000
    path = write_book(tmp_path / "list.xlsx", {"a": [["Child ID", "DOB", long], ["1", "1/2/2015", long]]})
    assert open_grid(path).sheets


def test_a_sheet_that_says_it_is_one_cell_is_searched_to_its_end(tmp_path: Path) -> None:
    path = write_book(tmp_path / "list.xlsx", {"a": [["x", "y"], [1, 2], [3, ("=A1", "")]]})
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    with zipfile.ZipFile(path, "w") as out:
        for name, part in parts.items():
            out.writestr(name, part.replace(b'<dimension ref="A1:B3"/>', b'<dimension ref="A1"/>'))
    assert Book(path).suspects("a") == {(3, 1): "=A1"}

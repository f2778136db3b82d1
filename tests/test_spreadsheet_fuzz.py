"""Partners' lists damaged in every way: a proposal and a source, or a fault in words; never a traceback."""

from __future__ import annotations

import csv
import io
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphmodel.errors import TacgraphError
from loaders.raw import Source
from loaders.sources.spreadsheet.cells import is_nhs_number, is_upn, masked, name_key, people_of, plain_words
from loaders.sources.spreadsheet.grid import open_grid
from loaders.sources.spreadsheet.mapping import Mapping, mapping_of
from loaders.sources.spreadsheet.propose import propose
from loaders.sources.spreadsheet.read import read_mapped
from loaders.sources.spreadsheet.written import write_mapping
from tests.fuzzing import CELLS, FORMULAS, damages, mangled, outcome, survives
from tests.loading import KEY
from tests.strange import SHAPES, Maker, nhs, upn

HEAD = (
    "Child ID",
    "Pupil",
    "DOB",
    "TAC opened",
    "Level",
    "Practitioner",
    "Role",
    "Agency",
    "Lead?",
    "FTE",
    "HV",
)
ROWS = (
    (
        "1",
        "Patel, Anna",
        "03/04/2012",
        "05/01/2026",
        "3",
        "Jo Smith",
        "SENCO",
        "Brook School",
        "Y",
        "0.6",
        "Ann Reed",
    ),
    ("1", "Patel, Anna", "03/04/2012", "05/01/2026", "3", "Kim Lee", "HV", "Solent NHS", "N", "1", ""),
    ("2", "Ford, Tom", "13/04/2012", "07/02/2026", "2", "Kim Lee", "HV", "Solent NHS", "Y", "1", "Ann Reed"),
)


def both(path: Path) -> None:
    """Propose a mapping and read the file by it."""
    proposal = outcome(lambda: propose(path, as_at="2026-10-31"))
    if isinstance(proposal, TacgraphError):
        assert proposal.thing
        assert proposal.fault
        assert proposal.mend
        return
    mapping: Mapping = proposal.mapping
    text = write_mapping(mapping, path.name)
    again = outcome(lambda: mapping_of(tomllib.loads(text), "fuzz"))
    assert not isinstance(again, Mapping) or again.source == mapping.source
    survives(lambda: read_mapped(path.name, [open_grid(path)], mapping, KEY))


def csv_bytes(rows: list[list[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, escapechar="\\").writerows(rows)
    return text.getvalue().encode("utf-8", "surrogatepass")


GOOD = csv_bytes([list(HEAD), *map(list, ROWS)])


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(data=damages(GOOD))
def test_a_damaged_file_is_read_or_refused(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        path.write_bytes(data)
        both(path)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(rows=mangled(HEAD, ROWS))
def test_columns_shuffled_renamed_lost_and_doubled_are_read_or_refused(rows: list[list[Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        path.write_bytes(csv_bytes(rows))
        both(path)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    shape=st.sampled_from(SHAPES),
    at=st.integers(0, 10**6),
    byte=st.integers(-1, 255),
)
def test_a_workbook_cut_or_with_a_wrong_byte_is_read_or_refused(
    seed: int, shape: str, at: int, byte: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Maker(seed, shape).make(Path(folder))
        whole = made.path.read_bytes()
        at %= len(whole)
        made.path.write_bytes(whole[:at] if byte < 0 else whole[:at] + bytes([byte]) + whole[at + 1 :])
        both(made.path)


@settings(max_examples=60)
@given(
    cells=st.lists(st.lists(st.sampled_from([*CELLS, *HEAD, "Y", "x", "Jo Smith"]), max_size=6), max_size=8)
)
def test_any_cells_in_a_workbook_are_read_or_refused(cells: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"
        book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
        sheet = book.add_worksheet("a")
        for r, row in enumerate(cells):
            for c, cell in enumerate(row):
                sheet.write_string(r, c, cell.encode("utf-8", "replace").decode()[:32_000])
        book.close()
        both(path)


def test_formulas_are_text_and_no_mapping_carries_them_as_code(tmp_path: Path) -> None:
    rows = [list(HEAD), *[[f, *ROWS[0][1:]] for f in FORMULAS]]
    path = tmp_path / "list.csv"
    path.write_bytes(csv_bytes(rows))
    mapping = propose(path, as_at="2026-10-31").mapping
    source = survives(lambda: read_mapped(path.name, [open_grid(path)], mapping, KEY))
    assert isinstance(source, Source)
    for line in write_mapping(mapping, "=1+1\n[evil]").splitlines():
        assert (
            line.startswith(("#", "[[column]]", "[roles]", "[statuses]", "[agencies]", '"'))
            or " = " in line
            or not line
        )


@given(number=st.integers(0, 10**9 - 1))
def test_check_digits_of_nhs_numbers(number: int) -> None:
    good = nhs(number)
    if len(set(good)) > 1:
        assert is_nhs_number(f"{good[:3]} {good[3:6]} {good[6:]}")
        assert not is_nhs_number(good[:-1] + str((int(good[-1]) + 1) % 10))


@given(number=st.integers(0, 10**12 - 1))
def test_check_letters_of_unique_pupil_numbers(number: int) -> None:
    good = upn(number)
    assert is_upn(good)
    assert not is_upn(("B" if good[0] != "B" else "C") + good[1:])


@given(text=st.text(max_size=60))
def test_no_text_is_too_strange_for_the_word_functions(text: str) -> None:
    assert plain_words(text) == plain_words(plain_words(text)) or not plain_words(text).isascii()
    assert len(masked(text)) <= 30
    for person in people_of(text):
        assert person.name.strip()
    name_key(text)


def test_names_are_found_in_cells_as_people_fill_them() -> None:
    def names(text: str) -> list[str]:
        return [person.name for person in people_of(text)]

    assert names("Jo Smith; Kim Lee") == ["Jo Smith", "Kim Lee"]
    assert names("Jo Smith\nKim Lee/Ann Reed") == ["Jo Smith", "Kim Lee", "Ann Reed"]
    assert names("Smith, Jo") == ["Smith, Jo"]
    assert names("Jo Smith, Kim Lee and Ann Reed") == ["Jo Smith", "Kim Lee", "Ann Reed"]
    assert names("N/A") == names("TBC") == names("✓") == names("vacant") == []
    assert [(p.name, p.role, p.leads) for p in people_of("Jo Smith (HV), Kim Lee (LP)")] == [
        ("Jo Smith", "HV", False),
        ("Kim Lee", "", True),
    ]
    assert [(p.name, p.role) for p in people_of("Health visitor: Jo Smith")] == [
        ("Jo Smith", "Health visitor")
    ]
    assert name_key("O'Brien, Mary-Jane") == name_key("Mrs Mary-Jane O\u2019Brien") == "mary jane obrien"

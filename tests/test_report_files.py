"""The files of the report say the same, figure for figure, in forms that people and programs can rely on."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import subprocess
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.tables import Slice
from graphmodel.letters import harmless
from graphmodel.settings import settings
from reports import charts, pictures
from reports.canvas import PAPER_WIDTH, Canvas
from reports.masking import change, hidden_counts, shown
from reports.monthly import Report, make_report, write_files
from reports.sheets import FORMATS
from reports.workbook import HEAD_ROW, SHEETS
from tests.test_analysis_catalogue import as_slice
from tests.test_report import MARCH, PLACES, pdf_text, secret

TOKENS = {"c", "within 5", "n/a"}


@pytest.fixture(scope="module")
def tables() -> Slice:
    return as_slice(secret(3))


@pytest.fixture(scope="module")
def report(tables: Slice) -> Report:
    return make_report(tables, MARCH, settings())


@pytest.fixture(scope="module")
def folder(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("files")
    write_files(report, out)
    return out


def asked(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


# -- paper ---------------------------------------------------------------------------------------------


def test_the_pdf_is_tagged_named_and_carries_its_fonts(folder: Path) -> None:
    pdf = str(folder / "workload-2026-03.pdf")
    facts = asked("pdfinfo", pdf)
    assert re.search(r"Title: +Workload of lead practitioners \(lead professionals\), March 2026", facts)
    assert re.search(r"Tagged: +yes", facts)
    assert "CreationDate" not in facts
    assert "pdfuaid" in asked("pdfinfo", "-meta", pdf)
    fonts = asked("pdffonts", pdf).splitlines()[2:]
    assert fonts
    assert all(re.search(r"SourceSansPro-.* yes +yes +yes ", line) for line in fonts)
    structure = asked("pdfinfo", "-struct", pdf)
    for tag in ("H1", "H2", "Table", "TH", "TR", "Figure"):
        assert re.search(rf"^ *{tag}\b", structure, re.MULTILINE), tag


def test_page_one_has_every_finding_and_the_headline(folder: Path, report: Report) -> None:
    first = " ".join(pdf_text(folder / "workload-2026-03.pdf").split("\f")[0].split())
    for finding in report.findings:
        # a long line is set in two, between which stands its badge at most
        assert finding.sentence.split(",")[0][:40] in first
    for tile in report.tiles:
        assert str(tile["end"]) in first


def test_the_paper_has_every_table_but_the_workers(folder: Path, report: Report) -> None:
    text = " ".join(pdf_text(folder / "workload-2026-03.pdf").split())
    page = (folder / "workload-2026-03.html").read_text(encoding="utf-8")
    for name, table in report.tables.items():
        expected = name != "caseload-workers"
        assert (table.caption in text) == expected
        assert (f'id="table-{name}"' in page) == expected


def test_users_texts_are_set_as_they_are(tmp_path: Path) -> None:
    partnership = secret(3)
    evil = ["#panic()", "*b* _i_", "$x$ @y <z>", "= h", '"q" \\ \u200b', "[#x] // c"]
    for agency, name in zip(partnership.tables["agencies"], evil, strict=False):
        agency["name"] = name
    open_ = settings().model_copy(
        update={"disclosure": settings().disclosure.model_copy(update={"suppress_up_to": 0})}
    )
    made = make_report(as_slice(partnership), MARCH, open_)
    write_files(made, tmp_path)
    text = pdf_text(tmp_path / "workload-2026-03.pdf")
    for row in made.tables["agencies"].rows[:6]:
        assert str(row[0]).split()[0] in text


def test_the_page_is_small_and_has_no_script(folder: Path) -> None:
    page = (folder / "workload-2026-03.html").read_bytes()
    assert len(page) < 400_000
    assert b"<script" not in page.replace(b"&lt;script", b"")


# -- drawings ------------------------------------------------------------------------------------------


def test_drawings_are_well_formed_and_stay_inside(report: Report) -> None:
    for wide, drawn in ((None, report.pictures), (PAPER_WIDTH, report.prints)):
        for picture in drawn.values():
            root = ET.fromstring(picture.canvas.svg(wide))  # noqa: S314  (our own)
            assert picture.summary
            for mark in root.iter():
                for side in ("x", "cx", "x1", "x2"):
                    if side in mark.attrib and mark.attrib[side].endswith("%"):
                        assert -1 <= float(mark.attrib[side][:-1]) <= 101
                for side in ("y", "cy", "y1", "y2"):
                    if side in mark.attrib:
                        assert -1 <= float(mark.attrib[side]) <= picture.canvas.height + 1


def test_a_name_is_escaped() -> None:
    canvas = Canvas(20)
    canvas.text(0, 10, PLACES[4])
    assert "<script>" not in canvas.svg()
    assert ET.fromstring(canvas.svg())[0].text == PLACES[4]  # noqa: S314  (our own)


@given(st.floats(1e-6, 1e9))
def test_ticks_are_few_round_and_reach_the_top(top: float) -> None:
    found = pictures.ticks(top)
    assert found[0] == 0
    assert 2 <= len(found) <= 6
    assert found[-1] <= top * (1 + 1e-9) < found[-1] + (found[1] - found[0]) * (1 + 1e-9)


def test_a_picture_says_what_the_dashboards_chart_says(report: Report) -> None:
    numbers = report.seen.agencies.numbers
    placed = numbers[numbers["capacity_share"].notna() | numbers["suppressed"]]
    for picture, chart in (
        ("load-against-capacity", charts.load_against_capacity(placed, source="")),
        ("disparity", charts.disparity_intervals(placed, source="")),
        ("overload-by-role", charts.overload_by_role(report.seen.roles.numbers, source="")),
        ("duplication", charts.duplication_counts(report.seen.duplicates, source="")),
        ("coverage", charts.coverage_counts(report.seen.coverage, source="")),
        ("trend", charts.trend(report.seen.trend, source="")),
    ):
        assert report.pictures[picture].title == chart.title


# -- workbook and CSV ----------------------------------------------------------------------------------


def test_every_sheet_is_a_table_with_frozen_head_and_formats(folder: Path, report: Report) -> None:
    book = openpyxl.load_workbook(folder / "workload-2026-03.xlsx")
    assert set(SHEETS) == set(report.tables)
    for name, title in SHEETS.items():
        sheet, table = book[title], report.tables[name]
        assert sheet.freeze_panes == f"B{HEAD_ROW + 2}"
        assert [cell.value for cell in sheet[HEAD_ROW + 1]] == [c.heading for c in table.columns]
        assert bool(sheet.tables) == bool(table.rows)
        for row, cells in enumerate(table.rows, start=HEAD_ROW + 2):
            for at, (cell, column) in enumerate(zip(cells, table.columns, strict=True), start=1):
                found = sheet.cell(row, at)
                if isinstance(cell, str):
                    assert (found.value or "") == cell
                else:
                    # a workbook keeps sixteen digits
                    assert found.value == pytest.approx(cell, rel=1e-14)
                    assert found.number_format == FORMATS[column.kind]


def test_the_csv_files_are_as_described(folder: Path, report: Report) -> None:
    place = folder / "workload-2026-03-csv"
    described = json.loads((place / "datapackage.json").read_text(encoding="utf-8"))
    assert {r["name"] for r in described["resources"]} == set(report.tables)
    assert {r["path"] for r in described["resources"]} == {f.name for f in place.glob("*.csv")}
    for resource in described["resources"]:
        raw = (place / resource["path"]).read_bytes()
        assert resource["bytes"] == len(raw)
        assert resource["hash"] == f"sha256:{hashlib.sha256(raw).hexdigest()}"
        assert {word["value"] for word in resource["schema"]["missingValues"]} == TOKENS
        rows = list(csv.reader(raw.decode().splitlines()))
        fields = resource["schema"]["fields"]
        assert rows[0] == [field["name"] for field in fields]
        table = report.tables[resource["name"]]
        assert len(rows) - 1 == len(table.rows)
        for row, cells in zip(rows[1:], table.rows, strict=True):
            for text, cell, field in zip(row, cells, fields, strict=True):
                if field["type"] == "string":
                    assert text == harmless(str(cell))
                elif text not in TOKENS:
                    assert {"integer": int, "number": float}[field["type"]](text) == cell


def test_no_small_count_in_any_table(report: Report) -> None:
    for table in report.tables.values():
        for at, column in enumerate(table.columns):
            values = [abs(cell) for row in table.rows if isinstance(cell := row[at], float)]
            if column.kind in {"count", "change"}:
                assert not [value for value in values if 1 <= value <= 5], f"{table.name} {column.name}"


# -- changes -------------------------------------------------------------------------------------------


@given(st.integers(0, 60), st.integers(0, 60), st.booleans())
def test_a_change_is_shown_where_both_ends_are_and_it_is_not_small(now: int, then: int, hidden: bool) -> None:
    gap, why = change(now, then, 5, hidden=hidden)
    if hidden:
        assert np.isnan(gap)
        assert why is True
    elif 1 <= abs(now - then) <= 5:
        assert np.isnan(gap)
        assert why == "within 5"
    else:
        assert gap == now - then
        assert why is False


@pytest.mark.parametrize("seed", [3, 5, 8])
def test_changes_are_the_differences_of_the_months_own_reports(seed: int) -> None:
    held = as_slice(secret(seed))
    now = make_report(held, MARCH, settings())
    for column, when, first in (
        ("change", "before", date(2026, 2, 1)), ("year", "year", date(2025, 3, 1))
    ):  # fmt: skip
        other = make_report(held, first, settings())
        if other.month.sums["active_tacs"] == 0:
            continue
        then = dict(zip(other.seen.headline["measure"], other.seen.headline["end"], strict=True))
        for row in now.seen.headline.to_dict(orient="records"):
            _same(row[column], row[f"hidden_{column}"], row["end"], then[row["measure"]])
        before: dict[Any, Any] = other.seen.agencies.numbers.set_index("agency_id").T.to_dict()
        numbers = now.seen.compared.numbers.to_dict(orient="records")
        hidden = now.seen.compared.hidden.to_dict(orient="records")
        for row, gone in zip(numbers, hidden, strict=True):
            earlier = before.get(row["agency_id"])
            if earlier is None:
                continue
            if not np.isnan(row[column]) or isinstance(gone[column], str):
                _same(row[column], gone[column], row["tacs_led"], earlier["tacs_led"])
            if not np.isnan(row[f"disparity_{when}"]):
                assert row[f"disparity_{when}"] == earlier["disparity"]


def _same(gap: float, why: object, now: float, then: float) -> None:
    """A change is what the two reports show, and says no more than both do."""
    if np.isnan(now) or np.isnan(then):
        assert np.isnan(gap)
    elif why is False or why == 0:
        assert gap == now - then
    else:
        assert why == "within 5"
        assert 1 <= abs(now - then) <= 5


def test_before_the_records_there_is_nothing_to_compare_with(tables: Slice) -> None:
    first = pd.Timestamp(tables.table("tacs")["opened_on"].min()).date()
    made = make_report(tables, first, settings())
    assert made.seen.headline["change"].isna().all()
    assert not made.seen.headline["hidden_change"].any()
    assert {row[3] for row in made.tables["headline"].rows} == {"n/a"}


def test_the_coverage_of_a_month_is_masked_as_its_tacs_are(report: Report) -> None:
    gone = hidden_counts(report.month.end, 5)
    held = report.seen.coverage.set_index("kind")
    assert bool(held["suppressed"]["tacs_without_lead"]) == ("without_lead" in gone)
    assert shown(report.month, settings()).coverage.equals(report.seen.coverage)

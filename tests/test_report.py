"""The monthly report: right, safe to circulate, accessible, and the same each time."""

from __future__ import annotations

import csv
import subprocess
import zipfile
from datetime import date
from itertools import pairwise
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from python_calamine import CalamineWorkbook

from analysis import SECOND_ROADS, fairness, workload
from analysis.tables import Slice
from graphmodel.settings import Settings, settings
from reports.figures import gather
from reports.masking import shown
from reports.monthly import make_report, render, write_report
from reports.words import DUPLICATE_KINDS
from tests.partnerships import Partnership, Size, random_partnership
from tests.test_analysis_catalogue import as_slice

MARCH = date(2026, 3, 1)
LARGE = Size(
    agencies=7, practitioners=90, families=30, children=120, tacs=140, posts=110, memberships=320,
    leads=170, needs=120, statuses=60, assessments=120, services=12, interventions=200, actions=60,
    reviews=60,
)  # fmt: skip
SECRET = {
    "child_id", "practitioner_id", "line_manager_id", "family_id", "tac_id", "assessment_id",
    "intervention_id", "action_id", "upn", "nhs_number", "first_name", "last_name", "postcode",
}  # fmt: skip
PLACES = ('=HYPERLINK("http://x")', "+Plus", "-Minus", "@At", "<script>alert(1)</script>", "A & B")


def secret(seed: int) -> Partnership:
    """A random partnership whose ids and names cannot turn up by chance, and agencies with awkward names."""
    tables = random_partnership(seed, LARGE).tables
    for name, rows in tables.items():
        for row in rows:
            for column in SECRET & row.keys():
                row[column] = f"hush-{row[column]}-hush" if row[column] else ""
            if name == "practitioners" and "name" in row:
                row["name"] = f"hush-{row['name']}-hush"
            if name == "agencies":
                row["name"] = PLACES[rows.index(row) % len(PLACES)]
    return Partnership(tables)


@pytest.fixture(scope="module")
def tables() -> Slice:
    return as_slice(secret(3))


@pytest.fixture(scope="module")
def files(tables: Slice, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("report")
    return by_kind(write_report(tables, MARCH, folder / "new", settings()))


def by_kind(written: list[Path]) -> dict[str, Path]:
    return {file.suffix[1:] or "csv": file for file in written}


def every_byte(file: Path) -> dict[str, bytes]:
    """A file's bytes, or those of each file of a folder, by name."""
    found = sorted(file.iterdir()) if file.is_dir() else [file]
    return {part.name: part.read_bytes() for part in found}


def pdf_text(file: Path) -> str:
    done = subprocess.run(
        ["pdftotext", "-layout", str(file), "-"], check=True, capture_output=True, text=True
    )
    return done.stdout


def every_cell(book: Path) -> list[object]:
    workbook = CalamineWorkbook.from_path(book)
    sheets = [workbook.get_sheet_by_name(name).to_python() for name in workbook.sheet_names]
    return [cell for rows in sheets for row in rows for cell in row]


# -- what it holds -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [3, 11])
def test_nobody_is_named(seed: int, tmp_path: Path) -> None:
    made = by_kind(write_report(as_slice(secret(seed)), MARCH, tmp_path, settings()))
    assert "hush-" not in made["html"].read_text(encoding="utf-8")
    assert "hush-" not in pdf_text(made["pdf"])
    book = openpyxl.load_workbook(made["xlsx"])
    told = [
        cell
        for sheet in book
        for row in sheet.iter_rows(values_only=True)
        for at, cell in enumerate(row)
        if "hush-" in str(cell) and not (sheet.title == "Caseload by worker" and at == 0)
    ]
    assert told == []
    workers = "caseload-workers.csv"
    assert not [n for n, b in every_byte(made["csv"]).items() if b"hush-" in b and n != workers]
    ids = {row["practitioner_id"] for row in secret(seed).tables["practitioners"]}
    with (made["csv"] / workers).open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    assert {row.pop("practitioner_id") for row in rows} <= ids
    assert not [value for row in rows for value in row.values() if "hush-" in value]


def test_the_files_are_named_by_month(files: dict[str, Path]) -> None:
    assert {file.name for file in files.values()} == {
        "workload-2026-03.pdf", "workload-2026-03.html", "workload-2026-03.xlsx", "workload-2026-03-csv"
    }  # fmt: skip
    assert set(files) == {"pdf", "html", "xlsx", "csv"}


def test_figures_are_those_of_the_analysis(tables: Slice) -> None:
    month, last = gather(tables, MARCH, settings()), date(2026, 3, 31)
    days = [date(2026, 3, n) for n in range(1, 32)]
    leads = workload.load_by_practitioner(tables, last, settings())
    assert month.end["overloaded"] == leads["overloaded"].sum() > 0
    assert month.end["leading"] == (leads["tacs_led"] > 0).sum()
    for kind in DUPLICATE_KINDS:
        daily = [len(SECOND_ROADS[kind](tables, day, settings())) for day in days]
        assert month.end[kind] == daily[-1]
        assert month.sums[kind] == sum(daily)
    raw = tables.table("tacs")
    opened, closed = raw["opened_on"], raw["closed_on"]
    live = [raw[(opened <= pd.Timestamp(d)) & ~(closed <= pd.Timestamp(d))] for d in days]
    assert month.sums["active_tacs"] == sum(len(rows) for rows in live)
    assert month.end["children"] == live[-1]["child_id"].nunique()
    without = len(SECOND_ROADS["tacs_without_lead"](tables, last, settings()))
    assert month.end["without_lead"] == without
    shares = fairness.agency_fairness(tables, last, settings()).set_index("agency_id")
    held = month.agencies.set_index("agency_id").loc[shares.index]
    for column in ("tacs_led", "expected_tacs_led", "lead_points", "capacity", "load_share", "disparity"):
        pd.testing.assert_series_equal(held[column], shares[column].astype(float))
    assert month.indices.set_index("index")["end"]["gini"] == fairness.fairness(tables, last, settings()).gini


def test_tables_of_agencies_and_roles_add_up_to_the_partnership(tables: Slice) -> None:
    month = gather(tables, MARCH, settings())
    for frame in (month.agencies, month.roles):
        assert frame["tacs_led"].sum() == month.end["led"]
        assert frame["sum_led"].sum() == month.sums["led"]
        assert frame["leading"].sum() == month.end["leading"]
        assert frame["overloaded"].sum() == month.end["overloaded"]
        assert frame["sum_overloaded"].sum() == month.sums["overloaded"]


def test_the_page_shows_what_is_shown_and_no_more(tables: Slice) -> None:
    report = make_report(tables, MARCH, settings())
    seen = report.seen.headline.set_index("measure")
    texts = {row[0]: row[1] for row in report.tables["headline"].texts()}
    assert texts["Leads above capacity"] == (
        "c" if seen["hidden_end"]["overloaded"] else f"{seen['end']['overloaded']:,.0f}"
    )
    assert "settings default-1" in report.source
    page = render(report)
    for words in ("points per fte", "Department for Education", "cannot say"):
        assert words in page


def test_february(tables: Slice) -> None:
    assert gather(tables, date(2026, 2, 14), settings()).days == 28
    assert gather(tables, date(2024, 2, 1), settings()).last == date(2024, 2, 29)


def test_a_month_in_progress_is_said(tables: Slice) -> None:
    assert tables.data_date is not None
    after = make_report(tables, date(tables.data_date.year + 1, 1, 1), settings())
    assert any("not over in the data" in notice for notice in after.notices)
    before = make_report(tables, MARCH, settings())
    over = tables.data_date >= date(2026, 3, 31)
    assert any("not over" in notice for notice in before.notices) != over


def test_no_data_is_said_and_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "agencies.csv").write_text(
        "agency_id,name,sector\nA1,North,health\n", encoding="utf-8"
    )
    held = Slice.from_folder(tmp_path / "in")
    made = by_kind(write_report(held, MARCH, tmp_path / "out", settings()))
    assert "There are no data" in pdf_text(made["pdf"])
    text = made["html"].read_text(encoding="utf-8")
    assert "There are no data" in text
    assert "There is nothing to report on for this month." in text
    assert "nan" not in text[text.index("<body>") :].lower().replace("finance", "")
    assert "Headline" in CalamineWorkbook.from_path(made["xlsx"]).sheet_names


def test_a_month_before_all_data(tables: Slice) -> None:
    report = make_report(tables, date(1990, 5, 1), settings())
    assert "No TAC was active on any day of this month." in report.notices
    assert "1990" in render(report)


def test_the_same_month_gives_the_same_bytes(tables: Slice, files: dict[str, Path], tmp_path: Path) -> None:
    again = write_report(tables, MARCH, tmp_path, settings())
    for file, before in zip(again, files.values(), strict=True):
        assert every_byte(file) == every_byte(before)


def test_progress_is_told(tables: Slice) -> None:
    told: list[tuple[str, int, int]] = []
    gather(tables, MARCH, settings(), progress=lambda what, done, total: told.append((what, done, total)))
    assert [done for _, done, _ in told] == list(range(1, 32))


def test_suppression_can_be_turned_off(tables: Slice) -> None:
    open_ = Settings.model_validate(settings().model_dump() | {"disclosure": {"suppress_up_to": 0}})
    seen = shown(gather(tables, MARCH, open_), open_)
    assert not seen.agencies.hidden.to_numpy().any()
    assert not seen.headline[["hidden_end", "hidden_mean", "hidden_change"]].to_numpy().any()


# -- the workbook --------------------------------------------------------------------------------------


def test_the_workbook_opens_with_numbers_as_numbers(files: dict[str, Path]) -> None:
    book = openpyxl.load_workbook(files["xlsx"])
    assert book.sheetnames[0] == "Cover"
    sheet = book["Headline"]
    assert sheet.freeze_panes == "B5"
    assert isinstance(sheet["B6"].value, (int, float))
    assert sheet["B6"].number_format == "#,##0"
    kinds = {cell.data_type for name in book.sheetnames for row in book[name].iter_rows() for cell in row}
    assert "f" not in kinds
    shown_as = {str(cell) for cell in every_cell(files["xlsx"])}
    assert {'=HYPERLINK("http://x")', "@At"} & shown_as or "=HYPERLINK" in " ".join(shown_as)


def test_the_workbook_has_a_chart_with_alternative_text(tmp_path: Path) -> None:
    held = Slice.from_folder(Path(__file__).parent / "data" / "small")
    open_ = Settings.model_validate(settings().model_dump() | {"disclosure": {"suppress_up_to": 0}})
    book = by_kind(write_report(held, date(2026, 10, 1), tmp_path, open_))["xlsx"]
    with zipfile.ZipFile(book) as parts:
        drawing = parts.read("xl/drawings/drawing1.xml").decode()
        assert "xl/charts/chart1.xml" in parts.namelist()
    assert 'descr="Pairs of marks' in drawing


# -- the page in a browser -----------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1280, 320])
def test_the_page_is_accessible_asks_nobody_and_fits(
    width: int, files: dict[str, Path], chromium: Browser
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(files["html"].as_uri())
    page.wait_for_selector(".drawing svg")
    assert asked == [files["html"].as_uri()]
    assert faults == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    headings = page.eval_on_selector_all("h1, h2, h3", "all => all.map(h => +h.tagName[1])")
    assert headings[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))
    page.close()

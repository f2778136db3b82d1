"""The monthly workload report, safe to circulate: a PDF, a page, a workbook and CSV with their description.

It holds no child's id and no practitioner's name; counts of 1 to 5 and what derives from them are masked
(see `reports.masking`). The same slice and month give the same files, byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from analysis import caseload
from analysis.tables import Slice
from graphmodel.beside import put_in_place, workplace
from graphmodel.disk import on_disk
from graphmodel.settings import Settings
from graphmodel.terms import lead
from reports import findings, findings_coverage, package, paper, pictures, tables, workbook
from reports.caseload import caseload_tables
from reports.contents import ANNEX, LIMITS, METHOD, RULE, SECTIONS, SEVERITY_WORDS
from reports.figures import Month, Progress, gather
from reports.findings import Finding
from reports.masking import Shown, shown
from reports.pictures import Picture
from reports.sheets import Table
from reports.words import DUPLICATE_KINDS, day_name, month_name


@dataclass(frozen=True)
class Report:
    """Everything that the files say, ready to be written; `prints` are the pictures as paper has them."""

    month: Month
    seen: Shown
    notices: list[str]
    findings: list[Finding]
    tables: dict[str, Table]
    pictures: dict[str, Picture]
    prints: dict[str, Picture]
    facts: list[tuple[str, str]]
    rule: str
    lead_term: str
    up_to: int
    source: str

    @property
    def title(self) -> str:
        return f"Workload of {lead(many=True, term=self.lead_term)}, {month_name(self.month.last)}"

    @property
    def tiles(self) -> list[dict[str, Any]]:
        """The headline figures as tiles: words, what stands under them, and whether they are small ones."""
        heads = ("words", "end", "mean", "change", "year")
        rows = zip(self.seen.headline["measure"], self.tables["headline"].texts(), strict=True)
        return [
            dict(zip(heads, cells, strict=True)) | {"small": kind in DUPLICATE_KINDS} for kind, cells in rows
        ]


def write_report(
    tables_: Slice,
    first_of_month: date,
    out: Path,
    settings: Settings,
    *,
    progress: Progress | None = None,
    standing: Sequence[str] = (),
) -> list[Path]:
    """Write the report of a month to `out` and give its files: PDF, page, workbook, folder of CSV.

    `first_of_month` is any day of the month; `standing` what is to be said of the loads on page one (see
    `reports.standing`). A month without data gives a report that says so.
    """
    report = make_report(tables_, first_of_month, settings, progress=progress, standing=standing)
    return write_files(report, out)


def write_files(report: Report, out: Path) -> list[Path]:
    """Write a report's files to `out` (made where there is none) and give them.

    Each is written aside and moved there when all are whole. Raises `DiskError` where they cannot be written.
    """
    name = f"workload-{report.month.first:%Y-%m}"
    names = [f"{name}.pdf", f"{name}.html", f"{name}.xlsx", f"{name}-csv"]
    with on_disk(out):
        out.mkdir(parents=True, exist_ok=True)
        with workplace(out) as made:
            pdf, page, book, tables_ = (made / one for one in names)
            pdf.write_bytes(paper.pdf(report))
            page.write_text(render(report), encoding="utf-8")
            workbook.write(report, book)
            package.write(report, tables_)
            put_in_place(made, out)
    return [out / one for one in names]


def make_report(
    slice_: Slice,
    first_of_month: date,
    settings: Settings,
    *,
    progress: Progress | None = None,
    standing: Sequence[str] = (),
) -> Report:
    """Measure and mask a month, and put it in words, tables and pictures."""
    month = gather(slice_, first_of_month, settings, progress=progress)
    seen = shown(month, settings)
    up_to = settings.disclosure.suppress_up_to
    cases = caseload_tables(slice_, caseload.cases(slice_, month.last, settings), seen, month.end, up_to)
    load = slice_.load_id or "none"
    return Report(
        month=month,
        seen=seen,
        notices=[*standing, *_notices(slice_, month)],
        findings=findings.ranked(_findings(month, seen)),
        tables=_tables(month, seen, settings) | {made.name: made for made in cases},
        pictures=_pictures(month, seen, wide=False),
        prints=_pictures(month, seen, wide=True),
        facts=_facts(slice_, month, settings),
        rule=RULE.format(up_to=up_to),
        lead_term=settings.lead_term,
        up_to=up_to,
        source=f"Source: the partnership's records, load {load}, as of {day_name(month.last)}, "
        f"settings {settings.version}.",
    )


def _facts(slice_: Slice, month: Month, settings: Settings) -> list[tuple[str, str]]:
    loaded = f", finished {slice_.loaded_at:%Y-%m-%d %H:%M} UTC" if slice_.loaded_at else ""
    return [
        ("Month", f"{day_name(month.first)} to {day_name(month.last)}"),
        ("Data date", day_name(slice_.data_date) if slice_.data_date else "no data"),
        ("Load", f"{slice_.load_id}{loaded}" if slice_.load_id else "none: read from a folder of tables"),
        ("Settings", f"{settings.version} (agreed by: {settings.agreed_by})"),
    ]


def _notices(slice_: Slice, month: Month) -> list[str]:
    said = []
    if slice_.data_date is None:
        said.append("There are no data: nothing has been loaded, so every figure of this report is empty.")
    elif slice_.data_date < month.last:
        said.append(
            "This month is not over in the data: the latest fact on record is of "
            f"{day_name(slice_.data_date)}. Figures for later days suppose that nothing has changed since."
        )
    if slice_.data_date is not None and month.sums["active_tacs"] == 0:
        said.append("No TAC was active on any day of this month.")
    if not slice_.complete:
        said.append("The data were read beside a load that was not finished: figures may be incomplete.")
    return said


def _end(seen: Shown, measure: str) -> float:
    return float(seen.headline.set_index("measure")["end"][measure])


def _gini(month: Month, *, hide: bool) -> float:
    return float("nan") if hide else float(month.indices.set_index("index")["end"]["gini"])


def _few(seen: Shown) -> bool:
    """Whether so few lead that an index over practitioners would speak of somebody."""
    return bool(seen.headline.set_index("measure")["hidden_end"]["leading"])


def _findings(month: Month, seen: Shown) -> list[Finding]:
    agencies, roles = seen.agencies.numbers, seen.roles.numbers
    if month.sums["active_tacs"] == 0:
        return [Finding("month", "unknown", "There is nothing to report on for this month.")]
    return [
        findings.disparity(agencies),
        findings.load_share(agencies),
        findings.overload(*(_end(seen, name) for name in ("leading", "overloaded", "severe"))),
        findings.overload_by_role(roles),
        findings.without_lead(_end(seen, "active_tacs"), _end(seen, "without_lead")),
        findings.inequality(month.curve, _gini(month, hide=_few(seen))),
        findings.duplication(seen.duplicates),
        findings_coverage.coverage(seen.coverage),
        findings.trend(seen.trend),
    ]


def _tables(month: Month, seen: Shown, settings: Settings) -> dict[str, Table]:
    unit = f"At month end ({day_name(month.last)}) and as mean of the {month.days} days of the month."
    made = (
        tables.headline_table(month, seen, unit),
        *tables.agency_tables(seen),
        tables.index_table(month, hide=_few(seen)),
        tables.role_table(seen),
        tables.compared_table(seen),
        tables.duplicate_table(seen),
        tables.coverage_table(seen),
        tables.trend_table(seen),
        tables.parameter_table(settings),
    )
    return {table.name: table for table in made}


def _pictures(month: Month, seen: Shown, *, wide: bool) -> dict[str, Picture]:
    """The report's pictures; `wide`: for paper, with names beside their marks."""
    agencies, roles = seen.agencies.numbers, seen.roles.numbers
    placed = agencies[agencies["capacity_share"].notna() | agencies["suppressed"]]
    made = (
        pictures.load_against_capacity(placed, wide=wide),
        pictures.disparity(placed, wide=wide),
        pictures.lorenz(month.curve, gini=_gini(month, hide=_few(seen))),
        pictures.overload_by_role(roles, wide=wide),
        pictures.duplication(seen.duplicates, wide=wide),
        pictures.coverage(seen.coverage, wide=wide),
        pictures.trend(seen.trend),
    )
    return {picture.name: picture for picture in made}


def render(report: Report) -> str:
    """The report as one HTML page that asks nothing of any other machine."""
    loader = jinja2.PackageLoader("reports", ".")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    drawn = {name: Markup(picture.canvas.svg()) for name, picture in report.pictures.items()}  # noqa: S704
    return environment.get_template("template.html.j2").render(
        report=report,
        title=report.title,
        tiles=report.tiles,
        sections=SECTIONS,
        annex=ANNEX,
        drawn=drawn,
        severity=SEVERITY_WORDS,
        method=METHOD,
        limits=LIMITS,
        up_to=report.up_to,
        lead_term=report.lead_term,
    )

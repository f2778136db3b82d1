"""The monthly workload report: one self-contained HTML file and one workbook, safe to circulate.

It holds no child's and no practitioner's id or name; counts of 1 to 5 and what derives from them are
masked (see `reports.suppress`). The same slice and month give the same figures, byte for byte; only the
time of writing differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup

from analysis.tables import Slice
from graphmodel.settings import Settings
from reports import charts, findings, tables, workbook
from reports.charts import Chart
from reports.figures import Month, Progress, Shown, gather, shown
from reports.findings import Finding
from reports.sheets import Table
from reports.words import DUPLICATE_KINDS, day_name, month_name

# a figure must fit one printed page
ROWS_DRAWN: Final = 12

SEVERITY_WORDS: Final = {
    "serious": "Serious",
    "watch": "Watch",
    "fine": "In order",
    "unknown": "Not known",
}
RULE: Final = (
    "Counts from 1 to {up_to} are shown as c, and so is every figure worked out from them. Where one "
    "hidden count could be found by taking the others from a total, a second one is hidden with it. Zeros "
    "are shown. This is the rule of the Department for Education's statistics on children in need."
)
LIMITS: Final = (
    "Points compare practitioners' lead and supporting work by agreed weights. They are not hours, and they "
    "do not judge how well anybody works.",
    "Capacity is what the records of posts say (FTE and the part of the post for this work). Leave, sickness "
    "and other caseloads are not in it.",
    "A disparity says that lead work and capacity are spread differently. It does not say why, and some of "
    "it is the law: a child with a child protection plan or in care must have a social worker.",
    "What was not recorded, or recorded late, is not here. The figures of a month can change when late "
    "records come in.",
    "The 95% intervals say how far shares would move with another draw of TACs. They do not cover errors in "
    "the records.",
)


@dataclass(frozen=True)
class Report:
    """Everything that the files say, ready to be written."""

    month: Month
    seen: Shown
    notices: list[str]
    findings: list[Finding]
    tables: dict[str, Table]
    charts: dict[str, Chart]
    facts: list[tuple[str, str]]
    rule: str
    lead_term: str
    up_to: int


def write_report(
    tables_: Slice,
    first_of_month: date,
    out: Path,
    settings: Settings,
    *,
    progress: Progress | None = None,
    generated: datetime | None = None,
) -> list[Path]:
    """Write the report of a month to `out` and give the two files.

    `first_of_month` is any day of the month; `generated` the time printed as that of writing (now). A month
    without data gives a report that says so.
    """
    report = make_report(tables_, first_of_month, settings, progress=progress, generated=generated)
    out.mkdir(parents=True, exist_ok=True)
    name = f"workload-{report.month.first:%Y-%m}"
    page, book = out / f"{name}.html", out / f"{name}.xlsx"
    page.write_text(render(report), encoding="utf-8")
    workbook.write(report, book)
    return [page, book]


def make_report(
    slice_: Slice,
    first_of_month: date,
    settings: Settings,
    *,
    progress: Progress | None = None,
    generated: datetime | None = None,
) -> Report:
    """Measure and mask a month, and put it in words, tables and charts."""
    month = gather(slice_, first_of_month, settings, progress=progress)
    seen = shown(month, settings)
    facts = _facts(slice_, month, settings, generated or datetime.now(UTC))
    load = slice_.load_id or "none"
    source = (
        f"Source: the partnership's records, load {load}, as of {day_name(month.last)}, "
        f"settings {settings.version}."
    )
    return Report(
        month=month,
        seen=seen,
        notices=_notices(slice_, month),
        findings=findings.ranked(_findings(month, seen)),
        tables=_tables(month, seen, settings),
        charts=_charts(month, seen, source),
        facts=facts,
        rule=RULE.format(up_to=settings.disclosure.suppress_up_to),
        lead_term=settings.lead_term,
        up_to=settings.disclosure.suppress_up_to,
    )


def _facts(slice_: Slice, month: Month, settings: Settings, generated: datetime) -> list[tuple[str, str]]:
    return [
        ("Month", f"{day_name(month.first)} to {day_name(month.last)}"),
        ("Data date", day_name(slice_.data_date) if slice_.data_date else "no data"),
        ("Load", slice_.load_id or "none: read from a folder of tables"),
        ("Settings", f"{settings.version} (agreed by: {settings.agreed_by})"),
        ("Written", f"{generated:%Y-%m-%d %H:%M} UTC"),
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
        findings.trend(seen.trend),
    ]


def _tables(month: Month, seen: Shown, settings: Settings) -> dict[str, Table]:
    unit = f"At month end ({day_name(month.last)}) and as mean of the {month.days} days of the month."
    made = (
        tables.headline_table(month, seen, unit),
        *tables.agency_tables(seen),
        tables.index_table(month, hide=_few(seen)),
        tables.role_table(seen),
        tables.duplicate_table(seen),
        tables.trend_table(seen),
        tables.parameter_table(settings),
    )
    return {table.name: table for table in made}


def _charts(month: Month, seen: Shown, source: str) -> dict[str, Chart]:
    agencies, roles = seen.agencies.numbers, seen.roles.numbers
    placed = agencies[agencies["capacity_share"].notna() | agencies["suppressed"]]
    made = (
        charts.load_against_capacity(placed, source=source, most=ROWS_DRAWN),
        charts.disparity_intervals(placed, source=source, most=ROWS_DRAWN),
        charts.lorenz(month.curve, gini=_gini(month, hide=_few(seen)), source=source),
        charts.overload_by_role(roles, source=source),
        charts.lead_points_by(roles, "role", source=source),
        charts.duplication_counts(seen.duplicates, source=source),
        charts.trend(seen.trend, source=source),
    )
    return {chart.name: chart for chart in made}


def _tiles(report: Report) -> list[dict[str, Any]]:
    """The headline figures as tiles: words and what is written under them."""
    table = report.tables["headline"]
    tiles = []
    for measure, (words, end, mean, change) in zip(
        report.seen.headline["measure"], table.texts(), strict=True
    ):
        tiles.append(
            {"words": words, "end": end, "mean": mean, "change": change, "kind": measure in DUPLICATE_KINDS}
        )
    return tiles


def render(report: Report) -> str:
    """The report as one HTML page that asks nothing of any other machine."""
    loader = jinja2.PackageLoader("reports", ".")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    drawn = {name: Markup(charts.fragment(chart)) for name, chart in report.charts.items()}  # noqa: S704
    return environment.get_template("template.html.j2").render(
        report=report,
        title=f"Workload of lead practitioners, {month_name(report.month.last)}",
        tiles=_tiles(report),
        drawn=drawn,
        severity=SEVERITY_WORDS,
        limits=LIMITS,
        up_to=report.up_to,
        before=day_name(report.seen.trend["day"].iloc[-2]),
        lead_term=report.lead_term,
        library=Markup(charts.library()),  # noqa: S704
    )

"""The monthly report as an analyst's script would make it: pandas on the CSV files, a workbook, some charts.

Fair and small: the same month-end figures, means over the days, twelve month ends and kinds of case as in
ours, without its masking, findings in words, accessibility, bootstrap intervals and exact tests.
"""

from __future__ import annotations

import calendar
from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd
from plotly import express as px

from benchmarks import plain_pandas
from benchmarks.plain_pages import PAGES
from benchmarks.plain_pandas import Tables
from benchmarks.plain_pandas_more import EVERY
from graphmodel.settings import Settings
from reports.words import COVERAGE_KINDS, DUPLICATE_KINDS

_KEPT: Final = ("tacs_led", "tacs_supported", "points", "capacity", "utilisation")


def month_means(t: Tables, month: date, s: Settings) -> pd.DataFrame:
    """Mean load of each practitioner, and mean lead count and disparity of each agency, over the days."""
    days = [month.replace(day=n + 1) for n in range(calendar.monthrange(month.year, month.month)[1])]
    loads = pd.concat([plain_pandas.workload(t, day, s) for day in days])
    summed = loads.groupby("practitioner_id")[list(_KEPT)].sum() / len(days)
    summed["utilisation"] = loads.groupby("practitioner_id")["utilisation"].mean()
    return summed.reset_index()


def agency_means(t: Tables, month: date, s: Settings) -> pd.DataFrame:
    days = [month.replace(day=n + 1) for n in range(calendar.monthrange(month.year, month.month)[1])]
    rows = pd.concat([plain_pandas.agency_fairness(t, day, s) for day in days])
    means: pd.DataFrame = rows.groupby("agency_id")[["tacs_led", "lead_points", "capacity"]].sum() / len(days)
    return means.reset_index()


def write(example: Path, month: date, folder: Path, s: Settings) -> dict[str, pd.DataFrame]:
    """Write report.xlsx and report.html into a folder; gives the tables."""
    last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
    tables = plain_pandas.read(example, PAGES["overview"].files)
    trend = pd.DataFrame(PAGES["trends"].plain(tables, last, s))
    made = {
        "practitioners": month_means(tables, month, s),
        "agency_means": agency_means(tables, month, s),
        "agencies": plain_pandas.agency_fairness(tables, last, s),
        "overloaded": plain_pandas.overloaded_leads(tables, last, s),
        "cases": pd.DataFrame(
            [[k, len(EVERY[k][0](tables, last, s))] for k in (*DUPLICATE_KINDS, *COVERAGE_KINDS)],
            columns=["kind", "cases"],
        ),
        "trend": trend,
    }
    with pd.ExcelWriter(folder / "report.xlsx", engine="openpyxl") as book:
        for name, frame in made.items():
            frame.to_excel(book, sheet_name=name, index=False)
    charts = (
        px.bar(made["agencies"], x="agency_id", y="disparity"),
        px.histogram(made["practitioners"], x="utilisation"),
        px.bar(made["cases"], x="cases", y="kind", orientation="h"),
        px.line(trend, y=trend.columns[:4]),
    )
    drawn = [chart.to_html(full_html=False, include_plotlyjs=n == 0) for n, chart in enumerate(charts)]
    body = "\n".join([*drawn, *(frame.to_html(index=False) for frame in made.values())])
    page = f"<!doctype html><title>Report</title>{body}"
    (folder / "report.html").write_text(page, encoding="utf-8")
    return made

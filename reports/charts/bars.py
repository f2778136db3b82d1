"""Plain lying bars of one measure."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from reports import findings, findings_coverage
from reports.charts.drawing import (
    MOST_ROWS,
    Chart,
    nothing,
    rows_of,
    safe,
)
from reports.tabling import concealed, cut, shown
from reports.theme import LIGHT, Theme
from reports.words import COVERAGE_KINDS, DUPLICATE_KINDS, number, role_name


def plain_bars(
    name: str,
    finding: findings.Finding,
    frame: pd.DataFrame,
    head: tuple[str, str],
    *,
    source: str,
    theme: Theme,
) -> Chart:
    """Lying bars of one measure; columns label, value; suppressed if known."""
    ordered, drawn, left = cut(frame, "value", MOST_ROWS)
    values = shown(ordered["value"], concealed(ordered, "value"), number)
    table = pd.DataFrame({head[0]: ordered["label"], head[1]: values})
    if drawn.empty:
        return nothing(name, theme, finding, table, source)
    top = float(drawn["value"].max()) or 1.0
    figure = rows_of(theme, list(drawn["label"]), head[1], range_=[0, 1.2 * top])
    figure.add_bar(
        x=drawn["value"], y=list(range(len(drawn))), orientation="h", marker={"color": theme.blue},
        text=[number(float(v)) for v in drawn["value"]], textposition="outside", cliponaxis=False,
        textfont={"color": theme.ink}, customdata=[safe(n) for n in drawn["label"]],
        hovertemplate="%{customdata}: %{x:,.1f}<extra></extra>",
    )  # fmt: skip
    summary = f"Bars of {head[1].lower()} for {len(drawn)} rows, largest first. {finding}{left}"
    return Chart(name, figure, str(finding), summary, table, source)


def bars(
    frame: pd.DataFrame, head: tuple[str, str], *, name: str, source: str, theme: Theme = LIGHT
) -> Chart:
    """Bars of any measure from 0 up. Columns: label, value, headed `head`; suppressed if known."""
    return plain_bars(name, findings.most(frame, head), frame, head, source=source, theme=theme)


def lead_points_by(
    frame: pd.DataFrame, by: Literal["role", "sector"], *, source: str, theme: Theme = LIGHT
) -> Chart:
    """Lead points by role or by agencies' sector. Columns: `by`, lead_points; suppressed if known."""
    rows = frame.assign(label=frame[by].map(role_name), value=frame["lead_points"])
    head = (by.capitalize(), "Lead points")
    finding = findings.lead_points(frame, by)
    return plain_bars(f"lead-points-by-{by}", finding, rows, head, source=source, theme=theme)


def duplication_counts(counts: pd.DataFrame, *, source: str, theme: Theme = LIGHT) -> Chart:
    """Cases of each kind of duplication. Columns: kind (a query's name), cases; suppressed if known."""
    names = counts["kind"].map(lambda kind: DUPLICATE_KINDS.get(kind, role_name(kind)))
    rows = counts.assign(label=names, value=counts["cases"])
    head, finding = ("Kind of duplication", "Cases"), findings.duplication(counts)
    return plain_bars("duplication", finding, rows, head, source=source, theme=theme)


def coverage_counts(counts: pd.DataFrame, *, source: str, theme: Theme = LIGHT) -> Chart:
    """Cases of each gap in cover. Columns: kind (a query's name), cases; suppressed if known."""
    rows = counts.assign(label=counts["kind"].map(COVERAGE_KINDS), value=counts["cases"])
    head, finding = ("Gap in cover", "Cases"), findings_coverage.coverage(counts)
    return plain_bars("coverage", finding, rows, head, source=source, theme=theme)

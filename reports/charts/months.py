"""Charts over months."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd
from plotly.subplots import make_subplots

from reports import findings
from reports.charts.drawing import (
    Chart,
    dress,
    note,
    nothing,
)
from reports.theme import LIGHT, Theme
from reports.words import SUPPRESSED, day_name, month_name, number


def _ends(values: pd.Series, digits: int) -> tuple[list[str], list[str]]:
    """Labels of the first and the last value, and where each stands clear of its line."""
    last = len(values) - 1
    labels = [
        number(float(v), digits) if i in {0, last} and pd.notna(v) else "" for i, v in enumerate(values)
    ]
    places = ["top center"] * len(values)
    if last > 0:
        places[0] = "bottom center" if values.iloc[1] > values.iloc[0] > 0 else "top center"
        places[last] = "bottom center" if values.iloc[last - 1] > values.iloc[last] > 0 else "top center"
    return labels, places


def trend(months: pd.DataFrame, *, source: str, theme: Theme = LIGHT) -> Chart:
    """Month-end counts of overloaded leads, active TACs and TACs without a lead, one panel each.

    Columns: day (a month end), overloaded, active_tacs, tacs_without_lead; a suppressed
    count is NaN: a gap marked "c".
    """
    finding = findings.trend(months)
    return over_months(months, findings.TREND_WORDS, finding, name="trend", source=source, theme=theme)


def over_months(
    months: pd.DataFrame,
    panels: Mapping[str, str],
    finding: findings.Finding,
    *,
    name: str,
    source: str,
    digits: int = 1,
    gap: str = SUPPRESSED,
    theme: Theme = LIGHT,
) -> Chart:
    """A panel each column of `panels` (column: words) over the days of `months`, the last one included.

    A value that is NaN is a gap marked with `gap`: "c" where it was suppressed.
    """
    days = pd.to_datetime(months["day"])
    table = pd.DataFrame({"Month end": [_when(day.date()) for day in days]})
    for column, words in panels.items():
        cells = [gap if pd.isna(v) else number(float(v), digits) for v in months[column]]
        table[words[:1].upper() + words[1:]] = cells
    if months.empty:
        return nothing(name, theme, finding, table, source)
    count = len(panels)
    figure = make_subplots(rows=count, cols=1, shared_xaxes=True, vertical_spacing=0.39 / count)
    dress(figure, theme, 160 * count)
    looks = (
        (theme.pink, "circle"),
        (theme.blue, "square"),
        (theme.orange, "diamond"),
        (theme.turquoise, "cross"),
    )
    for row, (column, words) in enumerate(panels.items(), start=1):
        colour, symbol = looks[(row - 1) % len(looks)]
        values = months[column].astype(float)
        look = {"color": colour, "symbol": symbol, "gap": gap}
        _line(figure, days, values, row, theme=theme, look=look, digits=digits)
        axis = "y" if row == 1 else f"y{row}"
        note(figure, f"<b>{words[:1].upper()}{words[1:]}</b>", yref=f"{axis} domain", y=1, yanchor="bottom")
    figure.update_xaxes(tickformat="%b<br>%Y", nticks=6)
    lines = "One line" if count == 1 else f"{count} lines"
    summary = f"{lines} over {len(months)} month ends. {finding}"
    return Chart(name, figure, str(finding), summary, table, source)


def _when(day: date) -> str:
    """A month's name for its end, else the day: the last one of a running month."""
    return month_name(day) if (day + timedelta(days=1)).day == 1 else day_name(day)


def _line(
    figure: Any,
    days: pd.Series,
    values: pd.Series,
    row: int,
    *,
    theme: Theme,
    look: Mapping[str, str],
    digits: int,
) -> None:
    labels, places = _ends(values, digits)
    figure.add_scatter(
        x=days, y=values, mode="lines+markers+text", text=labels, textposition=places,
        line={"color": look["color"], "width": 3}, marker={"symbol": look["symbol"], "size": 8},
        cliponaxis=False, textfont={"color": theme.ink}, row=row, col=1,
        hovertemplate=f"%{{x|%B %Y}}: %{{y:,.{0 if digits == 1 else digits}f}}<extra></extra>",
    )  # fmt: skip
    gaps = days[values.isna()]
    figure.add_scatter(
        x=gaps, y=[0] * len(gaps), mode="text", text=[look["gap"]] * len(gaps), row=row, col=1,
        textposition="top center", textfont={"color": theme.ink}, hoverinfo="skip",
    )  # fmt: skip
    least = 1.0 if digits == 1 else 0.0
    top = max(float(values.max()) if values.notna().any() else 1.0, least) or 1.0
    figure.update_yaxes(range=[0, 1.35 * top], nticks=4, row=row, col=1)

"""Charts over months."""

from __future__ import annotations

import pandas as pd
from plotly.subplots import make_subplots

from reports import findings
from reports.charts.drawing import (
    Chart,
    dress,
    note,
    nothing,
)
from reports.tabling import shown
from reports.theme import LIGHT, Theme
from reports.words import SUPPRESSED, month_name, number


def _ends(values: pd.Series) -> tuple[list[str], list[str]]:
    """Labels of the first and the last value, and where each stands clear of its line."""
    last = len(values) - 1
    labels = [number(float(v)) if i in {0, last} and pd.notna(v) else "" for i, v in enumerate(values)]
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
    days = pd.to_datetime(months["day"])
    table = pd.DataFrame({"Month end": [month_name(day.date()) for day in days]})
    for column, words in findings.TREND_WORDS.items():
        table[words[:1].upper() + words[1:]] = shown(months[column], months[column].isna(), number)
    if months.empty:
        return nothing("trend", theme, finding, table, source)
    figure = make_subplots(rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.13)
    dress(figure, theme, 480)
    looks = ((theme.pink, "circle"), (theme.blue, "square"), (theme.orange, "diamond"))
    for row, ((column, words), (colour, symbol)) in enumerate(
        zip(findings.TREND_WORDS.items(), looks, strict=True), start=1
    ):
        values = months[column].astype(float)
        labels, places = _ends(values)
        figure.add_scatter(
            x=days, y=values, mode="lines+markers+text", text=labels, textposition=places,
            line={"color": colour, "width": 3}, marker={"symbol": symbol, "size": 8}, cliponaxis=False,
            textfont={"color": theme.ink}, hovertemplate="%{x|%B %Y}: %{y:,.0f}<extra></extra>",
            row=row, col=1,
        )  # fmt: skip
        gaps = days[values.isna()]
        figure.add_scatter(
            x=gaps, y=[0] * len(gaps), mode="text", text=[SUPPRESSED] * len(gaps), row=row, col=1,
            textposition="top center", textfont={"color": theme.ink}, hoverinfo="skip",
        )  # fmt: skip
        top = max(float(values.max()) if values.notna().any() else 1.0, 1.0)
        axis = "y" if row == 1 else f"y{row}"
        figure.update_yaxes(range=[0, 1.35 * top], nticks=4, row=row, col=1)
        note(figure, f"<b>{words[:1].upper()}{words[1:]}</b>", yref=f"{axis} domain", y=1, yanchor="bottom")
    figure.update_xaxes(tickformat="%b<br>%Y", nticks=6)
    summary = f"Three lines over {len(months)} month ends. {finding}"
    return Chart("trend", figure, str(finding), summary, table, source)

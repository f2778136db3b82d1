"""How the fairness indices have gone over the months."""

from __future__ import annotations

import pandas as pd
from plotly.subplots import make_subplots

from reports import findings_fairness
from reports.charts.drawing import Chart, dress, note, nothing
from reports.tabling import shown
from reports.theme import LIGHT, Theme
from reports.words import day_name, per_cent

_HEADROOM = 1.35


def _style(name: str, value: float) -> str:
    return per_cent(value) if name == "hoover" else f"{value:.2f}"


def fairness_trend(months: pd.DataFrame, *, source: str, theme: Theme = LIGHT) -> Chart:
    """Hoover, Gini and Jain index at month ends, one panel each, each from 0.

    Columns: day, hoover, gini, jain (NaN where undefined).
    """
    finding = findings_fairness.fairness_trend(months)
    words = findings_fairness.INDEX_WORDS
    days = pd.to_datetime(months["day"])
    table = pd.DataFrame({"Day": [day_name(day.date()) for day in days]})
    for name, head in words.items():
        none = pd.Series(data=False, index=months.index)
        table[head] = shown(months[name], none, lambda v, n=name: _style(n, v))  # type: ignore[misc]
    if months[list(words)].dropna(how="all").empty:
        return nothing("fairness-trend", theme, finding, table, source)
    figure = make_subplots(rows=len(words), cols=1, shared_xaxes=True, vertical_spacing=0.13)
    dress(figure, theme, 480)
    looks = ((theme.pink, "circle"), (theme.blue, "square"), (theme.orange, "diamond"))
    for row, ((name, head), (colour, symbol)) in enumerate(zip(words.items(), looks, strict=True), start=1):
        values = months[name].astype(float)
        ends = {values.first_valid_index(), values.last_valid_index()}
        labels = [_style(name, float(v)) if i in ends else "" for i, v in values.items()]
        figure.add_scatter(
            x=days, y=values, mode="lines+markers+text", text=labels, textposition="top center",
            line={"color": colour, "width": 3}, marker={"symbol": symbol, "size": 8}, cliponaxis=False,
            textfont={"color": theme.ink}, hovertemplate="%{x|%B %Y}: %{y:.2f}<extra></extra>",
            row=row, col=1,
        )  # fmt: skip
        top = float(values.max()) if values.notna().any() else 1.0
        figure.update_yaxes(range=[0, _HEADROOM * max(top, 0.1)], nticks=4, row=row, col=1)
        axis = "y" if row == 1 else f"y{row}"
        note(figure, f"<b>{head}</b>", yref=f"{axis} domain", y=1, yanchor="bottom")
    figure.update_xaxes(tickformat="%b<br>%Y", nticks=6)
    summary = f"Three lines over {len(months)} days, month ends and the last day. {finding}"
    return Chart("fairness-trend", figure, str(finding), summary, table, source)

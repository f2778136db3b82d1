"""A figure of a query of the catalogue over the days it was asked for."""

from __future__ import annotations

import pandas as pd

from reports.charts.drawing import Chart, blank, nothing
from reports.findings_over_time import over_time as found
from reports.theme import LIGHT, Theme
from reports.words import SUPPRESSED, day_name, number

HEIGHT = 320


def over_days(days: pd.DataFrame, head: str, *, name: str, source: str, theme: Theme = LIGHT) -> Chart:
    """One line of a figure, headed `head`, over days; a suppressed one is a gap marked "c".

    Columns: day, value (NaN: none, or suppressed), suppressed.
    """
    finding = found(days, head)
    cells = [
        SUPPRESSED if hidden else "" if pd.isna(value) else number(float(value), 2)
        for value, hidden in zip(days["value"], days["suppressed"], strict=True)
    ]
    when = [day_name(pd.Timestamp(day).date()) for day in days["day"]]
    table = pd.DataFrame({"As of": when, head: cells})
    if not len(days) or (days["value"].isna() & ~days["suppressed"]).all():
        return nothing(name, theme, finding, table, source)
    top = max(float(days["value"].max()) if days["value"].notna().any() else 1.0, 1e-9)
    figure = blank(theme, HEIGHT)
    last = days["value"].last_valid_index()
    figure.add_scatter(
        x=days["day"], y=days["value"], mode="lines+markers+text", cliponaxis=False,
        text=[number(float(v), 2) if i == last else "" for i, v in days["value"].items()],
        textposition="top center", textfont={"color": theme.ink},
        line={"color": theme.blue, "width": 3}, marker={"size": 8},
        hovertemplate="%{x|%d %B %Y}: %{y:,.2~f}<extra></extra>",
    )  # fmt: skip
    gaps = days.loc[days["suppressed"], "day"]
    figure.add_scatter(
        x=gaps, y=[0] * len(gaps), mode="text", text=[SUPPRESSED] * len(gaps),
        textposition="top center", textfont={"color": theme.ink}, hoverinfo="skip",
    )  # fmt: skip
    figure.update_yaxes(range=[0, 1.25 * top], nticks=5)
    figure.update_xaxes(tickformat="%b<br>%Y", nticks=6)
    hidden = f" Hidden: {len(gaps)}." if len(gaps) else ""
    summary = f"A line of {head[:1].lower()}{head[1:]} on {len(days)} days.{hidden} {finding}"
    return Chart(name, figure, str(finding), summary, table, source)

"""Share of lead work by cost against share of the pooled budget."""

from __future__ import annotations

import pandas as pd

from reports.charts.drawing import Chart, key_of, nothing, rows_of, safe
from reports.findings_costs import cost_sectors
from reports.theme import LIGHT, Theme
from reports.words import label, per_cent


def cost_shares(sectors: pd.DataFrame, table: pd.DataFrame, *, source: str, theme: Theme = LIGHT) -> Chart:
    """Pairs of marks, widest gap first.

    Columns: sector, name, pounds, share, contribution_share, difference; hidden ones are NaN and not drawn.
    `table` holds all of it as text.
    """
    finding = cost_sectors(sectors)
    drawn = sectors.dropna(subset=["share", "contribution_share"])
    drawn = drawn.sort_values("difference", ascending=False, kind="stable").reset_index(drop=True)
    if drawn.empty:
        return nothing("lead-costs", theme, finding, table, source)
    top = float(drawn[["share", "contribution_share"]].max().max()) or 1.0
    key = key_of((theme.blue, "● of lead work by cost"), (theme.pink, "◇ of the pooled budget"))
    names = list(label(drawn, "sector"))
    figure = rows_of(
        theme, names, "Share of the partnership's total", key=key, range_=[-0.16 * top, 1.2 * top]
    )
    rows = list(range(len(drawn)))
    grey = {"mode": "lines", "line": {"color": theme.grey, "width": 3}, "hoverinfo": "skip"}
    for row, share, paid in zip(rows, drawn["share"], drawn["contribution_share"], strict=True):
        figure.add_scatter(x=[share, paid], y=[row, row], **grey)
    more = drawn["share"] > drawn["contribution_share"]
    for column, colour, symbol, words, right in (
        ("share", theme.blue, "circle", "of lead work by cost", more),
        ("contribution_share", theme.pink, "diamond-open", "of the pooled budget", ~more),
    ):
        figure.add_scatter(
            x=drawn[column], y=rows, mode="markers+text",
            marker={"color": colour, "symbol": symbol, "size": 12, "line": {"width": 2.5, "color": colour}},
            text=[per_cent(float(v)) for v in drawn[column]],
            textposition=["middle right" if r else "middle left" for r in right],
            textfont={"color": theme.ink}, cliponaxis=False, customdata=[safe(n) for n in names],
            hovertemplate="%{customdata}: %{x:.1%} " + words + "<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(tickformat=".0%")
    left = len(sectors) - len(drawn)
    rest = f" Not drawn, but in the table: {left}." if left else ""
    summary = (
        f"Pairs of marks for {len(drawn)} sectors: share of cost and of the pooled budget. {finding}{rest}"
    )
    return Chart("lead-costs", figure, str(finding), summary, table, source)

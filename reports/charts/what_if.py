"""Today against a scenario."""

from __future__ import annotations

import pandas as pd

from reports.charts.drawing import Chart, key_of, nothing, rows_of, safe
from reports.findings import Finding
from reports.theme import LIGHT, Theme
from reports.words import number


def what_if(
    figures: pd.DataFrame,
    words: pd.Series,
    finding: Finding,
    table: pd.DataFrame,
    *,
    source: str,
    theme: Theme = LIGHT,
) -> Chart:
    """Counts today and then, a row each.

    Columns: today, then (a hidden count is NaN and is not drawn); `words` names each row, and `table` holds
    all figures as text, small counts hidden.
    """
    drawn = figures.dropna(subset=["today", "then"], how="all").reset_index(drop=True)
    names = list(words.loc[figures.dropna(subset=["today", "then"], how="all").index])
    if drawn.empty:
        return nothing("what-if", theme, finding, table, source)
    top = float(drawn[["today", "then"]].max().max()) or 1.0
    key = key_of((theme.blue, "● today"), (theme.pink, "◇ then"))
    figure = rows_of(theme, names, "Count", key=key, range_=[-0.1 * top, 1.2 * top])
    rows = list(range(len(drawn)))
    grey = {"mode": "lines", "line": {"color": theme.grey, "width": 3}, "hoverinfo": "skip"}
    for row, today, then in zip(rows, drawn["today"], drawn["then"], strict=True):
        if pd.notna(today) and pd.notna(then):
            figure.add_scatter(x=[today, then], y=[row, row], **grey)
    for column, colour, symbol, other in (
        ("today", theme.blue, "circle", "then"),
        ("then", theme.pink, "diamond-open", "today"),
    ):
        behind = drawn[column].fillna(0) > drawn[other].fillna(0)
        right = behind if column == "today" else ~(drawn[other].fillna(0) > drawn[column].fillna(0))
        figure.add_scatter(
            x=drawn[column], y=rows, mode="markers+text",
            marker={"color": colour, "symbol": symbol, "size": 12, "line": {"width": 2.5, "color": colour}},
            text=["" if pd.isna(v) else number(float(v)) for v in drawn[column]],
            textposition=["middle right" if r else "middle left" for r in right],
            textfont={"color": theme.ink}, cliponaxis=False, customdata=[safe(n) for n in names],
            hovertemplate=f"%{{customdata}}, {column}: %{{x:,.0f}}<extra></extra>",
        )  # fmt: skip
    summary = f"Pairs of marks, today and then, for {len(drawn)} counts. {finding}"
    return Chart("what-if", figure, _title(drawn, names), summary, table, source)


def _title(drawn: pd.DataFrame, names: list[str]) -> str:
    """The count that moves furthest, in words."""
    gap = (drawn["then"] - drawn["today"]).abs().fillna(0)
    place = int(gap.to_numpy().argmax())
    today, then = (float(drawn[column].iloc[place]) for column in ("today", "then"))
    if not gap.iloc[place]:
        return "None of these counts changes"
    return f"{names[place]}: {number(today)} today, {number(then)} then"

"""Charts of how lead work lies against capacity."""

from __future__ import annotations

from typing import Final

import pandas as pd

from reports import findings
from reports.charts.drawing import (
    MOST_ROWS,
    Chart,
    blank,
    key_of,
    line_at,
    note,
    nothing,
    rows_of,
    safe,
)
from reports.tabling import concealed, cut, shown
from reports.theme import LIGHT, Theme
from reports.words import label, per_cent

# a logarithmic axis has no 0: an interval that reaches it is drawn to here
LOWEST_DRAWN: Final = 0.05
# below this, whole per cents would make unlike shares look alike
FEW_PER_CENT: Final = 0.2


def load_against_capacity(
    agencies: pd.DataFrame, *, source: str, theme: Theme = LIGHT, most: int = MOST_ROWS
) -> Chart:
    """Each agency's share of lead work against its share of capacity, widest excess first, `most` drawn.

    Columns: agency_id, load_share, capacity_share (0 to 1); name and suppressed if known.
    """
    finding = findings.load_share(agencies)
    frame = agencies.assign(gap=agencies["load_share"] - agencies["capacity_share"])
    ordered, drawn, left = cut(frame, "gap", most, weight="gap")
    hidden = concealed(ordered, "load_share")
    table = pd.DataFrame(
        {
            "Agency": label(ordered),
            "Share of lead work": shown(ordered["load_share"], hidden, per_cent),
            "Share of capacity": shown(ordered["capacity_share"], hidden, per_cent),
        }
    )
    if drawn.empty:
        return nothing("load-against-capacity", theme, finding, table, source)
    top = float(drawn[["load_share", "capacity_share"]].max().max())
    key = key_of((theme.blue, "● share of lead work"), (theme.pink, "◇ share of capacity"))
    span = [-0.16 * top, 1.2 * top]
    digits = 1 if top < FEW_PER_CENT else 0
    figure = rows_of(theme, list(label(drawn)), "Share of the partnership's total", key=key, range_=span)
    rows = list(range(len(drawn)))
    grey = {"mode": "lines", "line": {"color": theme.grey, "width": 3}, "hoverinfo": "skip"}
    for row, load, capacity in zip(rows, drawn["load_share"], drawn["capacity_share"], strict=True):
        figure.add_scatter(x=[load, capacity], y=[row, row], **grey)
    for column, colour, symbol, words, other in (
        ("load_share", theme.blue, "circle", "of lead work", "capacity_share"),
        ("capacity_share", theme.pink, "diamond-open", "of capacity", "load_share"),
    ):
        right = drawn[column] > drawn[other]
        if column == "capacity_share":
            right = drawn[column] >= drawn[other]
        figure.add_scatter(
            x=drawn[column], y=rows, mode="markers+text",
            marker={"color": colour, "symbol": symbol, "size": 12, "line": {"width": 2.5, "color": colour}},
            text=[per_cent(float(v), digits) for v in drawn[column]],
            textposition=["middle right" if r else "middle left" for r in right],
            textfont={"color": theme.ink}, cliponaxis=False,
            hovertemplate="%{customdata}: %{x:.1%} " + words + "<extra></extra>",
            customdata=[safe(n) for n in label(drawn)],
        )  # fmt: skip
    figure.update_xaxes(tickformat=".0%")
    summary = (
        f"Pairs of marks for {len(drawn)} agencies: share of lead work and share of capacity. {finding}{left}"
    )
    return Chart("load-against-capacity", figure, str(finding), summary, table, source)


def disparity_intervals(
    agencies: pd.DataFrame, *, source: str, theme: Theme = LIGHT, most: int = MOST_ROWS
) -> Chart:
    """Load share over capacity share with its 95% interval against 1, on a logarithmic axis, `most` drawn.

    Columns: agency_id, disparity, disparity_low, disparity_high; name and suppressed if known. An
    agency with no lead work (disparity 0) has no place on the axis and stands in the table alone.
    """
    finding = findings.disparity(agencies)
    weight = "gap" if {"load_share", "capacity_share"} <= set(agencies) else "place"
    gap = agencies["load_share"] - agencies["capacity_share"] if weight == "gap" else 0.0
    placed = agencies.assign(gap=gap, place=agencies["disparity"].where(agencies["disparity"] > 0))
    ordered, drawn, left = cut(placed, "place", weight=weight, most=most)
    drawn = drawn.dropna(subset=["disparity_low", "disparity_high"]).reset_index(drop=True)
    hidden = concealed(ordered, "disparity")
    columns = {"disparity": "Disparity", "disparity_low": "from", "disparity_high": "to"}
    figures = {head: shown(ordered[c], hidden, lambda v: f"{v:.2f}") for c, head in columns.items()}
    table = pd.DataFrame({"Agency": label(ordered), **figures})
    if drawn.empty:
        return nothing("disparity", theme, finding, table, source)
    figure = rows_of(theme, list(label(drawn)), "Times its fair share (logarithmic axis)", key=" ", height=56)
    rows = list(range(len(drawn)))
    low = drawn["disparity_low"].clip(lower=LOWEST_DRAWN)
    clear = (drawn["disparity_low"] > 1) | (drawn["disparity_high"] < 1)
    colours = [theme.pink if c else theme.blue for c in clear]
    figure.add_scatter(
        x=drawn["disparity"], y=rows, mode="markers+text",
        marker={
            "color": colours, "size": 12,
            "symbol": ["circle" if c else "circle-open" for c in clear],
            "line": {"width": 2.5, "color": colours},
        },
        error_x={
            "type": "data", "symmetric": False, "array": drawn["disparity_high"] - drawn["disparity"],
            "arrayminus": (drawn["disparity"] - low).clip(lower=0), "color": theme.grey, "thickness": 2.5,
        },
        text=[f"{v:.2f}" for v in drawn["disparity"]], textposition="bottom center",
        textfont={"color": theme.ink}, cliponaxis=False,
        customdata=[
            f"{safe(n)}: {d:.2f} times ({a:.2f} to {b:.2f})"
            for n, d, a, b in zip(label(drawn), *(drawn[c] for c in columns), strict=True)
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip
    line_at(figure, 1, "1 = fair share", theme, at=0)
    ticks = [0.1, 0.2, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 10]
    figure.update_xaxes(type="log", tickvals=ticks, ticktext=[f"{t:g}" for t in ticks])
    words = (
        f"Marks with 95% intervals for {len(drawn)} agencies; filled marks lie clear of 1. {finding}{left}"
    )
    return Chart("disparity", figure, str(finding), words, table, source)


def lorenz(curve: pd.DataFrame, *, gini: float, source: str, theme: Theme = LIGHT) -> Chart:
    """The Lorenz curve of practitioners' utilisation against equality.

    Columns: practitioners, load: cumulated shares from 0 to 1, least used first.
    """
    finding = findings.inequality(curve, gini)
    table = pd.DataFrame(
        {
            "Practitioners, least used first": [per_cent(float(v)) for v in curve["practitioners"]],
            "Their part of all utilisation": [per_cent(float(v)) for v in curve["load"]],
        }
    )
    if curve.empty:
        return nothing("lorenz", theme, finding, table, source)
    figure = blank(theme, 400, margin={"l": 8, "r": 16, "t": 12, "b": 56})
    dashed = {"color": theme.grey, "dash": "dash", "width": 2}
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=dashed, hoverinfo="skip")
    figure.add_scatter(
        x=curve["practitioners"], y=curve["load"], mode="lines+markers",
        line={"color": theme.blue, "width": 3}, marker={"size": 6},
        hovertemplate="the least used %{x:.0%} carry %{y:.0%}<extra></extra>",
    )  # fmt: skip
    where = {"x": 0.5, "y": 0.54, "xref": "x", "yref": "y", "xanchor": "right"}
    note(figure, "if all were used alike", **where, font={"color": theme.quiet})
    at = curve.iloc[(curve["practitioners"] - 0.7).abs().to_numpy().argmin()]
    arrow = {"ax": 24, "ay": 34, "font": {"color": theme.blue}, "arrowcolor": theme.blue}
    figure.add_annotation(x=at["practitioners"], y=at["load"], text="as it is", **arrow)
    figure.update_xaxes(range=[0, 1], tickformat=".0%", title_text="Practitioners, least used first")
    ticks = [0.2, 0.4, 0.6, 0.8, 1.0]
    figure.update_yaxes(
        range=[0, 1.02], tickformat=".0%", tickvals=ticks, title_text="Part of all utilisation"
    )
    summary = f"Curve of cumulated utilisation below the line of equality. {finding}"
    return Chart("lorenz", figure, str(finding), summary, table, source)

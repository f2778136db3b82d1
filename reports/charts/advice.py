"""The curve of handovers against what remains."""

from __future__ import annotations

from typing import Final

import pandas as pd
from plotly.subplots import make_subplots

from reports import findings_advice
from reports.charts.drawing import Chart, dress, note, nothing
from reports.tabling import shown
from reports.theme import LIGHT, Theme
from reports.words import NOT_DEFINED, number, per_cent

_NEAR = 0.12
_COUNTED: Final = {
    "overloaded": "Overloaded leads",
    "severe": "Severely overloaded",
    "helped": "Brought within capacity",
    "newly_overloaded": "Newly above capacity",
}


def _counts(values: pd.Series) -> list[str]:
    return shown(values, values.isna(), "{:,.0f}".format)


def _clear_ends(handovers: pd.Series, chosen: int) -> list[int]:
    """The ends of the curve whose labels do not run into that of the chosen point."""
    last = len(handovers) - 1
    reach = _NEAR * float(handovers.iloc[last])
    return [i for i in (0, last) if abs(float(handovers.iloc[i]) - chosen) > reach]


def handover_curve(curve: pd.DataFrame, chosen: int, *, source: str, theme: Theme = LIGHT) -> Chart:
    """Points above capacity, and the part of lead work out of place, against the number of handovers.

    Columns: handovers, overload_points, overloaded, severe, helped, newly_overloaded (NaN where a count is
    not shown), hoover (0 to 1; NaN where undefined), optimal. `chosen` is the number of
    handovers of the point that is looked at.
    """
    finding = findings_advice.curve(curve)
    table = pd.DataFrame(
        {
            "Handovers": curve["handovers"],
            "Points above capacity": [number(float(v)) for v in curve["overload_points"]],
            **{words: _counts(curve[column]) for column, words in _COUNTED.items()},
            "Lead work out of place": [
                NOT_DEFINED if pd.isna(v) else per_cent(float(v), 1) for v in curve["hoover"]
            ],
            "Proven best": curve["optimal"].map({True: "yes", False: "no"}),
        }
    )
    if len(curve) < 2:  # noqa: PLR2004
        return nothing("handover-curve", theme, finding, table, source)
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.2)
    dress(figure, theme, 420)
    panels = (
        ("overload_points", "Points above capacity", theme.pink, "circle", ",.0f"),
        ("hoover", "Lead work out of place (Hoover)", theme.blue, "square", ".1%"),
    )
    for row, (column, words, colour, symbol, form) in enumerate(panels, start=1):
        values = curve[column].astype(float)
        here = curve["handovers"] == chosen
        ends = _clear_ends(curve["handovers"], chosen)
        texts = [
            format(v, form) if i in ends or at else ""
            for i, (v, at) in enumerate(zip(values, here, strict=True))
        ]
        places = ["top right", *["top center"] * (len(curve) - 2), "top left"]
        figure.add_scatter(
            x=curve["handovers"], y=values, mode="lines+markers+text", row=row, col=1,
            line={"color": colour, "width": 3}, text=texts, textposition=places,
            textfont={"color": theme.ink}, cliponaxis=False,
            marker={
                "size": [15 if at else 8 for at in here],
                "symbol": [symbol if at else f"{symbol}-open" for at in here],
                "color": colour, "line": {"width": 2.5, "color": colour},
            },
            hovertemplate="%{x:,} handovers: %{y:" + form + "}<extra></extra>",
        )  # fmt: skip
        top = float(values.max()) if values.notna().any() else 0.0
        figure.update_yaxes(
            range=[0, 1.25 * top if top > 0 else 1], tickformat=form, nticks=4, row=row, col=1
        )
        where = {"xref": "paper", "yref": f"y{row if row > 1 else ''} domain"}
        note(figure, words, **where, y=1.0, yanchor="bottom", font={"color": colour})
    figure.update_xaxes(title_text="Handovers of the lead role", row=2, col=1)
    summary = (
        f"Two lines over {len(curve)} numbers of handovers; the filled mark is the one chosen. {finding}"
    )
    return Chart("handover-curve", figure, str(finding), f"{summary}.", table, source)

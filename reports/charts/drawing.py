"""What every chart is drawn with: the frame, rows, keys, thresholds, and the `Chart` that holds the result.

Names stand above their marks, so a chart reads at 320 px as at 1,280.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs

from reports import findings
from reports.theme import Theme

ROW_HEIGHT: Final = 46
MOST_ROWS: Final = 20
LONGEST_NAME: Final = 42
FONT: Final = "Arial, Helvetica, sans-serif"
CONFIG: Final = {"displayModeBar": False, "responsive": True, "showTips": False}


@dataclass(frozen=True)
class Chart:
    """A figure without its title (which the page sets, so that it wraps), and what must stand beside it.

    `title` states the finding, `summary` is the text alternative, `table` holds the same data with
    readable headings ("c" where suppressed), `source` says whence and as of when.
    """

    name: str
    figure: go.Figure
    title: str
    summary: str
    table: pd.DataFrame
    source: str

    def titled(self, width: int = 900) -> go.Figure:
        """The figure with title and source in it, for a picture that leaves the page."""
        lines = textwrap.wrap(self.title, max(20, width // 9))
        height = self.figure.layout.height + 24 * len(lines) + 40
        figure = go.Figure(self.figure)
        top, foot_at = figure.layout.margin.t, figure.layout.margin.b
        figure.update_layout(
            title={"text": "<br>".join(map(safe, lines)), "x": 0, "xref": "paper", "font": {"size": 18}},
            width=width,
            height=height,
            margin={"t": top + 24 * len(lines) + 10, "b": foot_at + 40},
        )
        foot = {"text": safe(self.source), "x": 0, "y": 0, "xref": "paper", "yref": "paper"}
        figure.add_annotation(
            **foot, yshift=-foot_at - 4, yanchor="top", xanchor="left", showarrow=False, font={"size": 11}
        )
        return figure


def safe(text: object) -> str:
    return html.escape(str(text), quote=False)


def short(name: object) -> str:
    text = str(name)
    return safe(text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1].rstrip() + "…")


def blank(theme: Theme, height: int, **layout: Any) -> go.Figure:
    figure = go.Figure()
    dress(figure, theme, height)
    figure.update_layout(**layout)
    return figure


def dress(figure: go.Figure, theme: Theme, height: int) -> None:
    figure.update_layout(
        template="none",
        height=height,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 13, "color": theme.ink},
        margin={"l": 8, "r": 12, "t": 34, "b": 48},
        showlegend=False,
        hoverlabel={"font": {"family": FONT}},
        bargap=0.68,
        dragmode=False,
    )
    axis = {
        "gridcolor": theme.grid,
        "zeroline": False,
        "tickfont": {"color": theme.quiet},
        "fixedrange": True,
    }
    figure.update_xaxes(**axis, automargin=True, title_font={"color": theme.quiet}, title_standoff=6)
    figure.update_yaxes(**axis, automargin=True)


def note(figure: go.Figure, text: str, **at: Any) -> None:
    figure.add_annotation(
        text=text, showarrow=False, **{"xref": "paper", "x": 0, "xanchor": "left", "align": "left", **at}
    )


def rows_of(
    theme: Theme,
    names: Sequence[object],
    axis: str,
    *,
    key: str = "",
    range_: Sequence[float] | None = None,
    height: int = ROW_HEIGHT,
) -> go.Figure:
    """A figure of lying rows, the first on top, each name above its mark; `key` explains the marks."""
    count = max(len(names), 1)
    lines = 1 + key.count("<br>") if key else 0
    top = 12 + 20 * lines
    figure = blank(theme, count * height + top + 56, margin={"l": 8, "r": 12, "t": top, "b": 48})
    figure.update_yaxes(range=[count - 0.45, -0.75], showticklabels=False, showgrid=False)
    figure.update_xaxes(title_text=axis, range=range_, side="bottom", nticks=5)
    for row, name in enumerate(names):
        note(figure, short(name), y=row, yref="y", yshift=18, yanchor="middle")
    if key:
        note(figure, key, y=1, yref="paper", yanchor="bottom", yshift=0, font={"color": theme.quiet})
    return figure


def stripes(theme: Theme, shape: str | list[str]) -> dict[str, Any]:
    look = {"fgcolor": theme.ground, "fillmode": "overlay", "size": 6, "solidity": 0.3}
    return {"shape": shape, **look}


def key_of(*parts: tuple[str, str]) -> str:
    """The marks in words, each in its colour."""
    return "   ".join(f'<span style="color:{colour}">{text}</span>' for colour, text in parts)


def line_at(figure: go.Figure, x: float, text: str, theme: Theme, at: float | None = None) -> None:
    """A threshold, dashed, labelled at its top; `at` is the label's place where the axis is logarithmic."""
    figure.add_vline(x=x, line={"color": theme.ink, "width": 1.5, "dash": "dash"}, layer="below")
    where = {"x": x if at is None else at, "xref": "x", "xanchor": "center"}
    note(figure, text, **where, y=1, yref="paper", yanchor="bottom", font={"color": theme.ink})


def nothing(name: str, theme: Theme, finding: findings.Finding, table: pd.DataFrame, source: str) -> Chart:
    figure = blank(theme, 120)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    note(figure, "Nothing to show", y=0.5, yref="paper", font={"color": theme.quiet})
    text = str(finding)
    return Chart(name, figure, text, f"No chart: {text}", table, source)


def fragment(chart: Chart) -> str:
    """The figure as HTML for a page that holds `library()` once; its id is the chart's name."""
    made: str = chart.figure.to_html(
        full_html=False, include_plotlyjs=False, div_id=f"chart-{chart.name}", config=CONFIG,
        default_height=f"{chart.figure.layout.height}px",
    )  # fmt: skip
    return made


def library() -> str:
    """The script that draws fragments, whole: 4.6 MB that no page need fetch from anywhere."""
    script: str = get_plotlyjs()
    return script

"""Charts: rows in, a Plotly figure with its finding, its text summary and its table out.

The one module that knows Plotly. After the Government Analysis Function's guidance on charts: the title
states the finding, marks are labelled directly, bars lie and are sorted, colour never speaks alone, and
the same data stand beside the chart as a table. Names stand above their marks, so a chart reads at
320 px as at 1,280. Frames are those that may be shown: a suppressed figure is NaN with `suppressed` true.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import pandas as pd
import plotly.graph_objects as go
from plotly.offline import get_plotlyjs
from plotly.subplots import make_subplots

from reports import findings
from reports.tabling import concealed, cut, shown
from reports.theme import LIGHT, Theme
from reports.words import DUPLICATE_KINDS, SUPPRESSED, label, month_name, number, per_cent, role_name

ROW_HEIGHT: Final = 46
MOST_ROWS: Final = 20
LONGEST_NAME: Final = 42
# a logarithmic axis has no 0: an interval that reaches it is drawn to here
LOWEST_DRAWN: Final = 0.05
# below this, whole per cents would make unlike shares look alike
FEW_PER_CENT: Final = 0.2
FONT: Final = "Arial, Helvetica, sans-serif"


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
            title={"text": "<br>".join(map(_safe, lines)), "x": 0, "xref": "paper", "font": {"size": 18}},
            width=width,
            height=height,
            margin={"t": top + 24 * len(lines) + 10, "b": foot_at + 40},
        )
        foot = {"text": _safe(self.source), "x": 0, "y": 0, "xref": "paper", "yref": "paper"}
        figure.add_annotation(
            **foot, yshift=-foot_at - 4, yanchor="top", xanchor="left", showarrow=False, font={"size": 11}
        )
        return figure


def _safe(text: object) -> str:
    return html.escape(str(text), quote=False)


def _short(name: object) -> str:
    text = str(name)
    return _safe(text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1].rstrip() + "…")


def _figure(theme: Theme, height: int, **layout: Any) -> go.Figure:
    figure = go.Figure()
    _dress(figure, theme, height)
    figure.update_layout(**layout)
    return figure


def _dress(figure: go.Figure, theme: Theme, height: int) -> None:
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


def _note(figure: go.Figure, text: str, **at: Any) -> None:
    figure.add_annotation(
        text=text, showarrow=False, **{"xref": "paper", "x": 0, "xanchor": "left", "align": "left", **at}
    )


def _rows(
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
    figure = _figure(theme, count * height + top + 56, margin={"l": 8, "r": 12, "t": top, "b": 48})
    figure.update_yaxes(range=[count - 0.45, -0.75], showticklabels=False, showgrid=False)
    figure.update_xaxes(title_text=axis, range=range_, side="bottom", nticks=5)
    for row, name in enumerate(names):
        _note(figure, _short(name), y=row, yref="y", yshift=18, yanchor="middle")
    if key:
        _note(figure, key, y=1, yref="paper", yanchor="bottom", yshift=0, font={"color": theme.quiet})
    return figure


def _stripes(theme: Theme, shape: str | list[str]) -> dict[str, Any]:
    look = {"fgcolor": theme.ground, "fillmode": "overlay", "size": 6, "solidity": 0.3}
    return {"shape": shape, **look}


def _key(*parts: tuple[str, str]) -> str:
    """The marks in words, each in its colour."""
    return "   ".join(f'<span style="color:{colour}">{text}</span>' for colour, text in parts)


def _line_at(figure: go.Figure, x: float, text: str, theme: Theme, at: float | None = None) -> None:
    """A threshold, dashed, labelled at its top; `at` is the label's place where the axis is logarithmic."""
    figure.add_vline(x=x, line={"color": theme.ink, "width": 1.5, "dash": "dash"}, layer="below")
    where = {"x": x if at is None else at, "xref": "x", "xanchor": "center"}
    _note(figure, text, **where, y=1, yref="paper", yanchor="bottom", font={"color": theme.ink})


def _empty(name: str, theme: Theme, finding: findings.Finding, table: pd.DataFrame, source: str) -> Chart:
    figure = _figure(theme, 120)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    _note(figure, "Nothing to show", y=0.5, yref="paper", font={"color": theme.quiet})
    text = str(finding)
    return Chart(name, figure, text, f"No chart: {text}", table, source)


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
        return _empty("load-against-capacity", theme, finding, table, source)
    top = float(drawn[["load_share", "capacity_share"]].max().max())
    key = _key((theme.blue, "● share of lead work"), (theme.pink, "◇ share of capacity"))
    span = [-0.16 * top, 1.2 * top]
    digits = 1 if top < FEW_PER_CENT else 0
    figure = _rows(theme, list(label(drawn)), "Share of the partnership's total", key=key, range_=span)
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
            customdata=[_safe(n) for n in label(drawn)],
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
        return _empty("disparity", theme, finding, table, source)
    figure = _rows(theme, list(label(drawn)), "Times its fair share (logarithmic axis)", key=" ", height=56)
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
            f"{_safe(n)}: {d:.2f} times ({a:.2f} to {b:.2f})"
            for n, d, a, b in zip(label(drawn), *(drawn[c] for c in columns), strict=True)
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip
    _line_at(figure, 1, "1 = fair share", theme, at=0)
    ticks = [0.1, 0.2, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 10]
    figure.update_xaxes(type="log", tickvals=ticks, ticktext=[f"{t:g}" for t in ticks])
    words = (
        f"Marks with 95% intervals for {len(drawn)} agencies; filled marks lie clear of 1. {finding}{left}"
    )
    return Chart("disparity", figure, str(finding), words, table, source)


def utilisation_bars(
    people: pd.DataFrame,
    *,
    threshold: float,
    severe: float,
    source: str,
    by: str = "practitioner_id",
    theme: Theme = LIGHT,
    most: int = MOST_ROWS,
) -> Chart:
    """Points over capacity of each lead, highest first, with the threshold.

    It names people, so it is not for circulation. Columns: `by` (the label) and
    utilisation (NaN: no capacity on record).
    """
    finding = findings.utilisation(people, threshold)
    ordered, drawn, left = cut(people, "utilisation", most)
    hidden = concealed(ordered, "utilisation")
    table = pd.DataFrame(
        {"Lead": ordered[by].astype(str), "Utilisation": shown(ordered["utilisation"], hidden, per_cent)}
    )
    if drawn.empty:
        return _empty("utilisation", theme, finding, table, source)
    key = f"▨ severe: above {per_cent(severe)}<br>&nbsp;"
    top = max(float(drawn["utilisation"].max()), threshold)
    figure = _rows(theme, list(drawn[by]), "Points as a part of capacity", key=key, range_=[0, 1.2 * top])
    over, grave = drawn["utilisation"] > threshold + 1e-9, drawn["utilisation"] > severe + 1e-9
    figure.add_bar(
        x=drawn["utilisation"], y=list(range(len(drawn))), orientation="h",
        marker={
            "color": [
                theme.pink if g else theme.blue if o else theme.grey
                for o, g in zip(over, grave, strict=True)
            ],
            "pattern": _stripes(theme, ["/" if g else "" for g in grave]),
        },
        text=[per_cent(float(v)) for v in drawn["utilisation"]], textposition="outside", cliponaxis=False,
        customdata=[_safe(n) for n in drawn[by]],
        hovertemplate="%{customdata}: %{x:.0%} of capacity<extra></extra>",
    )  # fmt: skip
    _line_at(figure, threshold, f"capacity {per_cent(threshold)}", theme)
    figure.update_xaxes(tickformat=".0%")
    summary = f"Bars of utilisation for {len(drawn)} leads, highest first. {finding}{left}"
    return Chart("utilisation", figure, str(finding), summary, table, source)


def overload_by_role(roles: pd.DataFrame, *, source: str, theme: Theme = LIGHT) -> Chart:
    """Practitioners who lead, by role, and how many of them are above capacity.

    Columns: role, leading, overloaded (counts); suppressed if known.
    """
    finding = findings.overload_by_role(roles)
    ordered, drawn, left = cut(roles, "leading", MOST_ROWS)
    drawn = drawn[drawn["leading"] > 0].reset_index(drop=True)
    table = pd.DataFrame(
        {
            "Role": ordered["role"].map(role_name),
            "Practitioners leading": shown(ordered["leading"], concealed(ordered, "leading"), number),
            "Above capacity": shown(ordered["overloaded"], concealed(ordered, "overloaded"), number),
        }
    )
    if drawn.empty:
        return _empty("overload-by-role", theme, finding, table, source)
    key = _key((theme.pink, "▨ above capacity"), (theme.quiet, "■ all who lead"))
    span = [0, 1.42 * float(drawn["leading"].max())]
    figure = _rows(theme, list(drawn["role"].map(role_name)), "Practitioners who lead", key=key, range_=span)
    rows = list(range(len(drawn)))
    over = drawn["overloaded"].fillna(0)
    marker = {"color": theme.pink, "pattern": _stripes(theme, "/")}
    figure.add_bar(x=over, y=rows, orientation="h", marker=marker, hoverinfo="skip")
    words = [
        f"{'c' if pd.isna(o) else f'{o:,.0f}'} of {n:,.0f}"
        for o, n in zip(drawn["overloaded"], drawn["leading"], strict=True)
    ]
    figure.add_bar(
        x=drawn["leading"] - over, y=rows, orientation="h", marker={"color": theme.grey}, text=words,
        textposition="outside", cliponaxis=False, textfont={"color": theme.ink}, customdata=words,
        hovertemplate="%{customdata} above capacity<extra></extra>",
    )  # fmt: skip
    figure.update_layout(barmode="stack")
    summary = f"Bars for {len(drawn)} roles: who leads, and how many are above capacity. {finding}{left}"
    return Chart("overload-by-role", figure, str(finding), summary, table, source)


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
        return _empty("lorenz", theme, finding, table, source)
    figure = _figure(theme, 400, margin={"l": 8, "r": 16, "t": 12, "b": 56})
    dashed = {"color": theme.grey, "dash": "dash", "width": 2}
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=dashed, hoverinfo="skip")
    figure.add_scatter(
        x=curve["practitioners"], y=curve["load"], mode="lines+markers",
        line={"color": theme.blue, "width": 3}, marker={"size": 6},
        hovertemplate="the least used %{x:.0%} carry %{y:.0%}<extra></extra>",
    )  # fmt: skip
    where = {"x": 0.5, "y": 0.54, "xref": "x", "yref": "y", "xanchor": "right"}
    _note(figure, "if all were used alike", **where, font={"color": theme.quiet})
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


def _plain_bars(
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
        return _empty(name, theme, finding, table, source)
    top = float(drawn["value"].max()) or 1.0
    figure = _rows(theme, list(drawn["label"]), head[1], range_=[0, 1.2 * top])
    figure.add_bar(
        x=drawn["value"], y=list(range(len(drawn))), orientation="h", marker={"color": theme.blue},
        text=[number(float(v)) for v in drawn["value"]], textposition="outside", cliponaxis=False,
        textfont={"color": theme.ink}, customdata=[_safe(n) for n in drawn["label"]],
        hovertemplate="%{customdata}: %{x:,.1f}<extra></extra>",
    )  # fmt: skip
    summary = f"Bars of {head[1].lower()} for {len(drawn)} rows, largest first. {finding}{left}"
    return Chart(name, figure, str(finding), summary, table, source)


def bars(
    frame: pd.DataFrame, head: tuple[str, str], *, name: str, source: str, theme: Theme = LIGHT
) -> Chart:
    """Bars of any measure from 0 up. Columns: label, value, headed `head`; suppressed if known."""
    return _plain_bars(name, findings.most(frame, head), frame, head, source=source, theme=theme)


def lead_points_by(
    frame: pd.DataFrame, by: Literal["role", "sector"], *, source: str, theme: Theme = LIGHT
) -> Chart:
    """Lead points by role or by agencies' sector. Columns: `by`, lead_points; suppressed if known."""
    rows = frame.assign(label=frame[by].map(role_name), value=frame["lead_points"])
    head = (by.capitalize(), "Lead points")
    finding = findings.lead_points(frame, by)
    return _plain_bars(f"lead-points-by-{by}", finding, rows, head, source=source, theme=theme)


def duplication_counts(counts: pd.DataFrame, *, source: str, theme: Theme = LIGHT) -> Chart:
    """Cases of each kind of duplication. Columns: kind (a query's name), cases; suppressed if known."""
    names = counts["kind"].map(lambda kind: DUPLICATE_KINDS.get(kind, role_name(kind)))
    rows = counts.assign(label=names, value=counts["cases"])
    head, finding = ("Kind of duplication", "Cases"), findings.duplication(counts)
    return _plain_bars("duplication", finding, rows, head, source=source, theme=theme)


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
        return _empty("trend", theme, finding, table, source)
    figure = make_subplots(rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.13)
    _dress(figure, theme, 480)
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
        _note(figure, f"<b>{words[:1].upper()}{words[1:]}</b>", yref=f"{axis} domain", y=1, yanchor="bottom")
    figure.update_xaxes(tickformat="%b<br>%Y", nticks=6)
    summary = f"Three lines over {len(months)} month ends. {finding}"
    return Chart("trend", figure, str(finding), summary, table, source)


CONFIG: Final = {"displayModeBar": False, "responsive": True, "showTips": False}


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

"""The report's charts as drawings: masked frames in, a finding, its drawing and its words out.

The dashboard's charts (`reports.charts`) say the same of the same frames, for a pointer; these are for the
page and for paper.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import pandas as pd

from reports import findings, findings_coverage
from reports.canvas import SIZE, Anchor, Canvas
from reports.findings import Finding
from reports.tabling import cut
from reports.theme import LIGHT
from reports.words import COVERAGE_KINDS, DUPLICATE_KINDS, SUPPRESSED, label, number, per_cent, role_name

MOST_ROWS: Final = 12
"""As many rows as fit a page beside their text."""
LONGEST_NAME: Final = 44
BESIDE: Final = 30
"""Letters of a name that have room beside a mark."""
LOWEST_DRAWN: Final = 0.05
FEW_PER_CENT: Final = 0.2
STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
LEFT, RIGHT = 1.0, 99.0
Style = Callable[[float], str]


@dataclass(frozen=True)
class Picture:
    """A drawing; `title` states the finding, `summary` is the text alternative."""

    name: str
    title: str
    summary: str
    canvas: Canvas


def _short(name: object) -> str:
    text = str(name)
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1].rstrip() + "…"


def ticks(top: float, most: int = 5) -> list[float]:
    """Round values from 0 up to `top` or just below, at most `most` steps."""
    if not top > 0:
        return [0.0]
    rough = top / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * s for s in STEPS if power * s >= rough - 1e-12)
    return [step * n for n in range(int(top / step + 1e-9) + 1)]


def _place(value: float, low: float, high: float, left: float = LEFT, right: float = RIGHT) -> float:
    return left + (right - left) * (value - low) / (high - low)


class _Rows:
    """Lying rows, an axis below, keys on top: each name above its mark, or on paper (`wide`) beside it."""

    def __init__(
        self,
        names: Sequence[object],
        span: tuple[float, float],
        *,
        wide: bool,
        keys: int = 0,
        log: bool = False,
    ) -> None:
        long = max((len(_short(name)) for name in names), default=0) > BESIDE
        self.row, self.middle, self.left = (24, 12, 45.0 if long else 33.0) if wide else (42, 32, LEFT)
        self.top = 20 * keys + 6
        self.foot = self.top + self.row * len(names) + 4
        self.wide, self.log = wide, log
        self.low, self.high = (math.log(span[0]), math.log(span[1])) if log else span
        self.canvas = Canvas(self.foot + 40)
        self.names = [_short(name) for name in names]

    def x(self, value: float) -> float:
        return _place(math.log(value) if self.log else value, self.low, self.high, self.left)

    def y(self, row: int) -> float:
        """The middle of a row's mark."""
        return self.top + self.row * row + self.middle

    def axis(self, at: Sequence[float], style: Style, words: str) -> None:
        """Grid, ticks and title, then the names: to be drawn first."""
        for value in at:
            x = self.x(value)
            self.canvas.line((x, self.top), (x, self.foot))
            anchor: Anchor = "start" if x <= LEFT + 1 else "middle"
            self.canvas.text(x, self.foot + 15, style(value), anchor=anchor, colour=LIGHT.quiet)
        self.canvas.text(self.left, self.foot + 34, words, colour=LIGHT.quiet)
        for row, name in enumerate(self.names):
            self.canvas.text(LEFT, self.y(row) + (4 if self.wide else -17), name)


def _nothing(name: str, finding: Finding) -> Picture:
    canvas = Canvas(40)
    canvas.text(LEFT, 24, "Nothing to show", colour=LIGHT.quiet)
    return Picture(name, str(finding), f"No chart: {finding}", canvas)


def load_against_capacity(agencies: pd.DataFrame, *, most: int = MOST_ROWS, wide: bool = False) -> Picture:
    """Each agency's share of lead work against its share of capacity, widest gaps, either way."""
    finding = findings.load_share(agencies)
    frame = agencies.assign(gap=agencies["load_share"] - agencies["capacity_share"])
    _, drawn, left = cut(frame, "gap", most, weight="gap")
    if drawn.empty:
        return _nothing("load-against-capacity", finding)
    top = float(drawn[["load_share", "capacity_share"]].max().max())
    digits = 1 if top < FEW_PER_CENT else 0
    rows = _Rows(list(label(drawn)), (-0.14 * top, 1.16 * top), wide=wide, keys=2)
    rows.axis(ticks(top), lambda v: per_cent(v, digits), "Share of the partnership's total")
    canvas = rows.canvas
    canvas.mark(LEFT + 1, 10, colour=LIGHT.blue)
    canvas.text(LEFT + 1, 15, "share of lead work", shift=14, colour=LIGHT.blue)
    canvas.mark(LEFT + 1, 30, colour=LIGHT.pink, shape="tick")
    canvas.text(LEFT + 1, 35, "share of capacity", shift=14, colour=LIGHT.pink)
    for row, (load, capacity) in enumerate(zip(drawn["load_share"], drawn["capacity_share"], strict=True)):
        y = rows.y(row)
        canvas.line((rows.x(load), y), (rows.x(capacity), y), colour=LIGHT.grey, width=3)
        canvas.mark(rows.x(capacity), y, colour=LIGHT.pink, shape="tick")
        canvas.mark(rows.x(load), y, colour=LIGHT.blue)
        for value, other, bold in ((load, capacity, True), (capacity, load, False)):
            right = value > other or (value == other and bold)
            canvas.text(
                rows.x(value), y + 4, per_cent(value, digits), shift=11 if right else -11,
                anchor="start" if right else "end", bold=bold,
            )  # fmt: skip
    words = (
        f"Pairs of marks for {len(drawn)} agencies: share of lead work and share of capacity. {finding}{left}"
    )
    return Picture("load-against-capacity", str(finding), words, canvas)


def disparity(agencies: pd.DataFrame, *, most: int = MOST_ROWS, wide: bool = False) -> Picture:
    """Load share over capacity share with its 95% interval against 1, on a logarithmic axis."""
    finding = findings.disparity(agencies)
    frame = agencies.assign(
        gap=agencies["load_share"] - agencies["capacity_share"],
        place=agencies["disparity"].where(agencies["disparity"] > 0),
    )
    _, drawn, left = cut(frame, "place", most, weight="gap")
    drawn = drawn.dropna(subset=["disparity_low", "disparity_high"]).reset_index(drop=True)
    if drawn.empty:
        return _nothing("disparity", finding)
    low = float(max(LOWEST_DRAWN, min(0.5, drawn["disparity_low"].min())))
    high = float(max(2.0, drawn["disparity_high"].max()))
    rows = _Rows(list(label(drawn)), (low / 1.35, high * 1.35), wide=wide, keys=1, log=True)
    at = [t for t in (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16) if low / 1.2 <= t <= high * 1.2]
    rows.axis(at, lambda v: f"{v:g}", "Times its fair share, with the 95% interval (logarithmic axis)")
    canvas = rows.canvas
    canvas.line((rows.x(1), rows.top), (rows.x(1), rows.foot), colour=LIGHT.ink, width=1.5, dashed=True)
    canvas.text(rows.x(1), 15, "1 = fair share", anchor="middle")
    for row, (mid, least, most_) in enumerate(
        zip(drawn["disparity"], drawn["disparity_low"], drawn["disparity_high"], strict=True)
    ):
        y, clear = rows.y(row), least > 1 or most_ < 1
        colour = LIGHT.pink if clear else LIGHT.blue
        canvas.line(
            (rows.x(max(least, low)), y), (rows.x(most_), y), colour=LIGHT.grey, width=3
        )  # fmt: skip
        canvas.mark(rows.x(mid), y, colour=colour, shape="dot" if clear else "ring")
        side: Anchor = "end" if mid < 1 else "start"
        end = rows.x(max(least, low) if mid < 1 else most_)
        canvas.text(end, y + 4, f"{mid:.2f}", anchor=side, shift=-9 if mid < 1 else 9, bold=clear)
    words = (
        f"Marks with 95% intervals for {len(drawn)} agencies; filled marks lie clear of 1. {finding}{left}"
    )
    return Picture("disparity", str(finding), words, canvas)


def overload_by_role(roles: pd.DataFrame, *, wide: bool = False) -> Picture:
    """Who leads, by role, and how many of them are above capacity."""
    finding = findings.overload_by_role(roles)
    _, drawn, left = cut(roles, "leading", MOST_ROWS)
    drawn = drawn[drawn["leading"] > 0].reset_index(drop=True)
    if drawn.empty:
        return _nothing("overload-by-role", finding)
    top = float(drawn["leading"].max())
    rows = _Rows(list(drawn["role"].map(role_name)), (0, 1.3 * top), wide=wide, keys=2)
    rows.axis(ticks(top), number, "Practitioners who lead")
    canvas = rows.canvas
    canvas.bar(LEFT, 4, width=2.4, height=12, colour=LIGHT.pink)
    canvas.text(LEFT + 2.4, 15, "above capacity", shift=8, colour=LIGHT.pink)
    canvas.bar(LEFT, 24, width=2.4, height=12, colour=LIGHT.grey, hollow=True)
    canvas.text(LEFT + 2.4, 35, "the others who lead", shift=8, colour=LIGHT.quiet)
    for row, (over, all_) in enumerate(zip(drawn["overloaded"], drawn["leading"], strict=True)):
        y = rows.y(row) - 7
        zero, known = rows.x(0), 0.0 if math.isnan(over) else float(over)
        canvas.bar(zero, y, width=rows.x(all_) - zero, height=14, colour=LIGHT.grey, hollow=True)
        if known:
            canvas.bar(zero, y, width=rows.x(known) - zero, height=14, colour=LIGHT.pink)
        words = f"{SUPPRESSED if math.isnan(over) else f'{over:,.0f}'} of {all_:,.0f}"
        canvas.text(rows.x(all_), y + 11, words, shift=8)
    words = f"Bars for {len(drawn)} roles: who leads, and how many are above capacity. {finding}{left}"
    return Picture("overload-by-role", str(finding), words, canvas)


def utilisation(people: pd.DataFrame, threshold: float, severe: float, *, most: int = 30) -> Picture:
    """Points over capacity of named leads, highest first; for their own agency only.

    Columns: name, utilisation (NaN: no capacity on record).
    """
    finding = findings.utilisation(people, threshold)
    _, drawn, left = cut(people, "utilisation", most)
    if drawn.empty:
        return _nothing("utilisation", finding)
    top = max(float(drawn["utilisation"].max()), threshold)
    rows = _Rows(list(drawn["name"]), (0, 1.3 * top), wide=True, keys=1)
    rows.axis(ticks(top), per_cent, "Points as a part of capacity")
    canvas = rows.canvas
    canvas.line((rows.x(threshold), rows.top), (rows.x(threshold), rows.foot), colour=LIGHT.ink, dashed=True)
    canvas.text(rows.x(threshold), 15, f"capacity {per_cent(threshold)}", anchor="middle")
    for row, value in enumerate(drawn["utilisation"]):
        over = value > threshold + findings.EQUAL
        grave = value > severe + findings.EQUAL
        colour = LIGHT.pink if grave else LIGHT.blue if over else LIGHT.grey
        y = rows.y(row) - 7
        canvas.bar(rows.x(0), y, width=rows.x(value) - rows.x(0), height=14, colour=colour, hollow=not over)
        words = per_cent(float(value)) + (" (severe)" if grave else "")
        canvas.text(rows.x(value), y + 11, words, shift=8, bold=over)
    summary = f"Bars of utilisation for {len(drawn)} leads, highest first. {finding}{left}"
    return Picture("utilisation", str(finding), summary, canvas)


def _bars(name: str, finding: Finding, frame: pd.DataFrame, words: str, *, wide: bool) -> Picture:
    """Lying bars of one measure: columns label, value; suppressed if known."""
    _, drawn, left = cut(frame, "value", MOST_ROWS)
    if drawn.empty:
        return _nothing(name, finding)
    top = float(drawn["value"].max()) or 1.0
    rows = _Rows(list(drawn["label"]), (0, 1.15 * top), wide=wide)
    rows.axis(ticks(top), number, words)
    for row, value in enumerate(drawn["value"]):
        y = rows.y(row) - 7
        rows.canvas.bar(rows.x(0), y, width=rows.x(value) - rows.x(0), height=14, colour=LIGHT.blue)
        rows.canvas.text(rows.x(value), y + 11, number(float(value)), shift=8)
    summary = f"Bars of {words.lower()} for {len(drawn)} rows, largest first. {finding}{left}"
    return Picture(name, str(finding), summary, rows.canvas)


def duplication(counts: pd.DataFrame, *, wide: bool = False) -> Picture:
    frame = counts.assign(label=counts["kind"].map(DUPLICATE_KINDS), value=counts["cases"])
    return _bars("duplication", findings.duplication(counts), frame, "Cases", wide=wide)


def coverage(counts: pd.DataFrame, *, wide: bool = False) -> Picture:
    frame = counts.assign(label=counts["kind"].map(COVERAGE_KINDS), value=counts["cases"])
    return _bars("coverage", findings_coverage.coverage(counts), frame, "Cases", wide=wide)


def lorenz(curve: pd.DataFrame, *, gini: float) -> Picture:
    """The Lorenz curve of practitioners' utilisation against equality."""
    finding = findings.inequality(curve, gini)
    if curve.empty:
        return _nothing("lorenz", finding)
    canvas, top, foot, left, right = Canvas(300), 12, 250, 8.0, 97.0

    def at(across: float, up: float) -> tuple[float, float]:
        return _place(across, 0, 1, left, right), foot - (foot - top) * up

    for part in (0.2, 0.4, 0.6, 0.8, 1.0):
        canvas.line(at(0, part), at(1, part))
        canvas.text(left, at(0, part)[1] + 4, per_cent(part), anchor="end", shift=-6, colour=LIGHT.quiet)
        canvas.text(at(part, 0)[0], foot + 17, per_cent(part), anchor="middle", colour=LIGHT.quiet)
    canvas.line(at(0, 0), at(1, 0), colour=LIGHT.quiet)
    canvas.line(at(0, 0), at(1, 1), colour=LIGHT.grey, width=2, dashed=True)
    points = [at(float(p), float(v)) for p, v in zip(curve["practitioners"], curve["load"], strict=True)]
    canvas.path(points, colour=LIGHT.blue)
    for point in points:
        canvas.mark(*point, colour=LIGHT.blue, size=3)
    canvas.text(*at(0.5, 0.56), "if all were used alike", anchor="end", colour=LIGHT.quiet)
    where = curve.iloc[(curve["practitioners"] - 0.7).abs().to_numpy().argmin()]
    near = at(float(where["practitioners"]), float(where["load"]) - 0.09)
    canvas.text(*near, "as it is", shift=8, colour=LIGHT.blue)
    canvas.text(
        left, foot + 38, "Across: practitioners, least used first. Up: their part of all use.",
        shift=-30, colour=LIGHT.quiet,
    )  # fmt: skip
    return Picture(
        "lorenz",
        str(finding),
        f"Curve of cumulated utilisation below the line of equality. {finding}",
        canvas,
    )


PANEL: Final = 112


def trend(months: pd.DataFrame) -> Picture:
    """Month-end counts, a panel each; a suppressed count is a gap marked "c"."""
    finding = findings.trend(months)
    if months.empty:
        return _nothing("trend", finding)
    canvas = Canvas(PANEL * len(findings.TREND_WORDS) + 26)
    days = [pd.Timestamp(day) for day in months["day"]]
    across = [_place(n, 0, max(len(days) - 1, 1), 3, 96) for n in range(len(days))]
    colours = (LIGHT.pink, LIGHT.blue, LIGHT.orange)
    for panel, ((column, words), colour) in enumerate(
        zip(findings.TREND_WORDS.items(), colours, strict=True)
    ):
        top = PANEL * panel
        values = [float(v) for v in months[column]]
        canvas.text(LEFT, top + SIZE, f"{words[:1].upper()}{words[1:]}", bold=True)
        _panel(canvas, across, values, (top + 38, top + PANEL - 16), colour)
    for n in range(0, len(days), 3):
        anchor: Anchor = "start" if n == 0 else "end" if n == len(days) - 1 else "middle"
        shift = {"start": -14, "end": 14, "middle": 0}[anchor]
        words = f"{days[n]:%b %Y}"
        canvas.text(across[n], canvas.height - 8, words, anchor=anchor, shift=shift, colour=LIGHT.quiet)
    return Picture("trend", str(finding), f"Three lines over {len(days)} month ends. {finding}", canvas)


def _panel(
    canvas: Canvas, across: Sequence[float], values: Sequence[float], span: tuple[float, float], colour: str
) -> None:
    """One line from 0 up between `span` (top, foot), its first and last value written."""
    top, foot = span
    highest = max((v for v in values if not math.isnan(v)), default=1.0) or 1.0
    canvas.line((across[0], foot), (across[-1], foot), colour=LIGHT.quiet)
    points = [
        None if math.isnan(v) else (x, foot - (foot - top) * v / highest)
        for x, v in zip(across, values, strict=True)
    ]
    for start, end in pairwise(points):
        if start is not None and end is not None:
            canvas.line(start, end, colour=colour, width=2.5)
    for n, (point, value) in enumerate(zip(points, values, strict=True)):
        if point is None:
            canvas.text(across[n], foot - 4, SUPPRESSED, anchor="middle")
            continue
        canvas.mark(*point, colour=colour, size=3)
        if n in {0, len(points) - 1}:
            canvas.text(point[0], point[1] - 9, number(value), anchor="middle", bold=True)

"""An ecomap: one child or one practitioner, and who works with them, via what and since when.

Drawn as a fan from the one asked about, a row a practitioner under their agency, so that every name can be
read at 320 px as at 1,280; what joins them shows in the line and in words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from reports.charts.drawing import Chart, blank, nothing, safe
from reports.findings import Finding
from reports.theme import LIGHT, Theme
from reports.words import count, role_name

VIA_WORDS: Final[dict[str, str]] = {
    "lead": "leads the team",
    "member": "in the team",
    "intervention": "gives a service",
    "assessment": "is assessing",
}
MOST: Final = 30
_ROW: Final = 54
_LINES: Final[dict[str, tuple[str, int]]] = {
    "lead": ("solid", 5),
    "member": ("solid", 2),
    "intervention": ("dash", 2),
    "assessment": ("dot", 2),
}
_SYMBOLS: Final[dict[str, str]] = {
    "lead": "star",
    "member": "circle",
    "intervention": "diamond",
    "assessment": "square",
}


def ecomap(
    rows: pd.DataFrame,
    *,
    centre: str,
    name: Callable[[object], str],
    source: str,
    theme: Theme = LIGHT,
) -> Chart:
    """Who works with `centre` (“Child C1”). Columns: practitioner_id, role, agency_id, via, since.

    Via is one of `VIA_WORDS`, or words of its own (“3 common TACs”). A practitioner in several ways is one
    row with all of them. `name` gives an agency's name.
    """
    table = _table(rows, name)
    title = _title(rows, centre)
    if rows.empty:
        return nothing("ecomap", theme, Finding("ecomap", "unknown", title), table, source)
    everybody = _people(rows, name)
    people = everybody.head(MOST)
    figure = blank(theme, 90 + _ROW * (len(people) + people["agency"].nunique()))
    places = _places(people)
    middle = sum(places) / len(places)
    _draw_lines(figure, people, places, middle, theme)
    _draw_people(figure, people, places, theme)
    figure.add_scatter(
        x=[0], y=[middle], mode="markers", marker={"size": 30, "color": theme.blue, "symbol": "circle"},
        hovertext=[safe(centre)], hoverinfo="text",
    )  # fmt: skip
    figure.add_annotation(
        x=0, y=middle, text=f"<b>{safe(centre)}</b>", showarrow=False, yshift=28, xanchor="left", xshift=-14,
        font={"color": theme.ink}, bgcolor=theme.ground,
    )  # fmt: skip
    figure.update_xaxes(visible=False, range=[-0.06, 1.0], fixedrange=True)
    figure.update_yaxes(visible=False, range=[min(places) - 0.8, max(places) + 1.5], fixedrange=True)
    ways = "; ".join(f"{VIA_WORDS[via]}: {line}" for via, line in _key(people))
    cut = (
        f"The first {MOST} of {len(everybody)} are drawn, all are in the table."
        if len(everybody) > MOST
        else ""
    )
    told = [
        f"A fan of lines from {centre} to each practitioner, by agency.",
        title,
        cut,
        f"{ways}." if ways else "",
    ]
    summary = " ".join(part for part in told if part)
    return Chart("ecomap", figure, title, summary, table, source)


def _key(people: pd.DataFrame) -> list[tuple[str, str]]:
    told = {"lead": "thick line and star", "member": "thin line", "intervention": "dashed line"}
    seen = [via for via in VIA_WORDS if (people["via"] == via).any()]
    return [(via, told.get(via, "dotted line")) for via in seen]


def _people(rows: pd.DataFrame, name: Callable[[object], str]) -> pd.DataFrame:
    """One row a practitioner, leads first, under their agencies: via (the strongest), words, since."""
    order = {via: place for place, via in enumerate(VIA_WORDS)}
    found = rows.assign(
        agency=rows["agency_id"].map(name),
        rank=[order.get(via, len(order)) for via in rows["via"]],
        told=[
            f"{VIA_WORDS.get(v, v)} since {s:%Y-%m-%d}"
            for v, s in zip(rows["via"], rows["since"], strict=True)
        ],
    ).sort_values(["rank", "since", "practitioner_id"], kind="stable")
    grouped = found.groupby("practitioner_id", sort=False).agg(
        role=("role", "first"), agency=("agency", "first"), via=("via", "first"), rank=("rank", "first"),
        words=("told", "; ".join),
    )  # fmt: skip
    best = grouped.groupby("agency")["rank"].transform("min")
    return grouped.assign(best=best).sort_values(["best", "agency", "rank"], kind="stable").reset_index()


def _places(people: pd.DataFrame) -> list[float]:
    """The height of each row from the top down, with room for the agency's name above its first."""
    places, at, before = [], 0.0, None
    for agency in people["agency"]:
        at -= 1.0 if agency == before else 1.8
        places.append(at)
        before = agency
    return places


def _draw_lines(
    figure: go.Figure, people: pd.DataFrame, places: list[float], middle: float, theme: Theme
) -> None:
    for via, y in zip(people["via"], places, strict=True):
        dash, width = _LINES.get(via, ("solid", 2))
        figure.add_scatter(
            x=[0, 0.16, 0.26], y=[middle, y, y], mode="lines", hoverinfo="skip",
            line={"color": theme.blue if via == "lead" else theme.grey, "width": width, "dash": dash},
        )  # fmt: skip


def _draw_people(figure: go.Figure, people: pd.DataFrame, places: list[float], theme: Theme) -> None:
    figure.add_scatter(
        x=[0.26] * len(people), y=places, mode="markers",
        marker={
            "size": [17 if via == "lead" else 12 for via in people["via"]],
            "symbol": [_SYMBOLS.get(via, "circle") for via in people["via"]],
            "color": [theme.blue if via == "lead" else theme.turquoise for via in people["via"]],
            "line": {"color": theme.ink, "width": 1},
        },
        hovertext=[safe(f"{row.practitioner_id}: {row.words}") for row in people.itertuples()],
        hoverinfo="text",
    )  # fmt: skip
    before = ""
    for row, y in zip(people.itertuples(), places, strict=True):
        at: dict[str, Any] = {"x": 0.3, "showarrow": False, "xanchor": "left", "align": "left"}
        ways = "<br>".join(safe(way) for way in str(row.words).split("; "))
        text = f"<b>{safe(row.practitioner_id)}</b> {safe(role_name(str(row.role)))}<br>{ways}"
        figure.add_annotation(y=y, text=text, font={"color": theme.ink, "size": 13}, **at)
        agency = str(row.agency)
        if agency != before:
            figure.add_annotation(
                y=y + 0.85, text=f"<i>{safe(agency)}</i>", font={"color": theme.ink, "size": 13}, **at
            )
        before = agency


def _table(rows: pd.DataFrame, name: Callable[[object], str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Practitioner": rows["practitioner_id"],
            "Role": rows["role"].map(lambda role: role_name(str(role))),
            "Agency": rows["agency_id"].map(name),
            "Via": rows["via"].map(lambda via: VIA_WORDS.get(via, via)),
            "Since": rows["since"].map(lambda day: f"{day:%Y-%m-%d}"),
        }
    )


def _title(rows: pd.DataFrame, centre: str) -> str:
    if rows.empty:
        return f"Nobody is on record as working with {centre[:1].lower()}{centre[1:]} on this day."
    many = len(set(rows["practitioner_id"]))
    people = count(many, "practitioner", "practitioners")
    agencies = count(len(set(rows["agency_id"].dropna())), "agency", "agencies")
    verb = "works" if many == 1 else "work"
    return f"{people[:1].upper()}{people[1:]} of {agencies} {verb} with {centre[:1].lower()}{centre[1:]}."

"""Charts of the collaboration network: agencies, practitioners, and who keeps to themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from reports import findings_network as findings
from reports.charts.drawing import Chart, blank, key_of, note, nothing, rows_of, safe
from reports.findings import Finding
from reports.theme import LIGHT, Theme
from reports.words import count, label, number, per_cent, role_name

_NAMED_UP_TO: Final = 20
_BANDS: Final = 3


def agency_network(
    nodes: pd.DataFrame, ties: pd.DataFrame, *, least: int, each: int, source: str, theme: Theme = LIGHT
) -> Chart:
    """Agencies as circles sized by practitioners in teams, joined where they share teams.

    Nodes: name, agencies (how many it stands for), practitioners, apart (keeps to itself beyond chance), x,
    y. Ties: left, right (rows of nodes), weight (common TACs), none below `least`, the `each` strongest of
    each node.
    """
    title, table = _agency_title(nodes, ties), _agency_table(nodes, ties)
    if nodes.empty:
        finding = Finding("network", "unknown", title)
        return nothing("agency-network", theme, finding, table, source)
    figure = _canvas(theme, 520, _agency_key(theme, ties))
    _bands(figure, nodes, ties, theme)
    most = float(nodes["practitioners"].max())
    size = 16 + 40 * np.sqrt(nodes["practitioners"] / most)
    single, apart = nodes["agencies"] == 1, nodes["apart"]
    colour = [
        theme.grey if not one else theme.pink if alone else theme.blue
        for one, alone in zip(single, apart, strict=True)
    ]
    figure.add_scatter(
        x=nodes["x"], y=nodes["y"], mode="markers+text",
        marker={
            "size": size, "color": colour, "opacity": 1,
            "symbol": [
                "square" if not one else "diamond" if alone else "circle"
                for one, alone in zip(single, apart, strict=True)
            ],
            "line": {"color": theme.ground, "width": 2},
        },
        text=[str(n + 1) for n in range(len(nodes))], textposition="middle center",
        textfont={"color": theme.ground, "size": 12},
        customdata=[
            f"{safe(name)}<br>{count(n, 'practitioner', 'practitioners')} in teams"
            for name, n in zip(nodes["name"], nodes["practitioners"], strict=True)
        ],
        hovertemplate="%{customdata}<extra></extra>", cliponaxis=False,
    )  # fmt: skip
    summary = (
        f"Network of {len(nodes)} agencies and groups of smaller agencies with the {each} strongest ties of "
        f"each, of {least} or more common teams. {title}."
    )
    return Chart("agency-network", figure, title, summary, table, source)


def numbers(nodes: pd.DataFrame) -> str:
    """Which agency each number in the picture is."""
    return " · ".join(f"{at} {name}" for at, name in enumerate(nodes["name"], start=1))


def _agency_title(nodes: pd.DataFrame, ties: pd.DataFrame) -> str:
    single = nodes["agencies"] == 1
    held = ties[single.to_numpy()[ties["left"]] & single.to_numpy()[ties["right"]]] if len(ties) else ties
    if held.empty:
        return "No two single agencies share enough teams to be shown"
    top = held.iloc[int(held["weight"].argmax())]
    one, other = (str(nodes["name"].iloc[int(top[end])]) for end in ("left", "right"))
    return f"{one} and {other} share most teams: {number(float(top['weight']))}"


def _agency_table(nodes: pd.DataFrame, ties: pd.DataFrame) -> pd.DataFrame:
    partner, shared = [], []
    for at in range(len(nodes)):
        own = ties[(ties["left"] == at) | (ties["right"] == at)]
        if own.empty:
            partner.append("none shown")
            shared.append("")
            continue
        top = own.iloc[int(own["weight"].argmax())]
        other = int(top["left"] + top["right"]) - at
        partner.append(str(nodes["name"].iloc[other]))
        shared.append(number(float(top["weight"])))
    return pd.DataFrame(
        {
            "No.": range(1, len(nodes) + 1),
            "Agency": list(nodes["name"]),
            "Practitioners in teams": list(nodes["practitioners"]),
            "Shares most teams with": partner,
            "Common teams": shared,
            "Keeps to itself": ["yes" if x else "no" for x in nodes["apart"]],
        }
    )


def _agency_key(theme: Theme, ties: pd.DataFrame) -> str:
    marks = key_of((theme.blue, "● agency"), (theme.grey, "■ smaller ones together"))
    marks += "<br>" + key_of((theme.pink, "◆ keeps to itself beyond chance"))
    if ties.empty:
        return marks
    most = f"{ties['weight'].max():,.0f}"
    return f"{marks}<br>Larger: more practitioners<br>Thicker: more common teams, up to {most}"


def _canvas(theme: Theme, height: int, key: str) -> go.Figure:
    lines = 1 + key.count("<br>")
    top = 16 + 20 * (lines + 1)
    figure = blank(theme, height + top, margin={"l": 4, "r": 4, "t": top, "b": 34})
    figure.update_xaxes(visible=False, range=[-0.12, 1.12])
    figure.update_yaxes(visible=False)
    note(figure, key, y=1, yref="paper", yanchor="bottom", yshift=12, font={"color": theme.quiet, "size": 12})
    return figure


def _bands(figure: go.Figure, nodes: pd.DataFrame, ties: pd.DataFrame, theme: Theme) -> None:
    """The ties in three widths, thin ones below."""
    if ties.empty:
        return
    rank = ties["weight"].rank(method="max", pct=True)
    for band in range(_BANDS):
        kept = ties[(rank > band / _BANDS) & (rank <= (band + 1) / _BANDS)]
        _lines(figure, nodes, kept, {"width": 0.6 + 1.6 * band, "color": theme.grey}, 0.35 + 0.2 * band)


def _lines(
    figure: go.Figure, nodes: pd.DataFrame, ties: pd.DataFrame, line: dict[str, Any], opacity: float
) -> None:
    x, y = nodes["x"].to_numpy(), nodes["y"].to_numpy()
    left, right = ties["left"].to_numpy(dtype=int), ties["right"].to_numpy(dtype=int)
    gap = np.full(len(ties), np.nan)
    figure.add_scatter(
        x=np.column_stack([x[left], x[right], gap]).ravel(),
        y=np.column_stack([y[left], y[right], gap]).ravel(),
        mode="lines", line=line, opacity=opacity, hoverinfo="skip",
    )  # fmt: skip


def practitioner_network(
    nodes: pd.DataFrame,
    ties: pd.DataFrame,
    *,
    what: str,
    everybody: int,
    weak_below: int,
    name: Callable[[object], str],
    source: str,
    theme: Theme = LIGHT,
) -> Chart:
    """Practitioners, by id, and their ties: who belongs here, who holds others to the rest.

    It names people by id, so it is not for circulation. Nodes: practitioner_id, role, agency_id, degree,
    agencies, betweenness, constraint, cut_off, own (belongs to `what`), x, y. Ties: left, right, weight.
    `everybody` is how many there are of whom these are drawn.
    """
    title, left_out = _people_title(nodes, what), everybody - len(nodes)
    table = _people_table(nodes, name)
    if nodes.empty:
        finding = Finding("network", "unknown", f"Nobody of {what} is in a team on this day")
        return nothing("practitioner-network", theme, finding, table, source)
    marks = key_of((theme.blue, "● of those chosen"), (theme.turquoise, "○ tied to them"))
    marks += "<br>" + key_of((theme.pink, "◆ the only tie of others"))
    lines = f"Thin: fewer than {weak_below} common TACs<br>Thick: {weak_below} or more"
    figure = _canvas(theme, 540, f"{marks}<br>{lines}")
    weak = ties["weight"] < weak_below
    _lines(figure, nodes, ties[weak], {"width": 0.6, "color": theme.grey, "dash": "dot"}, 0.5)
    _lines(figure, nodes, ties[~weak], {"width": 2, "color": theme.grey}, 0.8)
    named = nodes["own"].sum() <= _NAMED_UP_TO
    for own, only, colour, symbol in (
        (False, False, theme.turquoise, "circle-open"),
        (True, False, theme.blue, "circle"),
        (False, True, theme.pink, "diamond-open"),
        (True, True, theme.pink, "diamond"),
    ):
        kept = nodes[(nodes["own"] == own) & ((nodes["cut_off"] > 0) == only)]
        figure.add_scatter(
            x=kept["x"], y=kept["y"], mode="markers+text" if own and named else "markers",
            marker={"size": 11, "color": colour, "symbol": symbol, "line": {"width": 2, "color": colour}},
            text=[safe(x) for x in kept["practitioner_id"]], textposition="top center",
            textfont={"size": 10, "color": theme.ink}, cliponaxis=False,
            customdata=[_person(row, name) for _, row in kept.iterrows()],
            hovertemplate="%{customdata}<extra></extra>",
        )  # fmt: skip
    more = f" Not drawn: {left_out:,} with fewer ties." if left_out > 0 else ""
    summary = (
        f"Network of {count(len(nodes), 'practitioner', 'practitioners')} and "
        f"{count(len(ties), 'tie', 'ties')} among them. {title}.{more}"
    )
    return Chart("practitioner-network", figure, title, summary, table, source)


def _person(row: Any, name: Callable[[object], str]) -> str:
    where = f"{safe(role_name(row['role']))}, {safe(name(row['agency_id']))}"
    ties = f"{count(row['degree'], 'tie', 'ties')} to {count(row['agencies'], 'agency', 'agencies')}"
    return f"{safe(row['practitioner_id'])}<br>{where}<br>{ties}"


def _people_title(nodes: pd.DataFrame, what: str) -> str:
    own = nodes[nodes["own"]]
    if own.empty:
        return f"Nobody of {what} is in a team"
    apart = int((own["degree"] == 0).sum())
    text = f"{what}: {count(len(own), 'practitioner', 'practitioners')} shown"
    if apart:
        text += f", {apart:,} of them without a tie"
    only = int((own["cut_off"] > 0).sum())
    return f"{text}; {only:,} {'is' if only == 1 else 'are'} the only tie of others" if only else text


def _people_table(nodes: pd.DataFrame, name: Callable[[object], str]) -> pd.DataFrame:
    shown = nodes.sort_values(["own", "degree"], ascending=False, kind="stable")
    return pd.DataFrame(
        {
            "Practitioner": shown["practitioner_id"],
            "Role": shown["role"].map(role_name),
            "Home agency": shown["agency_id"].map(name, na_action=None),
            "Of those chosen": shown["own"].map({True: "yes", False: "no"}),
            "Ties": shown["degree"],
            "Agencies tied to": shown["agencies"],
            "Shortest ways over them": [per_cent(float(v), 1) for v in shown["betweenness"]],
            "Constraint": [number(float(v), 2) for v in shown["constraint"]],
            "Only tie of": shown["cut_off"],
        }
    )


def ties_outside(agencies: pd.DataFrame, *, source: str, theme: Theme = LIGHT, most: int = 12) -> Chart:
    """The part of each agency's ties that leads outside, against chance.

    Drawn are the first by `findings_network.withheld`.
    Columns: agency_id, practitioners, internal, external, ei, expected_ei, z, p_adjusted; name if known.
    """
    finding = findings.silos(agencies)
    ordered = agencies.assign(far=findings.withheld(agencies)).sort_values("far", ascending=False)
    table = pd.DataFrame(
        {
            "Agency": label(ordered),
            "Practitioners in teams": ordered["practitioners"],
            "Ties inside": ordered["internal"],
            "Ties outside": ordered["external"],
            "E-I index": [number(float(v), 3) for v in ordered["ei"]],
            "By chance": [number(float(v), 3) for v in ordered["expected_ei"]],
            "How sure": [findings.sure(float(v)) for v in ordered["p_adjusted"]],
        }
    )
    drawn = ordered[ordered["p_adjusted"].notna()].head(most).reset_index(drop=True)
    if drawn.empty:
        return nothing("ties-outside", theme, finding, table, source)
    key = key_of((theme.pink, "◆ beyond chance"), (theme.blue, "● within chance"))
    key += "<br>" + key_of((theme.grey, "◇ what chance gives"))
    outside, chance = (1 + drawn["ei"]) / 2, (1 + drawn["expected_ei"]) / 2
    low = float(min(outside.min(), chance.min()))
    span = [low - 0.25 * (1 - low) - 0.02, 1 + 0.22 * (1 - low) + 0.02]
    figure = rows_of(theme, list(label(drawn)), "Part of its ties that lead outside", key=key, range_=span)
    rows = list(range(len(drawn)))
    grey = {"mode": "lines", "line": {"color": theme.grey, "width": 3}, "hoverinfo": "skip"}
    for row, one, other in zip(rows, outside, chance, strict=True):
        figure.add_scatter(x=[one, other], y=[row, row], **grey)
    sure = (drawn["p_adjusted"] < findings.SURE).to_numpy()
    colours = [theme.pink if s else theme.blue for s in sure]
    figure.add_scatter(
        x=chance, y=rows, mode="markers", hoverinfo="skip", cliponaxis=False,
        marker={"color": theme.grey, "symbol": "diamond-open", "size": 11, "line": {"width": 2.5}},
    )  # fmt: skip
    figure.add_scatter(
        x=outside, y=rows, mode="markers+text", cliponaxis=False,
        marker={"color": colours, "symbol": ["diamond" if s else "circle" for s in sure], "size": 12},
        text=[per_cent(float(v)) for v in outside], textfont={"color": theme.ink},
        textposition=[
            "middle left" if a <= b else "middle right" for a, b in zip(outside, chance, strict=True)
        ],
        customdata=[
            f"{safe(n)}: {a:.1%} outside, by chance {b:.1%}"
            for n, a, b in zip(label(drawn), outside, chance, strict=True)
        ],
        hovertemplate="%{customdata}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(tickformat=".0%")
    left = len(ordered) - len(drawn)
    more = f" Not drawn, but in the table: {left:,} agencies." if left else ""
    summary = (
        f"Pairs of marks for {len(drawn)} agencies: ties outside as they are and by chance. {finding}.{more}"
    )
    return Chart("ties-outside", figure, str(finding), summary, table, source)

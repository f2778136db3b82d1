"""Charts of what a lead's points consist of, and of how sure a list of overloaded leads is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from reports.charts.drawing import (
    MOST_ROWS,
    Chart,
    key_of,
    line_at,
    nothing,
    rows_of,
    safe,
    stripes,
)
from reports.findings import Finding
from reports.findings_certainty import weight_name
from reports.findings_overload import PART_WORDS, made_of, plain, signed
from reports.suppress import small
from reports.tabling import cut, shown
from reports.theme import LIGHT, Theme
from reports.words import SUPPRESSED, number, per_cent

SIGNS: Final[Mapping[str, str]] = {
    "base": "■",
    "need": "▨",
    "team_size": "▤",
    "set_up": "▦",
    "supporting": "□",
}
SHAPES: Final[Mapping[str, str]] = {
    "base": "",
    "need": "/",
    "team_size": "-",
    "set_up": "x",
    "supporting": "",
}
FEWEST: Final = 0.05


def _colours(theme: Theme) -> dict[str, str]:
    return {
        "base": theme.blue,
        "need": theme.pink,
        "team_size": theme.turquoise,
        "set_up": theme.orange,
        "supporting": theme.grey,
    }


def overload_parts(row: Mapping[str, Any], *, source: str, theme: Theme = LIGHT) -> Chart:
    """One lead's points, part by part, over their capacity and what other work takes from it.

    Keys of `row`: practitioner_id, tacs_led, tacs_supported, points, capacity, utilisation, full_time,
    share_of_post, newly_qualified and the parts (base, need, team_size, set_up, supporting).
    """
    colours = _colours(theme)
    parts = [name for name in PART_WORDS if abs(float(row[name])) >= FEWEST]
    key = "<br>".join(
        key_of(*[(theme.ink, f"{SIGNS[n]} {PART_WORDS[n].lower()}") for n in parts[at : at + 2]])
        for at in range(0, len(parts), 2)
    )
    top = max(float(row["points"]), float(row["full_time"]), 1.0)
    low = min(0.0, float(row["need"]))
    rows = (f"Points: {plain(float(row['points']))}", f"Capacity: {plain(float(row['capacity']))}")
    figure = rows_of(theme, rows, "Points", key=f"{key}<br>&nbsp;", range_=[1.05 * low, 1.2 * top])
    for name in parts:
        value = float(row[name])
        figure.add_bar(
            x=[value], y=[0], orientation="h",
            marker={"color": colours[name], "pattern": stripes(theme, SHAPES[name]),
                    "line": {"color": theme.ground, "width": 1.5}},
            text=[signed(value) if name != "base" else plain(value)], textposition="inside",
            insidetextanchor="middle", textangle=0, constraintext="none" if value > top / 8 else "both",
            textfont={"color": theme.ground},
            hovertemplate=f"{PART_WORDS[name]}: %{{x:.2f}}<extra></extra>",
        )  # fmt: skip
    figure.add_bar(
        x=[float(row["capacity"])], y=[1], orientation="h", marker={"color": theme.turquoise},
        hovertemplate="for case work: %{x:.2f}<extra></extra>",
    )  # fmt: skip
    taken = {"newly qualified": (-float(row["newly_qualified"]), "/")}
    taken["other work of the posts"] = (-float(row["share_of_post"]), ".")
    told = [name for name, (value, _) in taken.items() if value >= FEWEST]
    for name in told:
        value, shape = taken[name]
        look = {"color": theme.grid, "pattern": {**stripes(theme, shape), "fgcolor": theme.quiet}}
        text = " and ".join(told) if name == told[-1] else ""
        figure.add_bar(
            x=[value], y=[1], orientation="h", marker=look, text=[text],
            textposition="outside", cliponaxis=False, textfont={"color": theme.ink},
            hovertemplate=f"{name}: %{{x:.2f}}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(barmode="relative", bargap=0.5)
    line_at(figure, float(row["capacity"]), "capacity", theme)
    table = _parts_table(row)
    finding = Finding("overload explained", "watch", made_of(row))
    who = safe(row["practitioner_id"])
    summary = f"Stacked bar of the points of {who}, above a bar of the capacity. {finding}"
    return Chart("overload-parts", figure, str(finding), summary, table, source)


def _parts_table(row: Mapping[str, Any]) -> pd.DataFrame:
    points = {PART_WORDS[name]: float(row[name]) for name in PART_WORDS}
    rows = {
        **points,
        "Points together": float(row["points"]),
        "Posts, were all of them case work": float(row["full_time"]),
        "Other work of the posts": float(row["share_of_post"]),
        "Newly qualified": float(row["newly_qualified"]),
        "Capacity": float(row["capacity"]),
    }
    return pd.DataFrame({"Part": list(rows), "Points": [number(x, 2) for x in rows.values()]})


def certainty_of_leads(
    people: pd.DataFrame, *, source: str, theme: Theme = LIGHT, most: int = 12, hide_up_to: int = 0
) -> Chart:
    """In what part of the draws each overloaded lead stays overloaded, least sure first.

    It names people by id. Columns: practitioner_id, share (0 to 1), verdict. Its words say no number of
    leads from 1 to `hide_up_to`.
    """
    finding = _leads_finding(people, hide_up_to)
    table = pd.DataFrame(
        {
            "Lead": people["practitioner_id"].astype(str),
            "Overloaded in": [per_cent(float(x)) for x in people["share"]],
            "How sure": people["verdict"].astype(str),
        }
    )
    _, drawn, left = cut(
        people.assign(_doubt=1 - people["share"].astype(float)), "_doubt", min(most, MOST_ROWS)
    )
    if drawn.empty:
        return nothing("certainty-leads", theme, finding, table, source)
    looks = {
        "robust": (theme.blue, ""),
        "leaning": (theme.turquoise, "/"),
        "depends on the weights": (theme.pink, "x"),
    }
    names = [f"{row.practitioner_id}: {row.verdict}" for row in drawn.itertuples()]
    figure = rows_of(theme, names, "Part of the draws in which overloaded", range_=[0, 1.18])
    figure.add_bar(
        x=drawn["share"], y=list(range(len(drawn))), orientation="h",
        marker={"color": [looks[str(v)][0] for v in drawn["verdict"]],
                "pattern": stripes(theme, [looks[str(v)][1] for v in drawn["verdict"]])},
        text=[per_cent(float(x)) for x in drawn["share"]], textposition="outside", cliponaxis=False,
        customdata=[safe(n) for n in drawn["practitioner_id"]],
        hovertemplate="%{customdata}: %{x:.0%} of the draws<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(tickformat=".0%")
    bars = "Bars for leads" if small(len(drawn), hide_up_to) else f"Bars for {len(drawn)} leads"
    summary = f"{bars} above capacity, the least sure first. {finding}{left}"
    return Chart("certainty-leads", figure, str(finding), summary, table, source)


def _leads_finding(people: pd.DataFrame, hide_up_to: int) -> Finding:
    if people.empty:
        return Finding("certainty", "fine", "No lead is above capacity.")
    robust = int((people["verdict"] == "robust").sum())
    how = "above capacity are so in nearly every draw of weights."
    if any(small(n, hide_up_to) for n in (len(people), robust, len(people) - robust)):
        return Finding("certainty", "watch", f"Which leads {how}")
    return Finding("certainty", "watch", f"{robust:,} of {len(people):,} leads {how}")


def weights_alone(
    weights: pd.DataFrame, agreed: int | None, *, source: str, theme: Theme = LIGHT, most: int = 12
) -> Chart:
    """How many leads are overloaded with each weight alone at its two values, the widest first.

    Columns: weight, overloaded_low, overloaded_high (NaN where a count is not shown: such a row is not
    drawn). `agreed` is the count with the agreed weights, None where that is not shown.
    """
    ends = weights[["overloaded_low", "overloaded_high"]]
    frame = weights.assign(least=ends.min(axis=1, skipna=False), most=ends.max(axis=1, skipna=False)).assign(
        swing=lambda f: f["most"] - f["least"], name=lambda f: f["weight"].map(weight_name)
    )
    ordered, drawn, left = cut(frame, "swing", most)
    finding = _weights_finding(drawn, 0 if weights.empty else agreed)
    table = pd.DataFrame(
        {
            "Weight": ordered["name"].astype(str),
            "Fewest above capacity": shown(ordered["least"], ordered["least"].isna(), "{:,.0f}".format),
            "Most above capacity": shown(ordered["most"], ordered["most"].isna(), "{:,.0f}".format),
        }
    )
    if drawn.empty or not agreed:
        return nothing("weights-alone", theme, finding, table, source)
    low, high = min(float(drawn["least"].min()), agreed), max(float(drawn["most"].max()), agreed)
    room = max(1.0, 0.22 * (high - low))
    figure = rows_of(
        theme,
        list(drawn["name"]),
        "Leads above capacity",
        key="&nbsp;<br>&nbsp;",
        range_=[max(0.0, low - room), high + room],
    )
    said = [f"{a:,.0f} to {b:,.0f}" for a, b in zip(drawn["least"], drawn["most"], strict=True)]
    figure.add_bar(
        x=drawn["swing"], base=drawn["least"], y=list(range(len(drawn))), orientation="h",
        marker={"color": theme.blue}, customdata=said, text=said,
        textposition="outside", cliponaxis=False, textfont={"color": theme.ink},
        hovertemplate="%{customdata} leads<extra></extra>",
    )  # fmt: skip
    line_at(figure, float(agreed), f"agreed weights: {agreed:,}", theme)
    summary = f"Bars for {len(drawn)} weights, each varied alone, widest first. {finding}{left}"
    return Chart("weights-alone", figure, str(finding), summary, table, source)


def _weights_finding(drawn: pd.DataFrame, agreed: int | None) -> Finding:
    if agreed == 0:
        return Finding("certainty", "fine", "No lead is above capacity with the agreed weights.")
    if drawn.empty or agreed is None:
        text = f"How many leads each weight alone would bring above capacity is not shown ({SUPPRESSED})."
        return Finding("certainty", "unknown", text)
    row = drawn.iloc[0]
    text = (
        f"Most hangs on the weight “{row['name']}”: alone it makes {row['least']:,.0f} to {row['most']:,.0f} "
        f"leads above capacity instead of {agreed:,}."
    )
    return Finding("certainty", "watch", text)

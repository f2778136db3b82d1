"""Charts of who leads beyond capacity."""

from __future__ import annotations

import pandas as pd

from reports import findings
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
from reports.tabling import concealed, cut, shown
from reports.theme import LIGHT, Theme
from reports.words import number, per_cent, role_name


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
    utilisation (NaN: no capacity on record); verdict if known: how sure it is, said beside the label where
    it is not robust.
    """
    finding = findings.utilisation(people, threshold)
    ordered, drawn, left = cut(people, "utilisation", most)
    hidden = concealed(ordered, "utilisation")
    table = pd.DataFrame(
        {"Lead": ordered[by].astype(str), "Utilisation": shown(ordered["utilisation"], hidden, per_cent)}
    )
    if "verdict" in ordered:
        table["How sure"] = ordered["verdict"].astype(str)
    if drawn.empty:
        return nothing("utilisation", theme, finding, table, source)
    key = f"▨ severe: above {per_cent(severe)}<br>&nbsp;"
    top = max(float(drawn["utilisation"].max()), threshold)
    figure = rows_of(
        theme, _marked(drawn, by), "Points as a part of capacity", key=key, range_=[0, 1.2 * top]
    )
    over, grave = drawn["utilisation"] > threshold + 1e-9, drawn["utilisation"] > severe + 1e-9
    figure.add_bar(
        x=drawn["utilisation"], y=list(range(len(drawn))), orientation="h",
        marker={
            "color": [
                theme.pink if g else theme.blue if o else theme.grey
                for o, g in zip(over, grave, strict=True)
            ],
            "pattern": stripes(theme, ["/" if g else "" for g in grave]),
        },
        text=[per_cent(float(v)) for v in drawn["utilisation"]], textposition="outside", cliponaxis=False,
        customdata=[safe(n) for n in drawn[by]],
        hovertemplate="%{customdata}: %{x:.0%} of capacity<extra></extra>",
    )  # fmt: skip
    line_at(figure, threshold, f"capacity {per_cent(threshold)}", theme)
    figure.update_xaxes(tickformat=".0%")
    summary = f"Bars of utilisation for {len(drawn)} leads, highest first. {finding}{left}"
    return Chart("utilisation", figure, str(finding), summary, table, source)


def _marked(people: pd.DataFrame, by: str) -> list[str]:
    """The labels, with how sure it is where it is not robust."""
    known = people["verdict"] if "verdict" in people else ["robust"] * len(people)
    return [f"{n}" if v == "robust" else f"{n} ({v})" for n, v in zip(people[by], known, strict=True)]


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
        return nothing("overload-by-role", theme, finding, table, source)
    key = key_of((theme.pink, "▨ above capacity"), (theme.quiet, "■ all who lead"))
    span = [0, 1.42 * float(drawn["leading"].max())]
    figure = rows_of(
        theme, list(drawn["role"].map(role_name)), "Practitioners who lead", key=key, range_=span
    )
    rows = list(range(len(drawn)))
    over = drawn["overloaded"].fillna(0)
    marker = {"color": theme.pink, "pattern": stripes(theme, "/")}
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

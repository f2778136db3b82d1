"""The rows of a chart and of the table beside it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from reports.words import NOT_DEFINED, SUPPRESSED


def concealed(frame: pd.DataFrame, column: str) -> pd.Series:
    """Which rows are suppressed: said by the frame, else none."""
    stated = (
        frame["suppressed"].astype(bool)
        if "suppressed" in frame
        else pd.Series(data=False, index=frame.index)
    )
    return stated & frame[column].isna()


def shown(values: pd.Series, hidden: pd.Series, style: Callable[[float], str]) -> list[str]:
    return [
        SUPPRESSED if h else (NOT_DEFINED if pd.isna(v) else style(float(v)))
        for v, h in zip(values, hidden, strict=True)
    ]


def cut(
    frame: pd.DataFrame, by: str, most: int, *, weight: str = ""
) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """The frame sorted for its table, its rows for the picture, and a sentence on what was left out.

    Drawn are the `most` first rows, or, with a `weight`, those furthest from 0 in that column.
    """
    ordered = frame.sort_values(by, ascending=False, na_position="last", kind="stable")
    ordered = ordered.reset_index(drop=True)
    drawn = ordered.dropna(subset=[by])
    if weight:
        furthest = drawn[weight].abs().sort_values(ascending=False, kind="stable").index[:most]
        drawn = drawn.loc[sorted(furthest)].reset_index(drop=True)
    drawn = drawn.head(most)
    left = len(ordered) - len(drawn)
    hidden = int(concealed(ordered, by).sum())
    parts = [f"{hidden} suppressed ({SUPPRESSED})"] if hidden else []
    parts += [f"{left - hidden} more"] if left > hidden else []
    return ordered, drawn, f" Not drawn, but in the table: {' and '.join(parts)}." if parts else ""

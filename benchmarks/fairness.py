"""Fairness with its bootstrap and exact tests, and what-if, beside plain pandas that draws with `sample`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from analysis.fairness import fairness
from analysis.tables import Slice
from analysis.whatif import Scenario, compare
from analysis.whatif_changes import CloseSchools, Grow
from benchmarks import plain_pandas
from benchmarks.prepared import prepared
from benchmarks.timing import Figures, conditions, say, several, spread, timed
from graphmodel.settings import Settings

PLAIN_DRAWS: Final = 100
TABLES: Final = ("tacs", "memberships", "leads", "needs", "posts", "practitioners")
AIM_FAIRNESS: Final = 2.0
AIM_WHAT_IF: Final = 2.0


class Different(Exception):
    """Plain pandas and the vectorised bootstrap disagree."""


def measure(folder: Path, times: int, as_of: date | None = None) -> Figures:
    """Seconds of each, as spreads of `times` runs on the last day of the data (or `as_of`)."""
    held, asked, day = prepared(folder, as_of)
    found: Figures = {**conditions(), "as_of": day.isoformat(), "draws": asked.fairness.bootstrap_draws}
    say("fairness: indices, intervals and exact tests")
    found["fairness"] = several(lambda: fairness(held, day, asked, full=True), times)
    say("what if: schools close, TACs grow by 10%")
    scenario = Scenario((CloseSchools(), Grow(0.1)), reassign=True)
    found["what_if"] = several(lambda: compare(held, day, asked, scenario), times)
    say(f"fairness: {PLAIN_DRAWS} draws by plain pandas")
    found["plain_draw"] = _plain(folder, held, day, asked)
    return found


def _plain(folder: Path, held: Slice, day: date, asked: Settings) -> Figures:
    """Seconds a draw by pandas; the mean of its shares compared with the shares themselves."""
    tables = plain_pandas.read(folder, TABLES)
    at = pd.Timestamp(day)
    running = plain_pandas.active_tacs(tables, at)["tac_id"]
    shares = _lead_points(tables, at, asked)
    draws, seconds = [], []
    for seed in range(PLAIN_DRAWS):

        def once(seed: int = seed) -> pd.Series:
            drawn = running.sample(len(running), replace=True, random_state=seed)
            points = drawn.to_frame().merge(shares, on="tac_id").groupby("agency_id")["points"].sum()
            return points / points.sum()

        share, taken = timed(once)
        draws.append(share)
        seconds.append(taken)
    agencies = fairness(held, day, asked, full=True).agencies.set_index("agency_id")
    mean = pd.concat(draws, axis=1).reindex(agencies.index).fillna(0).mean(axis=1)
    # a mean of 100 draws lies within a few of its standard errors of the share
    error = (agencies["load_share_high"] - agencies["load_share_low"]) / 4 / np.sqrt(PLAIN_DRAWS)
    far = (mean - agencies["load_share"]).abs() > 6 * error + 1e-9
    if far.any():
        raise Different(f"load share of {', '.join(agencies.index[far])}")
    return spread(seconds)


def _lead_points(tables: plain_pandas.Tables, day: pd.Timestamp, asked: Settings) -> pd.DataFrame:
    """tac_id, agency_id, points: lead points shared over the posts of the lead."""
    team, posts = plain_pandas.teams(tables, day, asked), plain_pandas.capacities(tables, day, asked)
    total = posts.groupby("practitioner_id")["capacity"].transform("sum")
    parts = posts.assign(part=posts["capacity"] / total)[total > 0]
    both = team[team["lead"] == 1].merge(
        parts[["practitioner_id", "agency_id", "part"]], on="practitioner_id"
    )
    return both.assign(points=both["points"] * both["part"])[["tac_id", "agency_id", "points"]]


def rows(found: Figures) -> str:
    """A Markdown table of `measure`."""
    draws, plain = found["draws"], found["plain_draw"]["median"]
    lines = [
        f"On {found['as_of']}. Aims: fairness with {draws:,} draws below {AIM_FAIRNESS:g} s "
        f"({_met(found['fairness'], AIM_FAIRNESS)}), what-if below {AIM_WHAT_IF:g} s "
        f"({_met(found['what_if'], AIM_WHAT_IF)}). Plain pandas draws TACs with `sample` and sums lead "
        f"points anew for each draw: measured on {found['plain_draw']['n']} draws, the draws alone.",
        "",
        "| what | seconds: median (fewest to most) | plain pandas |",
        "|---|---|---|",
        f"| fairness: indices, {draws:,} draws, exact tests | {_spread(found['fairness'])} | "
        f"{plain * draws:,.1f} s ({draws:,} draws at {1000 * plain:.1f} ms) |",
        f"| what if schools close and TACs grow by 10%, leads handed on | {_spread(found['what_if'])} | |",
    ]
    return "\n".join(lines) + "\n"


def _met(values: Figures, aim: float) -> str:
    return "met" if values["median"] < aim else "**missed**"


def _spread(values: Figures) -> str:
    return f"{values['median']:.2f} ({values['min']:.2f} to {values['max']:.2f})"

"""Overload explained, the early warning and certainty, beside plain pandas that computes each draw anew."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

import numpy as np

from analysis.certainty import certainty, drawn_values
from analysis.certainty_model import Components
from analysis.certainty_weights import Values, weights_of
from analysis.overload import explain
from analysis.tables import Slice
from analysis.warning import back_test, early_warning
from benchmarks import plain_pandas
from benchmarks.prepared import prepared
from benchmarks.timing import Figures, conditions, say, several, timed
from graphmodel.settings import Settings

PLAIN_DRAWS: Final = 4
TABLES: Final = ("tacs", "memberships", "leads", "needs", "posts", "practitioners")
AIM_SECONDS: Final = 5.0


class Different(Exception):
    """Plain pandas and the matrix product disagree."""


def measure(folder: Path, times: int, as_of: date | None = None) -> Figures:
    """Seconds of each, as spreads of `times` runs on the last day of the data (or `as_of`)."""
    held, asked, day = prepared(folder, as_of)
    found: Figures = {**conditions(), "as_of": day.isoformat(), "draws": asked.certainty.draws}
    say("overload: explained")
    found["overloaded"] = len(explain(held, day, asked).leads)
    found["explain"] = several(lambda: explain(held, day, asked), times)
    say("overload: early warning and its back-test")
    found["warning"] = several(lambda: early_warning(held, day, asked), times)
    found["back_test"] = several(lambda: back_test(held, day, asked), max(1, times // 3), warm=False)
    say("certainty: all draws and every weight alone")
    found["certainty"] = several(lambda: certainty(held, day, asked), times)
    say(f"certainty: {PLAIN_DRAWS} draws by plain pandas")
    found["plain_draw"] = _plain(folder, held, day, asked)
    return found


def _plain(folder: Path, held: Slice, day: date, asked: Settings) -> Figures:
    """Seconds a draw of points, capacity, overload and disparity by pandas; the figures compared."""
    model = Components.of(held, day, asked, discretionary=False)
    weights = [w for w in weights_of(asked, model.shares_in_use) if w.kind == "weight"]
    values = drawn_values(weights, asked)
    figures = model.figures(values)
    tables = plain_pandas.read(folder, TABLES)
    seconds = []
    for at in range(PLAIN_DRAWS):
        drawn = _settings_of(asked, values, at)

        def once(drawn: Settings = drawn) -> tuple[int, np.ndarray[tuple[int], np.dtype[np.float64]]]:
            over = plain_pandas.overloaded_leads(tables, day, drawn)
            shares = plain_pandas.agency_fairness(tables, day, drawn)
            return len(over), shares.sort_values("agency_id")["disparity"].to_numpy(dtype=np.float64)

        (count, disparity), taken = timed(once)
        seconds.append(taken)
        if count != int(figures.overloaded[:, at].sum()):
            raise Different(f"draw {at}: {count} overloaded by pandas")
        np.testing.assert_allclose(np.sort(disparity), np.sort(figures.disparity[:, at]), rtol=1e-9)
    ordered = sorted(seconds)
    return {"min": ordered[0], "median": ordered[len(ordered) // 2], "max": ordered[-1], "n": len(ordered)}


def _settings_of(asked: Settings, values: Values, at: int) -> Settings:
    """The settings that one draw stands for."""
    work = asked.workload
    changed = {
        "need_weight": {level: float(values.need[n, at]) for n, level in enumerate(sorted(work.need_weight))},
        "supporting_factor": float(values.supporting[at]),
        "team_size_step": float(values.step[at]),
        "set_up_factor": 1.0 + float(values.set_up[at]),
        "points_per_fte": float(values.per_fte[at]),
        "tac_share": {role: float(values.share[role][at]) for role in work.tac_share},
        "default_tac_share": float(values.share["default_tac_share"][at]),
        "newly_qualified_share": float(values.newly_qualified[at]),
    }
    return asked.model_copy(update={"workload": work.model_copy(update=changed)})


def rows(found: Figures) -> str:
    """A Markdown table of `measure`."""
    draws, plain = found["draws"], found["plain_draw"]["median"]
    met = "met" if found["certainty"]["median"] < AIM_SECONDS else "**missed**"
    lines = [
        f"On {found['as_of']}, {found['overloaded']} leads above capacity. Aim for certainty: below "
        f"{AIM_SECONDS:g} s ({met}). Plain pandas computes points, capacity, overload and the agencies' "
        f"shares anew for each draw: measured on {found['plain_draw']['n']} draws, the same figures.",
        "",
        "| what | seconds: median (fewest to most) | plain pandas |",
        "|---|---|---|",
        f"| every overloaded lead explained | {_spread(found['explain'])} | |",
        f"| early warning | {_spread(found['warning'])} | |",
        f"| early warning judged on past months | {_spread(found['back_test'])} | |",
        f"| certainty: {draws} draws and every weight alone | {_spread(found['certainty'])} | "
        f"{plain * draws:,.0f} s ({draws} draws at {plain:.2f} s) |",
    ]
    return "\n".join(lines) + "\n"


def _spread(values: Figures) -> str:
    return f"{values['median']:.2f} ({values['min']:.2f} to {values['max']:.2f})"

"""Advice beside the plain way: pandas that takes the best single handover, again and again."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from analysis.advice import advise
from analysis.advice_problem import Problem, problem
from benchmarks.prepared import prepared
from benchmarks.timing import Figures, conditions, say, several, timed

AIM_SECONDS: Final = 30.0
_LEAST_GAIN: Final = 1e-9


class Different(AssertionError):
    """The solver left more overload than the plain way."""


def measure(folder: Path, times: int, as_of: date | None = None) -> Figures:
    """Seconds of the whole answer (curve, moves, who is left), a spread of `times` runs, and the plain way.

    On the last day of the data or on `as_of`. The plain way is measured once: it takes the one handover that
    takes off most overload, as long as one does, so it is neither the best set nor has it a curve or a bound.
    """
    held, agreed, day = prepared(folder, as_of)
    say("advice: the solver")
    answer = advise(held, day, agreed)
    found: Figures = {**conditions(), "as_of": day.isoformat()}
    found["advice"] = several(lambda: advise(held, day, agreed), times, warm=False)
    say("advice: plain pandas")
    asked = problem(held, day, agreed)
    taken, found["plain_seconds"] = timed(lambda: _greedily(asked))
    plain = asked.after(np.array(taken, dtype=np.int64)).overload
    last = answer.chosen
    best = last.figures["overload_points"] or 0.0
    if best > plain + 1e-6:
        raise Different(f"the solver leaves {best} points above capacity, the plain way {plain}")
    found["options"], found["tacs"] = len(asked.options), len(np.unique(asked.options.tac))
    found["points"], found["handovers"] = len(answer.points), last.handovers
    found["overload"] = [answer.before["overload_points"], best, plain]
    found["plain_handovers"] = len(taken)
    found["proven"] = [point.plan.proven for point in answer.points].count(True)
    found["gap"] = max(point.plan.gap for point in answer.points)
    return found


def _greedily(asked: Problem) -> list[int]:
    """The best single handover each time, by pandas over all options, as an analyst would write it."""
    o = asked.options
    options = pd.DataFrame({"tac": o.tac, "giver": o.giver, "taker": o.taker, "shift": o.shift})
    room = pd.Series(asked.limit - asked.points)
    taken = []
    while len(options):
        giver, taker = options["giver"].map(room), options["taker"].map(room)
        before = giver.clip(upper=0) + taker.clip(upper=0)
        after = (giver + options["shift"]).clip(upper=0) + (taker - options["shift"]).clip(upper=0)
        gain = after - before
        if gain.max() <= _LEAST_GAIN:
            break
        at = int(str(gain.idxmax()))
        taken.append(at)
        room[o.giver[at]] += o.shift[at]
        room[o.taker[at]] -= o.shift[at]
        options = options[options["tac"] != o.tac[at]]
    return taken


def rows(found: Figures) -> str:
    """The figures as a table for the page of benchmarks."""
    before, best, plain = found["overload"]
    advice = found["advice"]
    met = "met" if advice["median"] < AIM_SECONDS else "**missed**"
    lines = [
        f"On {found['as_of']}: {found['options']:,} handovers allowed in {found['tacs']:,} teams. Aim: below "
        f"{AIM_SECONDS:g} s ({met}). Plain pandas takes the best single handover again and again: no curve, "
        "no second goal, no proof.",
        "",
        "| what | seconds: median (fewest to most) | handovers | points above capacity |",
        "|---|---|---|---|",
        f"| today | | 0 | {before:.1f} |",
        f"| the solver: {found['points']} points of the curve ({found['proven']} proven best, largest gap "
        f"{found['gap']:.1%}), reasons, who is left | {advice['median']:.1f} ({advice['min']:.1f} to "
        f"{advice['max']:.1f}) | {found['handovers']} | {best:.1f} |",
        f"| plain pandas | {found['plain_seconds']:.1f} | {found['plain_handovers']} | {plain:.1f} |",
    ]
    return "\n".join(lines) + "\n"

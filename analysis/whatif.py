"""What if: change the partnership of a day, measure it again, and compare with today.

A scenario is a list of changes (`analysis.whatif_changes`), other weights or a published scheme, and whether
leads left open are handed on. The changed partnership is a slice like any other, good for the figures of
its day; nothing of it reaches the graph.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from analysis import allocation, asof, coverage, fairness, workload
from analysis.coded import coded, day_number
from analysis.fairness import plain
from analysis.rows import EQUAL, column
from analysis.tables import Slice
from analysis.whatif_changes import Change
from analysis.whatif_draft import Draft
from analysis.whatif_handover import cover, relieve
from graphmodel.settings import Settings, changed_settings

FIGURES: Final = {
    "practitioners": "practitioners with capacity",
    "capacity": "capacity, in points",
    "points": "work, in points",
    "utilisation": "part of capacity used",
    "active_tacs": "active TACs",
    "leads": "practitioners who lead",
    "overloaded": "leads above capacity",
    "severe": "leads far above capacity",
    "tacs_without_lead": "TACs without a lead",
    "without_capacity": "practitioners with work and no capacity",
    "untrained_leads": "leads not trained, or in term time only",
    "statutory_breaches": "TACs led by another role than the statutory one",
    "hoover": "part of lead work that would have to move (Hoover)",
    "jain": "evenness of agencies (Jain)",
    "gini": "unevenness of people (Gini)",
    "theil_between": "unevenness between agencies (Theil)",
}
"""The figures compared, in words."""

_AGENCY: Final = ("tacs_led", "lead_points", "capacity", "disparity")
_MOVES: Final = ("tac_id", "from_id", "to_id", "why")


@dataclass(frozen=True)
class Scenario:
    """What to change, in order.

    `scheme` names a published scheme of weights and `weights` gives single settings as in a settings file;
    `reassign` hands leads that the changes leave open to the team, and lets newcomers relieve colleagues.
    """

    changes: tuple[Change, ...] = ()
    scheme: str = ""
    weights: dict[str, Any] = field(default_factory=dict)
    reassign: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing is changed."""
        return not (self.changes or self.scheme or self.weights)

    def __str__(self) -> str:
        parts = [str(change) for change in self.changes]
        parts += [f"weights of the scheme {self.scheme}"] if self.scheme else []
        parts += ["other weights"] if self.weights else []
        parts += ["leads left open are handed on"] if self.reassign and self.changes else []
        return "; ".join(parts) or "nothing changes"


@dataclass(frozen=True, eq=False)
class Outcome:
    """The partnership as a scenario makes it: a slice good for its day, the settings, and what was done.

    `notes` has a sentence for each change, in order, and one for other weights. `moves` has a row each lead
    handed on or left open: tac_id, from_id, to_id (missing: nobody), why.
    """

    tables: Slice
    settings: Settings
    notes: tuple[str, ...]
    moves: pd.DataFrame


def apply(tables: Slice, d: date, settings: Settings, scenario: Scenario) -> Outcome:
    """Make the changes as of `d`, in order; handovers come last.

    Raises `SettingsError` naming the change where an agency or a practitioner is not known, or it asks for
    more than there is.
    """
    then = changed_settings(settings, scheme=scenario.scheme, weights=scenario.weights)
    draft = Draft(tables, d, settings.fairness.bootstrap_seed)
    for change in scenario.changes:
        change.apply(draft, settings)
    moves = [*cover(draft, then), *relieve(draft, then)] if scenario.reassign else _open(draft)
    if scenario.scheme or scenario.weights:
        draft.notes.append(f"Weights {then.version} ({then.agreed_by}).")
    frame = pd.DataFrame({name: column(move[name] for move in moves) for name in _MOVES})
    return Outcome(draft.slice(), then, tuple(draft.notes), frame)


def _open(draft: Draft) -> list[dict[str, Any]]:
    leads = draft.frame("leads")[draft.active("leads")] if draft.freed else pd.DataFrame({"tac_id": []})
    led = set(leads["tac_id"])
    why = "left without a lead"
    return [
        {"tac_id": tac, "from_id": who, "to_id": None, "why": why}
        for tac, who in draft.freed
        if tac not in led
    ]


def figures(tables: Slice, d: date, settings: Settings) -> dict[str, float]:
    """The figures of `FIGURES` on `d`; NaN where undefined."""
    data = coded(tables)
    state, rules = workload.Day(data, day_number(d), settings), settings.workload
    able = state.posts.total > 0
    capacity = float(state.posts.total.sum())
    untrained = coverage.untrained_leads(tables, d, settings)
    indices = fairness.fairness(tables, d, settings).indices()
    led = np.unique(state.teams.tac[state.teams.is_lead])
    counts = {
        "practitioners": int(able.sum()),
        "capacity": capacity,
        "points": float(state.points.sum()),
        "utilisation": float(state.points[able].sum()) / capacity if capacity > 0 else np.nan,
        "active_tacs": int(state.teams.active.sum()),
        "leads": int((state.led > 0).sum()),
        "overloaded": int(state.overloaded(rules.overload_threshold).sum()),
        "severe": int(state.overloaded(rules.severe_threshold).sum()),
        "tacs_without_lead": int(state.teams.active.sum()) - len(led),
        "without_capacity": int((~able & (state.points > EQUAL)).sum()),
        "untrained_leads": len(untrained),
        "statutory_breaches": len(allocation.statutory_breaches(tables, d, settings)),
    }
    known = {name: np.nan if value is None else value for name, value in indices.items()}
    return {name: float(counts[name] if name in counts else known[name]) for name in FIGURES}


@dataclass(frozen=True, eq=False)
class Comparison:
    """Today against a scenario.

    `figures`: figure, today, then, change (NaN where undefined), a row each of `FIGURES`. `agencies`:
    agency_id, and today and `…_then` of tacs_led, lead_points, capacity, disparity, overloaded (leads by
    home agency), uncovered (TACs that lost their lead, by its home agency today). `practitioners`: those
    newly overloaded, relieved or gone while overloaded: practitioner_id, role, home_agency_id, utilisation,
    utilisation_then, what.
    """

    scenario: Scenario
    as_of: date
    outcome: Outcome
    figures: pd.DataFrame
    agencies: pd.DataFrame
    practitioners: pd.DataFrame

    def record(self) -> dict[str, Any]:
        """All of it as plain values: what `tacgraph what-if --format json` prints."""
        return {
            "as_of": self.as_of.isoformat(),
            "scenario": str(self.scenario),
            "settings": {"version": self.outcome.settings.version, "scheme": self.outcome.settings.scheme},
            "notes": list(self.outcome.notes),
            "figures": plain(self.figures),
            "agencies": plain(self.agencies),
            "practitioners": plain(self.practitioners),
            "moves": plain(self.outcome.moves),
        }


def compare(tables: Slice, d: date, settings: Settings, scenario: Scenario) -> Comparison:
    """Measure today and the scenario, and set them side by side. Raises as `apply` does."""
    outcome = apply(tables, d, settings, scenario)
    today = figures(tables, d, settings)
    then = figures(outcome.tables, d, outcome.settings)
    frame = pd.DataFrame(
        {"figure": column(FIGURES), "today": list(today.values()), "then": list(then.values())}
    )
    frame["change"] = frame["then"] - frame["today"]
    now = workload.load_by_practitioner(tables, d, settings)
    later = workload.load_by_practitioner(outcome.tables, d, outcome.settings)
    agencies = _agencies(
        (fairness.agency_fairness(tables, d, settings), now),
        (fairness.agency_fairness(outcome.tables, d, outcome.settings), later),
    )
    agencies = agencies.assign(uncovered=_uncovered(outcome, agencies["agency_id"], tables, d, settings))
    return Comparison(scenario, d, outcome, frame, agencies, _practitioners(now, later))


def _agencies(
    now: tuple[pd.DataFrame, pd.DataFrame], then: tuple[pd.DataFrame, pd.DataFrame]
) -> pd.DataFrame:
    sides = []
    for (fair, load), end in ((now, ""), (then, "_then")):
        over = load[load["overloaded"]].groupby("home_agency_id").size()
        side = fair.set_index("agency_id")[list(_AGENCY)]
        side = side.join(over.rename("overloaded").astype(np.float64), how="outer")
        sides.append(side.add_suffix(end) if end else side)
    both = sides[0].join(sides[1], how="outer")
    counts = [name for name in both.columns if not name.startswith("disparity")]
    both[counts] = both[counts].fillna(0)
    for name in counts:
        if name.startswith(("tacs_led", "overloaded")):
            both[name] = both[name].astype(np.int64)
    order = [name for part in (*_AGENCY, "overloaded") for name in (part, f"{part}_then")]
    both = both[order].sort_index()
    return pd.concat([pd.DataFrame({"agency_id": column(both.index)}), both.reset_index(drop=True)], axis=1)


def _uncovered(
    outcome: Outcome, agencies: pd.Series, tables: Slice, d: date, settings: Settings
) -> list[int]:
    open_ = outcome.moves[outcome.moves["to_id"].isna()]
    data = coded(tables)
    home = asof.posts(data, day_number(d), settings).home
    of = [data.agencies.named(home[[data.practitioners.code(who)]])[0] for who in open_["from_id"]]
    counted = pd.Series(of, dtype=object).value_counts()
    return [int(counted.get(agency, 0)) for agency in agencies]


def _practitioners(now: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    names = ["role", "home_agency_id", "utilisation", "overloaded"]
    sides = [frame.set_index("practitioner_id")[names] for frame in (now, later)]
    both = sides[0].join(sides[1].add_suffix("_then"), how="outer")
    before, above = (both[name].eq(other=True) for name in ("overloaded", "overloaded_then"))
    there = both["utilisation_then"].notna()
    what = np.select([above & ~before, before & ~above & there, before & ~there], _WHAT, default="")
    for name in ("role", "home_agency_id"):
        both[name] = both[name].where(both[name].notna(), both[f"{name}_then"])
    changed: pd.DataFrame = both.assign(what=what)[what != ""].reset_index()
    place = changed["what"].map(_WHAT.index)
    order = changed.assign(place=place).sort_values(["place", "practitioner_id"], kind="stable").index
    changed = changed.loc[order].reset_index(drop=True)
    shown = ["practitioner_id", "role", "home_agency_id", "utilisation", "utilisation_then", "what"]
    return changed[shown]


_WHAT: Final = ["newly overloaded", "relieved", "gone"]

"""What a scenario comes to, in a sentence."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import pandas as pd

from analysis.whatif import Scenario
from analysis.whatif_changes import (
    Arrive,
    Change,
    CloseSchools,
    Grow,
    Leave,
    NeedsRise,
    Withdraw,
)
from reports.findings import Finding
from reports.words import SUPPRESSED, count, listed, number, role_name

Names = Callable[[str], str]


def condition(scenario: Scenario, name: Names = str) -> str:
    """The changes as the beginning of a sentence; `name` gives an agency's name by its id."""
    parts = [_said(change, name) for change in scenario.changes]
    parts += [f"by the weights of the scheme {scenario.scheme}"] if scenario.scheme else []
    parts += ["by other weights"] if scenario.weights else []
    if not parts:
        return "Nothing is changed"
    text = listed(parts)
    handed = ", with leads left open handed on" if scenario.reassign and scenario.changes else ""
    return text[:1].upper() + text[1:] + handed


def _said(change: Change, name: Names) -> str:
    match change:
        case Withdraw():
            role = _role(change.role)
            posts = f"one {role} post" if change.posts == 1 else f"{_small(change.posts)} {role} posts"
            most = " (of those who carry most)" if change.which == "most" else ""
            return f"without {posts} at {name(change.agency_id)}{most}"
        case Leave():
            return f"without {change.practitioner_id}"
        case Arrive():
            untrained = "" if change.trained else " (not trained to lead)"
            fte = f"{number(change.fte, 2)} more FTE of {_role(change.role)}"
            return f"with {fte} at {name(change.agency_id)}{untrained}"
        case Grow():
            return f"with {100 * change.part:g}% more TACs"
        case CloseSchools():
            return "with schools closed"
        case NeedsRise():
            return f"with needs a level higher for {100 * change.part:g}% of the children"


def _role(code: str) -> str:
    name = role_name(code)
    return name if name.isupper() or name[1:2].isupper() else name[:1].lower() + name[1:]


def _small(value: int) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    return words[value] if value < len(words) else f"{value:,}"


def what_if(scenario: Scenario, change: Mapping[str, float], name: Names = str) -> Finding:
    """What changes for leads and for TACs; `change` holds overloaded and tacs_without_lead (NaN: hidden)."""
    if scenario.empty:
        return Finding("what_if", "unknown", "Choose what changes, and see what it would do.")
    over, alone = float(change["overloaded"]), float(change["tacs_without_lead"])
    text = f"{condition(scenario, name)}, {_leads(over)} and {_teams(alone)}."
    worse = not (over <= 0 and alone <= 0)
    weight = sum(0.0 if math.isnan(n) else n for n in (over, alone))
    return Finding("what_if", "watch" if worse else "fine", text, weight)


def _leads(more: float) -> str:
    if math.isnan(more):
        return f"how many leads would be above capacity, or how many more, is not shown ({SUPPRESSED})"
    if more == 0:
        return "as many leads as today would be above capacity"
    word = "more" if more > 0 else "fewer"
    return f"{count(abs(more), f'{word} lead', f'{word} leads')} would be above capacity"


def _teams(more: float) -> str:
    if math.isnan(more):
        return "a few (c) teams would find or lose somebody to lead them"
    if more == 0:
        return "as many teams as today would have nobody to lead them"
    word = "more" if more > 0 else "fewer"
    return f"{count(abs(more), f'{word} team', f'{word} teams')} would have nobody to lead them"


def handed_on(moves: pd.DataFrame, *, hide_up_to: int = 0) -> str:
    """How many leads were left open or moved, and how many found somebody; empty where none were.

    Columns of `analysis.whatif.Outcome.moves`. Counts of 1 to `hide_up_to` are not said, nor such a rest.
    """
    if moves.empty:
        return ""
    whole, found = len(moves), int(moves["to_id"].notna().sum())
    if any(0 < n <= hide_up_to for n in (whole, found, whole - found)):
        return "Leads left open or taken over: a few (c)."
    if not found:
        return f"{count(whole, 'lead', 'leads')} left open."
    return f"{found:,} of {count(whole, 'lead', 'leads')} left open or taken over found somebody."

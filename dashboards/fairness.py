"""The fairness figures in plain words: headings, formats and sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import pandas as pd

from reports.tabling import concealed, shown
from reports.words import label, listed, role_name

INDEX_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "hoover": (
        "To be moved (Hoover)",
        "The part of all lead work that would have to move to other agencies until each carries exactly its "
        "share of capacity. 0.00 is perfectly fair.",
    ),
    "jain": (
        "Evenness of agencies (Jain)",
        "1.00 when every agency uses the same part of its capacity for leading; 0.50 is as if half of the "
        "agencies did all of it.",
    ),
    "gini": (
        "Unevenness of people (Gini)",
        "0.00 when every practitioner is used alike, near 1.00 when one does everything.",
    ),
    "theil_between": (
        "Unevenness between agencies (Theil)",
        "The part of the unevenness among people that lies between agencies: what sharing between agencies "
        "could mend. The rest lies within agencies.",
    ),
}
CLEAR: Final = 0.05
MOST_NAMES: Final = 5
LEAST_CHANCE: Final = 0.001


COLUMNS: Final[Mapping[str, tuple[str, str]]] = {
    "tacs_led": ("TACs led", ",.0f"),
    "expected_tacs_led": ("TACs expected", ",.1f"),
    "lead_points": ("Lead points", ",.1f"),
    "capacity": ("Capacity points", ",.1f"),
    "load_share": ("Share of lead work", ".1%"),
    "capacity_share": ("Share of capacity", ".1%"),
    "disparity": ("Times fair share", ".2f"),
    "disparity_low": ("Interval from", ".2f"),
    "disparity_high": ("Interval to", ".2f"),
}
SECTOR_COLUMNS: Final[Mapping[str, tuple[str, str]]] = {
    "observed": ("TACs led", ",.0f"),
    "expected": ("TACs expected", ",.1f"),
    "expected_low": ("95% between", ",.0f"),
    "expected_high": ("and", ",.0f"),
}
HELP: Final[Mapping[str, str]] = {
    "TACs led": "TACs led by practitioners whose home post is in the agency",
    "TACs expected": "If in each team the lead fell to a member with a chance in proportion to capacity",
    "Lead points": "Workload points from leading",
    "Capacity points": "Points that the agency's posts can carry",
    "Share of lead work": "The agency's part of all lead work",
    "Share of capacity": "The agency's part of all capacity",
    "Times fair share": "Part of lead work divided by part of capacity; 1 is fair",
    "Interval from": "Lower bound of the 95% interval around the times of its fair share",
    "Interval to": "Upper bound of the 95% interval around the times of its fair share",
    "Chance": "How often chance alone would give a count as far from the expected one, over many agencies",
}


def agency_table(agencies: pd.DataFrame) -> pd.DataFrame:
    """The agencies' figures with plain headings, as text, widest excess first; how sure if known."""
    frame = agencies.sort_values("disparity", ascending=False, na_position="last")
    table = pd.DataFrame({"Agency": label(frame)})
    for column, (head, style) in COLUMNS.items():
        table[head] = shown(frame[column], concealed(frame, column), ("{:" + style + "}").format)
    table["Chance"] = shown(frame["p_adjusted"], concealed(frame, "p_adjusted"), _chance)
    if "verdict" in frame:
        table["How sure"] = frame["verdict"].to_numpy()
    return table


def sector_table(sectors: pd.DataFrame) -> pd.DataFrame:
    """Each sector's lead count against what its seats in the teams would lead one to expect."""
    table = pd.DataFrame({"Sector": [role_name(sector) for sector in sectors["sector"]]})
    table["Agencies"] = [f"{n:,}" for n in sectors["agencies"]]
    for column, (head, style) in SECTOR_COLUMNS.items():
        table[head] = shown(sectors[column], concealed(sectors, column), ("{:" + style + "}").format)
    table["Chance"] = shown(sectors["p_adjusted"], concealed(sectors, "p_adjusted"), _chance)
    return table


def _chance(p: float) -> str:
    return "below 0.1%" if p < LEAST_CHANCE else f"{p:.1%}"


def expected_sentence(agencies: pd.DataFrame) -> str:
    """Which agencies lead more or less often than their seats in the teams explain."""
    known = agencies.dropna(subset=["p_adjusted"])
    if known.empty:
        return "No team has exactly one lead with capacity, so nothing can be expected."
    clear = known[known["p_adjusted"] < CLEAR]
    more = clear[clear["observed"] > clear["expected"]]
    less = clear[clear["observed"] < clear["expected"]]
    explained = (
        "If in each team the lead fell to a member with a chance in proportion to capacity, "
        "some agencies would still lead often, because they sit in many teams. "
    )
    if clear.empty:
        return explained + "No agency leads clearly more or less often than that."
    said = []
    if len(more):
        said.append(f"**More** often than that: {_first(more.sort_values('z', ascending=False))}.")
    if len(less):
        said.append(f"**Less** often: {_first(less.sort_values('z'))}.")
    return explained + " ".join(said) + " Corrected for looking at many agencies at once."


def _first(agencies: pd.DataFrame) -> str:
    names = list(label(agencies))
    rest = len(names) - MOST_NAMES
    return listed([*names[:MOST_NAMES], f"{rest} more"]) if rest > 1 else listed(names)


def finite(value: float | None) -> float:
    """The number, NaN for none."""
    return math.nan if value is None else value

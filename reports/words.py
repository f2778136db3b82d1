"""Codes in the field's own words, and numbers as people read them."""

from __future__ import annotations

import math
from datetime import date
from typing import Final

import pandas as pd

SUPPRESSED: Final = "c"
NOT_DEFINED: Final = "n/a"
LITTLE: Final = "within {up_to}"
"""Instead of a change by a small count, either way."""

ROLES: Final = {"gp": "GP", "senco": "SENCO", "yos_worker": "YOS worker"}

DUPLICATE_KINDS: Final = {
    "duplicate_services": "Same kind of service from two agencies",
    "repeat_assessments": "Assessment repeated by another agency",
    "sibling_teams": "Siblings with different leads",
    "multiple_leads": "Child with two or more leads",
    "multiple_tacs": "Child with two or more TACs",
}
DUPLICATE_UNITS: Final = {
    "duplicate_services": "children and kinds of service",
    "repeat_assessments": "repeated assessments",
    "sibling_teams": "families",
    "multiple_leads": "children",
    "multiple_tacs": "children",
}

COVERAGE_KINDS: Final = {
    "statutory_breaches": "Lead not in the role that is asked for",
    "tacs_without_lead": "Nobody leads",
    "unsupported_leads": "Lead without a post, or no member",
    "untrained_leads": "Lead untrained, or in term time only",
    "overdue_reviews": "Review overdue",
    "overdue_actions": "Action of the delivery plan overdue",
    "transitions_due": "Young person about to turn 18",
    "multi_agency_without_tac": "Two agencies or more, and no TAC",
    "lead_not_needed": "A team of one",
}


def role_name(code: str) -> str:
    """A role's or a sector's code as words: `social_worker` → `Social worker`; unknown codes likewise."""
    if code in ROLES:
        return ROLES[code]
    words = str(code).replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def heading(name: str) -> str:
    """A column's or a parameter's name as a plain heading: `tacs_led` → `TACs led`, `child_id` → `Child`."""
    words = name.removesuffix("_id").replace("_ids", "s").replace("_", " ").split()
    known = {"tac": "TAC", "tacs": "TACs", "fte": "FTE", "id": "ID", "p": "p", "z": "z"}
    text = " ".join(known.get(word, word) for word in words) or name
    return text if text[:1].isupper() or text in known else text[:1].upper() + text[1:]


def per_cent(share: float, digits: int = 0) -> str:
    """A share as `41%`; `n/a` where undefined."""
    return NOT_DEFINED if math.isnan(share) else f"{100 * share:.{digits}f}%"


def number(value: float, digits: int = 1) -> str:
    """A number with thousands' commas and `digits` decimals, whole numbers without; `n/a` where undefined."""
    if math.isnan(value):
        return NOT_DEFINED
    text = f"{value:,.{digits}f}"
    return f"{value:,.0f}" if digits and float(value).is_integer() else text


def times(ratio: float) -> str:
    """A ratio as `1.90 times`; `n/a` where undefined."""
    return NOT_DEFINED if math.isnan(ratio) else f"{ratio:.2f} times"


def count(value: float | None, one: str, many: str) -> str:
    """`1 practitioner`, `3 practitioners`, `no practitioners`; `a few (c) practitioners` where suppressed."""
    if value is None or math.isnan(value):
        return f"a few ({SUPPRESSED}) {many}"
    if value == 0:
        return f"no {many}"
    return f"{value:,.0f} {one if value == 1 else many}"


def listed(names: list[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def month_name(day: date) -> str:
    return f"{day:%B} {day.year}"


def day_name(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


def label(frame: pd.DataFrame, column: str = "agency_id") -> pd.Series:
    """The name of each row where the frame has one, else its id; always text."""
    ids = frame[column].astype(str)
    return frame["name"].astype(object).fillna(ids).astype(str) if "name" in frame else ids

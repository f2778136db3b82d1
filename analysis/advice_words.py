"""Sentences of advice that can be read aloud in a meeting: no child in them, no needs level, no status."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Any, Final

from analysis.rows import EQUAL

_WHOLE: Final = 0.005
_OBSTACLES: Final = {
    "kept": "{} cannot be handed over (statute, statutory threshold, family's choice, long relationship, "
    "or two leads)",
    "untrained": "in {} members have room but none of them is trained",
    "wrong_role": "in {} nobody trained with room has the role that the allocation table asks for",
    "no_room": "in {} nobody else has room",
    "waiting": "{} could go to a trained member with room, so more handovers would help",
}


def percent(part: float) -> str:
    """A part of capacity in words: whole per cents, a decimal where whole ones would look like 100%."""
    if isnan(part):
        return ""
    near = abs(part - 1) < _WHOLE and abs(part - 1) > EQUAL
    return f"{100 * part:.1f}%" if near else f"{100 * part:.0f}%"


def why_move(
    row: Mapping[Any, Any],
    giver: str,
    taker: str,
    agencies: Mapping[str, tuple[str, float]],
    *,
    over: bool,
    later: bool,
) -> str:
    """Why one handover is proposed, at its place in the order.

    `giver` and `taker` say what part of capacity each uses before it (empty: has none); `later` that the
    giver's part is not today's, for handovers before this one change it. `agencies` has name and disparity.
    """
    lead, member = row["from_practitioner_id"], row["to_practitioner_id"]
    able = f"{member}, already in this team and trained, is at {taker}"
    if not giver:
        return f"{lead} leads without a post that has time for it; {able} of capacity."
    if over:
        state = "would by then be at" if later else "is at"
        return f"{lead} {state} {giver} of capacity; {able}."
    if row["distance_removed"] > EQUAL:
        between = _between(agencies, row["from_agency_id"], row["to_agency_id"])
        return f"{between}; {able} of capacity."
    if row["overload_removed"] > EQUAL:
        return f"{lead} is at {giver} of capacity; {able}."
    return f"It makes other handovers of this list possible: {lead} is at {giver} of capacity; {able}."


def _between(agencies: Mapping[str, tuple[str, float]], giver: object, taker: object) -> str:
    (name, share), (other, less) = agencies[str(giver)], agencies[str(taker)]
    if giver == taker or isnan(share) or isnan(less):
        return "It brings the agencies nearer to their fair share of lead work"
    return f"{name} carries {share:.2f} times its fair share of lead work, {other} {less:.2f} times"


def why_unhelped(head: str, teams: int, counts: Mapping[str, int], verdict: str, missing: float) -> str:
    """Why a lead stays above capacity: `head` says who and how far, `counts` what stands in the way.

    `missing` is the time missing in FTE of the role.
    """
    if verdict == "fte":
        these = "this team" if teams == 1 else f"these {teams} teams"
        more = f" ({missing:.1f} FTE more in this role would do)" if missing >= 0.05 else ""  # noqa: PLR2004
        return f"{head}: no other member of {these} has room; FTE is missing, not fairness{more}."
    parts = [words.format(counts[name]) for name, words in _OBSTACLES.items() if counts[name]]
    return f"{head}: {'; '.join(parts)}."


def teams_led(count: int) -> str:
    return "1 team" if count == 1 else f"{count} teams"

"""The gaps in cover: what each is counted in, what to do about it, and what its cases are grouped by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Kind:
    """One way in which a child is not covered: its unit, what to do, and what its cases are counted by."""

    units: str
    what_to_do: str
    group: str
    of_tacs: bool = True


KINDS: Final[Mapping[str, Kind]] = {
    "statutory_breaches": Kind(
        "TACs",
        "Check the status first: it may have ended. If it holds, agree the handover at the next TAC meeting; "
        "the page Advice names who in the team has the role.",
        "status",
    ),
    "tacs_without_lead": Kind(
        "TACs",
        "Ask the team to agree a lead at its next meeting; take the longest without one first. "
        "If it is disputed, take it to the line managers.",
        "days_without_lead",
    ),
    "unsupported_leads": Kind(
        "leads",
        "Somebody who has left cannot lead: hand over. Where only the record is late, mend it at the source.",
        "problem",
        of_tacs=False,
    ),
    "untrained_leads": Kind(
        "practitioners",
        "Book the training before the next TAC is taken on; where a lead works in term time only, agree who "
        "stands in over the holidays.",
        "home_agency_id",
        of_tacs=False,
    ),
    "overdue_reviews": Kind(
        "TACs",
        "Set the date of the next review with the family; take the longest overdue first.",
        "days_overdue",
    ),
    "overdue_actions": Kind(
        "actions",
        "Ask the owner: done and not recorded, no longer needed, or in need of help?",
        "home_agency_id",
        of_tacs=False,
    ),
    "transitions_due": Kind(
        "TACs",
        "Ask the lead whether adult services know, and who leads after the birthday.",
        "agency",
    ),
    "multi_agency_without_tac": Kind(
        "children",
        "Ask the agencies whether they know of each other; if the child needs both, open a TAC.",
        "pair",
        of_tacs=False,
    ),
    "lead_not_needed": Kind(
        "TACs",
        "One practitioner alone needs no lead: close the TAC, or find out who is missing from it.",
        "home_agency_id",
    ),
}
OF_TACS: Final = frozenset(name for name, kind in KINDS.items() if kind.of_tacs)
"""The kinds whose cases are TACs: what they leave of the active TACs is a count as well."""

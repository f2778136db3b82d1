"""Who looks, and what they may see: roles, their rights, the viewer, and what a look at must be recorded.

It lies in the lowest layer so that no page, report or script can forget it: whoever reads the graph
hands over a `Viewer`, and a look at a child or a named person leaves a record (`graphmodel.audit_log`).
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

from graphmodel.declare import Identity
from graphmodel.errors import AccessRefused

Role = Literal[
    "strategic_manager",
    "agency_manager",
    "practitioner",
    "analyst",
    "safeguarding_lead",
    "administrator",
]
LOCAL_USER: Final = "local_user"

Right = Literal[
    "figures",  # the partnership's figures, small counts hidden; nobody in them
    "practitioners",  # rows about practitioners by id (an agency manager: of the own agency)
    "names",  # names of practitioners, with a reason (an agency manager: of the own agency)
    "children",  # rows about children by id, with a reason
    "own_view",  # one's own load and its working
    "workbench",  # any question to the graph
    "data_quality",
    "settings",
    "agree_settings",
    "audit",
]

_EVERY: Final[frozenset[Right]] = frozenset(get_args(Right))
RIGHTS: Final[Mapping[str, frozenset[Right]]] = {
    "strategic_manager": frozenset({"figures", "settings"}),
    "agency_manager": frozenset({"figures", "practitioners", "names", "settings"}),
    "practitioner": frozenset({"own_view"}),
    "analyst": frozenset({"figures", "practitioners", "children", "workbench", "data_quality", "settings"}),
    "safeguarding_lead": frozenset({"figures", "practitioners", "names", "children"}),
    "administrator": frozenset({"data_quality", "settings", "agree_settings", "audit"}),
    # no sign-in: whoever runs the process holds the data folder, and states a role before names and children
    LOCAL_USER: _EVERY,
}

_REFUSALS: Final[Mapping[Right, str]] = {
    "figures": "may not see the partnership's figures",
    "practitioners": "may not see rows about a practitioner",
    "names": "may not see named practitioners",
    "children": "may not see rows about a child",
    "own_view": "has no view of their own load",
    "workbench": "may not put questions to the graph",
    "data_quality": "may not see the quality of the data",
    "settings": "may not see the settings",
    "agree_settings": "may not mark settings as agreed",
    "audit": "may not see the audit record",
}

CHILD_COLUMNS: Final = frozenset({"child_id", "child_ids", "birth_date", "family_id", "turns_18_on"})
NAME_COLUMNS: Final = frozenset({"name", "practitioner_name", "first_name", "last_name"})
PRACTITIONER_COLUMNS: Final = frozenset({"practitioner_id", "practitioner_ids", "lead_ids"})


@dataclass(frozen=True)
class Viewer:
    """Who looks, in which role, and the reason they state (needed for a child or a named person).

    An agency manager who signed in has an `agency_id`, a practitioner a `practitioner_id`: they see these
    and no other. Where a role is only stated (no sign-in) both are empty.
    """

    name: str
    role: Role | Literal["local_user"]
    reason: str = ""
    agency_id: str | None = None
    practitioner_id: str | None = None

    @classmethod
    def local(cls, reason: str = "") -> Viewer:
        """The one user of a set-up without sign-in: whoever runs the process, on this machine only."""
        return cls(_user(), LOCAL_USER, reason)

    def may(self, right: Right) -> bool:
        """Whether the role has a right; a role that is not known has none."""
        return right in RIGHTS.get(self.role, frozenset())

    @property
    def month_ends_only(self) -> bool:
        """Whether the partnership's figures are shown as of month ends only (docs/decisions/differencing.md).

        From one day to the next hardly anybody comes or goes, so two counts would tell of single children.
        Whoever may see rows about children is told nothing by them.
        """
        return self.may("figures") and not self.may("children")

    def must(self, right: Right) -> None:
        """Raise `AccessRefused` in words where the role lacks the right."""
        if not self.may(right):
            able = [role for role in get_args(Role) if right in RIGHTS[role]]
            raise AccessRefused(
                f"viewer in the role {self.role}",
                _REFUSALS[right],
                f"Ask somebody in the role of {_either([role.replace('_', ' ') for role in able])}.",
            )

    def must_see_children(self) -> None:
        self.must("children")
        if self.role != LOCAL_USER and not self.reason.strip():
            raise AccessRefused(
                "rows about a child", "no reason was stated", "State why you need to see them."
            )

    def lacks(self) -> dict[Identity, AccessRefused]:
        """Whom this viewer may not see now (the right or the reason is missing), with the refusal."""
        found: dict[Identity, AccessRefused] = {}
        for identity, must in (("name", self.must_see_names), ("child", self.must_see_children)):
            try:
                must()
            except AccessRefused as refused:
                found[cast("Identity", identity)] = refused
        return found

    def must_see_practitioners(self) -> None:
        """Rows about practitioners of any agency: an agency manager who signed in sees the own one's only."""
        self.must("practitioners")
        if self.agency_id is not None:
            raise AccessRefused(
                f"viewer in the role {self.role}",
                f"may see practitioners of {self.agency_id} only",
                "Ask an analyst for rows about all agencies.",
            )

    def must_see_names(self) -> None:
        self.must("names")
        if not self.reason.strip():
            raise AccessRefused(
                "names of practitioners", "no reason was stated", "State why you need to see them."
            )

    def sees_practitioner(self, practitioner_id: object, agency_ids: Iterable[object]) -> bool:
        """Whether rows about this practitioner of these agencies (those of the posts) may be shown."""
        if self.practitioner_id is not None and practitioner_id == self.practitioner_id:
            return True
        if not self.may("practitioners"):
            return False
        return self.agency_id is None or self.agency_id in set(agency_ids)


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"


def audited_kind(columns: Iterable[str]) -> Literal["child", "named practitioner"] | None:
    """What rows with these columns show that must leave a record; None where nothing does."""
    names = set(columns)
    if names & CHILD_COLUMNS:
        return "child"
    return "named practitioner" if names & NAME_COLUMNS else None

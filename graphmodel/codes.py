"""Code lists and allocation profiles: data of the field, each with its source.

Sources are the five guidance documents, by the short names of `docs/guidance.md`:
MG managers' guide, PL Plymouth guidance, TG practitioners' guide, DU Dudley paper, FS fact sheet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

SECTORS: Final = (
    "local_authority",
    "health",
    "education",
    "police",
    "youth_justice",
    "housing",
    "voluntary",
    "other",
)

ROLES: Final = (
    "social_worker",
    "senco",
    "health_visitor",
    "school_nurse",
    "family_support_worker",
    "education_welfare_officer",
    "youth_worker",
    "yos_worker",
    "personal_adviser",
    "key_worker",
    "care_coordinator",
    "learning_mentor",
    "teacher",
    "gp",
    "midwife",
    "police_officer",
    "housing_officer",
    "parent_carer",
)
"""Roles with a default share of the post (MG 3.1, TG 3.1); any other text is taken and reported."""

TAC_MODELS: Final = ("tac", "panel", "team", "integrated_service")
"""Models of working together (MG 5.6)."""

LEAD_REASONS: Final = (
    "statutory",
    "predominant_need",
    "relationship",
    "family_choice",
    "capacity",
    "handover",
    "other",
)
"""Why this practitioner leads (MG 3.14, PL)."""

ASSESSMENT_KINDS: Final = (
    "common",
    "early_help",
    "initial",
    "core",
    "sen",
    "youth_justice",
    "mental_health",
    "other",
)

SERVICE_CATEGORIES: Final = (
    "parenting",
    "counselling",
    "family_support",
    "speech_language",
    "substance_misuse",
    "sexual_health",
    "mental_health",
    "mentoring",
    "attendance",
    "housing_support",
)

SENSITIVE_CATEGORIES: Final = ("sexual_health", "mental_health", "substance_misuse")
"""Shown against a child only with recorded consent (TG 2.11-2.14)."""

Strength = Literal["required", "expected", "advisory"]


@dataclass(frozen=True)
class NeedsLevelCode:
    """One step of the continuum of needs (MG 1.7, 2.17-2.18; TG fig. 1)."""

    level: int
    name: str


NEEDS_LEVELS: Final = (
    NeedsLevelCode(1, "universal"),
    NeedsLevelCode(2, "additional needs"),
    NeedsLevelCode(3, "targeted, multiple needs"),
    NeedsLevelCode(4, "complex, at the statutory threshold"),
)


@dataclass(frozen=True)
class StatusCode:
    """A child's status. `precedence` 1 is the strictest; None where no rule asks for a role."""

    status: str
    name: str
    precedence: int | None


STATUSES: Final = (
    StatusCode("CP", "child protection plan or register", 1),
    StatusCode("LAC", "looked after", 2),
    StatusCode("ADOPTION", "adoption is the plan", 3),
    StatusCode("RESIDENTIAL", "residential setting", 4),
    StatusCode("CIN_ASSESSMENT", "initial or core assessment under way", 5),
    StatusCode("CARE_LEAVER", "care leaver", 6),
    StatusCode("MH_CPA", "mental health, care programme approach", 7),
    StatusCode("YOUTH_JUSTICE", "open to the youth offending service", 8),
    StatusCode("DISABILITY", "complex disability or health needs", 9),
    StatusCode("SEN", "special educational needs", 10),
    StatusCode("CIN", "child in need after assessment", None),
)


@dataclass(frozen=True)
class AllocationRule:
    """Who must lead where a status holds: any of `roles`, with `strength`, in a `profile`."""

    profile: str
    status: str
    strength: Strength
    roles: tuple[str, ...]
    source: str


def _profile(
    profile: str, source: str, rows: tuple[tuple[str, Strength, tuple[str, ...]], ...]
) -> tuple[AllocationRule, ...]:
    return tuple(AllocationRule(profile, s, strength, roles, source) for s, strength, roles in rows)


_SHARED: Final[tuple[tuple[str, Strength, tuple[str, ...]], ...]] = (
    ("CP", "required", ("social_worker",)),
    ("LAC", "required", ("social_worker",)),
    ("ADOPTION", "required", ("social_worker",)),
    ("RESIDENTIAL", "required", ("social_worker",)),
    ("CIN_ASSESSMENT", "required", ("social_worker",)),
    ("CARE_LEAVER", "required", ("personal_adviser", "social_worker")),
    ("MH_CPA", "expected", ("care_coordinator",)),
    ("YOUTH_JUSTICE", "expected", ("yos_worker",)),
)
# Where CP or LAC holds beside YOUTH_JUSTICE, precedence makes CP or LAC the ruling status, which is
# the guidance's "unless CP or LAC: then social worker" without a rule of its own.

ALLOCATION_RULES: Final = _profile(
    "national",
    "MG Box 1 and Annex C; TG Annex C",
    (
        *_SHARED,
        ("DISABILITY", "advisory", ("key_worker",)),
        ("SEN", "advisory", ("personal_adviser", "senco")),
    ),
) + _profile(
    "plymouth",
    "PL, allocation table",
    (
        *_SHARED,
        ("DISABILITY", "expected", ("key_worker",)),
        ("SEN", "expected", ("senco",)),
    ),
)

ALLOCATION_PROFILES: Final = tuple(dict.fromkeys(rule.profile for rule in ALLOCATION_RULES))


def allocation_rules(profile: str) -> list[dict[str, object]]:
    """The rules of one profile as query parameters, strictest first: status, strength, roles."""
    precedence = {code.status: code.precedence or 0 for code in STATUSES}
    return [
        {
            "status": rule.status,
            "precedence": precedence[rule.status],
            "strength": rule.strength,
            "roles": list(rule.roles),
        }
        for rule in sorted(ALLOCATION_RULES, key=lambda r: precedence[r.status])
        if rule.profile == profile
    ]

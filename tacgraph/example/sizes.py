"""Every size and shape of the made-up authority, each with its source; nothing else holds such a number.

Sources by short name: *CIN* the DfE's children-in-need table b1 for 2025 with the ONS mid-2024 children
aged 0-17; *CSWW* the DfE's social work workforce census 2017-2025; *SP9* ADCS Safeguarding Pressures 9;
*D2I* Data to Insight's "CSC for Data People"; TG, MG, PL the guidance. *Chosen* marks what no
publication gives: a value picked so that the whole hangs together, free to be changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MEDIAN_CHILDREN: Final = 62_500
"""ONS mid-2024: the median local authority has 62,520 children aged 0-17."""
FEWEST_CHILDREN: Final = 50
"""Chosen: below this the planted cases would not find children enough."""

# Early help
EHA_PER_10K_A_YEAR: Final = 260.0
"""SP9: 288 early help assessments per 10,000 children in family-hub areas, 231 in the others."""
EHA_SUPPORT: Final = 0.45
"""SP9: outcomes of early help assessments: support 45 %."""
EHA_STEP_UP: Final = 0.07
"""SP9: stepped up to social care 7 %."""
EHA_STEP_DOWN: Final = 0.13
"""SP9: stepped down 13 %."""
ASSESSMENT_DAYS: Final = 45.0
"""D2I: an assessment takes 45 days."""
EARLY_HELP_TAC_DAYS: Final = (60.0, 180.0)
"""Chosen: least and mean length of an early help team's work."""

# Statutory work, per 10,000 children
CIN_STOCK_PER_10K: Final = 346.0
"""CIN: the median authority's children in need on 31 March 2025 (England 330)."""
CIN_STARTED_PER_10K_A_YEAR: Final = 328.0
"""CIN: the median authority's episodes started in the year."""
STOCK_CIN_CP_LAC: Final = (900, 300, 300)
"""D2I: stock of an authority with 400 contacts a month; used here as the proportion."""
CIN_DAYS: Final = (90, 365)
"""D2I: a child in need plan lasts 90-365 days."""
CP_DAYS: Final = (90, 730)
"""D2I: a child protection plan lasts 90-730 days."""
LAC_DAYS: Final = (3, 10_000)
"""D2I: a child is looked after for 3-10,000 days."""
LAC_MEDIAN_DAYS: Final = 600.0
"""Chosen, within the D2I range."""
COLLISIONS: Final = {"CIN": 1.02, "CP": 1.0, "LAC": 1.15}
"""Chosen: makes good the episodes dropped because the child has one already or comes of age."""


@dataclass(frozen=True)
class OtherStatus:
    """A status beside the ladder: stock per 10,000, mean days, ages, share with a team, lead role."""

    stock_per_10k: float
    mean_days: float
    ages: tuple[float, float]
    with_tac: float
    lead_group: str


OTHER_STATUSES: Final = {
    # Chosen throughout: the shared publications give no rate for these
    "SEN": OtherStatus(430.0, 1500.0, (4, 18.5), 0.0, "school"),
    "DISABILITY": OtherStatus(50.0, 1500.0, (1, 18.5), 0.18, "disability"),
    "CARE_LEAVER": OtherStatus(18.0, 500.0, (16, 18.5), 0.3, "leaving_care"),
    "YOUTH_JUSTICE": OtherStatus(10.0, 200.0, (11, 18.5), 0.4, "yos"),
    "MH_CPA": OtherStatus(8.0, 300.0, (10, 18.5), 0.4, "camhs"),
    "RESIDENTIAL": OtherStatus(5.0, 500.0, (8, 18.5), 0.3, "csc"),
    "ADOPTION": OtherStatus(3.0, 300.0, (1, 9), 0.3, "csc"),
}

LADDER_WITH_TAC: Final = {"CP": 0.50, "LAC": 0.12, "CIN": 0.09}
"""Chosen: the part of social care cases with a recorded multi-agency team. The published caseload (a case
is a child) and 15 points of capacity a full-time post cannot both hold if every case were a team."""

# Workforce
CASELOAD_PER_FTE: Final = 15.4
"""CSWW: cases per full-time-equivalent case holder, 2024 (15.2 in 2025, 16.0 in 2023)."""
TURNOVER_A_YEAR: Final = 0.15
"""CSWW: turnover 11.8-17.2 % in 2017-2025."""
VACANCY: Final = (0.35, 90)
"""Chosen: the part of leavers whose seat stays empty a while, and the most days (CSWW: vacancies 14 %)."""
HALF_TIME_OR_SO: Final = 0.6
"""Chosen: posts up to this may have a second one beside them."""
FTE_VALUES: Final = (1.0, 0.8, 0.6, 0.5, 0.4)
FTE_PARTS: Final = (0.62, 0.15, 0.11, 0.08, 0.04)
"""Chosen: CSWW has 36,186 FTE in 38,292 heads for social workers; partners work part-time more often."""
SPLIT_POST: Final = 0.15
"""Chosen: of part-time staff, those with a second, multi-agency post (MG 5.21, TG 4.6)."""
TRAINED: Final = 0.78
"""Chosen: practitioners trained for the lead role."""
POINTS_PER_FTE: Final = 15.0
"""The measures page: capacity of a full-time post wholly for multi-agency case work."""
ROLE_SHARE: Final = {
    # The measures page: the default part of a post, by role
    "social_worker": 1.0,
    "family_support_worker": 1.0,
    "key_worker": 1.0,
    "care_coordinator": 0.8,
    "personal_adviser": 0.8,
    "yos_worker": 0.8,
    "youth_worker": 0.6,
    "education_welfare_officer": 0.6,
    "learning_mentor": 0.4,
    "health_visitor": 0.3,
    "school_nurse": 0.3,
    "senco": 0.3,
    "midwife": 0.2,
    "housing_officer": 0.2,
    "teacher": 0.1,
    "police_officer": 0.1,
    "gp": 0.05,
}


@dataclass(frozen=True)
class AgencyKind:
    """A kind of agency: how many in a median authority, under whom, and seats per role in each of them."""

    group: str
    name: str
    sector: str
    parent: str
    agencies: float
    fewest: int
    seats: tuple[tuple[str, float], ...]
    gbp: tuple[int, int] = (0, 0)
    local: bool = False


SCHOOL_GBP_PER_PUPIL: Final = 5
"""DU: schools put £5 a pupil into the pooled budget."""
PUPILS_PER_SCHOOL: Final = 600
"""Chosen: 62,500 children, those of school age, in 75 schools."""

AGENCY_KINDS: Final = (
    # Chosen so that about 120 agencies serve a median authority; social workers' seats come from the caseload
    AgencyKind("csc", "Social care team", "local_authority", "la", 18, 1, (), local=True),
    AgencyKind(
        "eh",
        "Early help team",
        "local_authority",
        "la",
        5,
        1,
        (("family_support_worker", 13), ("education_welfare_officer", 3)),
        local=True,
    ),
    AgencyKind(
        "leaving_care", "Leaving care team", "local_authority", "la", 1, 1, (("personal_adviser", 18),)
    ),
    AgencyKind("disability", "Disability team", "local_authority", "la", 1, 1, (("key_worker", 26),)),
    AgencyKind("youth", "Youth service", "local_authority", "la", 1, 1, (("youth_worker", 14),)),
    AgencyKind("hv", "Health visiting team", "health", "nhs", 5, 2, (("health_visitor", 17),), local=True),
    AgencyKind("nurse", "School nursing team", "health", "nhs", 2, 1, (("school_nurse", 9),)),
    AgencyKind("midwifery", "Midwifery team", "health", "nhs", 1, 1, (("midwife", 12),)),
    AgencyKind("camhs", "Child mental health team", "health", "nhs", 2, 1, (("care_coordinator", 14),)),
    AgencyKind("gp", "General practice", "health", "", 8, 1, (("gp", 3),), local=True),
    AgencyKind("police", "Police", "police", "", 1, 1, (("police_officer", 16),)),
    AgencyKind(
        "yos", "Youth offending service", "youth_justice", "", 1, 1, (("yos_worker", 14),), (40_000, 60_000)
    ),
    AgencyKind(
        "housing", "Housing association", "housing", "", 3, 1, (("housing_officer", 6),), (5_000, 20_000)
    ),
    AgencyKind(
        "voluntary",
        "Voluntary organisation",
        "voluntary",
        "",
        10,
        1,
        (("family_support_worker", 3), ("youth_worker", 2), ("key_worker", 1)),
        (0, 4_000),
    ),
    AgencyKind(
        "school",
        "School",
        "education",
        "",
        75,
        2,
        (("senco", 1), ("learning_mentor", 2.2), ("teacher", 3), ("family_support_worker", 0.12)),
        (1, 1),
        local=True,
    ),
)
PARENTS: Final = {
    "la": ("Local authority children's services", "local_authority", (100_000, 180_000)),
    "nhs": ("Health trust", "health", (60_000, 110_000)),
}
CHILDREN_PER_LOCALITY: Final = 12_500
"""Chosen: localities of an authority."""

# Who leads and who sits in the teams
TOWARDS_CAPACITY: Final = 1.3
"""Chosen: power of a seat's capacity in the odds of being asked; above 1, small posts are asked less."""
EARLY_HELP_LEADS: Final = {
    # SP9: "schools do 70 % of our early help"; 40-70 % is the range aimed at over all ages
    "school_age": {"school": 0.88, "eh": 0.06, "voluntary": 0.02, "health": 0.02, "other": 0.02},
    "under_school_age": {"eh": 0.62, "health": 0.23, "voluntary": 0.15},
}
SCHOOL_AGE: Final = 4.5
ASSESSOR_LEADS: Final = 0.45
"""Chosen: how often the assessor's seat takes the lead (MG 3.15 warns of always)."""
CIN_LED_BY_SOCIAL_WORKER: Final = 0.85
"""Chosen: the rest by early help teams (Working Together 2023 allows it)."""
EXTRA_MEMBERS: Final = 3.3
"""Chosen: Poisson mean of members beyond the first two, held at nine: teams of 2-9, about 4.5."""
LARGEST_TEAM: Final = 9
SOCIAL_WORKER_SUPPORT: Final = 0.08
"""Chosen: how readily a social worker sits in a team beside the lead, against capacity."""
HANDOVER: Final = 0.12
"""Chosen: teams whose lead changes for another reason than leaving."""
LATE_LEAD: Final = (0.3, 28)
"""Chosen: the part of teams whose lead is named late, and the most days."""
PUPILS_SCHOOL_JOINS: Final = 0.4
"""Chosen: how often the first other member of a pupil's team is from the own school."""
SIBLING_JOINS: Final = 0.28
SIBLING_OTHER_TEAM: Final = 0.15
"""Chosen: a sibling also gets a team; with other people than the first child's."""
REVIEW_DAYS: Final = (42, 84)
"""Chosen after TG 2.6-2.7 ("reviewed regularly"): every 6 to 12 weeks."""
REVIEW_MISSED: Final = 0.12
ACTIONS_A_YEAR: Final = 3.2
"""Chosen: actions a member owns in a year."""
ACTION_DONE: Final = 0.95
FAVOURED_SHARE: Final = 0.3
"""Chosen: the first early help team has this part of each post for case work, and leads as if it had all."""
SINGLE_SERVICE_PER_10K: Final = 100.0
"""Chosen: children with a service and no team."""
OFFERED: Final = 0.6
"""Chosen: how often an agency offers a category that its kind need not offer."""
TERM_TIME_ONLY: Final = 0.55
"""Chosen: school staff available in term time only (TG 3.6)."""
WITH_UPN: Final = 0.9
WITH_NHS_NUMBER: Final = 0.8
"""Chosen: children whose numbers are on record (UPN: of school age)."""
AUGUST: Final = 0.5
"""Chosen: the part of August's early help assessments that come forty days earlier, before the holidays."""
CONSENT: Final = 0.6
"""Chosen: sensitive services with recorded consent."""
PLANTS_IN_MEDIAN: Final = 10
"""Chosen: plants of each kind in a median authority, in proportion elsewhere, never fewer than one."""

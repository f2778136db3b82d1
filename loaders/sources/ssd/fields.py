"""The tables and columns of the Standard Safeguarding Dataset that are read, under all their names.

The names are those of the live scripts of System C, Mosaic and Eclipse and of earlier versions of them;
the first name of a field is today's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["id", "day", "text"]
"""How cells are cleaned: an id loses a `.0` that tables of numbers add, a day loses its time of day."""


@dataclass(frozen=True)
class Field:
    """One column: our word for it, how it is cleaned, its names."""

    name: str
    kind: Kind
    names: tuple[str, ...]


def _fields(prefix: str, text: str) -> dict[str, Field]:
    """Lines `word kind name…`; a name that starts with `_` is behind the table's prefix."""
    found = {}
    for line in text.strip().splitlines():
        word, kind, *names = line.split()
        plain = tuple(f"{prefix}{n}" if n.startswith("_") else n for n in names)
        found[word] = Field(word, _KINDS[kind], plain)
    return found


_KINDS: Final[dict[str, Kind]] = {"id": "id", "day": "day", "text": "text"}

FIELDS: Final[dict[str, dict[str, Field]]] = {
    "ssd_person": _fields(
        "pers",
        """
        person id _person_id
        birth day _dob
        is_mother text _is_mother
        """,
    ),
    "ssd_family": _fields("fami", "person id _person_id\n family id _family_id"),
    "ssd_department": _fields(
        "dept",
        """
        team id _team_id _id
        name text _team_name
        parent id _team_parent_id _parent_id
        parent_name text _team_parent_name
        """,
    ),
    "ssd_professionals": _fields(
        "prof",
        """
        professional id _professional_id
        staff id _staff_id
        name text _professional_name
        registration id _social_worker_registration_no
        title text _professional_job_title
        department text _professional_department
        fte text _full_time_equivalency
        """,
    ),
    "ssd_involvements": _fields(
        "invo",
        """
        involvement id _involvements_id
        professional id _professional_id
        role text _professional_role_id
        team text _professional_team
        person id _person_id personid person_id
        started day _involvement_start_date
        ended day _involvement_end_date
        referral id _referral_id
        """,
    ),
    "ssd_early_help_episodes": _fields(
        "earl",
        """
        episode id _episode_id
        person id _person_id
        started day _episode_start_date
        ended day _episode_end_date
        worker id _episode_worker_id
        """,
    ),
    "ssd_cin_episodes": _fields(
        "cine",
        """
        referral id _referral_id
        person id _person_id
        started day _referral_date
        ended day _close_date
        nfa text _referral_nfa
        """,
    ),
    "ssd_cin_assessments": _fields(
        "cina",
        """
        assessment id _assessment_id
        person id _person_id
        referral id _referral_id
        started day _assessment_start_date
        ended day _assessment_auth_date
        worker id _assessment_worker_id
        """,
    ),
    "ssd_s47_enquiry": _fields(
        "s47e",
        """
        enquiry id _s47_enquiry_id
        person id _person_id
        referral id _referral_id
        started day _s47_start_date
        ended day _s47_end_date
        worker id _s47_completed_by_worker_id
        """,
    ),
    "ssd_cin_plans": _fields(
        "cinp",
        """
        plan id _cin_plan_id cin_plan_id
        person id _person_id
        referral id _referral_id
        started day _cin_plan_start_date
        ended day _cin_plan_end_date
        """,
    ),
    "ssd_cp_plans": _fields(
        "cppl",
        """
        plan id _cp_plan_id
        person id _person_id
        referral id _referral_id
        started day _cp_plan_start_date
        ended day _cp_plan_end_date
        other_authority text _cp_plan_ola
        """,
    ),
    "ssd_cp_reviews": _fields(
        "cppr",
        """
        review id _cp_review_id workflow_step_id
        person id _person_id person_id
        plan id _cp_plan_id registration_id
        due day _cp_review_due due_date
        held day _cp_review_date actual_date
        """,
    ),
    "ssd_cla_episodes": _fields(
        "clae",
        """
        episode id _cla_episode_id
        person id _person_id
        started day _cla_episode_start_date _cla_episode_start
        ended day _cla_episode_ceased_date _cla_episode_ceased
        period id _cla_id
        referral id _referral_id
        """,
    ),
    "ssd_cla_reviews": _fields(
        "clar",
        """
        review id _cla_review_id
        period id _cla_id
        person id _cla_person_id _person_id
        due day _cla_review_due_date
        held day _cla_review_date
        cancelled text _cla_review_cancelled
        """,
    ),
    "ssd_legal_status": _fields(
        "lega",
        """
        person id _person_id
        code text _legal_status
        started day _legal_status_start_date _legal_status_start
        ended day _legal_status_end_date _legal_status_end
        """,
    ),
    "ssd_care_leavers": _fields(
        "clea",
        """
        person id _person_id
        eligibility text _care_leaver_eligibility
        """,
    ),
    "ssd_disability": _fields("disa", "person id _person_id\n code text _disability_code"),
    "ssd_permanence": _fields(
        "perm",
        """
        person id _person_id
        decided day _adm_decision_date
        placement_order day _placement_order_date
        matched day _matched_date
        placed day _placed_for_adoption_date
        ordered day _permanence_order_date
        reversed day _decision_reversed_date
        """,
    ),
}
"""The tables whose rows go into the working database, where no cell for identity matching ever goes."""

IDENTITY: Final[dict[str, dict[str, Field]]] = {
    "ssd_person": _fields(
        "pers",
        """
        person id _person_id
        upn id _upn
        legacy id _legacy_id
        unique_id id _single_unique_id _common_child_id
        first_name text _forename
        last_name text _surname
        birth day _dob
        """,
    ),
    "ssd_linked_identifiers": _fields(
        "link",
        """
        person id _person_id
        type text _identifier_type
        value id _identifier_value
        """,
    ),
    "ssd_address": _fields(
        "addr",
        """
        person id _person_id
        postcode text _address_postcode
        started day _address_start_date
        ended day _address_end_date
        """,
    ),
}
"""What feeds the matching of children: read past the working database, straight into staging."""

READ: Final = tuple(dict.fromkeys((*FIELDS, *IDENTITY)))
"""Every table of which something is read."""

KNOWN: Final = (
    *READ,
    *(
        f"ssd_{name}"
        for name in (
            *("api_data_staging", "assessment_factors", "cin_visits", "cla_care_plan", "cla_convictions"),
            *("cla_health", "cla_immunisations", "cla_placement", "cla_previous_permanence", "cla_visits"),
            *("cla_substance_misuse", "contacts", "cp_visits", "ehcp_active_plans", "ehcp_assessment"),
            *("ehcp_named_plan", "ehcp_requests", "immigration_status", "initial_cp_conference", "missing"),
            *("mother", "pre_proceedings", "s251_finance", "sdq_scores", "sen_need", "send", "version_log"),
            "voice_of_child",
        )
    ),
)
"""Every table of the dataset, so that one that is not read is known for what it is."""


def names_of(table: str) -> tuple[str, ...]:
    """Every name of every column of a table that is read."""
    fields = (*FIELDS.get(table, {}).values(), *IDENTITY.get(table, {}).values())
    return tuple(dict.fromkeys(name for field in fields for name in field.names))


def columns_of(fields: Iterable[Field], header: Iterable[str]) -> dict[str, str]:
    """Which column of a header each field is, by the field's name; where several fit, today's name."""
    there = set(header)
    found = {}
    for field in fields:
        name = next((n for n in field.names if n in there), None)
        if name is not None:
            found[field.name] = name
    return found

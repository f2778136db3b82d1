"""Made-up extracts of the Standard Safeguarding Dataset, as each case system writes them, with its traps.

A dataset is tables of rows under our own words, an absent value None, days ISO; `write_dataset` turns it into
files: the dialect's columns, a style of days, placeholders for what is absent. Nobody in it exists.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

Cell = str | None
Row = dict[str, Cell]
Dataset = dict[str, list[Row]]

DIALECTS: Final = ("systemc", "mosaic", "eclipse")
ROLES: Final = {
    "CW": "allocated_worker",
    "16PLUS": "personal_adviser",
    "KASCH": "key_agency",
    "Lead Professional": "lead",
    "IRO": None,
    "Team Manager": None,
    "ZZZ": None,
    "REL.ALLWORK": "allocated_worker",
    "REL.PERSONALADVISOR": "personal_adviser",
}
"""Codes that the data use, and the part in the team that the role map that ships gives them."""

COLUMNS: Final[dict[str, dict[str, str]]] = {
    "ssd_person": {
        "person": "pers_person_id",
        "legacy": "pers_legacy_id",
        "upn": "pers_upn",
        "first": "pers_forename",
        "last": "pers_surname",
        "birth": "pers_dob",
        "unique": "pers_single_unique_id",
        "mother": "pers_is_mother",
    },
    "ssd_family": {"row": "fami_table_id", "family": "fami_family_id", "person": "fami_person_id"},
    "ssd_department": {
        "team": "dept_team_id",
        "name": "dept_team_name",
        "parent": "dept_team_parent_id",
        "parent_name": "dept_team_parent_name",
    },
    "ssd_professionals": {
        "id": "prof_professional_id",
        "staff": "prof_staff_id",
        "name": "prof_professional_name",
        "swe": "prof_social_worker_registration_no",
        "title": "prof_professional_job_title",
        "department": "prof_professional_department",
        "fte": "prof_full_time_equivalency",
    },
    "ssd_involvements": {
        "row": "invo_involvements_id",
        "id": "invo_professional_id",
        "role": "invo_professional_role_id",
        "team": "invo_professional_team",
        "person": "invo_person_id",
        "start": "invo_involvement_start_date",
        "end": "invo_involvement_end_date",
        "reason": "invo_worker_change_reason",
        "referral": "invo_referral_id",
    },
    "ssd_early_help_episodes": {
        "episode": "earl_episode_id",
        "person": "earl_person_id",
        "start": "earl_episode_start_date",
        "end": "earl_episode_end_date",
        "worker": "earl_episode_worker_id",
    },
    "ssd_cin_episodes": {
        "referral": "cine_referral_id",
        "person": "cine_person_id",
        "start": "cine_referral_date",
        "end": "cine_close_date",
        "nfa": "cine_referral_nfa",
    },
    "ssd_cin_assessments": {
        "assessment": "cina_assessment_id",
        "person": "cina_person_id",
        "referral": "cina_referral_id",
        "start": "cina_assessment_start_date",
        "end": "cina_assessment_auth_date",
        "worker": "cina_assessment_worker_id",
    },
    "ssd_s47_enquiry": {
        "enquiry": "s47e_s47_enquiry_id",
        "person": "s47e_person_id",
        "referral": "s47e_referral_id",
        "start": "s47e_s47_start_date",
        "end": "s47e_s47_end_date",
        "worker": "s47e_s47_completed_by_worker_id",
    },
    "ssd_cin_plans": {
        "plan": "cinp_cin_plan_id",
        "person": "cinp_person_id",
        "referral": "cinp_referral_id",
        "start": "cinp_cin_plan_start_date",
        "end": "cinp_cin_plan_end_date",
    },
    "ssd_cp_plans": {
        "plan": "cppl_cp_plan_id",
        "person": "cppl_person_id",
        "referral": "cppl_referral_id",
        "start": "cppl_cp_plan_start_date",
        "end": "cppl_cp_plan_end_date",
        "ola": "cppl_cp_plan_ola",
    },
    "ssd_cp_reviews": {
        "review": "cppr_cp_review_id",
        "person": "cppr_person_id",
        "plan": "cppr_cp_plan_id",
        "due": "cppr_cp_review_due",
        "held": "cppr_cp_review_date",
    },
    "ssd_cla_episodes": {
        "episode": "clae_cla_episode_id",
        "person": "clae_person_id",
        "start": "clae_cla_episode_start_date",
        "end": "clae_cla_episode_ceased_date",
        "period": "clae_cla_id",
        "referral": "clae_referral_id",
    },
    "ssd_cla_reviews": {
        "review": "clar_cla_review_id",
        "period": "clar_cla_id",
        "due": "clar_cla_review_due_date",
        "held": "clar_cla_review_date",
        "cancelled": "clar_cla_review_cancelled",
    },
    "ssd_legal_status": {
        "row": "lega_legal_status_id",
        "person": "lega_person_id",
        "code": "lega_legal_status",
        "start": "lega_legal_status_start_date",
        "end": "lega_legal_status_end_date",
    },
    "ssd_care_leavers": {
        "row": "clea_table_id",
        "person": "clea_person_id",
        "eligibility": "clea_care_leaver_eligibility",
    },
    "ssd_disability": {"row": "disa_table_id", "person": "disa_person_id", "code": "disa_disability_code"},
    "ssd_permanence": {
        "row": "perm_table_id",
        "person": "perm_person_id",
        "decided": "perm_adm_decision_date",
        "order": "perm_placement_order_date",
        "made": "perm_permanence_order_date",
        "reversed": "perm_decision_reversed_date",
    },
    "ssd_linked_identifiers": {
        "row": "link_table_id",
        "person": "link_person_id",
        "type": "link_identifier_type",
        "value": "link_identifier_value",
    },
}
"""Today's column of each of our words, as System C and Eclipse write it."""

MOSAIC: Final = {
    "cinp_cin_plan_id": "cin_plan_id",
    "cppr_cp_review_id": "workflow_step_id",
    "cppr_person_id": "person_id",
    "cppr_cp_plan_id": "registration_id",
    "cppr_cp_review_due": "due_date",
    "cppr_cp_review_date": "actual_date",
}
OLDER: Final = {
    "pers_single_unique_id": "pers_common_child_id",
    "clae_cla_episode_ceased_date": "clae_cla_episode_ceased",
}
DAYS: Final = frozenset({"birth", "start", "end", "due", "held", "decided", "order", "made", "reversed"})


def _long(day: str) -> str:
    return date.fromisoformat(day).strftime("%d/%m/%Y")


def _server(day: str) -> str:
    there = date.fromisoformat(day)
    return f"{there.strftime('%b')} {there.day:2d} {there.year} 12:00AM"


STYLES: Final[tuple[Callable[[str], str], ...]] = (
    str,
    lambda day: f"{day} 00:00:00.000",
    lambda day: f"{day}T10:15:00",
    _long,
    lambda day: f"{_long(day)} 00:00",
    _server,
)
_NOTHING: Final = ("", "NULL", " ", "SSD_PH", "PLACEHOLDER_DATA", "-1")
_NO_DAY: Final = ("", "NULL", "1900-01-01", "1900-01-01 00:00:00.000", "01/01/1900")


@dataclass(frozen=True)
class Writing:
    """How an extract is written: dialect, older names, a suffix of the files' names, Parquet or CSV."""

    dialect: str = "systemc"
    style: int = 0
    older: bool = False
    parquet: bool = False
    name: str = "{table}"
    seed: int = 0
    separator: str = ","
    bare: bool = False
    without: Sequence[str] = field(default=())

    def columns(self, table: str) -> dict[str, str]:
        """Our words for the columns that this dialect has → its names for them."""
        found = dict(COLUMNS[table])
        if self.dialect == "mosaic":
            gone = {"ssd_involvements": ("person",), "ssd_professionals": ("name", "title", "fte")}
            found = {word: MOSAIC.get(n, n) for word, n in found.items() if word not in gone.get(table, ())}
            if table == "ssd_cla_reviews":
                found["person"] = "clar_cla_person_id"
        if self.older:
            found = {word: OLDER.get(name, name) for word, name in found.items()}
        return found


def is_day(cell: str) -> bool:
    """Whether a cell of a dataset is a day, and not a mistake planted where one should be."""
    try:
        return date.fromisoformat(cell).isoformat() == cell
    except ValueError:
        return False


def write_dataset(folder: Path, data: Mapping[str, Sequence[Row]], how: Writing | None = None) -> Path:
    """One file a table, in an order of columns that no specification promises."""
    how = how or Writing()
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(how.seed)
    for table, rows in data.items():
        if table in how.without or (how.dialect == "mosaic" and table == "ssd_family"):
            continue
        columns = list(how.columns(table).items())
        chance.shuffle(columns)
        cells = [[_cell(word, row.get(word), how, chance) for word, _ in columns] for row in rows]
        stem = how.name.format(table=table.removeprefix("ssd_") if how.bare else table)
        names = [name for _, name in columns]
        if how.parquet:
            by_column = {n: pa.array([row[i] for row in cells], pa.string()) for i, n in enumerate(names)}
            pq.write_table(pa.table(by_column), folder / f"{stem}.parquet")
            continue
        with (folder / f"{stem}.csv").open("w", encoding="utf-8", newline="") as text:
            csv.writer(text, delimiter=how.separator).writerows([names, *cells])
    return folder


def _cell(word: str, value: Cell, how: Writing, chance: random.Random) -> Cell:
    if value is None:
        if how.parquet and chance.random() < 0.5:
            return None
        return chance.choice(_NO_DAY if word in DAYS else _NOTHING)
    return STYLES[how.style % len(STYLES)](value) if word in DAYS and is_day(value) else value

"""Who is allocated which children, by their legal status: the columns of the sector's own caseload report.

The column names are those of Data to Insight's team caseload report, counted as they are meant: a case is a
child with an active TAC that the worker leads, each child once a worker and once a team (the lead's home
agency). See the measures page, Caseload.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import pandas as pd

from analysis.tables import Slice
from analysis.workload import load_by_practitioner
from graphmodel.settings import Settings

CATEGORIES: Final = (
    "LACwithCP",
    "LACnoCP",
    "CareLeaversNoCLACP",
    "CiNwithActivePlan",
    "CiNnoActivePlan",
)
REST: Final = "rest"
"""Cases of none of the categories: a protection plan without care, or no status of these at all."""


def cases(tables: Slice, d: date, settings: Settings) -> pd.DataFrame:
    """Each worker's cases on `d`: practitioner_id, home_agency_id (None: no post), child_id, category.

    A category holds only where no earlier one does: in care with and without a protection plan, a protection
    plan alone (`rest`), care leaver, in need (`CIN`), assessment of need under way (`CIN_ASSESSMENT`).
    """
    at = pd.Timestamp(d)

    def live(name: str, begun: str = "started_on", over: str = "ended_on") -> pd.DataFrame:
        frame = tables.table(name)
        return frame[(frame[begun] <= at) & (frame[over].isna() | (at < frame[over]))]

    tacs = live("tacs", "opened_on", "closed_on")[["tac_id", "child_id"]]
    pairs = live("leads")[["tac_id", "practitioner_id"]].merge(tacs, on="tac_id")
    pairs = pairs[["practitioner_id", "child_id"]].drop_duplicates()
    homes = load_by_practitioner(tables, d, settings).set_index("practitioner_id")["home_agency_id"]
    held = live("statuses")
    by_status = {str(code): set(found["child_id"]) for code, found in held.groupby("status")}
    kinds = [_category(child, by_status) for child in pairs["child_id"]]
    return pairs.assign(
        home_agency_id=pairs["practitioner_id"].map(homes).astype(object),
        category=pd.Series(kinds, index=pairs.index, dtype=object),
    ).reset_index(drop=True)


def _category(child: str, by_status: dict[str, set[str]]) -> str:
    def has(code: str) -> bool:
        return child in by_status.get(code, set())

    if has("LAC"):
        return "LACwithCP" if has("CP") else "LACnoCP"
    if has("CP"):
        return REST
    if has("CARE_LEAVER"):
        return "CareLeaversNoCLACP"
    if has("CIN"):
        return "CiNwithActivePlan"
    return "CiNnoActivePlan" if has("CIN_ASSESSMENT") else REST


def counted(found: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Cases by worker or team: `by`, InvolvementCaseload, `CATEGORIES`, OpenCLAEpisodeCount, rest."""
    once = found[[*by, "child_id", "category"]].drop_duplicates()
    sums = pd.get_dummies(once["category"], dtype=int).reindex(columns=[*CATEGORIES, REST], fill_value=0)
    table = sums.groupby([once[name] for name in by], dropna=False).sum()
    table["InvolvementCaseload"] = table.sum(axis=1)
    table["OpenCLAEpisodeCount"] = table["LACwithCP"] + table["LACnoCP"]
    return table.reset_index()

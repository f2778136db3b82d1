"""The quality of the data in tables: what loads rejected and found, what is unmapped, who lacks capacity."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pandas as pd

from analysis.tables import Slice
from graphmodel.codes import ROLES
from graphmodel.letters import as_it_came
from reports.quality_words import FINDING_WORDS

REJECTS: Final = "rejects.csv"
FINDINGS: Final = "findings.csv"
REJECT_COLUMNS: Final = ("file", "row", "column", "value", "reason")
FINDING_COLUMNS: Final = ("kind", "table", "ids", "from", "to", "what")
# a value in brackets or quotation marks, a date or a number: of one row, not of the kind of fault
_VALUE: Final = re.compile(r"\([^)]*\)|'[^']*'|\"[^\"]*\"|\b\d[\d.-]*\b")


def listed(folder: Path, name: str) -> pd.DataFrame | None:
    """A list that a load left, each text as it came; None where this machine does not have it."""
    path = folder / name
    if not path.exists():
        return None
    return pd.read_csv(path, dtype=str, keep_default_na=False).map(as_it_came)


def by_fault(rejects: pd.DataFrame) -> pd.DataFrame:
    """Rejected rows by file, column and kind of fault, most first; no value of a row in it.

    Columns: file, column, fault, rows.
    """
    if rejects.empty:
        return pd.DataFrame(columns=["file", "column", "fault", "rows"])
    fault = rejects["reason"].map(lambda reason: " ".join(_VALUE.sub("…", reason).split()))
    grouped = rejects.assign(fault=fault).groupby(["file", "column", "fault"], as_index=False)
    counted = grouped.agg(rows=("row", "size"))
    order = ["rows", "file", "column", "fault"]
    return counted.sort_values(order, ascending=[False, True, True, True]).reset_index(drop=True)


def by_kind(findings: pd.DataFrame) -> pd.DataFrame:
    """Findings by kind and table, most first. Columns: kind, table, what, mend (what to do), cases."""
    if findings.empty:
        return pd.DataFrame(columns=["kind", "table", "what", "mend", "cases"])
    counted = findings.groupby(["kind", "table"], as_index=False).agg(cases=("ids", "size"))
    words = [FINDING_WORDS.get(kind, (kind.replace("_", " ").capitalize(), "")) for kind in counted["kind"]]
    told = counted.assign(what=[what for what, _ in words], mend=[mend for _, mend in words])
    return told.sort_values(["cases", "kind", "table"], ascending=[False, True, True]).reset_index(drop=True)[
        ["kind", "table", "what", "mend", "cases"]
    ]


def unmapped_roles(tables: Slice) -> pd.DataFrame:
    """Roles that the code list does not know: role, practitioners; most first."""
    roles = tables.table("practitioners")["role"].dropna()
    counted = (
        roles[~roles.isin(list(ROLES))].value_counts().rename_axis("role").reset_index(name="practitioners")
    )
    return counted.sort_values(["practitioners", "role"], ascending=[False, True]).reset_index(drop=True)


def summary(
    rejected: int, findings: int, without_capacity: int, notes: int, unmapped: int, *, beyond: int = 0
) -> str:
    """The state of the data in a sentence, for the load in force."""
    parts = [
        (rejected, "row rejected", "rows rejected"),
        (findings, "finding", "findings"),
        (
            without_capacity,
            "practitioner with work and no capacity",
            "practitioners with work and no capacity",
        ),
        (
            beyond,
            "practitioner with posts beyond full time",
            "practitioners with posts beyond full time",
        ),
        (unmapped, "role unmapped", "roles unmapped"),
        (notes, "figure said to be wrong", "figures said to be wrong"),
    ]
    told = [f"{many:,} {one if many == 1 else more}" for many, one, more in parts if many]
    return "; ".join(told) if told else "Nothing rejected, found or said to be wrong"

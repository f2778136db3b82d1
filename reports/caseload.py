"""The caseload tables that may be shown: by team for paper, by team and by worker for the workbook.

Small counts go, and with them what would give them away: by the row (the categories add up to the caseload),
by the team (the workers add up to it), and against the leads that the agencies' table shows. The reasons are
in docs/decisions/report.md, Caseload.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from analysis.caseload import CATEGORIES, REST, counted
from analysis.tables import Slice
from graphmodel.small_counts import suppressed
from reports.figures import NO_AGENCY, Counts
from reports.masking import Shown, lead_counts
from reports.sheets import Column, Table, table
from reports.suppress import Count, Masked, Rule, masked
from reports.tables import folded

NOTE: Final = (
    "Columns as in Data to Insight's caseload report. A case is a child with an active TAC that the worker "
    "leads, counted once. Each child is in the first category that fits; a child in need is taken to have a "
    "plan, one whose assessment is under way to have none. Children with a protection plan who are not in "
    "care, or with no such status, are in the caseload only."
)
PARTS: Final = (*CATEGORIES, REST)
PRINTED: Final = ("InvolvementCaseload", "OpenCLAEpisodeCount", *CATEGORIES)
IN_CARE: Final = ("OpenCLAEpisodeCount", "LACwithCP", "LACnoCP")
HEADS: Final = ("TeamName", "TeamParentName")
UNASSIGNED: Final = "Unassigned"
NO_PARENT: Final = "No Parent"
HIDDEN_TEAM: Final = "c"


def teams(cases: pd.DataFrame, seen: Shown, counts: Counts, up_to: int) -> Masked:
    """A row each team with a case: team (agency_id, or `NO_AGENCY`), `PRINTED`, rest; masked."""
    known = seen.agencies.numbers.set_index("agency_id")
    at = cases.assign(
        team=cases["home_agency_id"].where(cases["home_agency_id"].isin(known.index), NO_AGENCY)
    )
    frame = counted(at, ["team"])
    doubled = counted(at, ["team", "practitioner_id"]).groupby("team")["InvolvementCaseload"].sum()
    led = frame["team"].map(known["tacs_led"].to_dict()).astype(float)
    gone = frame["team"].map(seen.agencies.hidden.set_axis(known.index)["tacs_led"].to_dict())
    each = [float(n) for n in frame["InvolvementCaseload"]]
    # what the teams' cases leave of the leads shown, and the workers' cases of the teams', are counts too
    beyond = [0.0 if np.isnan(x) else max(x - n, 0.0) for x, n in zip(led, each, strict=True)]
    twice = [float(n) for n in frame["team"].map(doubled) - frame["InvolvementCaseload"]]
    rules = {
        "stated": Rule((), (Count([float(x) for x in gone.fillna(value=True)], shown=False),)),
        "beyond": Rule((), (Count(beyond, shown=False), Count(twice, shown=False))),
        "cases": Rule((*PRINTED, REST), lead_counts(each, counts, up_to), ("stated", "beyond")),
    }
    safe = masked(frame, rules, up_to=up_to)
    return _rows(safe, frame, up_to)


def _rows(safe: Masked, frame: pd.DataFrame, up_to: int) -> Masked:
    """Within each row: the categories, which with the rest add up to the caseload."""
    numbers, hidden = safe.numbers, safe.hidden
    for row in range(len(frame)):
        flags = suppressed([int(frame[part].iloc[row]) for part in PARTS], up_to=up_to)
        gone = {part for part, flag in zip(PARTS, flags, strict=True) if flag}
        if gone & set(IN_CARE):
            gone |= set(IN_CARE)
        for column in gone:
            numbers.loc[row, column] = np.nan
            hidden.loc[row, column] = True
    return Masked(numbers, hidden)


def workers(cases: pd.DataFrame, by_team: Masked, seen: Shown, up_to: int) -> Masked:
    """A row each worker with a case: practitioner_id, team (or `HIDDEN_TEAM`), `PRINTED`; masked.

    Nobody at all where the number of those who lead is hidden; and a team's name is hidden where its number
    is, so that the rows of this table cannot be counted to find it.
    """
    hidden_all = bool(seen.headline.set_index("measure")["hidden_end"]["leading"])
    open_teams = seen.agencies.hidden.set_axis(list(seen.agencies.numbers["agency_id"]))["leading"]
    at = cases.iloc[:0] if hidden_all and up_to else cases
    known = set(seen.agencies.numbers["agency_id"])
    home = at["home_agency_id"].where(at["home_agency_id"].isin(known), NO_AGENCY)
    team = [HIDDEN_TEAM if open_teams.get(name, default=True) else name for name in home]
    frame = counted(at.assign(team=team, home=home), ["practitioner_id", "team", "home"])
    numbers = frame.astype(dict.fromkeys((*PRINTED, REST), float))
    hidden = pd.DataFrame(data=False, index=frame.index, columns=list(frame.columns))
    stated = by_team.hidden.set_axis(list(by_team.numbers["team"]))
    # by the team that a worker is in, named here or not: colleagues know it
    for name, rows in frame.groupby("home"):
        shown = stated.loc[name] if name in stated.index else None
        load = [int(n) for n in rows["InvolvementCaseload"]]
        total = shown is None or not shown["InvolvementCaseload"]
        hidden.loc[rows.index, "InvolvementCaseload"] = suppressed(load, up_to=up_to, total_shown=total)
        gone = _whole_rows(rows, hidden.loc[rows.index, "InvolvementCaseload"], shown, up_to)
        for column in PRINTED[1:]:
            hidden.loc[rows.index, column] = gone
    for column in PRINTED:
        numbers[column] = numbers[column].mask(hidden[column])
    return Masked(numbers.drop(columns=[REST, "home"]), hidden.drop(columns=[REST, "home"]))


def _whole_rows(rows: pd.DataFrame, load_gone: pd.Series, shown: Any, up_to: int) -> np.ndarray:
    """Which workers' categories go, all of a row together.

    Rows with a small category go; then, for each category that the team states, more rows until those gone
    hide more than a small count of it, or none of it. Then any hidden category can be exchanged
    for another between two hidden rows, so none can be worked out.
    """
    parts = rows[list(PARTS)].to_numpy(dtype=int)
    gone = load_gone.to_numpy(dtype=bool) | ((parts >= 1) & (parts <= up_to)).any(axis=1)
    stated = [shown is None or not bool(shown[part]) for part in PARTS]
    while True:
        before = gone.copy()
        for number, known in enumerate(stated):
            values = parts[:, number]
            while known and gone.any():
                left = int(values[gone].sum())
                others = np.flatnonzero(~gone & (values > 0))
                if left == 0 or (left > up_to and (values[gone] > 0).sum() > 1) or not len(others):
                    break
                gone[others[values[others].argmin()]] = True
        if (before == gone).all():
            return gone


def _words(safe: Masked, slice_: Slice) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows with the team's and its parent's name, largest first, those kept back last."""
    known = slice_.table("agencies").set_index("agency_id")
    names = known["name"].fillna(known.index.to_series()).to_dict()
    parents = known["parent_agency_id"].to_dict()

    def parent(team: str) -> str:
        above = parents.get(team)
        return names.get(above, str(above)) if isinstance(above, str) else NO_PARENT

    stated = {HIDDEN_TEAM: HIDDEN_TEAM, NO_AGENCY: UNASSIGNED}
    frame = safe.numbers.assign(
        TeamName=[stated.get(team, names.get(team, team)) for team in safe.numbers["team"]],
        TeamParentName=[team if team == HIDDEN_TEAM else parent(team) for team in safe.numbers["team"]],
    )
    keys = ["InvolvementCaseload", "TeamName", *(["practitioner_id"] if "practitioner_id" in frame else [])]
    order = frame.sort_values(keys, ascending=[False, *[True] * (len(keys) - 1)]).index
    return frame.loc[order], safe.hidden.loc[order]


def caseload_tables(
    slice_: Slice, cases: pd.DataFrame, seen: Shown, counts: Counts, up_to: int
) -> list[Table]:
    """The two tables: `caseload-teams` and `caseload-workers`."""
    by_team = teams(cases, seen, counts, up_to)
    by_worker = workers(cases, by_team, seen, up_to)
    numbers = tuple(Column(name, name, "count") for name in PRINTED)
    heads = tuple(Column(name, name) for name in HEADS)
    made = []
    for name, caption, safe, first in (
        ("caseload-teams", "Caseload by team, at month end", by_team, ()),
        (
            "caseload-workers",
            "Caseload by worker, at month end",
            by_worker,
            (Column("practitioner_id", "WorkerId"),),
        ),
    ):
        frame, hidden = _words(safe, slice_)
        made.append(table(name, caption, (*first, *heads, *numbers), frame, hidden, note=NOTE))
    return [folded(made[0], {}), made[1]]

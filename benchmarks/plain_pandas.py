"""The eight headline figures as an analyst would write them: plain pandas, straight on the raw CSV files.

Each figure reads the files that it names in `FIGURES` and nothing else. The yardstick for the slice, and a
third computation of the same rows. Definitions: the measures page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd

from graphmodel.settings import Settings

Tables = dict[str, pd.DataFrame]

DATES: Final = (
    *("started_on", "ended_on", "opened_on", "closed_on", "completed_on", "birth_date"),
    *("due_on", "done_on", "held_on", "next_review_on", "lead_trained_on"),
    "newly_qualified_until",
)
NUMBERS: Final = ("fte", "tac_share", "level")


def read(folder: Path, names: Iterable[str]) -> Tables:
    """The named files as frames: ids text, dates and numbers typed, empty cells missing."""
    return {name: _read(folder / f"{name}.csv") for name in names}


def _read(path: Path) -> pd.DataFrame:
    columns = pd.read_csv(path, nrows=0).columns
    return pd.read_csv(
        path,
        dtype={c: "float64" if c in NUMBERS else "str" for c in columns if c not in DATES},
        parse_dates=[c for c in DATES if c in columns],
        keep_default_na=False,
        na_values=[""],
    )


def on(
    rows: pd.DataFrame, day: pd.Timestamp, start: str = "started_on", end: str = "ended_on"
) -> pd.DataFrame:
    return rows[(rows[start] <= day) & (rows[end].isna() | (rows[end] > day))]


def active_tacs(t: Tables, day: pd.Timestamp) -> pd.DataFrame:
    return on(t["tacs"], day, "opened_on", "closed_on")


def active_leads(t: Tables, day: pd.Timestamp) -> pd.DataFrame:
    """tac_id, child_id, practitioner_id of the leads of active TACs, each pair once."""
    leads = on(t["leads"], day)[["tac_id", "practitioner_id"]].drop_duplicates()
    return active_tacs(t, day)[["tac_id", "child_id"]].merge(leads, on="tac_id")


def home_first(posts: pd.DataFrame) -> pd.DataFrame:
    """Posts in the order in which the home post comes first."""
    other = posts["home"] == "false"
    return posts.assign(other=other).sort_values(["other", "started_on", "agency_id"])


def homes(t: Tables, day: pd.Timestamp) -> pd.Series:
    posts = home_first(on(t["posts"], day)).drop_duplicates("practitioner_id")
    return posts.set_index("practitioner_id")["agency_id"]


def capacities(t: Tables, day: pd.Timestamp, s: Settings) -> pd.DataFrame:
    """Active posts with their capacity in points."""
    # the column may be absent, as in the example
    people = t["practitioners"].reindex(columns=["practitioner_id", "role", "newly_qualified_until"])
    posts = on(t["posts"], day).merge(people, on="practitioner_id")
    usual = posts["role"].map(s.workload.tac_share).fillna(s.workload.default_tac_share)
    share = posts["tac_share"].fillna(usual)
    early = pd.to_datetime(posts["newly_qualified_until"]) > day
    share *= early.map({True: s.workload.newly_qualified_share, False: 1.0})
    return posts.assign(capacity=posts["fte"] * share * s.workload.points_per_fte)


def teams(t: Tables, day: pd.Timestamp, s: Settings) -> pd.DataFrame:
    """A row each practitioner in an active team: tac_id, practitioner_id, lead (0 or 1), points."""
    w = s.workload
    both = pd.concat([on(t["memberships"], day).assign(lead=0), on(t["leads"], day).assign(lead=1)])
    pairs = both.groupby(["tac_id", "practitioner_id"], as_index=False)["lead"].max()
    pairs = pairs.merge(active_tacs(t, day)[["tac_id", "child_id", "opened_on"]], on="tac_id")
    level = on(t["needs"], day).groupby("child_id")["level"].max()
    weight = pairs["child_id"].map(level).fillna(w.default_needs_level).map(w.need_weight)
    size = pairs.groupby("tac_id")["practitioner_id"].transform("size")
    starting = (day - pairs["opened_on"]).dt.days < w.set_up_days
    leading = 1 + w.team_size_step * (size - w.team_size_free).clip(lower=0)
    leading *= starting.map({True: w.set_up_factor, False: 1.0})
    pairs["points"] = weight * leading.where(pairs["lead"] == 1, w.supporting_factor)
    found: pd.DataFrame = pairs
    return found


def workload(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    day = pd.Timestamp(d)
    team = teams(t, day, s)
    sums = (
        team.assign(supported=1 - team["lead"])
        .groupby("practitioner_id")
        .agg(tacs_led=("lead", "sum"), tacs_supported=("supported", "sum"), points=("points", "sum"))
    )
    capacity = capacities(t, day, s).groupby("practitioner_id")["capacity"].sum()
    people = sums.join(capacity, how="outer").fillna(0).rename_axis("practitioner_id").reset_index()
    people["role"] = people["practitioner_id"].map(t["practitioners"].set_index("practitioner_id")["role"])
    people["home_agency_id"] = people["practitioner_id"].map(homes(t, day))
    people["utilisation"] = (people["points"] / people["capacity"]).where(people["capacity"] > 0)
    names = ["practitioner_id", "role", "home_agency_id", "tacs_led", "tacs_supported"]
    names += ["points", "capacity", "utilisation"]
    found: pd.DataFrame = people[names].sort_values("practitioner_id")
    return found


def overloaded_leads(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    rows = workload(t, d, s)
    over = rows[(rows["tacs_led"] > 0) & (rows["utilisation"] > s.workload.overload_threshold + 1e-9)]
    order = over.assign(high=-over["utilisation"].round(9)).sort_values(["high", "practitioner_id"])
    return order.drop(columns=["high"])


def agency_fairness(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    day = pd.Timestamp(d)
    team, posts = teams(t, day, s), capacities(t, day, s)
    total = posts.groupby("practitioner_id")["capacity"].sum()
    total, home = total[total > 0], homes(t, day)
    leads = team[(team["lead"] == 1) & team["practitioner_id"].isin(total.index)]
    carried = leads.groupby("practitioner_id")["points"].sum()
    part = posts["capacity"] / posts["practitioner_id"].map(total)
    posts["lead_points"] = part * posts["practitioner_id"].map(carried).fillna(0)
    rows = posts.groupby("agency_id")[["lead_points", "capacity"]].sum()
    one = team.groupby("tac_id")["lead"].sum() == 1
    able = team[team["tac_id"].isin(one.index[one]) & team["practitioner_id"].isin(total.index)]
    theirs = able["practitioner_id"].map(total).astype("float64")
    able = able.assign(capacity=theirs, agency=able["practitioner_id"].map(home))
    chance = able["capacity"] / able.groupby("tac_id")["capacity"].transform("sum")
    rows["expected_tacs_led"] = chance.groupby(able["agency"]).sum()
    rows["tacs_led"] = leads["practitioner_id"].map(home).value_counts()
    rows = rows[rows["capacity"] > 0].fillna({"tacs_led": 0, "expected_tacs_led": 0})
    rows["load_share"] = rows["lead_points"] / rows["lead_points"].sum()
    rows["capacity_share"] = rows["capacity"] / rows["capacity"].sum()
    rows["disparity"] = rows["load_share"] / rows["capacity_share"]
    names = ["agency_id", "tacs_led", "expected_tacs_led", "lead_points", "capacity"]
    return rows.reset_index()[[*names, "load_share", "capacity_share", "disparity"]].sort_values("agency_id")


def listed(rows: pd.DataFrame, by: str | list[str], column: str) -> pd.Series:
    """Sorted distinct known values of a column in each group as a list."""
    found: pd.Series = rows.groupby(by)[column].agg(lambda x: sorted(x.dropna().unique()))
    return found


def duplicate_services(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    del s
    used = on(t["interventions"], pd.Timestamp(d)).merge(
        t["services"][["service_id", "category", "agency_id"]], on="service_id"
    )
    key = ["child_id", "category"]
    many = used[used.groupby(key)["agency_id"].transform("nunique") > 1]
    found = listed(many, key, "agency_id").rename("agency_ids").to_frame()
    return found.assign(interventions=many.groupby(key).size()).reset_index()


def agency_then(t: Tables, rows: pd.DataFrame) -> pd.Series:
    """By assessment the assessor's home agency on the day it began; those without one are left out."""
    posts = rows[["assessment_id", "practitioner_id", "started_on"]].merge(
        t["posts"], on="practitioner_id", suffixes=("_then", "")
    )
    held = posts["started_on"] <= posts["started_on_then"]
    held &= posts["ended_on"].isna() | (posts["started_on_then"] < posts["ended_on"])
    first = home_first(posts[held]).drop_duplicates("assessment_id")
    return first.set_index("assessment_id")["agency_id"]


def repeat_assessments(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    window, day = pd.Timedelta(days=s.queries.repeat_window_days), pd.Timestamp(d)
    done = t["assessments"][["assessment_id", "child_id", "practitioner_id", "kind", "started_on"]]
    done = done[(done["started_on"] > day - 2 * window) & (done["started_on"] <= day)]
    later = done[done["started_on"] > day - window]
    pairs = done.merge(later, on=["child_id", "kind"], suffixes=("_1", "_2"))
    apart = pairs["started_on_2"] - pairs["started_on_1"]
    none = pd.Timedelta(0)
    by_id = (apart == none) & (pairs["assessment_id_1"] < pairs["assessment_id_2"])
    pairs = pairs[(apart <= window) & ((apart > none) | by_id)]
    agency = agency_then(t, done)
    first, second = pairs["assessment_id_1"].map(agency), pairs["assessment_id_2"].map(agency)
    found = pd.DataFrame(
        {
            "child_id": pairs["child_id"],
            "kind": pairs["kind"],
            "first_assessment_id": pairs["assessment_id_1"],
            "first_agency_id": first,
            "second_assessment_id": pairs["assessment_id_2"],
            "second_agency_id": second,
            "days_between": (pairs["started_on_2"] - pairs["started_on_1"]).dt.days,
        }
    )
    return found[first.notna() & second.notna() & (first != second)].sort_values(list(found.columns))


def sibling_teams(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    del s
    day = pd.Timestamp(d)
    family = t["children"].dropna(subset="family_id")[["child_id", "family_id"]]
    tacs = active_tacs(t, day)[["tac_id", "child_id"]].merge(family, on="child_id")
    leads = active_leads(t, day).merge(family, on="child_id")
    leads["agency_id"] = leads["practitioner_id"].map(homes(t, day))
    children = tacs.groupby("family_id")["child_id"].nunique()
    people = leads.groupby("family_id")["practitioner_id"].nunique()
    many = children.index[children > 1].intersection(people.index[people > 1])
    tacs, leads = tacs[tacs["family_id"].isin(many)], leads[leads["family_id"].isin(many)]
    columns = {
        "child_ids": listed(tacs, "family_id", "child_id"),
        "tac_ids": listed(tacs, "family_id", "tac_id"),
        "lead_ids": listed(leads, "family_id", "practitioner_id"),
        "agency_ids": listed(leads, "family_id", "agency_id"),
    }
    return pd.DataFrame(columns).rename_axis("family_id").reset_index().sort_values("family_id")


def multiple_leads(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    del s
    day = pd.Timestamp(d)
    leads, tacs = active_leads(t, day), active_tacs(t, day)
    leads = leads[leads.groupby("child_id")["practitioner_id"].transform("nunique") > 1]
    tacs = tacs[tacs["child_id"].isin(leads["child_id"])]
    columns = {
        "tac_ids": listed(tacs, "child_id", "tac_id"),
        "lead_ids": listed(leads, "child_id", "practitioner_id"),
    }
    return pd.DataFrame(columns).rename_axis("child_id").reset_index().sort_values("child_id")


def tacs_without_lead(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    day = pd.Timestamp(d)
    led = on(t["leads"], day)["tac_id"]
    tacs = active_tacs(t, day)
    alone = tacs[~tacs["tac_id"].isin(led)].copy()
    level = on(t["needs"], day).groupby("child_id")["level"].max()
    size = on(t["memberships"], day).groupby("tac_id")["practitioner_id"].nunique()
    past = t["leads"][t["leads"]["ended_on"] <= day].groupby("tac_id")["ended_on"].max()
    last = alone[["tac_id"]].merge(past.rename("last"), how="left", left_on="tac_id", right_index=True)[
        "last"
    ]
    since = last.where(last > alone["opened_on"], alone["opened_on"])
    default = s.workload.default_needs_level
    alone["level"] = alone["child_id"].map(level).fillna(default).astype("int64")
    alone["team_size"] = alone["tac_id"].map(size).fillna(0).astype("int64")
    alone["days_without_lead"] = (day - since).dt.days
    names = ["tac_id", "child_id", "level", "team_size", "days_without_lead"]
    return alone[names].sort_values("tac_id")


Figure = Callable[..., pd.DataFrame]

_LOAD: Final = ("practitioners", "posts", "needs", "tacs", "memberships", "leads")
FIGURES: Final[dict[str, tuple[Figure, tuple[str, ...]]]] = {
    "workload": (workload, _LOAD),
    "overloaded_leads": (overloaded_leads, _LOAD),
    "agency_fairness": (agency_fairness, _LOAD),
    "duplicate_services": (duplicate_services, ("interventions", "services")),
    "repeat_assessments": (repeat_assessments, ("assessments", "posts")),
    "sibling_teams": (sibling_teams, ("children", "posts", "tacs", "leads")),
    "multiple_leads": (multiple_leads, ("tacs", "leads")),
    "tacs_without_lead": (tacs_without_lead, ("needs", "tacs", "memberships", "leads")),
}
"""By name of the catalogue query: the figure, and the files that it reads."""

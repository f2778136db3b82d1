"""The other queries of the catalogue as an analyst would write them in plain pandas on the raw CSV files.

As `benchmarks.plain_pandas`: one function a query, and the files that it reads. Definitions: the measures
page.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import pandas as pd

from benchmarks.plain_pandas import (
    FIGURES,
    Figure,
    Tables,
    active_leads,
    active_tacs,
    agency_then,
    homes,
    listed,
    on,
)
from graphmodel.codes import SENSITIVE_CATEGORIES, allocation_rules
from graphmodel.settings import Settings

ADULT: Final = 18


def team_pairs(t: Tables, day: pd.Timestamp) -> pd.DataFrame:
    """tac_id, child_id, practitioner_id of everybody in an active team, each pair once."""
    both = pd.concat([on(t["memberships"], day), on(t["leads"], day)])[["tac_id", "practitioner_id"]]
    return both.drop_duplicates().merge(active_tacs(t, day)[["tac_id", "child_id"]], on="tac_id")


def lead_lists(t: Tables, day: pd.Timestamp, tacs: pd.Series) -> list[list[str]]:
    """The leads of each of these TACs, none as an empty list."""
    known = listed(active_leads(t, day), "tac_id", "practitioner_id")
    return [known.get(tac, []) for tac in tacs]


def lead_not_needed(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    del s
    pairs = team_pairs(t, pd.Timestamp(d))
    alone = pairs[~pairs["tac_id"].duplicated(keep=False)]
    return alone[["tac_id", "child_id", "practitioner_id"]].sort_values("tac_id")


def multi_agency_without_tac(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    del s
    day = pd.Timestamp(d)
    used = on(t["interventions"], day).merge(t["services"][["service_id", "agency_id"]], on="service_id")
    begun = used.groupby(["child_id", "agency_id"], as_index=False)["started_on"].min()
    begun = begun[~begun["child_id"].isin(active_tacs(t, day)["child_id"])]
    many = begun[begun["child_id"].duplicated(keep=False)].sort_values(["started_on", "agency_id"])
    found = listed(many, "child_id", "agency_id").rename("agency_ids").to_frame()
    second = many[many.groupby("child_id").cumcount() == 1].set_index("child_id")["started_on"]
    return found.assign(since=second).reset_index()


def multiple_tacs(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    del s
    tacs = active_tacs(t, pd.Timestamp(d))
    many = tacs[tacs["child_id"].duplicated(keep=False)]
    return listed(many, "child_id", "tac_id").rename("tac_ids").reset_index()


def around(t: Tables, day: pd.Timestamp) -> pd.DataFrame:
    """child_id, practitioner_id, role, home (empty: none) of who is in a child's team or intervention."""
    used = on(t["interventions"], day)[["child_id", "practitioner_id"]].dropna()
    pairs = pd.concat([team_pairs(t, day)[["child_id", "practitioner_id"]], used]).drop_duplicates()
    pairs["role"] = pairs["practitioner_id"].map(t["practitioners"].set_index("practitioner_id")["role"])
    return pairs.assign(home=pairs["practitioner_id"].map(homes(t, day)))


def crowded_children(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    rows = around(t, pd.Timestamp(d))
    least = s.queries.min_practitioners_child
    rows = rows[rows.groupby("child_id")["practitioner_id"].transform("size") >= least]
    found = rows.groupby("child_id").agg(practitioners=("role", "size"), agencies=("home", "nunique"))
    doubled = rows[rows.duplicated(["child_id", "role"], keep=False)]
    known = listed(doubled, "child_id", "role") if len(doubled) else pd.Series(dtype=object)
    found["roles_doubled"] = [known.get(child, []) for child in found.index]
    return found.reset_index().sort_values("child_id")


def crowded_schools(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    rows = around(t, pd.Timestamp(d)).merge(t["children"][["child_id", "school_id"]], on="child_id")
    rows = rows[rows["school_id"].notna() & rows["home"].notna() & (rows["home"] != rows["school_id"])]
    found = rows.groupby("school_id").agg(
        children=("child_id", "nunique"),
        practitioners=("practitioner_id", "nunique"),
        agencies=("home", "nunique"),
    )
    people = rows.drop_duplicates(["school_id", "practitioner_id"])
    many = people.groupby(["school_id", "role"]).size().reset_index(name="n")
    many["told"] = many["role"] + ":" + many["n"].astype(str)
    found["roles"] = listed(many, "school_id", "told") if len(many) else pd.Series(dtype=object)
    return found[found["practitioners"] >= s.queries.min_practitioners_school].reset_index()


def overdue_actions(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    del s
    day = pd.Timestamp(d)
    rows = t["actions"]
    rows = rows[(rows["due_on"] < day) & (rows["done_on"].isna() | (rows["done_on"] > day))]
    rows = rows[rows["tac_id"].isin(active_tacs(t, day)["tac_id"])]
    rows = rows.assign(home_agency_id=rows["practitioner_id"].map(homes(t, day)))
    rows["days_overdue"] = (day - rows["due_on"]).dt.days
    names = ["action_id", "tac_id", "practitioner_id", "home_agency_id", "due_on", "days_overdue"]
    return rows[names].sort_values("action_id")


def overdue_reviews(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    day = pd.Timestamp(d)
    tacs, held = active_tacs(t, day), t["reviews"][t["reviews"]["held_on"] <= day]
    last = tacs["tac_id"].map(held.groupby("tac_id")["held_on"].max()).astype("datetime64[us]")
    usual = last.fillna(tacs["opened_on"]) + pd.Timedelta(days=s.queries.review_days)
    rows = tacs.assign(due_on=tacs["next_review_on"].fillna(usual))
    rows = rows[rows["due_on"] < day].sort_values("tac_id")
    rows["lead_ids"] = pd.Series(lead_lists(t, day, rows["tac_id"]), index=rows.index, dtype=object)
    rows["days_overdue"] = (day - rows["due_on"]).dt.days
    return rows[["tac_id", "child_id", "lead_ids", "due_on", "days_overdue"]]


def service_directory(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    del s
    rows = t["services"]
    used = on(t["interventions"], pd.Timestamp(d)).groupby("service_id")["child_id"].nunique()
    usual = rows["category"].isin(SENSITIVE_CATEGORIES)
    sensitive = (rows["sensitive"] == "true").where(rows["sensitive"].notna(), usual)
    many = rows["service_id"].map(used).fillna(0).astype("int64")
    rows = rows.assign(sensitive=sensitive, active_children=many)
    names = ["category", "service_id", "name", "agency_id", "sensitive", "active_children"]
    return rows[names].sort_values(["category", "service_id"])


def transitions_due(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    day = pd.Timestamp(d)
    born = t["children"].dropna(subset="birth_date").set_index("child_id")["birth_date"]
    rows = active_tacs(t, day)
    rows = rows[rows["child_id"].isin(born.index)]
    birth = pd.DatetimeIndex(rows["child_id"].map(born))
    first = pd.to_datetime({"year": birth.year + ADULT, "month": birth.month, "day": 1})
    # 29 February of a year without one becomes 1 March
    rows = rows.assign(turns_18_on=(first + pd.to_timedelta(birth.day - 1, unit="D")).to_numpy())
    until = day + pd.Timedelta(days=s.queries.transition_days)
    rows = rows[(rows["turns_18_on"] > day) & (rows["turns_18_on"] <= until)]
    rows = rows.sort_values(["child_id", "tac_id"])
    rows["lead_ids"] = pd.Series(lead_lists(t, day, rows["tac_id"]), index=rows.index, dtype=object)
    return rows[["child_id", "tac_id", "lead_ids", "turns_18_on"]]


def unsupported_leads(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    del s
    day = pd.Timestamp(d)
    leads = active_leads(t, day)[["tac_id", "practitioner_id"]]
    members = on(t["memberships"], day)[["tac_id", "practitioner_id"]].drop_duplicates()
    inside = leads.merge(members, how="left", indicator=True)["_merge"].to_numpy() == "both"
    posted = leads["practitioner_id"].isin(on(t["posts"], day)["practitioner_id"])
    parts = [leads[~posted].assign(problem="no_post"), leads[~inside].assign(problem="not_member")]
    found: pd.DataFrame = pd.concat(parts)
    return found.sort_values(["tac_id", "practitioner_id", "problem"])


def untrained_leads(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    del s
    day = pd.Timestamp(d)
    led = active_leads(t, day).groupby("practitioner_id")["tac_id"].nunique().rename("tacs_led")
    rows = t["practitioners"].merge(led, left_on="practitioner_id", right_index=True)
    rows = rows.assign(
        home_agency_id=rows["practitioner_id"].map(homes(t, day)),
        untrained=~(rows["lead_trained_on"] <= day),
        term_time_only=rows["term_time_only"] == "true",
    )
    rows = rows[rows["untrained"] | rows["term_time_only"]].sort_values("practitioner_id")
    return rows[["practitioner_id", "home_agency_id", "tacs_led", "untrained", "term_time_only"]]


def assessor_leads(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    del s
    day = pd.Timestamp(d)
    tacs = t["tacs"].dropna(subset="assessment_id")
    tacs = tacs[(tacs["opened_on"] <= day) & (tacs["opened_on"] > day - pd.Timedelta(days=365))]
    done = t["assessments"].set_index("assessment_id")["practitioner_id"]
    rows = tacs[["tac_id", "assessment_id"]].assign(assessor=tacs["assessment_id"].map(done))
    rows["agency_id"] = rows["assessment_id"].map(agency_then(t, t["assessments"]))
    leads = t["leads"][t["leads"]["started_on"] <= day].sort_values(["started_on", "practitioner_id"])
    first = leads.drop_duplicates("tac_id").set_index("tac_id")["practitioner_id"]
    rows["led"] = rows["tac_id"].map(first) == rows["assessor"]
    found = rows.groupby("agency_id").agg(tacs=("tac_id", "size"), assessor_led=("led", "sum")).reset_index()
    return found.assign(share=found["assessor_led"] / found["tacs"])


def statutory_breaches(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    day = pd.Timestamp(d)
    rules: list[dict[str, Any]] = allocation_rules(s.allocation_profile)
    known = {rule["status"]: rule for rule in rules}
    held = on(t["statuses"], day)
    held = held[held["status"].isin(known)]
    held = held.assign(at=held["status"].map({status: rule["precedence"] for status, rule in known.items()}))
    ruling = held.sort_values("at").drop_duplicates("child_id").set_index("child_id")["status"]
    role = t["practitioners"].set_index("practitioner_id")["role"]
    leads = active_leads(t, day)
    leads = leads.assign(role=leads["practitioner_id"].map(role), status=leads["child_id"].map(ruling))
    rows: list[tuple[Any, ...]] = []
    ruled = leads.dropna(subset="status").groupby(["tac_id", "child_id", "status"])
    for (tac, child, status), part in ruled:
        rule, roles = known[status], sorted(part["role"].unique())
        if not set(roles) & set(rule["roles"]):
            people = sorted(part["practitioner_id"])
            rows.append((tac, child, status, rule["strength"], sorted(rule["roles"]), people, roles))
    names = ["tac_id", "child_id", "status", "strength", "required_roles", "lead_ids", "lead_roles"]
    return pd.DataFrame(rows, columns=names).sort_values("tac_id")


def who_works_with(t: Tables, d: date, s: Settings, *, child_id: str) -> pd.DataFrame:
    del s
    day = pd.Timestamp(d)
    tacs = active_tacs(t, day)
    own = tacs[tacs["child_id"] == child_id]["tac_id"]
    parts = []
    for table, via in (("leads", "lead"), ("memberships", "member")):
        held = on(t[table], day)
        parts.append(held[held["tac_id"].isin(own)].assign(via=via))
    used = on(t["interventions"], day).merge(t["services"], on="service_id")
    usual = used["category"].isin(SENSITIVE_CATEGORIES)
    sensitive = (used["sensitive"] == "true").where(used["sensitive"].notna(), usual)
    shown = (used["child_id"] == child_id) & (~sensitive | (used["consent"] == "true"))
    parts.append(used[shown].dropna(subset="practitioner_id").assign(via="intervention"))
    done = on(t["assessments"], day, "started_on", "completed_on")
    parts.append(done[done["child_id"] == child_id].assign(via="assessment"))
    ways: pd.DataFrame = pd.concat([part[["practitioner_id", "via", "started_on"]] for part in parts])
    rows = pd.DataFrame(ways.groupby(["practitioner_id", "via"])["started_on"].min()).reset_index()
    rows["role"] = rows["practitioner_id"].map(t["practitioners"].set_index("practitioner_id")["role"])
    rows["agency_id"] = rows["practitioner_id"].map(homes(t, day))
    rows = rows.rename(columns={"started_on": "since"}).sort_values(["practitioner_id", "via"])
    return rows[["practitioner_id", "role", "agency_id", "via", "since"]]


def accountability_line(t: Tables, d: date, s: Settings, *, practitioner_id: str) -> pd.DataFrame:
    del s
    people = t["practitioners"].set_index("practitioner_id")
    role, above, home = people["role"], people["line_manager_id"], homes(t, pd.Timestamp(d))
    line: list[tuple[Any, ...]] = []
    at: Any = practitioner_id
    while at in role.index and len(line) < len(people):
        line.append((len(line), at, role[at], home.get(at)))
        at = above[at]
    return pd.DataFrame(line, columns=["step", "practitioner_id", "role", "home_agency_id"])


def collaboration(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    del s
    day = pd.Timestamp(d)
    team = team_pairs(t, day)
    team = team.assign(agency_id=team["practitioner_id"].map(homes(t, day))).dropna(subset="agency_id")
    sides = team[["tac_id", "agency_id"]].drop_duplicates()
    pairs = sides.merge(sides, on="tac_id", suffixes=("_1", "_2"))
    pairs = pairs[pairs["agency_id_1"] < pairs["agency_id_2"]]
    both = ["agency_id_1", "agency_id_2"]
    found = pairs.groupby(both)["tac_id"].nunique().rename("shared_tacs").to_frame()
    people = pairs.merge(team, on="tac_id")
    of_them = (people["agency_id"] == people[both[0]]) | (people["agency_id"] == people[both[1]])
    found["practitioners"] = people[of_them].groupby(both)["practitioner_id"].nunique()
    return found.reset_index()


def lead_continuity(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    day, one = pd.Timestamp(d), pd.Timedelta(days=1)
    first = day - pd.DateOffset(months=s.queries.continuity_months) + one
    tacs = t["tacs"][["tac_id", "opened_on", "closed_on"]]
    tacs = tacs.assign(start=tacs["opened_on"], finish=tacs["closed_on"].fillna(day + one))
    tacs["start"] = tacs["start"].where(tacs["start"] > first, first)
    tacs["finish"] = tacs["finish"].where(tacs["finish"] < day + one, day + one)
    tacs = tacs[tacs["start"] < tacs["finish"]].sort_values("tac_id").set_index("tac_id", drop=False)
    spans = t["leads"].merge(tacs[["start", "finish"]], left_on="tac_id", right_index=True)
    spans = spans.sort_values(["tac_id", "started_on", "practitioner_id"])
    before = spans.groupby("tac_id")["practitioner_id"].shift()
    other = before.notna() & (before != spans["practitioner_id"]) & spans["started_on"].between(first, day)
    handovers = other.groupby(spans["tac_id"]).sum()
    spans["from"] = spans["started_on"].where(spans["started_on"] > spans["start"], spans["start"])
    spans["to"] = spans["ended_on"].where(spans["ended_on"] < spans["finish"], spans["finish"])
    led = spans[spans["from"] < spans["to"]].copy()
    reached = led.groupby("tac_id")["to"].cummax().groupby(led["tac_id"]).shift()
    begin = led["from"].where(reached.isna() | (led["from"] > reached), reached)
    covered = (led["to"] - begin).dt.days.clip(lower=0).groupby(led["tac_id"]).sum()
    names = tacs["tac_id"]
    found = pd.DataFrame(
        {
            "tac_id": names,
            "leads": names.map(led.groupby("tac_id")["practitioner_id"].nunique()).fillna(0).astype("int64"),
            "handovers": names.map(handovers).fillna(0).astype("int64"),
            "days_without_lead": (tacs["finish"] - tacs["start"]).dt.days,
        }
    )
    found["days_without_lead"] -= names.map(covered).fillna(0).astype("int64")
    return found


def overlapping_teams(t: Tables, d: date, s: Settings) -> pd.DataFrame:
    team = team_pairs(t, pd.Timestamp(d))
    size = team.groupby("tac_id").size()
    child = team.drop_duplicates("tac_id").set_index("tac_id")["child_id"]
    pairs = team.merge(team, on="practitioner_id", suffixes=("_1", "_2"))
    pairs = pairs[pairs["tac_id_1"] < pairs["tac_id_2"]]
    found = pairs.groupby(["tac_id_1", "tac_id_2"]).size().rename("shared").reset_index()
    found = found[found["shared"] >= s.queries.min_shared]
    sizes = [found[name].map(size).astype("float64") for name in ("tac_id_1", "tac_id_2")]
    either = sizes[0] + sizes[1] - found["shared"]
    family = t["children"].set_index("child_id")["family_id"]
    one, other = found["tac_id_1"].map(child), found["tac_id_2"].map(child)
    same = (one == other) | one.map(family).eq(other.map(family))
    return found.assign(jaccard=found["shared"] / either, same_family=same)


_TEAM: Final = ("tacs", "memberships", "leads")
_WHO: Final = (*_TEAM, "practitioners", "posts")
EVERY: Final[dict[str, tuple[Figure, tuple[str, ...]]]] = {
    **FIGURES,
    "lead_not_needed": (lead_not_needed, _TEAM),
    "multi_agency_without_tac": (multi_agency_without_tac, ("interventions", "services", "tacs")),
    "multiple_tacs": (multiple_tacs, ("tacs",)),
    "crowded_children": (crowded_children, (*_WHO, "interventions")),
    "crowded_schools": (crowded_schools, (*_WHO, "interventions", "children")),
    "overdue_actions": (overdue_actions, ("actions", "tacs", "posts")),
    "overdue_reviews": (overdue_reviews, ("tacs", "reviews", "leads")),
    "service_directory": (service_directory, ("services", "interventions")),
    "transitions_due": (transitions_due, ("tacs", "children", "leads")),
    "unsupported_leads": (unsupported_leads, (*_TEAM, "posts")),
    "untrained_leads": (untrained_leads, ("tacs", "leads", "practitioners", "posts")),
    "assessor_leads": (assessor_leads, ("tacs", "assessments", "posts", "leads")),
    "statutory_breaches": (statutory_breaches, ("tacs", "leads", "practitioners", "statuses")),
    "who_works_with": (who_works_with, (*_WHO, "interventions", "services", "assessments")),
    "accountability_line": (accountability_line, ("practitioners", "posts")),
    "collaboration": (collaboration, (*_TEAM, "posts")),
    "lead_continuity": (lead_continuity, ("tacs", "leads")),
    "overlapping_teams": (overlapping_teams, (*_TEAM, "children")),
}
"""By name of the catalogue query, all of them: the figure, and the files that it reads."""

"""The example's tables as plain frames, and the measures by plain pandas, straight from their definitions."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tacgraph.example.sizes import ROLE_SHARE
from tacgraph.example.write import TABLES

UNTIL = "2026-10-31"
Tables = dict[str, pd.DataFrame]


def read(folder: Path) -> Tables:
    names = (*TABLES, "planted")
    return {name: pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False) for name in names}


def plants(tables: Tables) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for kind, text in tables["planted"][["kind", "ids"]].itertuples(index=False):
        found.setdefault(kind, []).append(dict(part.split("=", 1) for part in text.split(";")))
    return found


def active(rows: pd.DataFrame, start: str = "started_on", end: str = "ended_on") -> pd.DataFrame:
    return rows[(rows[start] <= UNTIL) & ((rows[end] == "") | (rows[end] > UNTIL))]


def active_tacs(tables: Tables) -> pd.DataFrame:
    return active(tables["tacs"], "opened_on", "closed_on")


def pairs(tables: Tables, name: str) -> set[tuple[str, str]]:
    """(team, practitioner) active on the last day, of active teams."""
    rows = active(tables[name])
    rows = rows[rows["tac_id"].isin(active_tacs(tables)["tac_id"])]
    return set(zip(rows["tac_id"], rows["practitioner_id"], strict=True))


def team(tables: Tables) -> pd.DataFrame:
    both = sorted(pairs(tables, "memberships") | pairs(tables, "leads"))
    return pd.DataFrame(both, columns=["tac_id", "practitioner_id"])


def home_agencies(tables: Tables) -> pd.Series:
    posts = active(tables["posts"]).sort_values(
        ["home", "started_on", "agency_id"], ascending=[False, True, True]
    )
    return posts.drop_duplicates("practitioner_id").set_index("practitioner_id")["agency_id"]


def posts_with_capacity(tables: Tables) -> pd.DataFrame:
    posts = active(tables["posts"]).merge(tables["practitioners"], on="practitioner_id")
    usual = posts["role"].map(ROLE_SHARE)
    share = pd.to_numeric(posts["tac_share"], errors="coerce").fillna(usual)
    return posts.assign(capacity=pd.to_numeric(posts["fte"]) * share * 15)


def workload(tables: Tables) -> pd.DataFrame:
    """Points, lead points and capacity by practitioner, as the measures page says."""
    weight = {1: 0.5, 2: 1.0, 3: 1.5, 4: 2.0}
    level = pd.to_numeric(active(tables["needs"]).set_index("child_id")["level"]).groupby("child_id").max()
    tacs = active_tacs(tables).set_index("tac_id")
    leads = pairs(tables, "leads")
    rows = team(tables)
    size = rows.groupby("tac_id")["practitioner_id"].transform("size")
    need = rows["tac_id"].map(tacs["child_id"]).map(level).fillna(2).map(weight)
    opened = pd.to_datetime(rows["tac_id"].map(tacs["opened_on"]))
    fresh = (pd.Timestamp(UNTIL) - opened).dt.days < 42
    leading = pd.Series([pair in leads for pair in zip(rows["tac_id"], rows["practitioner_id"], strict=True)])
    as_lead = need * (1 + 0.1 * (size - 3).clip(lower=0)) * fresh.map({True: 1.25, False: 1.0})
    rows["lead_points"] = as_lead.where(leading, 0.0)
    rows["points"] = as_lead.where(leading, need * 0.4)
    load = rows.groupby("practitioner_id")[["points", "lead_points"]].sum()
    load["capacity"] = posts_with_capacity(tables).groupby("practitioner_id")["capacity"].sum()
    load["utilisation"] = load["points"] / load["capacity"].where(load["capacity"] > 0)
    return load


def of(rows: pd.DataFrame, column: str, value: str) -> pd.DataFrame:
    return rows[rows[column] == value]


def listed(text: str) -> set[str]:
    return set(text.split("|"))

"""Writes the made-up authority as a folder in the canonical format."""

from __future__ import annotations

import calendar
import time
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd

from graphmodel.errors import TacgraphError
from tacgraph.example import activity, cases, plants, sizes
from tacgraph.example.people import make_children, write_schools
from tacgraph.example.pools import Pools
from tacgraph.example.teams import make_teams, write_teams
from tacgraph.example.workforce import make_workforce
from tacgraph.example.world import World, day_of

TABLES: Final = (
    "agencies",
    "practitioners",
    "posts",
    "children",
    "statuses",
    "needs",
    "tacs",
    "memberships",
    "leads",
    "assessments",
    "services",
    "interventions",
    "actions",
    "reviews",
)
MARK: Final = "This is a made-up authority, written by `tacgraph example`."
README: Final = (
    MARK
    + """

Nobody and no place in this folder is real: every child, family, practitioner, agency, number and
date was drawn by a program. Names are word lists and running numbers, the numbers that look like
NHS numbers and unique pupil numbers are from ranges that were never issued, the postcodes lie in
an area that does not exist. Sizes and shapes follow published figures about England.

The fourteen .csv files are one partnership in the canonical import format. planted.csv lists the
cases that were put in on purpose (duplicated services, overloaded leads, teams without a lead and
so on), so that what a query finds on the last day can be checked against what is there. The rest
of the data has further such cases by chance.

Children {children}, seed {seed}, months {months}, last day {until}.
"""
)


class ExampleRefused(TacgraphError):
    """The made-up authority cannot be written as asked."""

    exit_code = 2


@dataclass(frozen=True)
class ExampleReport:
    """What was written: rows per table, plants per kind, the time it took in seconds."""

    folder: Path
    tables: dict[str, int]
    planted: dict[str, int]
    seconds: float


def write_example(
    out: Path,
    *,
    children: int = sizes.MEDIAN_CHILDREN,
    seed: int = 1,
    until: date = date(2026, 10, 31),
    months: int = 30,
) -> ExampleReport:
    """Write a made-up authority of `children` children to the folder `out`; same arguments, same bytes.

    Covers the `months` before `until`, the last day known. Errors: `ExampleRefused` for an argument out of
    range and for a folder that holds anything but an earlier example.
    """
    began = time.perf_counter()
    check(children, seed, until, months)
    folder = prepare(out)
    world = make_world(children, seed, until, months)
    text = README.format(children=children, seed=seed, months=months, until=until.isoformat())
    (folder / "README.txt").write_text(text, encoding="utf-8", newline="\n")
    for table in TABLES:
        world.tables[table].to_csv(
            folder / f"{table}.csv", index=False, lineterminator="\n", encoding="utf-8"
        )
    listed = pd.DataFrame(world.planted, columns=["kind", "ids", "what", "from", "to"])
    save(listed, folder / "planted.csv")
    return ExampleReport(
        folder,
        {table: len(world.tables[table]) for table in TABLES},
        dict(Counter(listed["kind"])),
        time.perf_counter() - began,
    )


def save(rows: pd.DataFrame, path: Path) -> None:
    rows.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def make_world(children: int, seed: int, until: date, months: int) -> World:
    """All tables and plants, in memory."""
    world = World(children, seed, day_of(until), day_of(months_before(until, months)))
    force = make_workforce(world)
    people = make_children(world, plants.families(world))
    pools = Pools(world, force, people)
    write_schools(world, people, pools.school_of_family, [force.agencies.ids[at] for at in pools.schools])
    spans = cases.Spans.together([cases.ladder(world, people), cases.beside(world, people)])
    helped = cases.early_help(world, people, pools)
    assessed = cases.statutory(world, pools, spans, helped)
    cases.write_assessments(world, pools, [helped, assessed])
    cases.write_statuses(world, people, spans, assessed)
    teams = make_teams(world, pools, spans, helped, assessed)
    ids, members = write_teams(world, pools, teams)
    activity.write_needs(world, people, teams, spans)
    activity.write_tacs(world, people, teams, ids)
    activity.write_actions(world, pools, teams, ids, members)
    directory = activity.write_services(world, force)
    activity.write_interventions(world, pools, teams, directory)
    plants.plant_all(world, force, people, directory)
    return world


def months_before(until: date, months: int) -> date:
    """The same day of an earlier month, or that month's last day."""
    year, month = divmod(until.year * 12 + until.month - 1 - months, 12)
    return date(year, month + 1, min(until.day, calendar.monthrange(year, month + 1)[1]))


def check(children: int, seed: int, until: date, months: int) -> None:
    """Refuses arguments out of range."""
    if children < sizes.FEWEST_CHILDREN:
        raise ExampleRefused(
            "children", f"{children} is too few", f"Ask for {sizes.FEWEST_CHILDREN} or more children."
        )
    if seed < 0:
        raise ExampleRefused("seed", f"{seed} is negative", "Give a whole number from 0 up.")
    if not 12 <= months <= 60:  # noqa: PLR2004
        raise ExampleRefused("months", f"{months} is out of range", "Ask for 12 to 60 months.")
    if not 2000 <= until.year <= 2100:  # noqa: PLR2004
        raise ExampleRefused("until", f"{until} is out of range", "Give a day of the years 2000 to 2100.")


def prepare(out: Path) -> Path:
    """The folder to write to: new, empty, or an earlier example, which is overwritten."""
    mend = "Name a new or an empty folder, or one that an earlier example was written to."
    if out.exists() and not out.is_dir():
        raise ExampleRefused(str(out), "is not a folder", mend)
    if out.exists() and any(out.iterdir()):
        readme = out / "README.txt"
        if not readme.is_file() or not readme.read_bytes().startswith(MARK.encode()):
            raise ExampleRefused(str(out), "holds files that are not an example of ours", mend)
    out.mkdir(parents=True, exist_ok=True)
    return out

"""Who works with whom, who answers to whom, and which agency offers what.

See the measures page, the query catalogue (TG 2.11-2.14, 3.9; DU 6). Each function is the second road to the
query of its name. Whoever shows rows about a child or a named practitioner leaves an audit record first.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from analysis import asof
from analysis.coded import Coded, coded, day_number, days, flags, to_date
from analysis.duplication import interventions
from analysis.rows import column, counted, ordered
from analysis.tables import Slice
from graphmodel.errors import QueryError
from graphmodel.settings import Settings


def who_works_with(tables: Slice, d: date, settings: Settings, *, child_id: str) -> pd.DataFrame:
    """Every practitioner around a child on `d`, with how, and since when (the earliest that still runs).

    `via` is `lead` and `member` (of active TACs), `intervention` (active, delivered by somebody) and
    `assessment` (under way); one row each, `agency_id` being the practitioner's home agency. Interventions of
    a sensitive service without consent are left out. No rows for a child that nobody knows.
    """
    data, day = coded(tables), day_number(d)
    child = data.children.code(child_id)
    found: dict[tuple[int, str], int] = {}
    if child >= 0:
        for person, via, start in _ties(tables, data, child, day):
            found[person, via] = min(start, found.get((person, via), start))
    home = asof.posts(data, day, settings).home
    who = np.array([key[0] for key in found], dtype=np.int64)
    frame = pd.DataFrame(
        {
            "practitioner_id": column(data.practitioners.named(who)),
            "role": column(data.role_names.named(data.role[who])),
            "agency_id": column(data.agencies.named(home[who])),
            "via": column(key[1] for key in found),
            "since": column(to_date(start) for start in found.values()),
        }
    )
    return ordered(frame)


def _ties(tables: Slice, data: Coded, child: int, day: int) -> list[tuple[int, str, int]]:
    active = np.append((data.opened <= day) & (day < data.closed) & (data.tac_child == child), False)
    ties = []
    for via, spans in (("lead", data.leads), ("member", data.members)):
        live = spans.on(day) & active[spans.right]
        ties += [(int(p), via, int(s)) for p, s in zip(spans.left[live], spans.start[live], strict=True)]
    used, table = tables.arrow["interventions"], tables.arrow["services"]
    start, end = days(used["started_on"], 2**40), days(used["ended_on"], 2**40)
    running = np.flatnonzero((start <= day) & (day < end))
    consent = flags(used["consent"])[running]
    now = interventions(tables, data, day)
    hidden = np.append(flags(table["sensitive"]), True)[now.service] & ~consent
    mine = (now.child == child) & (now.practitioner >= 0) & ~hidden
    delivered = zip(now.practitioner[mine], now.start[mine], strict=True)
    ties += [(int(p), "intervention", int(s)) for p, s in delivered]
    done = tables.arrow["assessments"]
    begun, completed = days(done["started_on"], 2**40), days(done["completed_on"], 2**40)
    mine = (data.children.codes(done["child_id"]) == child) & (begun <= day) & (day < completed)
    assessor = data.practitioners.codes(done["practitioner_id"])
    ties += [(int(p), "assessment", int(s)) for p, s in zip(assessor[mine], begun[mine], strict=True)]
    return [tie for tie in ties if tie[0] >= 0]


def accountability_line(tables: Slice, d: date, settings: Settings, *, practitioner_id: str) -> pd.DataFrame:
    """The practitioner (step 0) and the line managers upwards, in order of step.

    No rows for somebody nobody knows. Raises `QueryError` where a line manager answers, over however many
    steps, to somebody further down: it names the loop.
    """
    data = coded(tables)
    home = asof.posts(data, day_number(d), settings).home
    manager = data.practitioners.codes(tables.arrow["practitioners"]["line_manager_id"])
    line: list[int] = []
    code = data.practitioners.code(practitioner_id)
    while code >= 0:
        if code in line:
            loop = " → ".join(data.practitioners.texts[[*line[line.index(code) :], code]])
            raise QueryError(
                f"the line managers of {practitioner_id}",
                f"go round in a loop: {loop}",
                "Mend line_manager_id in the practitioners table and load it again.",
            )
        line.append(code)
        code = int(manager[code])
    who = np.array(line, dtype=np.int64)
    return pd.DataFrame(
        {
            "step": np.arange(len(who), dtype=np.int64),
            "practitioner_id": column(data.practitioners.named(who)),
            "role": column(data.role_names.named(data.role[who])),
            "home_agency_id": column(data.agencies.named(home[who])),
        }
    )


def service_directory(tables: Slice, d: date, settings: Settings, *, category: str = "") -> pd.DataFrame:
    """Every service (of a category, where one is given) with the children who use it on `d`."""
    del settings
    data = coded(tables)
    used, table = interventions(tables, data, day_number(d)), tables.table("services")
    # the table is in order of service_id, as the codes are
    children = counted(used.service[used.service >= 0], used.child[used.service >= 0], len(table))
    frame = pd.DataFrame(
        {
            "category": column(table["category"]),
            "service_id": column(table["service_id"]),
            "name": column(None if pd.isna(name) else name for name in table["name"]),
            "agency_id": column(table["agency_id"]),
            "sensitive": table["sensitive"].to_numpy(dtype=np.bool_),
            "active_children": children,
        }
    )
    return ordered(frame[frame["category"] == category] if category else frame)


def collaboration(tables: Slice, d: date, settings: Settings) -> pd.DataFrame:
    """Pairs of agencies whose practitioners sit in the same active teams, by home agency.

    `practitioners` counts the distinct team members of either agency in the TACs that the two share.
    """
    data, day = coded(tables), day_number(d)
    state, home = asof.teams(data, day), asof.posts(data, day, settings).home
    member = pd.DataFrame({"tac": state.tac, "who": state.practitioner, "home": home[state.practitioner]})
    member = member[member["home"] >= 0]
    sitting = member[["tac", "home"]].drop_duplicates()
    pairs = sitting.merge(sitting, on="tac", suffixes=("_1", "_2"))
    pairs = pairs[pairs["home_1"] < pairs["home_2"]]
    both = ["home_1", "home_2"]
    shared = pairs.groupby(both).size()
    present = pairs.merge(member, on="tac")
    present = present[(present["home"] == present["home_1"]) | (present["home"] == present["home_2"])]
    people = present.groupby(both)["who"].nunique().reindex(shared.index)
    frame = pd.DataFrame(
        {
            "agency_id_1": column(data.agencies.named(shared.index.get_level_values(0).to_numpy(np.int64))),
            "agency_id_2": column(data.agencies.named(shared.index.get_level_values(1).to_numpy(np.int64))),
            "shared_tacs": shared.to_numpy(dtype=np.int64),
            "practitioners": people.to_numpy(dtype=np.int64),
        }
    )
    return ordered(frame)

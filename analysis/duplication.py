"""The same thing done twice: services, assessments, teams and leads (DU, Knowsley case; TG 1.2).

See the measures page, the query catalogue. Each function is the second road to the query of its name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, triu

from analysis import asof
from analysis.coded import Coded, Ids, Ints, coded, day_number, days
from analysis.rows import column, counted, distinct, lists, ordered
from analysis.tables import Slice
from graphmodel.settings import Settings


@dataclass(frozen=True, eq=False)
class Interventions:
    """The interventions active on a day, by code: `agency` and `category` are those of the service."""

    child: Ints
    agency: Ints
    category: Ints
    practitioner: Ints
    start: Ints
    service: Ints
    categories: Ids
    services: Ids


def interventions(tables: Slice, data: Coded, day: int) -> Interventions:
    """Every intervention active on the day."""
    services, table = tables.arrow["services"], tables.arrow["interventions"]
    start, end = days(table["started_on"], 2**40), days(table["ended_on"], 2**40)
    live = np.flatnonzero((start <= day) & (day < end))
    service_ids, categories = Ids.of(services["service_id"]), Ids.of(services["category"])
    service = service_ids.codes(table["service_id"])[live]
    agency = np.append(data.agencies.codes(services["agency_id"]), -1)
    category = np.append(categories.codes(services["category"]), -1)
    return Interventions(
        child=data.children.codes(table["child_id"])[live],
        agency=agency[service],
        category=category[service],
        practitioner=data.practitioners.codes(table["practitioner_id"])[live],
        start=start[live],
        service=service,
        categories=categories,
        services=service_ids,
    )


def duplicate_services(tables: Slice, d: date, settings: Settings) -> pd.DataFrame:
    """A child with one category of service active on `d` from two agencies or more.

    `interventions` counts the child's active interventions of the category.
    """
    del settings
    data = coded(tables)
    used = interventions(tables, data, day_number(d))
    width = max(len(used.categories), 1)
    keys, group = np.unique(used.child * width + used.category, return_inverse=True)
    many = np.flatnonzero(counted(group, used.agency, len(keys)) > 1)
    frame = pd.DataFrame(
        {
            "child_id": column(data.children.named(keys[many] // width)),
            "category": column(used.categories.named(keys[many] % width)),
            "agency_ids": lists(group, used.agency, data.agencies, many),
            "interventions": np.bincount(group, minlength=len(keys))[many].astype(np.int64),
        }
    )
    return ordered(frame)


def repeat_assessments(
    tables: Slice, d: date, settings: Settings, *, window_days: int | None = None
) -> pd.DataFrame:
    """A later assessment of one kind for one child by another agency's practitioner, soon after the first.

    The later one began in the `window_days` to `d`, and 0 to `window_days` days after the earlier one (on one
    day: the smaller id is the earlier). Agencies are home agencies on the day each began, both known.
    """
    window = settings.queries.repeat_window_days if window_days is None else window_days
    data, day = coded(tables), day_number(d)
    table = tables.arrow["assessments"]
    kinds, ids = Ids.of(table["kind"]), Ids.of(table["assessment_id"])
    start = days(table["started_on"], 2**40)
    every = pd.DataFrame(
        {
            "child": data.children.codes(table["child_id"]),
            "kind": kinds.codes(table["kind"]),
            "id": ids.codes(table["assessment_id"]),
            "start": start,
            "who": data.practitioners.codes(table["practitioner_id"]),
        }
    )
    later = every[(start > day - window) & (start <= day)]
    earlier = every[(start > day - 2 * window) & (start <= day)]
    pairs = earlier.merge(later, on=["child", "kind"], suffixes=("_1", "_2"))
    apart = pairs["start_2"] - pairs["start_1"]
    pairs = pairs[(apart <= window) & ((apart > 0) | ((apart == 0) & (pairs["id_1"] < pairs["id_2"])))]
    first = asof.homes(data, pairs["who_1"].to_numpy(), pairs["start_1"].to_numpy())
    second = asof.homes(data, pairs["who_2"].to_numpy(), pairs["start_2"].to_numpy())
    kept = (first >= 0) & (second >= 0) & (first != second)
    pairs, first, second = pairs[kept], first[kept], second[kept]
    frame = pd.DataFrame(
        {
            "child_id": column(data.children.named(pairs["child"].to_numpy())),
            "kind": column(kinds.named(pairs["kind"].to_numpy())),
            "first_assessment_id": column(ids.named(pairs["id_1"].to_numpy())),
            "first_agency_id": column(data.agencies.named(first)),
            "second_assessment_id": column(ids.named(pairs["id_2"].to_numpy())),
            "second_agency_id": column(data.agencies.named(second)),
            "days_between": (pairs["start_2"] - pairs["start_1"]).to_numpy(dtype=np.int64),
        }
    )
    return ordered(frame)


def sibling_teams(tables: Slice, d: date, settings: Settings) -> pd.DataFrame:
    """A family in which two children or more have an active TAC and two practitioners or more lead them.

    `agency_ids` are the known home agencies of the leads.
    """
    data, day = coded(tables), day_number(d)
    state = asof.teams(data, day)
    home = asof.posts(data, day, settings).home
    family = np.append(data.family, -1)[data.tac_child]
    tac = np.flatnonzero(state.active & (family >= 0))
    lead_family, lead = family[state.tac[state.is_lead]], state.practitioner[state.is_lead]
    count = len(data.families)
    children = counted(family[tac], data.tac_child[tac], count)
    many = np.flatnonzero((children > 1) & (counted(lead_family, lead, count) > 1))
    frame = pd.DataFrame(
        {
            "family_id": column(data.families.texts[many]),
            "child_ids": lists(family[tac], data.tac_child[tac], data.children, many),
            "tac_ids": lists(family[tac], tac, data.tacs, many),
            "lead_ids": lists(lead_family, lead, data.practitioners, many),
            "agency_ids": lists(lead_family, home[lead], data.agencies, many),
        }
    )
    return ordered(frame)


def multiple_leads(tables: Slice, d: date, settings: Settings) -> pd.DataFrame:
    """A child with two active leads (practitioners) or more over all its active TACs, all of them listed."""
    del settings
    data = coded(tables)
    state = asof.teams(data, day_number(d))
    tac, count = np.flatnonzero(state.active), len(data.children)
    child, lead = data.tac_child[state.tac[state.is_lead]], state.practitioner[state.is_lead]
    many = np.flatnonzero(counted(child, lead, count) > 1)
    frame = pd.DataFrame(
        {
            "child_id": column(data.children.texts[many]),
            "tac_ids": lists(data.tac_child[tac], tac, data.tacs, many),
            "lead_ids": lists(child, lead, data.practitioners, many),
        }
    )
    return ordered(frame)


def multiple_tacs(tables: Slice, d: date, settings: Settings) -> pd.DataFrame:
    """A child with two active TACs or more."""
    del settings
    data = coded(tables)
    tac = np.flatnonzero(asof.teams(data, day_number(d)).active)
    child, count = data.tac_child[tac], len(data.children)
    many = np.flatnonzero(counted(child, tac, count) > 1)
    frame = pd.DataFrame(
        {
            "child_id": column(data.children.texts[many]),
            "tac_ids": lists(child, tac, data.tacs, many),
        }
    )
    return ordered(frame)


def overlapping_teams(
    tables: Slice, d: date, settings: Settings, *, min_shared: int | None = None
) -> pd.DataFrame:
    """Two active TACs whose teams share `min_shared` practitioners or more.

    `jaccard` is shared over all in either team; `same_family` is true for one child or one known family.
    """
    least = max(1, settings.queries.min_shared if min_shared is None else min_shared)
    data = coded(tables)
    state = asof.teams(data, day_number(d))
    ones = np.ones(len(state.tac), dtype=np.int64)
    shape = (len(data.tacs), len(data.practitioners))
    team = csr_array((ones, (state.tac, state.practitioner)), shape=shape)
    both = triu(team @ team.T, k=1).tocoo()
    enough = both.data >= least
    one, two, shared = both.row[enough], both.col[enough], both.data[enough]
    child = data.tac_child
    family = np.append(data.family, -1)[child]
    same = (child[one] == child[two]) | ((family[one] == family[two]) & (family[one] >= 0))
    frame = pd.DataFrame(
        {
            "tac_id_1": column(data.tacs.texts[one]),
            "tac_id_2": column(data.tacs.texts[two]),
            "shared": shared.astype(np.int64),
            "jaccard": shared / (state.size[one] + state.size[two] - shared),
            "same_family": same.astype(np.bool_),
        }
    )
    return ordered(frame)


def crowded_children(
    tables: Slice, d: date, settings: Settings, *, min_practitioners: int | None = None
) -> pd.DataFrame:
    """A child with `min_practitioners` distinct practitioners or more in its active teams or interventions.

    `agencies` counts their distinct known home agencies; `roles_doubled` lists roles held by two or more.
    """
    default = settings.queries.min_practitioners_child
    least = default if min_practitioners is None else min_practitioners
    data, day = coded(tables), day_number(d)
    state, used = asof.teams(data, day), interventions(tables, data, day)
    home = asof.posts(data, day, settings).home
    child, who = distinct(
        np.concatenate([data.tac_child[state.tac], used.child]),
        np.concatenate([state.practitioner, used.practitioner]),
    )
    count = len(data.children)
    people = np.bincount(child, minlength=count)
    many = np.flatnonzero(people >= max(1, least))
    width = max(len(data.role_names), 1)
    roles, held = np.unique(child * width + data.role[who], return_counts=True)
    twice = roles[held > 1]
    frame = pd.DataFrame(
        {
            "child_id": column(data.children.texts[many]),
            "practitioners": people[many].astype(np.int64),
            "agencies": counted(child, home[who], count)[many],
            "roles_doubled": lists(twice // width, twice % width, data.role_names, many),
        }
    )
    return ordered(frame)


def crowded_schools(
    tables: Slice, d: date, settings: Settings, *, min_practitioners: int | None = None
) -> pd.DataFrame:
    """A school with `min_practitioners` practitioners of other agencies or more around its children.

    Counted are practitioners in the children's active teams or interventions whose home agency is known and
    is not the school; `children` are those they are around. `roles` says `role:n`, how many hold each role.
    """
    default = settings.queries.min_practitioners_school
    least = default if min_practitioners is None else min_practitioners
    data, day = coded(tables), day_number(d)
    state, used = asof.teams(data, day), interventions(tables, data, day)
    home = np.append(asof.posts(data, day, settings).home, -1)
    school_of = np.append(data.agencies.codes(tables.arrow["children"]["school_id"]), -1)
    child = np.concatenate([data.tac_child[state.tac], used.child])
    who = np.concatenate([state.practitioner, used.practitioner])
    school = school_of[child]
    other = (school >= 0) & (who >= 0) & (home[who] >= 0) & (home[who] != school)
    pupil_school, _ = distinct(school[other], child[other])
    place, person = distinct(school[other], who[other])
    count = len(data.agencies)
    people = np.bincount(place, minlength=count)
    many = np.flatnonzero(people >= max(1, least))
    width = max(len(data.role_names), 1)
    keys, held = np.unique(place * width + data.role[person], return_counts=True)
    named: dict[int, list[str]] = {}
    for key, holders in zip(keys, held, strict=True):
        named.setdefault(int(key // width), []).append(f"{data.role_names.texts[key % width]}:{holders}")
    frame = pd.DataFrame(
        {
            "school_id": column(data.agencies.texts[many]),
            "children": np.bincount(pupil_school, minlength=count)[many].astype(np.int64),
            "practitioners": people[many].astype(np.int64),
            "agencies": counted(place, home[person], count)[many],
            "roles": column(sorted(named[int(at)]) for at in many),
        }
    )
    return ordered(frame)

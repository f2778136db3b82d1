"""One practitioner on one day: each team with the points that it costs, and with whom they work.

See the measures page, Teams and load; TG 2.11 (who is working with whom). Asked for with a right and a
reason: nothing here is an aggregate.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from analysis import asof
from analysis.coded import Coded, Ints, Spans, coded, day_number, to_date
from analysis.overload import PARTS, entry_parts
from analysis.rows import column
from analysis.tables import Slice
from graphmodel.settings import Settings

TEAM_COLUMNS: Final = ("tac_id", "as", "since", "opened_on", "level", "members", *PARTS, "points")
COLLEAGUE_COLUMNS: Final = ("practitioner_id", "role", "home_agency_id", "shared_tacs", "since")


def teams_of(tables: Slice, d: date, settings: Settings, practitioner_id: str) -> pd.DataFrame:
    """Each active team of a practitioner on `d`, dearest first, then by TAC.

    Columns: tac_id, as (`lead` or `member`; a lead who is a member too is `lead`), since (first day of the
    earliest interval of that kind that is active), opened_on, level (of the child), members (of the team),
    each of `overload.PARTS` and points (their sum). No row where the practitioner is unknown or in no team.
    """
    data, day = coded(tables), day_number(d)
    code, state = data.practitioners.code(practitioner_id), asof.teams(data, day)
    mine = np.flatnonzero(state.practitioner == code) if code >= 0 else np.empty(0, dtype=np.int64)
    tac, lead = state.tac[mine], state.is_lead[mine]
    known = np.append(asof.levels(data, day, settings), settings.workload.default_needs_level)
    split = {name: part[mine] for name, part in entry_parts(data, state, settings).items()}
    points = asof.points(data, state, settings)[mine]
    begun = [
        _begun(data.leads if leads else data.members, code, one, day)
        for one, leads in zip(tac, lead, strict=True)
    ]
    frame = pd.DataFrame(
        {
            "tac_id": column(data.tacs.texts[tac]),
            "as": column(["lead" if leads else "member" for leads in lead]),
            "since": column([to_date(number) for number in begun]),
            "opened_on": column([to_date(number) for number in data.opened[tac]]),
            "level": known[data.tac_child[tac]],
            "members": state.size[tac],
            **split,
            "points": points,
        }
    )
    return frame.iloc[np.lexsort((tac, -np.round(points, 9)))].reset_index(drop=True)


def _begun(spans: Spans, practitioner: int, tac: int, day: int) -> int:
    live = (spans.left == practitioner) & (spans.right == tac) & spans.on(day)
    return int(spans.start[live].min())


def colleagues(tables: Slice, d: date, practitioner_id: str) -> pd.DataFrame:
    """Everybody in a common active team on `d`, most common teams first, then by id.

    Columns: practitioner_id, role, home_agency_id (None without an active post), shared_tacs, since (the
    first day of the longest standing of the common teams on which both had begun what they now are in it).
    """
    data, day = coded(tables), day_number(d)
    code, state = data.practitioners.code(practitioner_id), asof.teams(data, day)
    if code < 0:
        return pd.DataFrame(columns=list(COLLEAGUE_COLUMNS))
    began = np.minimum(_earliest(data, data.leads, state), _earliest(data, data.members, state))
    own = np.full(len(data.opened), -1, dtype=np.int64)
    mine = state.practitioner == code
    own[state.tac[mine]] = began[mine]
    shared = ~mine & (own[state.tac] >= 0)
    who, both = state.practitioner[shared], np.maximum(began[shared], own[state.tac[shared]])
    people, place = np.unique(who, return_inverse=True)
    since = np.full(len(people), np.iinfo(np.int64).max)
    np.minimum.at(since, place, both)
    home = asof.homes(data, people, np.full(len(people), day, dtype=np.int64))
    frame = pd.DataFrame(
        {
            "practitioner_id": column(data.practitioners.texts[people]),
            "role": column(data.role_names.named(data.role[people])),
            "home_agency_id": column(data.agencies.named(home)),
            "shared_tacs": np.bincount(place, minlength=len(people)),
            "since": column([to_date(number) for number in since]),
        }
    )
    return frame.iloc[np.lexsort((people, -frame["shared_tacs"].to_numpy()))].reset_index(drop=True)


def _earliest(data: Coded, spans: Spans, state: asof.Teams) -> Ints:
    """By entry of `state`: first day of the earliest active interval of this kind, far off where none is."""
    width = max(len(data.practitioners), 1)
    keys = state.tac * width + state.practitioner
    first = np.full(len(keys), np.iinfo(np.int64).max)
    live = spans.on(state.day) & (spans.left >= 0) & (spans.right >= 0)
    wanted = spans.right[live] * width + spans.left[live]
    place = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    found = keys[place] == wanted if len(keys) else np.zeros(len(wanted), dtype=bool)
    np.minimum.at(first, place[found], spans.start[live][found])
    return first

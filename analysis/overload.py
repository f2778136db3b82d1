"""Overload explained: what a lead's points and capacity consist of, since when, what tipped it, who has room.

See the measures page, Overload explained (MG 5.18, 5.21; TG 4.5: need, team and length of involvement are
what lead time varies with).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis import asof
from analysis.coded import Coded, Floats, Ints, coded, day_number
from analysis.overload_changes import changes_on
from analysis.overload_peers import Peers
from analysis.rows import EQUAL, column, ordered
from analysis.since import overloaded_since
from analysis.tables import Slice
from analysis.workload import load_by_practitioner
from graphmodel.errors import QueryError
from graphmodel.settings import Settings

PARTS: Final = ("base", "need", "team_size", "set_up", "supporting")
"""The parts of points, in the order in which each is laid on those before it."""
CAPACITY_PARTS: Final = ("full_time", "share_of_post", "newly_qualified")


def entry_parts(data: Coded, state: asof.Teams, settings: Settings) -> dict[str, Floats]:
    """The parts of the points of each entry of `state`; they add up to `asof.points`.

    Of a lead of weight w in a team that is `over` members above the free size: base, what it would weigh at
    the default needs level; need, w less that (below 0 for a lower level); team size, `w x step x over`;
    set-up, what the set-up factor adds on top of all three. Of a supporter: supporting, the whole.
    """
    rules, weight = settings.workload, asof.weights(data, state.day, settings)[state.tac]
    lead = state.is_lead
    over = np.maximum(0, state.size - rules.team_size_free)[state.tac]
    grown = weight * rules.team_size_step * over
    starting = (state.day - data.opened < rules.set_up_days)[state.tac]
    base = rules.need_weight[rules.default_needs_level]
    return {
        "base": np.where(lead, base, 0.0),
        "need": np.where(lead, weight - base, 0.0),
        "team_size": np.where(lead, grown, 0.0),
        "set_up": np.where(lead & starting, (weight + grown) * (rules.set_up_factor - 1.0), 0.0),
        "supporting": np.where(lead, 0.0, weight * rules.supporting_factor),
    }


def parts(tables: Slice, d: date, settings: Settings) -> pd.DataFrame:
    """`load_by_practitioner` with the parts of points and of capacity.

    More columns: each of `PARTS` (points; their sum is `points`), full_time (capacity were every post whole
    case work), share_of_post (what is taken from it because part of a post is other work: 0 or below) and
    newly_qualified (what is taken from the rest because they count as that: 0 or below); those three add up
    to `capacity`.
    """
    data, day = coded(tables), day_number(d)
    frame = load_by_practitioner(tables, d, settings)
    place = data.practitioners.codes(pa.chunked_array([pa.array(frame["practitioner_id"], pa.string())]))
    state, count = asof.teams(data, day), len(data.practitioners)
    for name, each in entry_parts(data, state, settings).items():
        frame[name] = np.bincount(state.practitioner, weights=each, minlength=count)[place]
    held, live = asof.posts(data, day, settings), np.flatnonzero(data.posts.on(day) & (data.posts.left >= 0))
    full = np.bincount(data.posts.left[live], weights=data.fte[live], minlength=count)
    experienced = np.bincount(held.practitioner, weights=held.experienced, minlength=count)[place]
    frame["full_time"] = settings.workload.points_per_fte * full[place]
    frame["share_of_post"] = experienced - frame["full_time"]
    frame["newly_qualified"] = frame["capacity"] - experienced
    return frame


def split_posts(tables: Slice, d: date, settings: Settings) -> pd.DataFrame:
    """Practitioners with posts in two agencies or more on `d`: a row each agency, with that agency's view.

    Points and capacity are shared as in Fairness, in proportion to the posts' capacity, so both agencies
    see the same utilisation. Columns: practitioner_id, agency_id, home (the agency that their leads are
    counted in), fte, capacity, part (of the practitioner's capacity; 0 without any), points and lead_points
    (shared), alone (all their points over this agency's capacity for them: what it would see if all the work
    were done in its post; NaN without any).
    """
    data, day = coded(tables), day_number(d)
    held, count, width = asof.posts(data, day, settings), len(data.practitioners), len(data.agencies)
    live = np.flatnonzero(data.posts.on(day) & (data.posts.left >= 0))
    keys, which = np.unique(held.practitioner * max(width, 1) + held.agency, return_inverse=True)
    who, agency = np.divmod(keys, max(width, 1))
    split = np.bincount(who, minlength=count)[who] > 1
    capacity = np.bincount(which, weights=held.capacity, minlength=len(keys))
    fte = np.bincount(which, weights=data.fte[live], minlength=len(keys))
    state = asof.teams(data, day)
    earned, lead = asof.points(data, state, settings), state.is_lead
    points = np.bincount(state.practitioner, weights=earned, minlength=count)
    led = np.bincount(state.practitioner[lead], weights=earned[lead], minlength=count)
    part = np.nan_to_num(asof.divided(capacity.astype(np.float64), held.total[who]))
    frame = pd.DataFrame(
        {
            "practitioner_id": column(data.practitioners.texts[who]),
            "agency_id": column(data.agencies.texts[agency]),
            "home": held.home[who] == agency,
            "fte": fte,
            "capacity": capacity,
            "part": part,
            "points": points[who] * part,
            "lead_points": led[who] * part,
            "alone": asof.divided(points[who].astype(np.float64), capacity.astype(np.float64)),
        }
    )
    return frame[split].reset_index(drop=True)


@dataclass(frozen=True, eq=False)
class Explained:
    """Every overloaded lead of a day with its working.

    `leads` has a row each, highest utilisation first: the columns of `parts`, then since, days and longer of
    `overloaded_since`; tipped_by (the change that weighed most on the day of tipping; None where it tipped
    before the days looked back on) and tipped_points; and of `Peers`: peers, role_median, carry_less,
    with_room, room_in_agency, room_in_locality. `changes` are those of the day of tipping, see
    `overload_changes.changes_on`; `posts` is `split_posts` of these leads.
    """

    as_of: date
    leads: pd.DataFrame
    changes: pd.DataFrame
    posts: pd.DataFrame

    def of(self, practitioner_id: str) -> dict[str, Any]:
        """All of one lead as plain values, dates as text, missing figures None."""
        row = self.leads[self.leads["practitioner_id"] == practitioner_id]
        own = [f[f["practitioner_id"] == practitioner_id] for f in (self.changes, self.posts)]
        changes, posts = (_plain(f.drop(columns="practitioner_id")) for f in own)
        return {**_plain(row)[0], "changes": changes, "split_posts": posts}

    def record(self) -> dict[str, Any]:
        """All of it as plain values: what `tacgraph overload --format json` prints."""
        leads = [self.of(str(who)) for who in self.leads["practitioner_id"]]
        return {"as_of": self.as_of.isoformat(), "leads": leads}


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    def value(x: Any) -> Any:
        if isinstance(x, date):
            return x.isoformat()
        return None if x is None or (isinstance(x, float) and np.isnan(x)) else x

    return [{str(k): value(v) for k, v in row.items()} for row in frame.to_dict(orient="records")]


def explain(
    tables: Slice, d: date, settings: Settings, *, most_days: int = 366, only: str | None = None
) -> Explained:
    """Every lead overloaded on `d` (`only`: that one) with the working, a run followed `most_days` back."""
    frame = parts(tables, d, settings)
    over = frame[frame["overloaded"]].drop(columns=["overloaded", "z", "outlier"])
    since = overloaded_since(tables, d, settings, most_days=most_days, only=only)
    leads = over.merge(since, on="practitioner_id", validate="1:1")
    changes = _tipping(tables, leads, settings)
    leads = leads.merge(_heaviest(changes), on="practitioner_id", how="left", validate="1:1")
    leads["tipped_by"] = leads["tipped_by"].astype(object).where(leads["tipped_by"].notna(), None)
    peers = Peers.of(tables, d, settings)
    summary = pd.DataFrame([peers.summary(str(who)) for who in leads["practitioner_id"]], index=leads.index)
    leads = ordered(pd.concat([leads, summary], axis=1), ["utilisation"], descending=True)
    posts = split_posts(tables, d, settings)
    theirs = posts[posts["practitioner_id"].isin(leads["practitioner_id"])].reset_index(drop=True)
    return Explained(d, leads, changes, theirs)


def working(
    tables: Slice, d: date, settings: Settings, practitioner_id: str, *, most_days: int = 366
) -> dict[str, Any]:
    """The working of one practitioner, overloaded or not, as plain values.

    The columns of `parts`; where overloaded also those of `Explained.leads`, and changes; split_posts; peers
    (see `Peers.frame`). Raises `QueryError` where the practitioner has neither a team nor a post on `d`.
    """
    frame = parts(tables, d, settings)
    row = frame[frame["practitioner_id"] == practitioner_id]
    if row.empty:
        raise QueryError(
            f"practitioner {practitioner_id}",
            f"is in no team and has no post on {d}",
            "See to the id and the day; ids are matched letter by letter.",
        )
    peers = Peers.of(tables, d, settings)
    own = _plain(row)[0]
    if own["overloaded"]:
        found = explain(tables, d, settings, most_days=most_days, only=practitioner_id).of(practitioner_id)
        own = {**own, **found}
    else:
        posts = split_posts(tables, d, settings)
        theirs = posts[posts["practitioner_id"] == practitioner_id]
        own |= {**peers.summary(practitioner_id), "changes": [], "split_posts": _plain(theirs.iloc[:, 1:])}
    return {**own, "peers_in_role": _plain(peers.frame(practitioner_id))}


def _tipping(tables: Slice, leads: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """The changes of the day on which each lead's run of overload began, by practitioner."""
    data, found = coded(tables), []
    known = leads[~leads["longer"]]
    for since in sorted(set(known["since"])):
        group = known.loc[known["since"] == since, "practitioner_id"]
        people: Ints = np.sort([data.practitioners.code(str(p)) for p in group])
        found.append(changes_on(data, people, since, settings))
    empty = changes_on(data, np.zeros(0, dtype=np.int64), date(1970, 1, 2), settings)
    together = pd.concat(found, ignore_index=True) if found else empty
    return together.sort_values(
        ["practitioner_id", "points", "change", "tac_id", "agency_id"],
        ascending=[True, False, True, True, True],
        kind="stable",
        ignore_index=True,
    )


def _heaviest(changes: pd.DataFrame) -> pd.DataFrame:
    """Of each practitioner the change that moved most towards the line; of a first post, that post."""
    first = changes[changes["change"] == "first_post"]
    upward = changes[changes["points"] > EQUAL]
    chosen = pd.concat([first, upward]).drop_duplicates("practitioner_id")
    return chosen.rename(columns={"change": "tipped_by", "points": "tipped_points"})[
        ["practitioner_id", "tipped_by", "tipped_points"]
    ]

"""Who else in the role carries less: the peers of an overloaded lead, and who of them has room.

See the measures page, Overload explained.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Self

import numpy as np
import pandas as pd

from analysis.coded import Bools, Coded, Floats, Ids, Ints, coded, day_number
from analysis.rows import EQUAL, column
from analysis.tables import Slice
from analysis.workload import Day
from graphmodel.settings import Settings


@dataclass(frozen=True, eq=False)
class Peers:
    """Practitioners with capacity on a day, by code: `room` is the points that they are below the line.

    `locality` is where most children of a practitioner's active teams live (ties: the first in order of
    name; -1: no team, or no locality on record); `held` says which agencies each has an active post in.
    """

    data: Coded
    utilisation: Floats
    room: Floats
    able: Bools
    locality: Ints
    held: Bools
    one_more: float

    @classmethod
    def of(cls, tables: Slice, d: date, settings: Settings) -> Self:
        data, rules = coded(tables), settings.workload
        state = Day(data, day_number(d), settings)
        held = np.zeros((len(data.practitioners), max(len(data.agencies), 1)), dtype=np.bool_)
        known = state.posts.agency >= 0
        held[state.posts.practitioner[known], state.posts.agency[known]] = True
        return cls(
            data=data,
            utilisation=state.utilisation,
            room=rules.overload_threshold * state.posts.total - state.points,
            able=state.posts.total > 0,
            locality=_localities(data, tables, state.teams.practitioner, state.teams.tac),
            held=held,
            one_more=rules.need_weight[rules.default_needs_level],
        )

    def _role(self, code: int) -> Ints:
        same: Ints = np.flatnonzero(self.able & (self.data.role == self.data.role[code]))
        return same

    def _near(self, code: int, peers: Ints) -> tuple[Bools, Bools]:
        agency: Bools = (self.held[peers] & self.held[code]).any(axis=1)
        locality: Bools = (self.locality[peers] == self.locality[code]) & (self.locality[code] >= 0)
        return agency, locality

    def _has_room(self, peers: Ints) -> Bools:
        enough: Bools = self.room[peers] >= self.one_more - EQUAL
        return enough

    def summary(self, practitioner_id: str) -> dict[str, Any]:
        """How the role stands beside this practitioner.

        peers (others with capacity), role_median (utilisation of all with capacity, NaN: none), carry_less,
        with_room (for one more lead at the default level), and how many of those share an agency or the
        locality: room_in_agency, room_in_locality.
        """
        code = self.data.practitioners.code(practitioner_id)
        role = self._role(code)
        peers = role[role != code]
        agency, locality = self._near(code, peers)
        room = self._has_room(peers)
        less = self.utilisation[peers] < self.utilisation[code] - EQUAL
        return {
            "peers": len(peers),
            "role_median": float(np.median(self.utilisation[role])) if len(role) else float("nan"),
            "carry_less": int(less.sum()),
            "with_room": int(room.sum()),
            "room_in_agency": int((room & agency).sum()),
            "room_in_locality": int((room & locality).sum()),
        }

    def frame(self, practitioner_id: str) -> pd.DataFrame:
        """The peers, those of the same agency first, then of the locality, then most room first.

        Columns: practitioner_id, utilisation, room (points below the line; below 0 above it), has_room,
        same_agency (an active post in one agency), same_locality.
        """
        code = self.data.practitioners.code(practitioner_id)
        role = self._role(code) if code >= 0 else np.zeros(0, dtype=np.int64)
        peers = role[role != code]
        agency, locality = self._near(code, peers)
        frame = pd.DataFrame(
            {
                "practitioner_id": column(self.data.practitioners.texts[peers]),
                "utilisation": self.utilisation[peers],
                "room": self.room[peers],
                "has_room": self._has_room(peers),
                "same_agency": agency,
                "same_locality": locality,
            }
        )
        frame = frame.assign(_order=frame["room"].round(9))
        by = ["has_room", "same_agency", "same_locality", "_order", "practitioner_id"]
        down = [False, False, False, False, True]
        return frame.sort_values(by, ascending=down, ignore_index=True).drop(columns="_order")


def _localities(data: Coded, tables: Slice, who: Ints, tac: Ints) -> Ints:
    names = tables.arrow["children"]["locality"]
    ids = Ids.of(names)
    child = data.tac_child[tac]
    place = np.append(ids.codes(names), -1)[child]
    known = place >= 0
    width = max(len(ids), 1)
    pairs, count = np.unique(who[known] * width + place[known], return_counts=True)
    person, where = np.divmod(pairs, width)
    order = np.lexsort((where, -count, person))
    first = np.unique(person[order], return_index=True)[1]
    found = np.full(len(data.practitioners), -1, dtype=np.int64)
    found[person[order][first]] = where[order][first]
    return found

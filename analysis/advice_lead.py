"""Who should lead this child's team? The members against the guidance's own criteria, each a column.

MG 3.14, TG 3.7 and PL name the criteria; TG 3.6 asks for somebody who is there out of term time. They are
shown, never added up: rows are in order of one criterion after the other, as `ORDER` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from analysis import asof
from analysis.allocation import BINDING, rules_of, ruling
from analysis.coded import FAR, Bools, Coded, Floats, Ints, Spans, coded, day_number, days, flags
from analysis.rows import EQUAL, column
from analysis.tables import Slice
from graphmodel.errors import QueryError
from graphmodel.settings import Settings

CRITERIA: Final = {
    "statutory": "Law or guidance asks for this role (MG Box 1, PL)",
    "family_choice": "Leads now by the family's choice (MG 3.14)",
    "has_post": "Has a post with time for it",
    "predominant_need": "Part of the child's services that come from the own agencies (PL)",
    "delivers": "Services to the child delivered in person",
    "days_in_team": "Days since joining the team (TG 3.7)",
    "trained": "Trained to lead (MG 3.14)",
    "utilisation_as_lead": "Part of capacity in use when leading (MG 3.14, 5.21)",
    "all_year": "There out of term time (TG 3.6)",
}
"""The criteria by column, in the order in which they count."""

_LONG: Final = 182
_SETTLED: Final = 42
_MOST_OF_IT: Final = 0.5


@dataclass(frozen=True, eq=False)
class Candidates:
    """The members of one team, best first by `CRITERIA`, and the rule that binds the choice.

    `required_roles` and `strength` are of the child's ruling status (empty: none asks for a role). Columns of
    `members`: practitioner_id, role, home_agency_id, leads_now, then the criteria: statutory (None where no
    rule asks), family_choice, has_post, predominant_need (NaN without services that may be shown), delivers,
    days_in_team, trained, utilisation_as_lead (NaN without capacity), all_year; then utilisation (today).
    """

    tac_id: str
    as_of: date
    strength: str
    required_roles: tuple[str, ...]
    members: pd.DataFrame

    def record(self) -> dict[str, Any]:
        """Plain values: what `tacgraph who-should-lead --format json` prints."""
        rows = self.members.astype(object).where(self.members.notna(), None).to_dict(orient="records")
        return {
            "tac_id": self.tac_id,
            "as_of": self.as_of.isoformat(),
            "strength": self.strength or None,
            "required_roles": list(self.required_roles),
            "criteria": CRITERIA,
            "members": rows,
        }


def who_should_lead(tables: Slice, tac_id: str, d: date, settings: Settings) -> Candidates:
    """The team of one TAC on `d`, in the order of the guidance's criteria.

    Compared one after the other: the role that a required or expected rule asks for (an advised one is
    shown, and does not count); the family's choice; a post with time for it; the part of the child's
    active services that come from the own agencies (half or more, some, none; a sensitive service without
    consent is left out); the relationship (half a year in the team or delivers a service, six weeks, less);
    training; capacity when leading (within it, below severe overload, above); out of term time; then
    the lower utilisation, then the id. Identifying: the caller asks the viewer's rights and leaves the
    audit record. Raises `QueryError` where no such TAC is active.
    """
    data, day = coded(tables), day_number(d)
    state = asof.teams(data, day)
    tac = data.tacs.code(tac_id)
    if tac < 0 or not state.active[tac]:
        fault = "is not known" if tac < 0 else f"is not active on {d.isoformat()}"
        raise QueryError(f"TAC {tac_id!r}", fault, "Ask for the id of a TAC that is active on that day.")
    team = _Team(tables, data, state, settings, tac)
    frame, keys = team.frame()
    order = np.lexsort([data.practitioners.texts[team.who].astype(str), *keys[::-1]])
    rule = team.rule
    return Candidates(
        tac_id=tac_id,
        as_of=d,
        strength=rule.strength if rule else "",
        required_roles=rule.roles if rule else (),
        members=frame.iloc[order].reset_index(drop=True),
    )


class _Team:
    """One team's members, and each criterion as one array."""

    def __init__(self, tables: Slice, data: Coded, state: asof.Teams, settings: Settings, tac: int) -> None:
        self.tables, self.data, self.state, self.settings, self.tac = tables, data, state, settings, tac
        self.entry = np.flatnonzero(state.tac == tac)
        self.who, self.leads = state.practitioner[self.entry], state.is_lead[self.entry]
        self.posts = asof.posts(data, state.day, settings)
        self.child = int(data.tac_child[tac])
        rules = rules_of(settings.allocation_profile)
        asked = np.append(ruling(data, state.day, rules), -1)[self.child]
        self.rule = rules[asked] if asked >= 0 else None

    def frame(self) -> tuple[pd.DataFrame, list[Floats]]:
        """The columns, and what rows are put in order by: smaller first."""
        data, people = self.data, self.tables.arrow["practitioners"]
        fits = self._fits()
        binding = self.rule is not None and self.rule.strength in BINDING
        able: Bools = self.posts.total[self.who] > 0
        need, delivers = self._services()
        joined = self._joined()
        trained = (days(people["lead_trained_on"], FAR) <= self.state.day)[self.who]
        today, leading = self._utilisation()
        chosen = self._family()
        all_year = ~flags(people["term_time_only"])[self.who]
        frame = pd.DataFrame(
            {
                "practitioner_id": column(data.practitioners.texts[self.who]),
                "role": column(data.role_names.named(data.role[self.who])),
                "home_agency_id": column(data.agencies.named(self.posts.home[self.who])),
                "leads_now": self.leads,
                "statutory": column(bool(x) if self.rule else None for x in fits),
                "family_choice": chosen,
                "has_post": able,
                "predominant_need": need,
                "delivers": delivers,
                "days_in_team": joined,
                "trained": trained,
                "utilisation_as_lead": leading,
                "all_year": all_year,
                "utilisation": today,
            }
        )
        rules, used = self.settings.workload, np.nan_to_num(leading, nan=np.inf)
        within = (used <= rules.overload_threshold + EQUAL).astype(float)
        grades = [
            fits & binding,
            chosen,
            able,
            (np.nan_to_num(need) > 0) * (1 + (np.nan_to_num(need) >= _MOST_OF_IT)),
            np.maximum(2 * ((joined >= _LONG) | (delivers > 0)), joined >= _SETTLED),
            trained,
            within + (used <= rules.severe_threshold + EQUAL),
            all_year,
        ]
        return frame, [*(-np.asarray(g, dtype=np.float64) for g in grades), used.round(9)]

    def _fits(self) -> Bools:
        roles = self.data.role_names.named(self.data.role[self.who])
        asked = self.rule.roles if self.rule else ()
        return np.array([role in asked for role in roles], dtype=np.bool_)

    def _family(self) -> Bools:
        spans = self.data.leads
        reasons = np.asarray(self.tables.arrow["leads"]["reason"].to_pylist(), dtype=object)
        live = spans.on(self.state.day) & (spans.right == self.tac) & (reasons == "family_choice")
        found: Bools = np.isin(self.who, spans.left[live])
        return found

    def _joined(self) -> Ints:
        """Days since each first was a member or lead of this team."""
        first = np.full(len(self.data.practitioners), self.state.day, dtype=np.int64)
        for spans in (self.data.members, self.data.leads):
            mine = _begun(spans, self.state.day) & (spans.right == self.tac) & (spans.left >= 0)
            np.minimum.at(first, spans.left[mine], spans.start[mine])
        found: Ints = self.state.day - first[self.who]
        return found

    def _services(self) -> tuple[Floats, Ints]:
        """The part of the child's services from each one's agencies, and how many each delivers in person."""
        data, used, table = self.data, self.tables.arrow["interventions"], self.tables.arrow["services"]
        day = self.state.day
        now = (days(used["started_on"], FAR) <= day) & (day < days(used["ended_on"], FAR))
        now &= data.children.codes(used["child_id"]) == self.child
        known = {name: n for n, name in enumerate(table["service_id"].to_pylist())}
        service = np.array([known.get(x, -1) for x in used["service_id"].filter(now).to_pylist()], dtype=int)
        hidden = np.append(flags(table["sensitive"]), True)[service] & ~flags(used["consent"])[now]
        agency = np.append(data.agencies.codes(table["agency_id"]), -1)[service][~hidden]
        giver = data.practitioners.codes(used["practitioner_id"])[now][~hidden]
        held = {person: self.posts.agency[self.posts.practitioner == person] for person in self.who.tolist()}
        own = np.array([int(np.isin(agency, held[p]).sum()) for p in self.who.tolist()], dtype=np.float64)
        count = np.full(len(self.who), float(len(agency)))
        delivers = np.array([int((giver == p).sum()) for p in self.who.tolist()], dtype=np.int64)
        return asof.divided(own, count), delivers

    def _utilisation(self) -> tuple[Floats, Floats]:
        """Part of capacity in use today, and when leading this team."""
        state, settings = self.state, self.settings
        people, rules = len(self.data.practitioners), settings.workload
        earned = asof.points(self.data, state, settings)
        held = np.bincount(state.practitioner, weights=earned, minlength=people)
        points = held[self.who].astype(np.float64)
        weight = asof.weights(self.data, state.day, settings)[self.tac]
        size = 1.0 + rules.team_size_step * max(0, int(state.size[self.tac]) - rules.team_size_free)
        early = state.day - self.data.opened[self.tac] < rules.set_up_days
        leading = weight * size * (rules.set_up_factor if early else 1.0)
        capacity = self.posts.total[self.who]
        return asof.divided(points, capacity), asof.divided(points - earned[self.entry] + leading, capacity)


def _begun(spans: Spans, day: int) -> Bools:
    begun: Bools = (spans.start <= day) & (spans.start < spans.end)
    return begun

"""The changes that a scenario is made of: each says itself in words, and alters a draft of the tables.

A change takes effect on the as-of day: intervals that it ends are not active on it any more, rows that it
adds are. Practitioners who have no post left are gone: their memberships end too, and their leads end without
a successor. See docs/decisions/what-if.md for each choice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Literal

import pandas as pd

from analysis.coded import coded, day_number
from analysis.whatif_draft import Draft
from analysis.workload import Day
from graphmodel.errors import SettingsError
from graphmodel.settings import Settings

_WHOLE: Final = 1.0
_LEAST_FTE: Final = 1e-9
_TOP_LEVEL: Final = 4


@dataclass(frozen=True)
class Withdraw:
    """An agency withdraws posts of a role.

    Which ones: of the posts active on the day, those whose holders carry the fewest points, or the `most`;
    among equals the latest begun, then by practitioner. So the two tell the mildest and the hardest case. A
    holder with another post stays in the teams with less capacity.
    """

    agency_id: str
    role: str
    posts: int
    which: Literal["least", "most"] = "least"

    def __str__(self) -> str:
        most = ", those who carry most" if self.which == "most" else ""
        return f"{self.agency_id} withdraws {_count(self.posts, 'post')} of {self.role}{most}"

    def apply(self, draft: Draft, settings: Settings) -> None:
        _known(draft, self, "agencies", self.agency_id)
        if self.posts < 1:
            raise _fault(self, "it is no number of posts", "Give 1 or more.")
        posts = draft.frame("posts")
        people = draft.frame("practitioners").set_index("practitioner_id")
        role = posts["practitioner_id"].map(people["role"])
        here = draft.active("posts") & (posts["agency_id"] == self.agency_id) & (role == self.role)
        if int(here.sum()) < self.posts:
            found = _count(int(here.sum()), "such post")
            raise _fault(self, f"it has {found} on {draft.day}", "Ask for no more than there are.")
        tables = draft.slice()
        data = coded(tables)
        state = Day(data, day_number(draft.day), settings)
        points = pd.Series(state.points.round(9), index=data.practitioners.texts)
        order = posts[here].assign(points=posts["practitioner_id"].map(points))
        order = order.sort_values(
            ["points", "started_on", "practitioner_id"],
            ascending=[self.which == "least", False, True],
            kind="stable",
        )
        _end_posts(draft, posts.index.isin(order.index[: self.posts]))
        holders = ", ".join(order["practitioner_id"].head(self.posts))
        draft.notes.append(
            f"{self.agency_id} withdraws the posts of those who carry {self.which}: {holders}."
        )


@dataclass(frozen=True)
class Leave:
    """A practitioner leaves: every post, membership and lead of theirs ends."""

    practitioner_id: str

    def __str__(self) -> str:
        return f"{self.practitioner_id} leaves"

    def apply(self, draft: Draft, settings: Settings) -> None:
        del settings
        _known(draft, self, "practitioners", self.practitioner_id)
        posts = draft.frame("posts")
        draft.end("posts", draft.active("posts") & (posts["practitioner_id"] == self.practitioner_id))
        draft.notes.append(f"{self}.")
        _gone(draft, {self.practitioner_id})


@dataclass(frozen=True)
class Arrive:
    """FTE arrive at an agency in a role: full-time posts and one for the rest, of new practitioners.

    They are in no team yet, so alone they add capacity only; see `analysis.whatif_handover.relieve`.
    """

    agency_id: str
    role: str
    fte: float
    trained: bool = True

    def __str__(self) -> str:
        trained = "" if self.trained else ", not trained to lead"
        return f"{self.fte:g} FTE of {self.role} arrive at {self.agency_id}{trained}"

    def apply(self, draft: Draft, settings: Settings) -> None:
        del settings
        _known(draft, self, "agencies", self.agency_id)
        if not _LEAST_FTE < self.fte <= 1000:  # noqa: PLR2004  (a slip of the pen, not an authority)
            raise _fault(self, "it is no number of posts", "Give more than 0 FTE, at most 1,000.")
        parts = [_WHOLE] * int(self.fte + _LEAST_FTE)
        rest = round(self.fte - len(parts), 9)
        parts += [rest] if rest > _LEAST_FTE else []
        trained_on = draft.day if self.trained else None
        people, posts = [], []
        names = islice(draft.free_id("practitioners", "new"), len(parts))
        for name, fte in zip(names, parts, strict=True):
            people.append({"practitioner_id": name, "role": self.role, "lead_trained_on": trained_on})
            posts.append(
                {
                    "practitioner_id": name,
                    "agency_id": self.agency_id,
                    "started_on": draft.day,
                    "fte": fte,
                    "home": True,
                }
            )
        draft.add("practitioners", people)
        draft.add("posts", posts)
        draft.newcomers += [str(person["practitioner_id"]) for person in people]
        draft.notes.append(f"{self}, in {_count(len(parts), 'post')}.")


@dataclass(frozen=True)
class Grow:
    """TACs grow: so many parts of those active are there once more, each for a child of its own.

    Which ones is drawn by `Draft.drawn`; a copy has the team, the leads, the needs and statuses of its
    original on the day and the day on which it opened. Above 100 % whole rounds come first.
    """

    part: float

    def __str__(self) -> str:
        return f"TACs grow by {100 * self.part:g}%"

    def apply(self, draft: Draft, settings: Settings) -> None:
        del settings
        if not 0 < self.part <= 10:  # noqa: PLR2004  (a slip of the pen, not a forecast)
            raise _fault(self, "it is out of range", "Give more than 0%, at most 1000%.")
        tacs = draft.frame("tacs")
        running = list(tacs.loc[draft.active("tacs"), "tac_id"])
        wanted = int(self.part * len(running) + 0.5 + _LEAST_FTE)
        rounds, rest = divmod(wanted, len(running)) if running else (0, 0)
        chosen = running * rounds + draft.drawn(running, rest)
        _copy(draft, chosen)
        draft.notes.append(f"{self}: {_count(len(chosen), 'TAC')} more, with teams like those there are.")


@dataclass(frozen=True)
class CloseSchools:
    """Schools close for the holidays.

    Posts in the education sector, and all posts of those who work in term time only, have no capacity. Who
    has no other post leads nothing, and stays in the teams.
    """

    def __str__(self) -> str:
        return "schools close"

    def apply(self, draft: Draft, settings: Settings) -> None:
        del settings
        agencies = draft.frame("agencies").set_index("agency_id")
        people = draft.frame("practitioners").set_index("practitioner_id")
        posts, live = draft.frame("posts"), draft.active("posts")
        term_only = people.index[people["term_time_only"].fillna(value=False).astype(bool)]
        closed = posts["agency_id"].map(agencies["sector"]) == "education"
        closed |= posts["practitioner_id"].isin(term_only)
        away = set(posts.loc[live & closed, "practitioner_id"])
        away -= set(posts.loc[live & ~closed, "practitioner_id"])
        posts.loc[live & closed, "tac_share"] = 0.0
        draft.notes.append(f"Schools close: {_count(len(away), 'practitioner')} away.")
        _end_leads(draft, away)


@dataclass(frozen=True)
class NeedsRise:
    """Needs rise by one level for so many parts of the children with an active TAC below level 4.

    Which ones is drawn by `Draft.drawn`.
    """

    part: float

    def __str__(self) -> str:
        return f"needs rise by a level for {100 * self.part:g}% of the children"

    def apply(self, draft: Draft, settings: Settings) -> None:
        if not 0 < self.part <= 1:
            raise _fault(self, "it is out of range", "Give more than 0%, at most 100%.")
        tacs, needs = draft.frame("tacs"), draft.frame("needs")
        live = draft.active("needs")
        highest = needs[live].groupby("child_id")["level"].max()
        children = pd.Index(tacs.loc[draft.active("tacs"), "child_id"].unique())
        usual = settings.workload.default_needs_level
        level = highest.reindex(children).fillna(usual).astype(int)
        able = level[level < _TOP_LEVEL]
        chosen = draft.drawn(able.index, int(self.part * len(able) + 0.5 + _LEAST_FTE))
        draft.end("needs", live & needs["child_id"].isin(chosen))
        draft.add(
            "needs", [{"child_id": c, "level": int(level[c]) + 1, "started_on": draft.day} for c in chosen]
        )
        draft.notes.append(f"Needs rise by a level for {_count(len(chosen), 'child', 'children')}.")


Change = Withdraw | Leave | Arrive | Grow | CloseSchools | NeedsRise


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _fault(change: object, fault: str, mend: str) -> SettingsError:
    return SettingsError(f"scenario: {change}", fault, mend)


def _known(draft: Draft, change: object, table: str, key: str) -> None:
    column = {"agencies": "agency_id", "practitioners": "practitioner_id"}[table]
    if key not in set(draft.frame(table)[column]):
        one = {"agencies": "agency", "practitioners": "practitioner"}[table]
        raise _fault(change, f"no {one} has the id {key!r}", "Look it up in the data: ids compare exactly.")


def _end_posts(draft: Draft, rows: Any) -> None:
    posts = draft.frame("posts")
    losing = set(posts.loc[rows, "practitioner_id"])
    draft.end("posts", pd.Series(rows, index=posts.index))
    held = set(draft.frame("posts").loc[draft.active("posts"), "practitioner_id"])
    _gone(draft, losing - held)


def _gone(draft: Draft, people: set[str]) -> None:
    _end_leads(draft, people)
    members = draft.frame("memberships")
    draft.end("memberships", draft.active("memberships") & members["practitioner_id"].isin(people))


def _end_leads(draft: Draft, people: set[str]) -> None:
    leads, tacs = draft.frame("leads"), draft.frame("tacs")
    rows = draft.active("leads") & leads["practitioner_id"].isin(people)
    running = set(tacs.loc[draft.active("tacs"), "tac_id"])
    for tac, who in sorted(zip(leads.loc[rows, "tac_id"], leads.loc[rows, "practitioner_id"], strict=True)):
        if tac in running:
            draft.freed.append((tac, who))
    draft.end("leads", rows)


def _copy(draft: Draft, chosen: list[str]) -> None:
    """Each TAC of the list once more, under a new id and for a new child."""
    running = draft.frame("tacs")[draft.active("tacs")]
    child_of = dict(zip(running["tac_id"], running["child_id"], strict=True))
    opened = dict(zip(running["tac_id"], running["opened_on"], strict=True))
    tacs = list(zip(chosen, islice(draft.free_id("tacs", "grown"), len(chosen)), strict=True))
    new = list(islice(draft.free_id("children", "grown"), len(chosen)))
    children = [(child_of[tac], child) for tac, child in zip(chosen, new, strict=True)]
    draft.add(
        "tacs",
        [
            {"tac_id": made, "child_id": child, "opened_on": opened[tac].date()}
            for (tac, made), child in zip(tacs, new, strict=True)
        ],
    )
    draft.add("children", [{"child_id": child} for child in new])
    for name, key, pairs in (
        ("memberships", "tac_id", tacs),
        ("leads", "tac_id", tacs),
        ("needs", "child_id", children),
        ("statuses", "child_id", children),
    ):
        rows: dict[str, list[dict[str, Any]]] = {}
        wanted = draft.active(name) & draft.frame(name)[key].isin({old for old, _ in pairs})
        for row in _records(draft.frame(name)[wanted]):
            rows.setdefault(row[key], []).append(row)
        draft.add(name, [{**row, key: made} for old, made in pairs for row in rows.get(old, [])])


def _records(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Rows as plain values; dates `date`, missing values None."""
    for row in frame.to_dict(orient="records"):
        yield {str(name): _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    if value is None or value is pd.NaT or value != value:  # noqa: PLR0124  (NaN is what differs from itself)
        return None
    return value.date() if isinstance(value, pd.Timestamp) else value

"""A mapping proposed from a list's headings and its cells, each choice with its reason."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from rapidfuzz import fuzz

from loaders.sources.spreadsheet.cells import (
    is_nhs_number,
    is_upn,
    looks_like_name,
    masked,
    people_of,
    plain_words,
    role_of,
    role_sector,
    sector_of,
    status_of,
    statuses_in,
    word_lists,
)
from loaders.sources.spreadsheet.choose import ALIKE, CHILD_FIELDS, Guess
from loaders.sources.spreadsheet.grid import Grid, Sheet, open_grid
from loaders.sources.spreadsheet.mapping import DATED, EVERYBODY, Column, Mapping
from loaders.sources.spreadsheet.read import day_in
from loaders.sources.values import absent, clean, parse_day

_SEVERAL: Final = 2
_MOST_NAMED: Final = 8
_LONG_WORD: Final = 4
_SHOWN: Final = frozenset(
    {
        *(
            "needs_level",
            "status",
            "status_flag",
            "role",
            "agency",
            "sector",
            "fte",
            "lead_flag",
            "part",
            "school",
        ),
        *(
            "locality",
            "lead_role",
            "lead_agency",
            "lead",
            "needs_since",
            "status_since",
            "opened_on",
            "closed_on",
        ),
        *("next_review_on", "review_on", "assessment_on", "assessment_completed_on", "member_since"),
        *("member_until", "lead_since", "lead_until"),
    }
)
"""Fields of which some values may be shown; of all others only the shape: they can tell who somebody is."""


@dataclass(frozen=True)
class Proposal:
    """The mapping proposed for a file; `samples` by heading, never of values that identify somebody."""

    mapping: Mapping
    samples: dict[str, str]
    sheets: tuple[str, ...]
    rows: int
    notes: list[str] = field(default_factory=list)
    to_fill: list[str] = field(default_factory=list)


def propose(
    path: Path, *, as_at: str = "", source: str = "", schools: frozenset[str] = frozenset()
) -> Proposal:
    """The mapping proposed for the file at `path`; raises `SourceError` where it is no spreadsheet.

    `as_at` is the list's own day where the caller knows it, `schools` plain names of a registry's schools.
    """
    return propose_for(open_grid(path), as_at=as_at, source=source, schools=schools)


def propose_for(
    grid: Grid, *, as_at: str = "", source: str = "", schools: frozenset[str] = frozenset()
) -> Proposal:
    """The same for a file that is open."""
    best = max((Guess(sheet, schools) for sheet in grid.sheets), key=lambda g: g.worth)
    alike = [s for s in grid.sheets if set(best.wanted()) <= set(s.headings)]
    guess = Guess(_together(best.sheet, alike), schools)
    return _Whole(grid, guess, alike, as_at, source).proposal()


def _together(first: Sheet, alike: Sequence[Sheet]) -> Sheet:
    """The rows of sheets with the same headings as those of one sheet."""
    rows = []
    for sheet in alike:
        places = {h: p for p, h in enumerate(sheet.headings)}
        rows += [(n, [r[places[h]] if h in places else "" for h in first.headings]) for n, r in sheet.rows]
    return replace(first, rows=rows)


# -- the mapping as a whole ------------------------------------------------------------------------


class _Whole:
    """The choices for the columns and what the mapping says beside them."""

    def __init__(self, grid: Grid, guess: Guess, alike: Sequence[Sheet], as_at: str, source: str) -> None:
        self.grid, self.guess, self.alike, self.as_at = grid, guess, alike, as_at
        stem = re.sub(r"\d+", " ", grid.path.stem)
        self.source = source or re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")[:40] or "partner"
        self.to_fill: list[str] = []

    def values(self, *names: str) -> list[str]:
        """The distinct filled cells of the columns of these fields."""
        guess = self.guess
        found: dict[str, None] = {}
        for place, choice in sorted(guess.chosen.items()):
            if choice.name in names:
                cells = (clean(v) for v in guess.sheet.column(place) if not absent(v))
                found.update(dict.fromkeys(cells))
        return list(found)

    def has(self, *names: str) -> bool:
        return any(self.guess.place_of(name) is not None for name in names)

    def proposal(self) -> Proposal:
        guess = self.guess
        self.reviews_to_come()
        columns = tuple(
            Column(
                guess.sheet.headings[p], c.name, why=c.why, confidence=min(round(c.score, 2), 1.0), **c.extra
            )
            for p, c in sorted(guess.chosen.items())
        )
        list_is, as_at, since_is = self.days()
        heading = (
            plain_words(guess.sheet.headings[p]) if (p := guess.place_of("child_id")) is not None else ""
        )
        theirs = re.search(r"\b(mosaic|liquidlogic|lcs|ehm|eclipse|swift|social care)\b", heading)
        mapping = Mapping(
            self.source,
            columns,
            list_is,
            as_at,
            since_is,
            self.day_first(),
            "authority" if theirs else "own",
            sheet_is=(sheet_is := self.sheet_is()),
            sheets=(),
            fill_down=self.fill_down(),
            posts_since=self.posts_since(),
            roles=self.roles(),
            statuses={v: c for v in self.statuses() if (c := status_of(v)) is not None},
            agencies=self.agencies(columns, sheet_is),
        )
        samples = {c.heading: self.sample(p, c.field) for p, c in enumerate(columns)}
        left = [s.name for s in self.grid.sheets if s not in self.alike]
        notes = [*self.grid.notes, *(f"sheet {name} left out: other headings" for name in left)]
        rows = sum(len(s.rows) for s in self.alike)
        return Proposal(mapping, samples, tuple(s.name for s in self.alike), rows, notes, self.asks(mapping))

    def days(self) -> tuple[str, str, str]:
        """What kind of list it is, its day, and what stands for a missing first day."""
        where = self.as_at
        if not where and day_in(self.grid.path.stem):
            where = "file name"
        if not where and any(day_in(s.title) for s in self.alike):
            where = "title"
        if self.has("member_since"):
            return DATED, where, "opened_on" if self.has("opened_on") else ""
        if self.has("closed_on") and self.has("opened_on"):
            return DATED, where, "opened_on"
        return EVERYBODY, where, "as_at"

    def reviews_to_come(self) -> None:
        """A column of reviews is of the next ones where most of its days lie ahead of the list's own."""
        place = self.guess.place_of("review_on")
        if place is None or self.has("next_review_on"):
            return
        said = (self.as_at, self.grid.path.stem, *(s.title for s in self.alike))
        now = dt.datetime.now(tz=dt.UTC).date().isoformat()
        today = next((d for text in said if (d := day_in(text))), now)
        days = [d for value in self.guess.contents[place].values if (d := parse_day(value))]
        if 2 * sum(day > today for day in days) > len(days):
            before = self.guess.chosen[place]
            why = f"{before.why}; most of its days are after {today}"
            self.guess.chosen[place] = replace(before, name="next_review_on", why=why)

    def day_first(self) -> bool:
        """Whether 03/04 is the 3rd of April: unless some second number is above 12 and no first one is."""
        firsts, seconds = [], []
        for place, content in enumerate(self.guess.contents):
            if self.guess.chosen[place].name != "left_out":
                for value in content.values:
                    if found := re.match(r"(\d{1,2})[/.-](\d{1,2})[/.-]\d{2,4}\b", value):
                        firsts.append(int(found[1]))
                        seconds.append(int(found[2]))
        twelve = 12
        return not (seconds and max(seconds) > twelve >= max(firsts))

    def sheet_is(self) -> str:
        """What sheets of the same headings are each for."""
        if len(self.alike) < _SEVERAL:
            return ""
        schools = sum(sector_of(s.name) == "education" for s in self.alike) * 2 > len(self.alike)
        if self.has("practitioner_name", "lead") and not self.has("agency", "lead_agency"):
            return "agency"
        return "school" if schools and not self.has("school") else ""

    def fill_down(self) -> tuple[str, ...]:
        """The child's columns, where rows below leave them blank and go on naming practitioners."""
        guess = self.guess
        who = next((p for f in CHILD_FIELDS if (p := guess.place_of(f)) is not None), None)
        named = guess.place_of("practitioner_name")
        if who is None or named is None:
            return ()
        rows = [row for _, row in guess.sheet.rows]
        blank = sum(not row[who].strip() and bool(row[named].strip()) for row in rows)
        if not rows or not rows[0][who].strip() or blank * 10 < len(rows):
            return ()
        team = (
            *CHILD_FIELDS,
            "birth_date",
            "postcode",
            "tac_id",
            "opened_on",
            "family_id",
            "school",
            "needs_level",
        )
        return tuple(guess.sheet.headings[p] for p, c in sorted(guess.chosen.items()) if c.name in team)

    def posts_since(self) -> str:
        days = [d for v in self.values("member_since", "opened_on") if (d := parse_day(v))]
        return min(days, default=self.as_at if parse_day(self.as_at) else "")

    def roles(self) -> dict[str, str]:
        """The list's words for roles: known ones as codes, the nearest where they are only misspelt."""
        found = {}
        for value in self.values("role", "lead_role"):
            found[value] = role_of(value) or _nearest_role(value) or plain_words(value).replace(" ", "_")
        return found

    def statuses(self) -> list[str]:
        return list(dict.fromkeys(part for v in self.values("status") for part in statuses_in(v)))

    def agencies(self, columns: Sequence[Column], sheet_is: str) -> dict[str, str]:
        """The agencies of the list with their sector, empty where it has to be filled in."""
        by_role: dict[str, str] = {}
        guess = self.guess
        for agency, role in (("agency", "role"), ("lead_agency", "lead_role")):
            a, r = guess.place_of(agency), guess.place_of(role)
            if a is not None and r is not None:
                for _, row in guess.sheet.rows:
                    code = role_of(row[r])
                    if code and (sector := role_sector(code)):
                        by_role.setdefault(clean(row[a]), sector)
        names = dict.fromkeys(self.values("agency", "lead_agency"))
        names.update(dict.fromkeys(s.name for s in self.alike if sheet_is == "agency"))
        found = {name: sector_of(name) or by_role.get(name, "") for name in names}
        found.update(dict.fromkeys(self.values("school"), "education"))
        found.update({c.agency: c.sector for c in columns if c.field == "member" and c.agency})
        return {name: sector for name, sector in found.items() if name}

    def asks(self, mapping: Mapping) -> list[str]:
        """What the mapping leaves for people to say."""
        asked = []
        if mapping.since_is == "as_at" and not mapping.as_at:
            asked.append("as_at: the list has no first days, so say for which day it holds (or give --as-at)")
        unknown = [name for name, sector in mapping.agencies.items() if not sector]
        if unknown:
            asked.append(f"[agencies]: the sector of {_some(unknown)}")
        if not any(mapping.has(f) for f in CHILD_FIELDS):
            asked.append("no column says which child a row is about: set one to child_id")
        if not mapping.has("lead", "lead_flag", "part"):
            asked.append("no column says who leads")
        if not mapping.has("practitioner_name", "practitioner_id", "member", "members", "lead"):
            asked.append("no column names a practitioner")
        known = set(mapping.statuses)
        strange = [v for v in self.statuses() if v not in known]
        if strange:
            asked.append(
                f"[statuses]: {_some([masked(v) if looks_like_name(v) else v for v in strange])} not known"
            )
        if not mapping.has("fte"):
            asked.append(
                "no column of hours (FTE): without fte_when_missing and posts_since there are no posts"
            )
        return asked

    def sample(self, place: int, name: str) -> str:
        """Up to three values of a column, their shape alone where they can tell who somebody is."""
        content = self.guess.contents[place]
        shown = []
        for value in content.values[:40]:
            safe = (
                name in _SHOWN
                and not looks_like_name(value)
                and not is_upn(value)
                and not is_nhs_number(value)
            )
            text = value if safe and not (name == "lead" and people_of(value)) else masked(value)
            if text not in shown:
                shown.append(text[:30])
        return " · ".join(shown[:3])


def _some(texts: Sequence[str]) -> str:
    return ", ".join(texts[:_MOST_NAMED]) + (" …" if len(texts) > _MOST_NAMED else "")


def _nearest_role(text: str) -> str:
    words = plain_words(text)
    scored = [
        (fuzz.ratio(words, known), code)
        for code, role in word_lists()["role"].items()
        for known in role["words"]
        if len(known) > _LONG_WORD
    ]
    score, code = max(scored, default=(0.0, ""))
    return code if score >= ALIKE else ""

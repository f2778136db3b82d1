"""The rows of a partner's list → what each says: a child, its team, who is in it and who leads it.

Every shape comes to the same: a row may name one practitioner with a role and a lead flag, one in each of
several columns, several in a cell, or the lead alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from loaders.raw import PLACE, RowFault
from loaders.sheets import NO_VALUE
from loaders.sources.spreadsheet.cells import (
    NO_DAY_YET,
    NOBODY,
    NOT_STATED,
    Mentioned,
    is_nhs_number,
    is_upn,
    level_of,
    name_key,
    nameless_in,
    part_of,
    people_of,
    plain_words,
    role_of,
    status_of,
    statuses_in,
    tick,
)
from loaders.sources.spreadsheet.grid import Sheet
from loaders.sources.spreadsheet.mapping import SAME_SCHOOL, Column, Mapping
from loaders.sources.values import absent, clean, parse_day

DATES: Final = frozenset(
    {
        *(
            "birth_date",
            "needs_since",
            "status_since",
            "opened_on",
            "closed_on",
            "next_review_on",
            "review_on",
        ),
        *(
            "assessment_on",
            "assessment_completed_on",
            "member_since",
            "member_until",
            "lead_since",
            "lead_until",
        ),
    }
)
_AMERICAN: Final = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})\b")
_IDS: Final = frozenset({"child_id", "tac_id", "practitioner_id", "family_id", "nhs_number"})
_ROUNDED: Final = re.compile(r"[0-9](\.[0-9]+)?[eE]\+[0-9]+")
LOST_DIGITS: Final = "is a number whose last digits the spreadsheet has lost: keep ids as text"


@dataclass(frozen=True)
class Member:
    """Somebody in a row's team. `heading` is the column that names them; days as ISO or as they stand."""

    name: str
    ident: str
    role: str
    agency: str
    sector: str
    since: str | None
    until: str | None
    leads: bool
    heading: str
    fte: str | None = None
    by_role: str = ""


@dataclass
class Line:
    """What one row says."""

    place: int
    child: dict[str, str] = field(default_factory=dict)
    team: dict[str, str] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)
    lead: str = ""
    lead_since: str | None = None
    lead_until: str | None = None
    lead_agency: str = ""
    lead_role: str = ""
    level: str | None = None
    level_since: str | None = None
    statuses: list[str] = field(default_factory=list)
    status_since: str | None = None
    reviews: list[str] = field(default_factory=list)
    assessment: dict[str, str] = field(default_factory=dict)
    ticks: list[str] = field(default_factory=list)
    nameless: list[str] = field(default_factory=list)


@dataclass
class Unread:
    """Values that the mapping has no code for, with how often they stand there; rows that cannot be read."""

    statuses: dict[str, int] = field(default_factory=dict)
    parts: dict[str, int] = field(default_factory=dict)
    rows: list[RowFault] = field(default_factory=list)


def lines(mapping: Mapping, sheet: Sheet, unread: Unread) -> Iterator[Line]:
    """The rows of a sheet, in order."""
    places = {plain_words(h) or h: p for p, h in enumerate(sheet.headings)}
    columns = [(c, places[plain_words(c.heading) or c.heading]) for c in mapping.used()]
    down = {places[key] for h in mapping.fill_down if (key := plain_words(h) or h) in places}
    above: dict[int, str] = {}
    unread.rows += [RowFault(sheet.number * PLACE + row, "", "", why) for row, why in sheet.broken.items()]
    for number, cells in sheet.rows:
        for place in down:
            if cells[place].strip():
                above[place] = cells[place]
        if lost := _lost(sheet, columns, number, cells):
            unread.rows.append(RowFault(sheet.number * PLACE + number, *lost))
            continue
        full = [above.get(p, "") if p in down and not text.strip() else text for p, text in enumerate(cells)]
        yield _Row(mapping, sheet, columns, full, unread).line(sheet.number * PLACE + number)


def _lost(
    sheet: Sheet, columns: Sequence[tuple[Column, int]], number: int, cells: Sequence[str]
) -> tuple[str, str, str] | None:
    """The first cell of a row that has no value of its own any more: its heading, what is there, and why."""
    for column, place in columns:
        if (number, place) in sheet.formulas:
            return column.heading, cells[place], NO_VALUE
        if column.field in _IDS and _ROUNDED.fullmatch(cells[place].strip()):
            return column.heading, cells[place], LOST_DIGITS
    return None


class _Row:
    """One row on its way into a line."""

    def __init__(
        self,
        mapping: Mapping,
        sheet: Sheet,
        columns: Sequence[tuple[Column, int]],
        cells: Sequence[str],
        unread: Unread,
    ) -> None:
        self.mapping, self.sheet, self.unread = mapping, sheet, unread
        self.columns, self.cells = columns, cells
        self.by_field: dict[str, str] = {}
        self.days_of: dict[tuple[str, str], str] = {}
        for column, place in columns:
            if column.of:
                self.days_of[column.of, column.field] = self.day(cells[place])
                continue
            if column.field in DATES:
                value = self.day(cells[place])
            else:
                value = "" if absent(cells[place]) else clean(cells[place])
            if value:
                self.by_field.setdefault(column.field, value)

    def get(self, name: str) -> str:
        return self.by_field.get(name, "")

    def day(self, text: str) -> str:
        """A cell as a day: ISO, empty where none is settled, else as it stands, to be rejected."""
        if absent(text) or plain_words(text) in NO_DAY_YET:
            return ""
        plain = clean(text)
        if not self.mapping.day_first and (found := _AMERICAN.match(plain)):
            plain = f"{found[3]}/{found[1]}/{found[4]}{plain[found.end() :]}"
        return parse_day(plain) or plain

    def line(self, place: int) -> Line:
        line = Line(place)
        fields = ("child_id", "child_name", "first_name", "last_name", "birth_date", "upn", "nhs_number")
        line.child = {f: self.get(f) for f in (*fields, "postcode", "family_id", "locality", "school")}
        if self.mapping.sheet_is in ("school", "locality"):
            line.child[self.mapping.sheet_is] = line.child[self.mapping.sheet_is] or self.sheet.name
        line.team = {f: self.get(f) for f in ("tac_id", "opened_on", "closed_on", "next_review_on")}
        line.members = [*self.own_member(line), *self.column_members(line)]
        self.lead(line)
        self.states(line)
        line.reviews = [
            d for c, p in self.columns if c.field == "review_on" and (d := self.day(self.cells[p]))
        ]
        assessed = ("assessment_on", "assessment_completed_on", "assessor")
        line.assessment = {f: self.get(f) for f in assessed}
        return line

    # -- who is in the team --------------------------------------------------------------------------

    def own_member(self, line: Line) -> Iterator[Member]:
        """The practitioner that a row is about, in a list with a row for each."""
        ident, text = self.get("practitioner_id"), self.get("practitioner_name")
        place = next((p for c, p in self.columns if c.field == "practitioner_name"), None)
        named = people_of(self.cells[place]) if place is not None and text else []
        if place is not None and not ident and nameless_in(self.cells[place]):
            line.nameless.append(self.heading("practitioner_name"))
        leads = self.flagged()
        agency = self.get("agency") or (self.sheet.name if self.mapping.sheet_is == "agency" else "")
        for one in named or ([Mentioned("")] if ident else []):
            role = self.role(one.role or self.get("role"))
            yield Member(
                one.name,
                ident if len(named) < 2 else "",  # noqa: PLR2004  (one id cannot be that of two)
                role or NOT_STATED,
                one.agency or agency,
                self.get("sector"),
                self.get("member_since") or None,
                self.get("member_until") or None,
                leads or one.leads,
                self.heading("practitioner_name") or self.heading("practitioner_id"),
                self.get("fte") or None,
            )

    def flagged(self) -> bool:
        """Whether the row's flag or part says that its practitioner leads."""
        flag, part = self.get("lead_flag"), self.get("part")
        if part and part_of(part) is None:
            self.unread.parts[plain_words(part)] = self.unread.parts.get(plain_words(part), 0) + 1
        return bool(tick(flag) if tick(flag) is not None else part_of(flag)) or bool(part_of(part))

    def column_members(self, line: Line) -> Iterator[Member]:
        """Those named in a column for each role or agency, and in cells that name several."""
        own = self.mapping.has("practitioner_name", "practitioner_id")
        since = None if own else self.get("member_since") or None
        until = None if own else self.get("member_until") or None
        for column, place in self.columns:
            if column.field not in ("member", "members"):
                continue
            text = self.cells[place]
            people = people_of(text)
            if not people and tick(text) and plain_words(text) not in NOBODY:
                line.ticks.append(column.heading)
            if nameless_in(text):
                line.nameless.append(column.heading)
            agency = self.get("school") if column.agency == SAME_SCHOOL else column.agency
            for one in people:
                role = (
                    self.role(one.role)
                    or column.role
                    or (column.field == "members" and self.role(one.agency))
                    or NOT_STATED
                )
                yield Member(
                    one.name,
                    "",
                    role,
                    one.agency or agency,
                    column.sector,
                    self.days_of.get((column.heading, "member_since")) or since,
                    self.days_of.get((column.heading, "member_until")) or until,
                    one.leads,
                    column.heading,
                    by_role=column.role,
                )

    def role(self, text: str) -> str:
        """The code of a role as the list writes it: the mapping's, the word lists', else the text."""
        if not text:
            return ""
        mapped = self.mapping.roles.get(plain_words(text) or text)
        return mapped or role_of(text) or plain_words(text).replace(" ", "_")

    def heading(self, name: str) -> str:
        return next((c.heading for c, _ in self.columns if c.field == name), "")

    # -- who leads -----------------------------------------------------------------------------------

    def lead(self, line: Line) -> None:
        line.lead = self.get("lead")
        if plain_words(line.lead) in NOBODY:
            line.lead = ""
        by_sheet = self.sheet.name if self.mapping.sheet_is == "agency" else ""
        line.lead_agency = self.get("lead_agency") or by_sheet
        line.lead_role = self.role(self.get("lead_role"))
        line.lead_since = self.get("lead_since") or None
        line.lead_until = self.get("lead_until") or None

    # -- need and status -----------------------------------------------------------------------------

    def states(self, line: Line) -> None:
        if level := self.get("needs_level"):
            line.level = level_of(level) or level
        line.level_since = self.get("needs_since") or None
        line.status_since = self.get("status_since") or None
        for column, place in self.columns:
            text = self.cells[place]
            if column.field == "status" and not absent(text):
                known = self.mapping.statuses.keys()
                line.statuses += [code for one in statuses_in(text, known) if (code := self.status(one))]
            ticked = tick(text) or (not absent(text) and status_of(text) == column.status)
            if column.field == "status_flag" and ticked:
                line.statuses.append(column.status)

    def status(self, text: str) -> str:
        """The code of a status; empty where it is none or is not known, which is counted."""
        words = plain_words(text)
        code = self.mapping.statuses.get(words, status_of(text))
        if code is None:
            self.unread.statuses[words] = self.unread.statuses.get(words, 0) + 1
        return code or ""


def child_key(child: dict[str, str]) -> tuple[str, str]:
    """What a child of a list is known by, best first, and the value: id, UPN, NHS number, name and birth."""
    if child["child_id"]:
        return "id", child["child_id"]
    if is_upn(child["upn"]):
        return "upn", child["upn"].upper()
    if is_nhs_number(child["nhs_number"]):
        return "nhs", re.sub(r"[ -]", "", child["nhs_number"])
    name = name_key(child["child_name"] or f"{child['first_name']} {child['last_name']}")
    if not name:
        return "", ""
    birth = child["birth_date"]
    return ("person", f"{name}|{birth}") if birth else ("name", name)

"""Made-up lists as partners keep them, with what is true of them: many headings, shapes and ornaments."""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from tests.strange_words import AGENCIES, COLUMNS, FIRST_NAMES, HEADINGS, LAST_NAMES, ROLE_WORDS

SHAPES: Final = ("long flag", "long part", "wide", "lead only", "sheet per agency")

_UPN: Final = "ABCDEFGHJKLMNPQRTUVWXYZ"


def upn(number: int) -> str:
    """A unique pupil number with its check letter, worked out by the published rule."""
    digits = f"{number:012d}"
    return _UPN[sum(int(d) * w for d, w in zip(digits, range(2, 14), strict=True)) % 23] + digits


def nhs(number: int) -> str:
    """An NHS number with its check digit; the next one that has one."""
    while True:
        nine = f"{number:09d}"
        check = 11 - sum(int(d) * w for d, w in zip(nine, range(10, 1, -1), strict=True)) % 11
        if check != 10:
            return nine + ("0" if check == 11 else str(check))
        number += 1


@dataclass(frozen=True)
class Person:
    name: tuple[str, str]
    role: str
    agency: str
    fte: float


@dataclass(frozen=True)
class Child:
    ident: str
    name: tuple[str, str]
    born: dt.date
    upn: str
    nhs: str
    level: int
    school: str
    opened: dt.date
    next_review: dt.date
    last_review: dt.date
    members: tuple[tuple[Person, dt.date], ...]
    lead: Person


@dataclass
class Strange:
    """A list that was made: the file, which field each heading is, and what is true."""

    path: Path
    shape: str
    fields: dict[str, str]
    children: list[Child]
    keyed_by: str
    notes: list[str] = field(default_factory=list)


class Maker:
    """Makes one list from a seed."""

    def __init__(self, seed: int, shape: str | None = None) -> None:
        self.chance = random.Random(seed)
        self.shape = shape or self.chance.choice(SHAPES)
        self.fields: dict[str, str] = {}
        self.turned = self.chance.random() < 0.4
        self.dates = self.chance.choice(("excel", "%d/%m/%Y", "%d-%b-%Y", "%Y-%m-%d", "%d.%m.%y", "%d %B %Y"))
        self.suffix = self.chance.choice((".csv", ".xlsx", ".xlsx"))
        if self.shape == "sheet per agency":
            self.suffix = ".xlsx"
        self.people = self._people()
        self.children = [self._child(n) for n in range(self.chance.randint(4, 14))]
        self.keyed_by = self.chance.choice(("child_id", "child_id", "upn", "name"))

    def some(self, part: float) -> bool:
        return self.chance.random() < part

    def _people(self) -> list[Person]:
        names = [(f, last) for f in FIRST_NAMES for last in LAST_NAMES]
        self.chance.shuffle(names)
        self.child_names = names[40:]
        roles = list(COLUMNS)
        return [
            Person(
                n,
                roles[i % len(roles)],
                self.chance.choice(AGENCIES),
                self.chance.choice((0.4, 0.6, 0.8, 1.0)),
            )
            for i, n in enumerate(names[: self.chance.randint(7, 18)])
        ]

    def _child(self, number: int) -> Child:
        opened = dt.date(2026, 1, 1) + dt.timedelta(days=self.chance.randint(0, 200))
        by_role: dict[str, Person] = {}
        for person in self.chance.sample(self.people, self.chance.randint(1, 4)):
            by_role.setdefault(person.role, person)
        members = tuple((p, opened + dt.timedelta(days=self.chance.randint(0, 60))) for p in by_role.values())
        return Child(
            f"{self.chance.choice(('C', 'P', ''))}{1000 + number * 7}",
            self.child_names[number],
            dt.date(2009, 1, 13) + dt.timedelta(days=self.chance.randint(0, 4000)),
            upn(801_200_000_000 + self.chance.randint(0, 10**6) * 100 + number),
            nhs(400_000_000 + self.chance.randint(0, 10**7) * 10 + number),
            self.chance.randint(1, 4),
            self.chance.choice(AGENCIES[:2]),
            opened,
            opened + dt.timedelta(days=240),
            opened + dt.timedelta(days=90),
            members,
            self.chance.choice(members)[0],
        )

    # -- cells ---------------------------------------------------------------------------------------

    def head(self, name: str, known: tuple[str, ...] | None = None) -> str:
        text = self.chance.choice(known or HEADINGS[name])
        self.fields[text] = name
        return text

    def day(self, day: dt.date) -> Any:
        if self.dates == "excel":
            return day if self.suffix == ".xlsx" else day.strftime("%d/%m/%Y")
        return day.strftime(self.dates)

    def named(self, name: tuple[str, str]) -> str:
        return f"{name[1]}, {name[0]}" if self.turned else f"{name[0]} {name[1]}"

    def child_cells(self, child: Child) -> list[Any]:
        cells: dict[str, Any] = {
            "child_id": child.ident,
            "child_name": self.named(child.name),
            "first_name": child.name[0],
            "last_name": child.name[1],
            "birth_date": self.day(child.born),
            "upn": child.upn,
            "nhs_number": child.nhs,
            "postcode": "SO14 7LP",
            "needs_level": self.level(child.level),
            "opened_on": self.day(child.opened),
            "next_review_on": self.day(child.next_review),
            "review_on": self.day(child.last_review),
            "school": child.school,
        }
        return [cells[name] for name in self.child_fields]

    def level(self, level: int) -> Any:
        return f"Level {level}" if self.levels_in_words else level

    def pick_child_fields(self) -> None:
        named = ["child_name"] if self.some(0.6) else ["first_name", "last_name"]
        key = {"child_id": ["child_id"], "upn": ["upn"], "name": []}[self.keyed_by]
        must = [*key, *named, "birth_date"]
        may = ["nhs_number", "postcode", "school", "next_review_on", "review_on"]
        if self.keyed_by == "child_id" and self.some(0.3):
            may.append("upn")
        if self.keyed_by == "name":
            may.remove("nhs_number")
        self.child_fields = [*must, "needs_level", "opened_on", *[f for f in may if self.some(0.35)]]
        self.levels_in_words = self.some(0.5)

    # -- shapes --------------------------------------------------------------------------------------

    def table(self, only_agency: str | None = None) -> list[list[Any]]:
        if self.shape == "wide":
            return self.wide()
        if self.shape == "lead only":
            return self.lead_only()
        return self.long(only_agency)

    def long(self, only_agency: str | None) -> list[list[Any]]:
        fields = ["practitioner_name", "role", "member_since"]
        if only_agency is None:
            fields.append("agency")
        if self.has_fte:
            fields.append("fte")
        fields.append("part" if self.shape == "long part" else "lead_flag")
        rows = [[*self.child_head, *self.heads(fields)]]
        for child in self.children:
            for person, since in child.members:
                if only_agency not in (None, person.agency):
                    continue
                leads = person == child.lead
                cells = {
                    "practitioner_name": self.named(person.name),
                    "role": self.chance.choice(ROLE_WORDS[person.role]),
                    "member_since": self.day(since),
                    "agency": person.agency,
                    "fte": person.fte,
                    "part": self.part_words[leads],
                    "lead_flag": self.flag_words[leads],
                }
                rows.append([*self.child_cells(child), *[cells[f] for f in fields]])
        return rows

    def heads(self, fields: list[str]) -> list[str]:
        for name in fields:
            if name not in self.texts:
                self.texts[name] = self.head(name)
        return [self.texts[f] for f in fields]

    def wide(self) -> list[list[Any]]:
        roles = [r for r in COLUMNS if any(p.role == r for c in self.children for p, _ in c.members)]
        heads = [self.head("member", COLUMNS[r]) for r in roles]
        rows = [[*self.child_head, *heads, self.head("lead")]]
        for child in self.children:
            by_role = {p.role: p for p, _ in child.members}
            cells = [
                self.named(by_role[r].name) if r in by_role else self.chance.choice(("", "", "N/A"))
                for r in roles
            ]
            at = roles.index(child.lead.role)
            lead = {"role": heads[at], "person": self.named(child.lead.name)}[self.lead_names]
            rows.append([*self.child_cells(child), *cells, lead])
        return rows

    def lead_only(self) -> list[list[Any]]:
        head = [*self.child_head, self.head("lead"), self.head("lead_agency")]
        return [
            head,
            *([*self.child_cells(c), self.named(c.lead.name), c.lead.agency] for c in self.children),
        ]

    # -- the file ------------------------------------------------------------------------------------

    def make(self, folder: Path) -> Strange:
        self.texts: dict[str, str] = {}
        self.pick_child_fields()
        self.has_fte = self.some(0.4)
        self.lead_names = self.chance.choice(("role", "person"))
        self.flag_words = self.chance.choice((("No", "Yes"), ("", "x"), ("N", "Y"), ("", "✓"), ("no", "Yes")))
        self.part_words = self.chance.choice(
            (("Member", "Lead"), ("Supporting", "Lead professional"), ("member", "LP"))
        )
        self.child_head = [self.head(f) for f in self.child_fields]
        if self.shape == "sheet per agency":
            agencies = sorted({p.agency for c in self.children for p, _ in c.members})
            sheets = {a[:31].replace("'", ""): self.ornament(self.table(a)) for a in agencies}
        else:
            sheets = {"List": self.ornament(self.table())}
            if self.suffix == ".xlsx" and self.some(0.3):
                sheets = {"Read me": [["This workbook is kept by the office."]], **sheets}
        path = folder / f"list as at 31-10-2026{self.suffix}"
        self.write(path, sheets)
        return Strange(path, self.shape, self.fields, self.children, self.keyed_by)

    def ornament(self, rows: list[list[Any]]) -> list[list[Any]]:
        """Title rows, blank columns, remarks and totals, as the office adds them."""
        width = len(rows[0])
        if self.some(0.3):
            at = self.chance.randint(0, width)
            rows = [[*r[:at], "", *r[at:]] for r in rows]
        if self.some(0.3):
            rows = [[*r, "notes" if n == 0 else "see file"] for n, r in enumerate(rows)]
            self.fields["notes"] = "left_out"
        if self.some(0.4):
            rows = [["Team Around the Child list"], ["Kept by the office, 31 October 2026"], [], *rows]
        if self.some(0.3):
            rows = [
                *rows,
                [],
                ["Note: those in italics are waiting for a worker"],
                [f"Total: {len(self.children)}"],
            ]
        return rows

    def write(self, path: Path, sheets: dict[str, list[list[Any]]]) -> None:
        if path.suffix == ".csv":
            (rows,) = sheets.values()
            text = io.StringIO()
            separator = self.chance.choice((",", ",", ";", "\t"))
            csv.writer(text, delimiter=separator).writerows(rows)
            encoding = self.chance.choice(("utf-8", "utf-8-sig", "cp1252", "utf-16"))
            try:
                path.write_bytes(text.getvalue().encode(encoding))
            except UnicodeEncodeError:
                path.write_text(text.getvalue(), encoding="utf-8")
            return
        book = xlsxwriter.Workbook(str(path), {"default_date_format": "dd/mm/yyyy"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for r, row in enumerate(rows):
                sheet.write_row(r, 0, row)
        book.close()

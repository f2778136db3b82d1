"""SEND lists → canonical tables: children, their schools by URN, and special educational needs by plan.

A child's id of the SEND system is not that of social care, so it has a prefix; UPN and date of birth are
what finds the same child elsewhere.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Final

from graphmodel.errors import SourceError
from loaders.raw import PLACE, Identifier, Seen, Source
from loaders.sources.annex_a.cells import is_iso
from loaders.sources.annex_a.grids import MOST_FILES, Grid, files_of, open_grids
from loaders.sources.annex_a.headings import Header, find_header, plain_words
from loaders.sources.annex_a.lists import ChildList, ListRow, read_rows
from loaders.sources.made import MadeTable

HEADERS: Final = Path(__file__).with_name("headers.toml")
PLANS, SUPPORT = 1, 2
NAMES: Final = {PLANS: "education, health and care plans", SUPPORT: "SEN support"}
COLUMNS: Final = {
    "agencies": ("agency_id", "name", "sector"),
    "children": ("child_id", "school_id", "birth_date", "upn"),
    "statuses": ("child_id", "status", "started_on", "ended_on"),
}
GAPS: Final = (
    "the SEND lists have no practitioners and no Teams Around the Child: they give children, schools and "
    "special educational needs",
    "a plan counts as special educational needs from the day it was first issued; SEN support has no date in "
    "the list, so it is no status",
    "schools are known by URN alone, which stands for their name until a register of schools is loaded",
)
_OWN_FIELDS: Final = 2
_CERTAIN: Final = {
    "issued_on",
    "updated_on",
    "reviewed_on",
    "sen_need",
    "school_urn",
    "phase",
    "known",
    "team",
}
_CERTAINLY: Final = 4
_LOOKED_AT: Final = 4
_YES: Final = re.compile(r"([a-z]\) ?)?y(es)?\b.*", re.IGNORECASE)
_UPN: Final = re.compile(r"[A-Z]\d{11}[0-9A-Z]")
_URN: Final = re.compile(r"\d{6}")


@lru_cache(maxsize=1)
def patterns() -> dict[str, str]:
    read = tomllib.loads(HEADERS.read_text(encoding="utf-8"))
    return {**read["common"], **read["plan"]}


def header_of(grid: Grid) -> Header | None:
    """The header of a sheet that is one of the SEND lists; None where it is none."""
    header = find_header(grid.rows, patterns())
    about = {"sen_need", "issued_on", "updated_on", "reviewed_on", "known", "school_urn", "upn"}
    send = {"sen_need", "issued_on", "updated_on", "reviewed_on"}
    found = set(header.columns)
    if "child_id" in found and len(found & about) >= _OWN_FIELDS and found & send:
        return header
    return None


def list_of(grid: Grid, header: Header) -> int:
    """List 1 has days of plans; a sheet without any of them is List 2, whatever its name."""
    plan = {"issued_on", "updated_on", "reviewed_on"} & set(header.columns)
    return PLANS if plan or re.search(r"\behcp?\b", plain_words(grid.name)) else SUPPORT


def looks_like_send(path: Path) -> bool:
    """Whether a workbook, a CSV file or a folder holds SEND lists."""
    try:
        files = files_of(path)
        if not files or len(files) > MOST_FILES:
            return False
        grids = [grid for file in files[:_LOOKED_AT] for grid in open_grids(file)[:_LOOKED_AT]]
    except (SourceError, OSError, ValueError):
        return False
    # a school's own list of needs has some of the headings too
    headers = [header for grid in grids if (header := header_of(grid)) is not None]
    return any(len(set(header.columns) & _CERTAIN) >= _CERTAINLY for header in headers)


def read_send(path: Path) -> Source:
    """Children with special educational needs and their schools. Raises `SourceError` where no list is."""
    made = _Made(path.name)
    strange: list[str] = []
    lists: list[ChildList] = []
    notes: list[str] = []
    for place, grid in enumerate(open_grids(path), start=1):
        notes += grid.notes
        header = header_of(grid)
        if header is None:
            strange.append(grid.label)
            continue
        lists.append(read_rows(grid, list_of(grid, header), place, header))
    if not lists:
        mend = "Its sheets must have a unique id and the headings of the SEND lists."
        raise SourceError(path.name, "has none of the SEND lists of Annex A", mend)
    for found in sorted(lists, key=lambda one: one.number):
        made.take(found)
    rows = ", ".join(f"{found.label} ({NAMES[found.number]}) {len(found.rows)}" for found in lists)
    said = [f"rows read: {rows}", *notes, *(note for found in lists for note in found.notes)]
    if strange:
        said.append(f"left out, no SEND list: {', '.join(strange)}")
    said += [*GAPS, *(f"{times} {what}" for what, times in sorted(made.counts.items()))]
    source = Source("send", path.name, made.finished(), said, made.findings, made.identifiers)
    source.places = {found.place: found.label for found in lists}
    source.headings = {
        (found.place, table, column): found.headings[field]
        for found in lists
        for (table, column), field in _CALLED.items()
        if field in found.headings
    }
    return source


_CALLED: Final = {
    ("children", "child_id"): "child_id",
    ("children", "birth_date"): "birth_date",
    ("children", "school_id"): "school_urn",
    ("statuses", "child_id"): "child_id",
    ("statuses", "started_on"): "issued_on",
    ("statuses", "ended_on"): "ended_on",
}


class _Made:
    """The tables of one reading."""

    def __init__(self, path_name: str) -> None:
        self.tables = {name: MadeTable(name, path_name, columns) for name, columns in COLUMNS.items()}
        self.findings: list[Seen] = []
        self.identifiers: list[Identifier] = []
        self.counts: Counter[str] = Counter()
        self._agencies: set[str] = set()
        self._children: dict[str, tuple[str | None, ...]] = {}

    def finished(self) -> list[MadeTable]:
        self.tables["children"].drop_unsaid("school_id", "birth_date", "upn")
        return [table for table in self.tables.values() if table.rows or table.faults]

    def take(self, found: ChildList) -> None:
        """All rows of a list."""
        for table in ("children", *(("statuses",) if found.number == PLANS else ())):
            self.tables[table].faults += found.faults
        self.findings += found.findings
        if found.number == PLANS and "issued_on" not in found.headings:
            found.notes.append(f"{found.label} has no day of issue of the plans: no status from it")
        for row in found.rows:
            place = found.place * PLACE + row.row
            child = self._child(row, place)
            if row.get("team"):
                name = str(row.get("team"))
                self._agency(f"team {name.casefold()}", name, "local_authority", place)
            if _YES.fullmatch(row.get("known") or ""):
                self.counts["children known to social care: said in the list, no fact of the graph"] += 1
            if _YES.fullmatch(row.get("disability") or ""):
                self.counts["children with a disability: no status, because the list gives no date"] += 1
            if found.number == SUPPORT:
                self.counts["children with SEN support: no status, because the list gives no date"] += 1
            elif "issued_on" in found.headings:
                self._plan(row, place, child)

    def _child(self, row: ListRow, place: int) -> str | None:
        """The child of a row, once; another row with other facts is a finding."""
        said = row.get("child_id")
        child = f"send:{said}" if said else None
        school = self._school(row, place, child)
        upn = "".join((row.get("upn") or "").split()).upper()
        if upn and not _UPN.fullmatch(upn):
            self.counts["pupil numbers that are none (unknown ones are written UN): left out"] += 1
            upn = ""
        facts = (school, row.get("birth_date"), upn or None)
        known = self._children.get(child or "")
        if known is None:
            self.tables["children"].add(place, child, *facts)
            if child:
                self._children[child] = facts
                self._identify(child, row, upn)
        elif any(a and b and a != b for a, b in zip(known, facts, strict=True)):
            what = (
                "stands in several rows with other dates of birth, schools or pupil numbers: the first counts"
            )
            self.findings.append(Seen("conflicting_child_facts", "children", child or "", what))
        return child

    def _identify(self, child: str, row: ListRow, upn: str) -> None:
        for scheme, value in (("upn", upn), ("uln", row.get("uln") or "")):
            if value:
                self.identifiers.append(Identifier("child", child, scheme, value))

    def _school(self, row: ListRow, place: int, child: str | None) -> str | None:
        urn = (row.get("school_urn") or "").removesuffix(".0")
        if not urn:
            return None
        if not _URN.fullmatch(urn):
            what = f"the URN {urn[:20]} is not of six digits: the school is not known"
            self.findings.append(Seen("unreadable_urn", "children", child or "", what))
            return None
        if f"urn:{urn}" not in self._agencies:
            self.identifiers.append(Identifier("agency", f"urn:{urn}", "urn", urn))
        return self._agency(f"urn:{urn}", f"URN {urn}", "education", place)

    def _agency(self, agency: str, name: str, sector: str, place: int) -> str:
        if agency not in self._agencies:
            self._agencies.add(agency)
            self.tables["agencies"].add(place, agency, name, sector)
        return agency

    def _plan(self, row: ListRow, place: int, child: str | None) -> None:
        issued, later = row.get("issued_on"), row.get("updated_on")
        self.tables["statuses"].add(place, child, "SEN", issued, row.get("ended_on"))
        if issued and later and is_iso(issued) and is_iso(later) and later < issued:
            what = "the plan was updated before it was first issued: one of the two days is wrong"
            self.findings.append(Seen("plan_updated_before_issue", "statuses", child or "", what, issued))

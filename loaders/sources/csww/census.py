"""The workforce census (CSWW, XML) → practitioners with their posts: the source of social workers' FTE.

Cases at the census day, absence, agency workers and grades are counted in the report; the graph has no
place for them. Rows are lines of the file.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from graphmodel.errors import SourceError
from loaders.raw import PLACE, Seen, Source
from loaders.sources.care import Care, is_day, years_after
from loaders.sources.made import MadeTable
from loaders.sources.values import absent, clean, day_or_text
from loaders.sources.xml_records import Element, folder_notes, records, xml_files, year_of

GRADES: Final = {
    "1": "senior managers",
    "2": "middle managers",
    "3": "first line managers",
    "4": "senior practitioners",
    "5": "case holders",
    "6": "qualified without cases",
}
"""OrgRole of the census."""

GAPS: Final = (
    "the workforce census has social workers of one authority alone: no partners, no family support workers, "
    "no children: workload, fairness and duplication need the case system's data beside it",
    "the workforce census has no team and no line manager: every post is in the authority itself; where the "
    "case system gives an FTE too, the same worker has two posts as soon as both records are linked",
)

NEWLY_QUALIFIED: Final = "1"
"""StartOrigin of a role begun as a newly qualified social worker: its first year is the assessed and
supported year in employment (ASYE)."""

_SHAPE: Final = re.compile(r"<([\w.-]+:)?(CSWWWorker|LALevelVacancies)\b|<([\w.-]+:)?Collection>\s*CSWW\s*<")
_HEADINGS: Final = {
    ("agencies", "agency_id"): "LEA",
    ("practitioners", "practitioner_id"): "SWENo",
    ("posts", "practitioner_id"): "SWENo",
    ("posts", "agency_id"): "LEA",
    ("posts", "started_on"): "RoleStartDate",
    ("posts", "ended_on"): "RoleEndDate",
    ("posts", "fte"): "FTE",
}

Post = tuple[int, str, str | None, str | None, str | None, str]
"""Place, practitioner, agency, from, to, FTE as the census has it."""


def looks_like_csww(path: Path) -> bool:
    """Whether a file, or a file of the folder, begins as the workforce census."""
    return bool(xml_files(path, _SHAPE))


def read_csww(path: Path) -> Source:
    """The social workers of one or several years' censuses; raises `SourceError` where there is none."""
    files = xml_files(path, _SHAPE)
    if not files:
        raise SourceError(
            path.name or str(path),
            "is no workforce census: it has no <CSWWWorker>",
            "Name the XML file that was returned to the Department, or a folder with several years' files.",
        )
    census = _Census(path.name)
    for number, file in enumerate(files):
        census.file(file, number)
    notes = [*census.said(), *folder_notes(path, files), *GAPS]
    tables = census.tables()
    named = len(files) > 1 or path.is_dir()
    return Source(
        "csww",
        path.name,
        tables,
        notes,
        census.care.findings,
        list(census.care.identifiers),
        places={n: f.name for n, f in enumerate(files)} if named else {},
        headings={(n, *where): h for n in range(len(files)) for where, h in _HEADINGS.items()},
    )


class _Census:
    def __init__(self, path_name: str) -> None:
        self.care = Care(path_name)
        self.posts: dict[tuple[str, str | None, str | None], tuple[str, list[Post]]] = {}
        self.authorities: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.grades: Counter[str] = Counter()
        self.cases: dict[str, int] = {}
        self.years: list[str] = []

    def file(self, path: Path, number: int) -> None:
        """One year's census; its header says whose it is, and stands before the workers."""
        agency, year = None, path.name
        for record in records(path, "Header", "CSWWWorker"):
            place = number * PLACE + record.line
            if record.tag == "Header":
                agency, year = self._authority(record, place), year_of(record) or path.name
                self.years.append(year)
            else:
                self._worker(record, place, agency, year)

    def _authority(self, header: Element, place: int) -> str | None:
        code = clean(header.get("Source", "LEA"))
        if not code:
            return None
        if code not in self.authorities:
            self.authorities.add(code)
            name = f"Local authority {code}"
            self.care.tables["agencies"].add(place, f"la:{code}", name, "local_authority")
        return f"la:{code}"

    def _worker(self, record: Element, place: int, agency: str | None, year: str) -> None:
        number = record.get("SWENo")
        self.counts["read"] += 1
        if absent(number) or number is None:
            self.care.tables["practitioners"].add(place, None, "social_worker", None)
            return
        start, end = day_or_text(record.get("RoleStartDate")), day_or_text(record.get("RoleEndDate"))
        until = years_after(start, 1) if clean(record.get("StartOrigin")) == NEWLY_QUALIFIED else None
        self.counts["newly qualified"] += until is not None
        worker = self.care.worker(number, place, until)
        self._count(record, year)
        fte = self._fte(record)
        if fte is None:
            return
        rank, said = self.posts.get((worker, agency, start), ("", []))
        if year > rank or not said:
            said = []
        elif year < rank:
            return
        self.posts[worker, agency, start] = (year, [*said, (place, worker, agency, start, end, fte)])

    def _fte(self, record: Element) -> str | None:
        """The FTE as it is written; None where there is none or it is nought, which makes no post."""
        fte = record.get("FTE")
        if absent(fte):
            fte = record.get("FTE30")
            if absent(fte):
                self.counts["without FTE"] += 1
                return None
            self.counts["FTE30"] += 1
        text = clean(fte)
        try:
            nought = float(text) == 0
        except ValueError:
            nought = False
        if nought:
            self.counts["FTE 0"] += 1
            return None
        return text

    def _count(self, record: Element, year: str) -> None:
        self.counts["agency workers"] += clean(record.get("AgencyWorker")).lower() in ("1", "true")
        self.counts["absent"] += clean(record.get("Absat30Sept")).lower() in ("1", "true")
        self.counts["left"] += not absent(record.get("RoleEndDate"))
        grade = clean(record.get("OrgRole"))
        self.grades[GRADES.get(grade, f"OrgRole {grade[:10]}") if grade else "without OrgRole"] += 1
        cases = clean(record.get("Cases30"))
        if cases.isascii() and cases.isdigit() and len(cases) < len("10000"):
            self.cases[year] = self.cases.get(year, 0) + int(cases)
            self.counts["with cases"] += cases.strip("0") != ""
        elif cases:
            self.counts["cases unread"] += 1

    def _settled(self) -> Iterator[Post]:
        """The posts: one without an end ends where a later census has the same worker begin another one."""
        begun: dict[tuple[str, str | None], list[tuple[str, str]]] = defaultdict(list)
        for (worker, agency, start), (year, _) in self.posts.items():
            if start is not None and is_day(start):
                begun[worker, agency].append((year, start))
        for (worker, agency, start), (year, said) in self.posts.items():
            after = min((s for y, s in begun[worker, agency] if y > year and s > (start or "")), default=None)
            for place, _, _, _, end, fte in said:
                if end is None and after is not None and is_day(start):
                    what = "no end in one census and another role in a later one: ended where that one begins"
                    seen = Seen("post_ended_by_next_role", "posts", f"{worker} {agency}", what, start, after)
                    self.care.findings.append(seen)
                    yield place, worker, agency, start, after, fte
                else:
                    yield place, worker, agency, start, end, fte

    def tables(self) -> list[MadeTable]:
        for place, worker, agency, start, end, fte in self._settled():
            self.care.tables["posts"].add(place, worker, agency, start, end, fte, "true")
        return self.care.finish()

    def said(self) -> list[str]:
        """What was read, and what of it the graph does not hold."""
        n = self.counts
        grades = ", ".join(f"{count} {words}" for words, count in sorted(self.grades.items()))
        notes = [
            f"{n['read']} social workers of the workforce census {', '.join(sorted(self.years))} read",
            f"{n['FTE 0']} with FTE 0 and {n['without FTE']} without FTE have no post",
            f"by grade: {grades or 'none given'}; {n['agency workers']} agency workers, "
            f"{n['absent']} absent on the census day, {n['left']} with an end of their role",
        ]
        for year, cases in sorted(self.cases.items()):
            notes.append(
                f"{cases} cases held on the census day by the census of {year}, not loaded: the graph counts "
                "cases from who works with whom; compare with its own figure for that day"
            )
        if n["newly qualified"]:
            notes.append(
                f"{n['newly qualified']} began their role newly qualified (StartOrigin 1): taken as newly "
                "qualified for a year from RoleStartDate, the assessed and supported year"
            )
        if n["FTE30"]:
            notes.append(f"{n['FTE30']} have no FTE but FTE30, which is used instead")
        if n["cases unread"]:
            notes.append(f"{n['cases unread']} values of Cases30 are no number and are not in the sum")
        return notes

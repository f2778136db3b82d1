"""The children in need census (CIN, XML of 2017 to 2026) → children and their statuses.

From referral to closure a child is in need, while an assessment is open it is being assessed, while a plan
runs it is protected. The census names no worker, team or agency, so assessments and reviews, which need
somebody, are reported and not made up. Rows are lines of the file.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Final

from graphmodel.errors import SourceError
from loaders.raw import PLACE, Source
from loaders.sources.care import Care
from loaders.sources.values import absent, clean, day_or_text, plain_id
from loaders.sources.xml_records import Element, folder_notes, records, xml_files, year_of

GAPS: Final = (
    "the CIN census names no worker, team or agency: workload, fairness, overload, handovers, duplication, "
    "reviews and actions cannot be answered from it alone",
    "a child counts as in need from referral to closure, as the census has it",
)

_SHAPE: Final = re.compile(r"<([\w.-]+:)?(LAchildID|CINdetails)\b|<([\w.-]+:)?Collection>\s*CIN\s*<")
_HEADINGS: Final = {
    ("children", "child_id"): "LAchildID",
    ("children", "birth_date"): "PersonBirthDate",
    ("statuses", "child_id"): "LAchildID",
    ("statuses", "started_on"): "CINreferralDate, AssessmentActualStartDate or CPPstartDate",
    ("statuses", "ended_on"): "CINclosureDate, AssessmentAuthorisationDate or CPPendDate",
}


def looks_like_cin(path: Path) -> bool:
    """Whether a file, or a file of the folder, begins as the CIN census."""
    return bool(xml_files(path, _SHAPE))


def read_cin(path: Path) -> Source:
    """The children of one or several years' censuses; raises `SourceError` where there is none."""
    files = xml_files(path, _SHAPE)
    if not files:
        raise SourceError(
            path.name or str(path),
            "is no CIN census: it has no <Child> with an <LAchildID>",
            "Name the XML file that was returned to the Department, or a folder with several years' files.",
        )
    census = _Census(path.name)
    for number, file in enumerate(files):
        census.file(file, number)
    named = len(files) > 1 or path.is_dir()
    tables = census.care.finish()
    return Source(
        "cin",
        path.name,
        tables,
        [*census.said(), *folder_notes(path, files), *GAPS],
        census.care.findings,
        list(census.care.identifiers),
        places={n: f.name for n, f in enumerate(files)} if named else {},
        headings={(n, *where): h for n in range(len(files)) for where, h in _HEADINGS.items()},
    )


class _Census:
    def __init__(self, path_name: str) -> None:
        self.care = Care(path_name)
        self.counts: Counter[str] = Counter()
        self.years: list[str] = []
        self.number, self.year = 0, ""

    def file(self, path: Path, number: int) -> None:
        self.number, self.year = number, ""
        for record in records(path, "Header", "Child"):
            if record.tag == "Header":
                self.year = year_of(record)
                self.years.append(self.year or path.name)
            else:
                self._child(record)

    def _place(self, element: Element) -> int:
        return self.number * PLACE + element.line

    def _child(self, record: Element) -> None:
        who = record.one("ChildIdentifiers") or record
        child = plain_id(who.get("LAchildID"))
        upn = who.get("UPN")
        self.counts["children"] += 1
        self.counts["died"] += not absent(who.get("PersonDeathDate"))
        self.counts["unborn"] += absent(who.get("PersonBirthDate")) and not absent(
            who.get("ExpectedPersonBirthDate")
        )
        self.care.child(
            child,
            self._place(record),
            self.year,
            birth_date=day_or_text(who.get("PersonBirthDate")),
            upn=None if absent(upn) else upn,
        )
        if child is not None:
            former = who.get("FormerUPN")
            self.care.identify(child, "former_upn", None if absent(former) else former)
        about = record.one("ChildCharacteristics")
        disabilities = (about.one("Disabilities") or about).all("Disability") if about else []
        codes = {clean(d.text).upper() for d in disabilities}
        self.counts["disabled"] += bool(codes - {"NONE", ""})
        self.counts["pre-proceedings"] += len(record.all("PreProceedings"))
        for case in record.all("CINdetails"):
            self._case(child, case)

    def _case(self, child: str | None, case: Element) -> None:
        """One referral: in need until it is closed, unless nothing was to be done."""
        if clean(case.get("ReferralNFA")).lower() in ("true", "1"):
            self.counts["no further action"] += 1
        else:
            self._status(child, "CIN", case, "CINreferralDate", "CINclosureDate")
        for assessment in case.all("Assessments"):
            self.counts["assessments"] += 1
            self._status(
                child,
                "CIN_ASSESSMENT",
                assessment,
                "AssessmentActualStartDate",
                "AssessmentAuthorisationDate",
            )
        for plan in case.all("ChildProtectionPlans"):
            self._status(child, "CP", plan, "CPPstartDate", "CPPendDate")
            self.counts["reviews"] += sum(len(r.all("CPPreviewDate")) for r in plan.all("Reviews"))
            self.counts["reviews"] += len(plan.all("CPPreviewDate"))
        self.counts["plans"] += len(case.all("CINPlanDates"))
        self.counts["enquiries"] += len(case.all("Section47"))
        self.counts["pre-proceedings"] += len(case.all("PreProceedings"))

    def _status(self, child: str | None, status: str, said: Element, start: str, end: str) -> None:
        self.care.status(
            child,
            status,
            day_or_text(said.get(start)),
            day_or_text(said.get(end)),
            place=self._place(said),
            rank=self.year,
        )

    def said(self) -> list[str]:
        """What was read, and what of it was not loaded and why."""
        n = self.counts
        notes = [f"{n['children']} children of the CIN census {', '.join(sorted(self.years))} read"]
        left = (
            (
                "assessments",
                "assessments not loaded as such: the census does not say who did them; while one "
                "was open the child has the status CIN_ASSESSMENT",
            ),
            (
                "reviews",
                "reviews of child protection plans not loaded: a review belongs to a team, and the "
                "census has none",
            ),
            ("no further action", "referrals without further action make no child in need"),
            ("plans", "child in need plans not loaded: the child is in need from referral to closure anyway"),
            ("enquiries", "section 47 enquiries not loaded: the format has no status for them"),
            ("pre-proceedings", "pre-proceedings not loaded: the format has no status for them"),
            (
                "disabled",
                "children with a disability: not loaded as a status, because the census gives no "
                "date and the status means complex needs",
            ),
            ("died", "children have a day of death, which the format has no place for"),
            ("unborn", "children not born yet have no date of birth"),
        )
        return notes + [f"{n[what]} {words}" for what, words in left if n[what]]

"""The Department's payloads → canonical tables.

A payload is one child's whole record as it is today. What is marked `purge` is withdrawn: the child, or the
part of the record, is left out and counted; `--replace` then retires what was loaded of it before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from graphmodel.errors import SourceError
from loaders.raw import PLACE, RowFault, Seen, Source
from loaders.sources.care import ADOPTED, RESIDENTIAL, Care, Interval, birthday_18, is_day, united
from loaders.sources.dfe_api.payloads import Payload, payload_files, payloads
from loaders.sources.teams import RULE, Spell, derive
from loaders.sources.values import absent, clean, day_or_text, plain_id

GAPS: Final = (
    "the payloads name registered social workers alone: no partner agencies, no team, no FTE, no early help: "
    "fairness between agencies, capacity and duplication need the case system's data beside it",
    "the payloads do not say who did an assessment: it is a status of the child while it was open",
    "the payloads give no legal status: short breaks cannot be told from being looked after",
)

_HEADINGS: Final = {
    ("children", "child_id"): "la_child_id",
    ("children", "birth_date"): "date_of_birth",
    ("statuses", "child_id"): "la_child_id",
    ("statuses", "started_on"): "referral_date, start_date or initial_decision_date",
    ("statuses", "ended_on"): "closure_date, authorisation_date or end_date",
}
_MOST_HEADED: Final = 200
_LONGEST: Final = 200

Json = dict[str, Any]


def read_dfe_api(path: Path) -> Source:
    """The children, statuses and social workers of all payloads at a path.

    Raises `SourceError` where there is none, or a file breaks off.
    """
    files = payload_files(path)
    if not files:
        raise SourceError(
            path.name or str(path),
            "has no payloads of the Department's API",
            "Name a .json file, a folder of them, or a .csv or .parquet with a column json_payload.",
        )
    made = _Payloads(path.name)
    for number, file in enumerate(files):
        made.file(file, number, alone=len(files) == 1)
    made.finish()
    named = len(files) > 1 or path.is_dir()
    return Source(
        "dfe_api",
        path.name,
        made.care.finish(),
        [*made.said(len(files)), *GAPS],
        made.care.findings,
        list(made.care.identifiers),
        places={n: f.name for n, f in enumerate(files)} if named else {},
        headings={(n, *w): h for n in range(len(files)) for w, h in _HEADINGS.items()}
        if len(files) <= _MOST_HEADED
        else {},
    )


def _parts(value: object) -> list[Json]:
    """The objects of a list, or the one object that stands for a list."""
    if isinstance(value, dict):
        return [value]
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _text(holder: Json, name: str) -> str | None:
    """A value as text; None where it is absent or no plain value."""
    value = holder.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value)
    return None if absent(text) else text.strip()[:_LONGEST]


def _day(holder: Json, name: str) -> str | None:
    return day_or_text(_text(holder, name))


def _in_order(start: str, end: str | None) -> bool:
    return is_day(start) and (end is None or (is_day(end) and end >= start))


def _yes(value: object) -> bool:
    """Whether a flag is set; the published scripts write true, 1 or the dataset's own Y."""
    return str(value).strip().lower() in ("true", "1", "y", "yes", "t")


def _purged(holder: Json) -> bool:
    return _yes(holder.get("purge"))


@dataclass
class _Life:
    """What all episodes of one child say together."""

    child: str
    place: int
    cared: list[Interval] = field(default_factory=list)
    settled: list[Interval] = field(default_factory=list)
    plans: list[str] = field(default_factory=list)
    adopted: list[str] = field(default_factory=list)


class _Payloads:
    """The payloads on their way into tables."""

    def __init__(self, path_name: str) -> None:
        self.care = Care(path_name)
        self.counts: Counter[str] = Counter()
        self.seen: set[str] = set()
        self.withdrawn: dict[str, None] = {}
        self.periods: dict[str, list[Interval]] = defaultdict(list)
        self.spells: dict[str, list[Spell]] = defaultdict(list)

    def file(self, path: Path, number: int, *, alone: bool) -> None:
        """One file; a broken one among several is a reject, and the others are read."""
        try:
            for found in payloads(path):
                self.take(found, number * PLACE)
        except SourceError as fault:
            if alone:
                raise
            self.take(RowFault(0, "", "", f"{fault.fault}: the file was not read to its end"), number * PLACE)

    def take(self, found: Payload | RowFault, base: int) -> None:
        """One payload, or a row that holds none."""
        if isinstance(found, RowFault):
            for table in ("children", "statuses"):  # whose facts it may have had: neither is retired
                fault = RowFault(base + found.row, found.column, found.value, found.reason)
                self.care.tables[table].faults.append(fault)
            return
        self.counts["payloads"] += 1
        record, place = found.content, base + found.number
        child = plain_id(_text(record, "la_child_id"))
        if child is not None and (found.gone or _purged(record)):
            self.withdrawn[child] = None
            return
        if child is not None and child in self.seen:
            what = f"payload {found.number} is another one of the same child: both are read"
            self.care.findings.append(Seen("payload_twice", "children", child, what))
        self._details(record, child, place)
        if child is None:
            return
        self.seen.add(child)
        life = _Life(child, place)
        for episode in self._kept(record, "social_care_episodes"):
            self._episode(episode, life)
        self._intervals(life)

    def _kept(self, holder: Json, name: str) -> Iterator[Json]:
        """The parts of this name that are not withdrawn."""
        for part in _parts(holder.get(name)):
            if _purged(part):
                self.counts["parts withdrawn"] += 1
            else:
                yield part

    def _details(self, record: Json, child: str | None, place: int) -> None:
        details = next(self._kept(record, "child_details"), {})
        upn = _text(details, "unique_pupil_number")
        self.care.child(
            child,
            place,
            birth_date=_day(details, "date_of_birth"),
            upn=upn,
            first_name=_text(details, "first_name"),
            last_name=_text(details, "surname"),
            postcode=_text(details, "postcode"),
        )
        if child is not None:
            self.care.identify(child, "former_upn", _text(details, "former_unique_pupil_number"))
            self.care.identify(child, "legacy_id", _text(record, "mis_child_id"))
            disabilities = details.get("disabilities")
            codes = disabilities if isinstance(disabilities, list) else []
            self.counts["disabled"] += any(clean(str(c)).upper() not in ("NONE", "") for c in codes)

    # -- one episode of social care ------------------------------------------------------------------

    def _episode(self, episode: Json, life: _Life) -> None:
        child, place = life.child, life.place
        start, end = _day(episode, "referral_date"), _day(episode, "closure_date")
        if _yes(episode.get("referral_no_further_action_flag")):
            self.counts["no further action"] += 1
        elif start is None and end is None:
            self.counts["episodes without date"] += 1
        else:
            self.care.status(child, "CIN", start, end, place=place)
            if start is not None and _in_order(start, end):
                self.periods[child].append(Interval(start, end, place))
        for assessment in self._kept(episode, "child_and_family_assessments"):
            self.counts["assessments"] += 1
            self._status(assessment, life, "CIN_ASSESSMENT", "authorisation_date")
        for plan in self._kept(episode, "child_protection_plans"):
            self._status(plan, life, "CP", "end_date")
        self.counts["plans"] += sum(1 for _ in self._kept(episode, "child_in_need_plans"))
        self.counts["enquiries"] += sum(1 for _ in self._kept(episode, "section_47_assessments"))
        for said in self._kept(episode, "child_looked_after_placements"):
            self._placement(said, life)
        for plan in self._kept(episode, "adoption"):
            self._plan(plan, life)
        if any(self._kept(episode, "care_leavers")):
            self._care_leaver(child, place)
        for worker in self._kept(episode, "care_worker_details"):
            self._worker(worker, child, place)

    def _status(self, said: Json, life: _Life, status: str, end: str) -> None:
        self.care.status(life.child, status, _day(said, "start_date"), _day(said, end), place=life.place)

    def _placement(self, said: Json, life: _Life) -> None:
        start, end = _day(said, "start_date"), _day(said, "end_date")
        if start is None or not _in_order(start, end):
            self.care.status(life.child, "LAC", start, end, place=life.place)
            return
        life.cared.append(Interval(start, end, life.place))
        if clean(_text(said, "placement_type")).upper() in RESIDENTIAL:
            life.settled.append(life.cared[-1])
        if end is not None and clean(_text(said, "end_reason")).upper() in ADOPTED:
            life.adopted.append(end)

    def _plan(self, plan: Json, life: _Life) -> None:
        """Adoption is the plan from the decision on."""
        start = _day(plan, "initial_decision_date")
        if start is None:
            self.counts["plans without date"] += 1
        elif is_day(start):
            life.plans.append(start)
        else:
            self.care.status(life.child, "ADOPTION", start, None, place=life.place)

    def _intervals(self, life: _Life) -> None:
        """Placements that touch or overlap are one time of being looked after; adoption ends the plan."""
        plans = [
            Interval(day, min((d for d in life.adopted if d >= day), default=None), life.place)
            for day in life.plans
        ]
        for status, parts in (("LAC", life.cared), ("RESIDENTIAL", life.settled), ("ADOPTION", plans)):
            for part in united(parts):
                self.care.status(life.child, status, part.start, part.end, place=life.place)

    def _care_leaver(self, child: str, place: int) -> None:
        since = birthday_18(self.care.birth_date(child))
        if since is None:
            what = "a care leaver without a day of birth: not known from when"
            self.care.findings.append(Seen("status_without_date", "statuses", child, what))
        else:
            self.counts["care leavers"] += 1
            self.care.status(child, "CARE_LEAVER", since, None, place=place)

    def _worker(self, said: Json, child: str, place: int) -> None:
        number = _text(said, "worker_id")
        if number is None:
            self.counts["no worker"] += 1
            return
        worker = self.care.worker(number, place)
        start, end = _day(said, "start_date"), _day(said, "end_date")
        if start is None or not is_day(start):
            self._fault(place, "start_date", start, "is no day" if start else "is required and empty")
        elif end is not None and not is_day(end):
            self._fault(place, "end_date", end, "is no day")
        elif end is not None and end < start:
            self._fault(place, "end_date", end, f"is before start_date ({start})")
        else:
            self.spells[child].append(Spell(worker, start, end, place))

    def _fault(self, place: int, column: str, value: str | None, reason: str) -> None:
        name = f"care_worker_details.{column}"
        self.care.tables["memberships"].faults.append(RowFault(place, name, value or "", reason))

    # -- the end -------------------------------------------------------------------------------------

    def finish(self) -> None:
        periods = {child: united(said) for child, said in self.periods.items()}
        derive(self.care, "dfe_api", periods, self.spells)
        for child in self.withdrawn:
            if child in self.seen:
                what = "withdrawn (purge) in one payload and not in another: loaded"
            else:
                what = "withdrawn (purge): left out; what was loaded of it before stays without --replace"
            self.care.findings.append(Seen("withdrawn", "children", child, what))

    def said(self, files: int) -> list[str]:
        """What was read, and what of it was not loaded and why."""
        n = self.counts
        left = (
            (
                len(self.withdrawn),
                "children are withdrawn (purge) and left out: load with --replace, and what "
                "was loaded of them before is retired",
            ),
            (n["parts withdrawn"], "parts of records are withdrawn (purge) and left out"),
            (n["assessments"], "assessments not loaded as such; while open a status of the child"),
            (n["no further action"], "episodes without further action make no child in need"),
            (n["episodes without date"], "episodes without referral date left out"),
            (n["plans"], "child in need plans not loaded: in need from referral to closure anyway"),
            (n["enquiries"], "section 47 enquiries not loaded: the format has no status for them"),
            (n["plans without date"], "adoptions without a date of decision left out"),
            (n["care leavers"], "care leavers: from their 18th birthday on, as the law has it"),
            (
                n["disabled"],
                "children with a disability: no date is given, and the status means complex needs",
            ),
            (n["no worker"], "care workers without worker_id left out"),
            (self.care.counts["spells unplaced"], f"allocations of social workers not loaded: {RULE}"),
            (self.care.counts["spells placed"], f"allocations of social workers in derived teams: {RULE}"),
        )
        read = f"{n['payloads']} payloads of {files} file{'s' if files > 1 else ''} read"
        return [read, *(f"{count} {words}" for count, words in left if count)]

"""Annex A lists → canonical tables: the order of the lists, and what is said of the reading.

What the format needs and the lists lack (teams around children, posts with their FTE, who did an early
help assessment) is reported, never made up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from loaders.raw import PLACE, RowFault, Seen, Source
from loaders.sources.annex_a.lists import ChildList, ListRow
from loaders.sources.annex_a.mapping import Mapping

_ASSESSMENTS: Final = 4
_ORDER: Final = (1, 2, 3, 4, 5, 7, 8, 6, 9, 10)
"""List 6 comes behind those that give the dates of what it says."""

_FEEDS: Final = {
    2: (),
    4: ("assessments", "statuses"),
    5: ("assessments",),
    **dict.fromkeys((6, 7, 8, 9, 10), ("statuses",)),
}
_NEEDED: Final = {
    4: "started_on",
    5: "started_on",
    6: "started_on",
    7: "started_on",
    8: "started_on",
    9: "category",
    10: "started_on",
}
_ENDS: Final = {4: "completed_on", 6: "ended_on", 7: "ended_on", 8: "ended_on"}

GAPS: Final = (
    "Annex A has no Teams Around the Child: workload, fairness, overload, handovers, reviews and actions "
    "cannot be answered from it",
    "Annex A has no posts and no FTE: workers have no capacity and no home agency, so assessments repeated "
    "between agencies cannot be found",
    "Annex A gives the allocated worker of a case: he or she stands for the assessor of Lists 4 and 5",
    "the one 'continuous' assessment of List 4 is loaded as a core assessment, a section 47 enquiry of "
    "List 5 as one of kind other, which the conference ends",
    "care leavers have no dates in List 9: former relevant children are care leavers from their 18th "
    "birthday on, as the law has it",
)


def map_lists(path_name: str, lists: Sequence[ChildList], key: bytes, notes: Iterable[str]) -> Source:
    """The canonical tables of all lists, with what could not be mapped in notes and findings."""
    made = Mapping(path_name, key)
    by_number = sorted(lists, key=lambda found: (found.number, found.place))
    ordered = sorted(by_number, key=lambda found: _ORDER.index(found.number))
    for found in by_number:
        for row in found.rows:
            made.person(row, found.place * PLACE + row.row)
    made.children()
    assessed = {
        row.cells["child_id"]
        for found in by_number
        if found.number == _ASSESSMENTS
        for row in found.rows
        if not row.get("completed_on")
    }
    for found in ordered:
        usable = _usable(made, found)
        for row in found.rows:
            if row.get("adviser"):
                made.worker(row, found.place * PLACE + row.row, "adviser", "personal_adviser")
            _map_row(made, found, row, assessed, usable=usable)
        made.findings += found.findings
    made.doubts_of_workers()
    made.tables["children"].drop_unsaid("birth_date")
    rows = sum(len(found.rows) for found in by_number)
    said = [f"{rows} rows of {len(by_number)} lists read: {', '.join(f.label for f in by_number)}"]
    said += [*notes, *(note for found in by_number for note in found.notes), *GAPS, *_counts(made)]
    return Source(
        "annex_a",
        path_name,
        [table for table in made.tables.values() if table.rows or table.faults],
        said,
        made.findings,
        made.identifiers,
        places={found.place: found.label for found in by_number},
        headings=_headings(by_number),
    )


def _usable(made: Mapping, found: ChildList) -> bool:
    """Hand on the list's faults, and whether it has the column that its facts begin with."""
    whole = tuple(made.tables) if found.unread else ()
    who = (table for table, name in _WHO if name in found.headings)
    feeds = dict.fromkeys((*whole, "children", *_FEEDS.get(found.number, ()), *who))
    for table in feeds:
        made.tables[table].faults += found.faults
    needed = _NEEDED.get(found.number)
    if needed and needed not in found.headings and found.rows:
        missing = f"the list has none of the headings for {needed}: its {len(found.rows)} rows give no {{}}"
        for table in _FEEDS[found.number]:
            at = found.place * PLACE + found.header_row
            made.tables[table].faults.append(RowFault(at, "", "", missing.format(table)))
        return False
    end = _ENDS.get(found.number)
    if end and end not in found.headings and found.rows:
        what = f"{found.label} has none of the headings for {end}: everything in it counts as still running"
        found.notes.append(what)
        made.findings.append(Seen("list_without_end", "statuses", f"List {found.number}", what))
    return True


_WHO: Final = (("agencies", "team"), ("practitioners", "worker"))


def _map_row(made: Mapping, found: ChildList, row: ListRow, assessed: set[str], *, usable: bool) -> None:
    place = found.place * PLACE + row.row
    worker = made.allocated(row, place, found.label)
    if not usable:
        return
    match found.number:
        case 2:
            made.early_help(row, place, found.label)
        case 4:
            made.assessment(row, place, worker)
        case 5:
            made.enquiry(row, place, worker, found.label)
        case 6:
            made.need(row, place, assessed, found.label)
        case 7:
            made.status(place, row, "CP", row.get("ended_on"))
        case 8:
            made.looked_after(row, place)
        case 9:
            made.care_leaver(row, place)
        case 10:
            made.adoption(row, place)


def _counts(made: Mapping) -> list[str]:
    """What was met and is in no table."""
    said = []
    if made.organisations:
        each = ", ".join(f"{name} {times}" for name, times in made.organisations.most_common())
        said.append(
            f"{made.organisations.total()} early help assessments of List 2 not loaded: the list names an "
            "organisation, and an assessment needs the practitioner. By organisation, each an agency now: "
            f"{each}"
        )
    if made.nobody:
        nobody = Counter(name for _, name in sorted(made.nobody))
        each = ", ".join(f"{name} {times}" for name, times in nobody.most_common())
        said.append(f"cells for a worker or team that name nobody: {each}")
    if made.disabled:
        said.append(
            f"{len(made.disabled)} children with a disability: not loaded as a status, because the lists "
            "give no date and the status means complex needs"
        )
    return said


def _headings(lists: Iterable[ChildList]) -> dict[tuple[int, str, str], str]:
    """What rejects call a column: the list's own heading."""
    named: dict[tuple[int, str, str], str] = {}
    for found in lists:
        heading = found.headings.get
        end = heading("ended_on") or heading("completed_on")
        pairs = {
            ("children", "child_id"): heading("child_id"),
            ("children", "birth_date"): heading("birth_date"),
            ("statuses", "child_id"): heading("child_id"),
            ("statuses", "status"): heading("case_status"),
            ("statuses", "started_on"): heading("started_on") or heading("birth_date"),
            ("statuses", "ended_on"): end,
            ("assessments", "assessment_id"): heading("child_id"),
            ("assessments", "child_id"): heading("child_id"),
            ("assessments", "practitioner_id"): heading("worker"),
            ("assessments", "started_on"): heading("started_on"),
            ("assessments", "completed_on"): heading("completed_on") or heading("conference_on"),
        }
        named.update({(found.place, t, c): text for (t, c), text in pairs.items() if text})
    return named

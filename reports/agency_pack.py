"""A month's pack for one agency: its own practitioners by name, and nobody else's. Confidential.

Names are asked of the graph by a viewer who may see them and says why, so that each pack leaves an audit
record before it is written. No child is in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pandas as pd

from analysis import SECOND_ROADS, workload
from analysis.rows import EQUAL
from analysis.tables import Slice
from graphmodel.access import Viewer
from graphmodel.beside import put_in_place, workplace
from graphmodel.disk import on_disk
from graphmodel.errors import SettingsError
from graphmodel.settings import Settings
from graphmodel.store import Store
from reports import paper, pictures, tables, workbook
from reports.canvas import PAPER_WIDTH
from reports.findings import Finding
from reports.monthly import Report
from reports.sheets import Column, Table, table
from reports.words import count, month_name, number, per_cent, role_name

MARK: Final = "Confidential: names of staff"
NOTE: Final = (
    "For the managers of {agency} only. It names {agency}'s own practitioners and nobody else, and no child. "
    "Store it as you store records of staff, and do not pass it on."
)
COLUMNS: Final = (
    Column("name", "Practitioner"),
    Column("practitioner_id", "Id"),
    Column("words", "Role"),
    Column("tacs_led", "TACs led", "count"),
    Column("tacs_supported", "TACs supported", "count"),
    Column("points", "Points", "points"),
    Column("capacity", "Capacity (points)", "points"),
    Column("utilisation", "Utilisation", "share"),
    Column("mean_utilisation", "Mean over the month", "share"),
    Column("days_overloaded", "Days above capacity", "count"),
    Column("actions", "Actions overdue", "count"),
    Column("reviews", "Reviews overdue", "count"),
)
NAMES: Final = (
    "MATCH (p:Practitioner) WHERE p.practitioner_id IN $ids "
    "RETURN p.practitioner_id AS practitioner_id, p.name AS name ORDER BY practitioner_id"
)


@dataclass(frozen=True)
class Pack:
    """What an agency's files say."""

    title: str
    agency: str
    facts: list[tuple[str, str]]
    notices: list[str]
    findings: list[Finding]
    own: Table
    partnership: Table
    picture: pictures.Picture
    source: str


def staffed(people: pd.DataFrame) -> list[str]:
    """The agencies that are somebody's home at month end, by id."""
    return sorted({str(home) for home in people["home_agency_id"].dropna()})


def people_of(slice_: Slice, last: date, settings: Settings) -> pd.DataFrame:
    """Everybody in play in the month with their load, and the overdue actions and reviews at its end.

    Columns of `workload.month`, then actions (that they own) and reviews (of TACs that they lead).
    """
    people = workload.month(slice_, last.year, last.month, settings)
    actions = SECOND_ROADS["overdue_actions"](slice_, last, settings)["practitioner_id"].value_counts()
    late = SECOND_ROADS["overdue_reviews"](slice_, last, settings)["lead_ids"].explode().value_counts()
    ids = people["practitioner_id"]
    return people.assign(
        actions=ids.map(actions).fillna(0).astype(float), reviews=ids.map(late).fillna(0).astype(float)
    )


def names_of(store: Store, viewer: Viewer, ids: Sequence[str], agency_id: str) -> dict[str, str]:
    """The names of these practitioners; it leaves an audit record. Raises `AccessRefused`."""
    viewer.must_see_names()
    found = store.read(
        NAMES, {"ids": list(ids)}, viewer=viewer, what="report pack", about=agency_id,
        identifies="practitioner",
    )  # fmt: skip
    return {str(who): str(name) for who, name in found.rows if name}


def make_pack(
    report: Report,
    slice_: Slice,
    people: pd.DataFrame,
    agency_id: str,
    *,
    names: Mapping[str, str],
    settings: Settings,
) -> Pack:
    """An agency's own figures of the report's month, beside the partnership's masked ones."""
    own = people[people["home_agency_id"] == agency_id]
    own = own.assign(
        name=[names.get(who, who) for who in own["practitioner_id"]], words=own["role"].map(role_name)
    )
    own = own.sort_values(["utilisation", "tacs_led", "name"], ascending=[False, False, True]).reset_index(
        drop=True
    )
    known = slice_.table("agencies").set_index("agency_id")["name"]
    agency = str(known[agency_id]) if agency_id in known.index and pd.notna(known[agency_id]) else agency_id
    leads = own[own["tacs_led"] > 0]
    return Pack(
        title=f"{agency}: workload of practitioners, {month_name(report.month.last)}",
        agency=agency,
        facts=report.facts,
        notices=[NOTE.format(agency=agency), *report.notices],
        findings=_findings(own, settings),
        own=table("practitioners", "Practitioners, the most used first", COLUMNS, own, note=_note(settings)),
        partnership=tables.headline_table(
            report.month, report.seen, "The whole partnership, small counts kept back."
        ),
        picture=pictures.utilisation(
            leads, settings.workload.overload_threshold, settings.workload.severe_threshold
        ),
        source=report.source,
    )


def _note(settings: Settings) -> str:
    limit = per_cent(settings.workload.overload_threshold)
    return (
        "At month end unless the heading says otherwise, by home agency at month end. Utilisation is points "
        f"over capacity; a lead above {limit} is overloaded. n/a: no capacity on record. Reviews are of the "
        "TACs that they lead."
    )


def _named(frame: pd.DataFrame, most: int = 5) -> str:
    names = list(frame["name"].head(most))
    more = f" and {len(frame) - most} more" if len(frame) > most else ""
    return f"{', '.join(names)}{more}"


def _findings(own: pd.DataFrame, settings: Settings) -> list[Finding]:
    """The agency's findings in words, by name; for its managers only."""
    rules = settings.workload
    leads = own[own["tacs_led"] > 0]
    over = leads[leads["utilisation"] > rules.overload_threshold + EQUAL]
    far = over[over["utilisation"] > rules.severe_threshold + EQUAL]
    free = own[own["utilisation"] < rules.overload_threshold / 2].sort_values("utilisation")
    unknown = own[(own["points"] > 0) & ~(own["capacity"] > 0)]
    said = []
    if leads.empty:
        said.append(Finding("leads", "unknown", "Nobody of the agency led a TAC at month end."))
    elif over.empty:
        text = f"None of the {count(len(leads), 'lead', 'leads')} is above capacity."
        said.append(Finding("overload", "fine", text))
    else:
        text = f"{len(over)} of {count(len(leads), 'lead', 'leads')} above capacity: {_named(over)}."
        said.append(Finding("overload", "serious" if len(far) else "watch", text))
    if len(far):
        said.append(Finding("severe", "serious", f"Far above capacity: {_named(far)}."))
    for column, words in (("actions", "actions"), ("reviews", "reviews")):
        late = own[own[column] > 0].sort_values([column, "name"], ascending=[False, True])
        if len(late):
            text = (
                f"{number(float(late[column].sum()))} {words} overdue, most of them with {_named(late, 3)}."
            )
            said.append(Finding(column, "watch", text))
    if len(free):
        said.append(Finding("free", "fine", f"With less than half of their capacity used: {_named(free)}."))
    if len(unknown):
        said.append(Finding("capacity", "unknown", f"Work but no capacity on record: {_named(unknown)}."))
    return said


def write_pack(pack: Pack, out: Path, agency_id: str, month: date) -> list[Path]:
    """Write an agency's PDF and workbook, readable by the owner alone: aside, and moved there when whole.

    Raises `DiskError` where they cannot be written.
    """
    name = f"workload-{month:%Y-%m}-{quote(agency_id, safe='')}"
    names = [f"{name}.pdf", f"{name}.xlsx"]
    with on_disk(out):
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        with workplace(out) as made:
            pdf, book = (made / one for one in names)
            _write(pack, pdf, book)
            for file in (pdf, book):
                file.chmod(0o600)
            put_in_place(made, out)
    return [out / one for one in names]


def _write(pack: Pack, pdf: Path, book: Path) -> None:
    data: dict[str, Any] = {
        "title": pack.title,
        "mark": MARK,
        "facts": pack.facts,
        "notices": pack.notices,
        "findings": paper.finding_data(pack.findings),
        "pictures": {"utilisation": {"title": pack.picture.title, "alt": pack.picture.summary}},
        "tables": [paper.table_data(pack.own), paper.table_data(pack.partnership)],
        "source": pack.source,
    }
    pdf.write_bytes(
        paper.set_in_type("agency.typ", data, {"utilisation": pack.picture.canvas.svg(PAPER_WIDTH)})
    )
    lines = [
        ("Marking", MARK),
        *pack.facts,
        *(("Notice", notice) for notice in pack.notices),
        *((f"Finding {n}", finding.sentence) for n, finding in enumerate(pack.findings, start=1)),
    ]
    workbook.write_tables(
        book, pack.title, lines, {"Practitioners": pack.own, "Partnership": pack.partnership}, MARK
    )


def write_packs(
    report: Report, slice_: Slice, store: Store, viewer: Viewer, out: Path, *, settings: Settings,
    agencies: Sequence[str] | None = None,
) -> list[Path]:  # fmt: skip
    """Write the packs of these agencies (left out: of all that are somebody's home) and give their files.

    Raises `AccessRefused` where the viewer may not see names, `SettingsError` for an agency without staff.
    """
    viewer.must_see_names()
    people = people_of(slice_, report.month.last, settings)
    at_home = staffed(people)
    for agency_id in agencies or ():
        if agency_id not in at_home:
            mend = "Name an agency that is the home of a practitioner at month end."
            raise SettingsError(f"agency {agency_id}", "has no practitioners in this month", mend)
    files: list[Path] = []
    for agency_id in agencies if agencies is not None else at_home:
        ids = list(people.loc[people["home_agency_id"] == agency_id, "practitioner_id"])
        names = names_of(store, viewer, ids, agency_id)
        pack = make_pack(report, slice_, people, agency_id, names=names, settings=settings)
        files += write_pack(pack, out, agency_id, report.month.first)
    return files

"""The Standard Safeguarding Dataset on its way to the canonical tables: the steps, and the columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from graphmodel.errors import SourceError
from loaders.raw import RawTable, RowFault, Source
from loaders.sources.ssd import notes as said
from loaders.sources.ssd.fields import FIELDS, KNOWN
from loaders.sources.ssd.files import SourceTable, open_file, table_files, table_named
from loaders.sources.ssd.people import (
    ChildTable,
    child_columns,
    child_identifiers,
    derive_agencies,
    derive_children,
    derive_posts,
    derive_practitioners,
    people_findings,
    practitioner_identifiers,
    read_links,
)
from loaders.sources.ssd.reviews import (
    assessments_without_worker,
    derive_assessments,
    derive_reviews,
    link_assessments,
)
from loaders.sources.ssd.roles import RoleMap, read_role_map
from loaders.sources.ssd.statuses import derive_statuses, status_findings
from loaders.sources.ssd.teams import derive_teams, involvement_faults, map_involvements
from loaders.sources.ssd.working import QueryTable, Working

NAME: Final = "ssd"

QUERIES: Final[dict[str, tuple[str, str]]] = {
    "agencies": (
        "agency_id name sector parent_agency_id",
        "SELECT place, id, name, 'local_authority', parent FROM agency ORDER BY place, id",
    ),
    "practitioners": (
        "practitioner_id role name",
        "SELECT place, id, role, name FROM practitioner ORDER BY place, id",
    ),
    "posts": (
        "practitioner_id agency_id started_on ended_on fte",
        "SELECT place, professional, agency, s, e, fte FROM post ORDER BY place",
    ),
    "statuses": (
        "child_id status started_on ended_on",
        "SELECT place, child, status, s, e FROM status ORDER BY place, status",
    ),
    "assessments": (
        "assessment_id child_id practitioner_id kind started_on completed_on",
        "SELECT place, id, person, worker, kind, s, e FROM assessed WHERE worker IS NOT NULL ORDER BY place",
    ),
    "tacs": (
        "tac_id child_id opened_on closed_on model assessment_id next_review_on",
        "SELECT place, tac, person, opened, closed, 'tac', opened_after.id, due FROM team "
        "LEFT JOIN opened_after USING (tac) LEFT JOIN next_review USING (tac) ORDER BY place, tac",
    ),
    "memberships": (
        "tac_id practitioner_id started_on ended_on",
        "SELECT place, tac, professional, s, e FROM stay SEMI JOIN team USING (tac) ORDER BY place, tac",
    ),
    "leads": (
        "tac_id practitioner_id started_on ended_on reason",
        "SELECT place, tac, professional, s, e, reason FROM led ORDER BY place, tac",
    ),
    "reviews": ("tac_id held_on", "SELECT place, tac, held FROM held ORDER BY place"),
}
"""Canonical tables but `children`: their columns, and the query over the working database."""

FAULTS_OF: Final = {
    "ssd_department": "agencies",
    "ssd_professionals": "practitioners",
    "ssd_involvements": "memberships",
    "ssd_cin_assessments": "assessments",
    "ssd_s47_enquiry": "assessments",
    "ssd_early_help_episodes": "assessments",
    "ssd_cp_reviews": "reviews",
    "ssd_cla_reviews": "reviews",
    "ssd_family": "children",
    "ssd_person": "children",
}
"""Which table a row that cannot be read at all would have fed; the others feed `statuses`."""


def looks_like_ssd(path: Path) -> bool:
    """Whether a folder has tables of the dataset by name, or a file names a database of it. Never raises."""
    try:
        if path.is_file():
            return path.suffix.lower() == ".toml" and _names_database(path)
        if not path.is_dir():
            return False
        names = [
            p.stem.lower() for p in path.iterdir() if p.suffix.lower() in (".csv", ".txt", ".parquet", ".pq")
        ]
    except OSError:
        return False
    tables = {name: table_named(name) for name in names}
    prefixed = any("ssd_" in name and table in KNOWN for name, table in tables.items())
    return prefixed or {"ssd_person", "ssd_involvements"} <= set(tables.values())


def _names_database(path: Path) -> bool:
    from loaders.sources.ssd.database import names_database  # noqa: PLC0415  (most readings need no database)

    return names_database(path)


def read_ssd(path: Path, role_map: Path | None = None) -> Source:
    """The canonical tables of a folder of the dataset's tables, or of a database that a file names.

    `role_map` is the authority's own, before the one that ships. Raises `SourceError` where there is no table
    of the dataset, a table is there twice or has none of its columns, or a database cannot be read.
    """
    roles = read_role_map(role_map)
    tables, unread, strange = _tables(path)
    working = Working()
    for number, table in enumerate(tables, start=1):
        if table.table in FIELDS:
            working.take(number, table)
    _derive(working, roles)
    return _source(path.name or str(path), working, roles, tables, said.Left(unread, strange))


def _tables(path: Path) -> tuple[Sequence[SourceTable], list[str], list[str]]:
    if path.is_file() and path.suffix.lower() == ".toml":
        from loaders.sources.ssd.database import (  # noqa: PLC0415  (most readings need no database)
            database_tables,
            read_where,
        )

        found, unread = database_tables(read_where(path))
        return found, unread, []
    if not path.is_dir():
        mend = "Name the folder with its tables, or a .toml file that names the database."
        raise SourceError(str(path), "is no folder of the Standard Safeguarding Dataset", mend)
    files, unread, strange = table_files(path)
    if not files:
        raise SourceError(
            f"folder {path.name}",
            "has no table of the Standard Safeguarding Dataset",
            "It must hold ssd_person.csv, ssd_involvements.csv and so on, as CSV or Parquet.",
        )
    return [open_file(file, table) for table, file in files.items()], unread, strange


def _derive(w: Working, roles: RoleMap) -> None:
    map_involvements(w, roles)
    derive_teams(w, roles)
    derive_assessments(w)
    link_assessments(w)
    derive_reviews(w)
    derive_statuses(w)
    derive_agencies(w)
    derive_practitioners(w, roles)
    derive_posts(w)
    derive_children(w)


def _source(
    path_name: str, w: Working, roles: RoleMap, tables: Sequence[SourceTable], left: said.Left
) -> Source:
    by_name = {table.table: table for table in tables}
    links = read_links(by_name)
    faults = _faults(w)
    made: list[RawTable] = []
    if "ssd_person" in by_name:
        number = w.tallies["ssd_person"].number
        person = by_name["ssd_person"]
        columns = child_columns(by_name)
        made.append(ChildTable(path_name, person, number, w, links, faults.pop("children", []), columns))
        links.identifiers += child_identifiers(person)
    made += _query_tables(path_name, w, faults)
    seen, without = assessments_without_worker(w)
    return Source(
        NAME,
        path_name,
        made,
        [*said.notes(w, roles, tables, left), *without],
        [*said.role_findings(w), *people_findings(w), *status_findings(w), *seen],
        sorted(
            [*practitioner_identifiers(w), *links.identifiers],
            key=lambda i: (i.kind, i.id, i.scheme, i.value),
        ),
        places={tally.number: tally.label for tally in w.tallies.values()},
        headings=_headings(w),
    )


_OPTIONAL: Final = {
    "agencies": ("parent_agency_id", "agency WHERE parent IS NOT NULL"),
    "practitioners": ("name", "practitioner WHERE name IS NOT NULL"),
}
"""Columns that are left out where nothing is in them, so that they do not wipe out what other sources say."""


def _query_tables(path_name: str, w: Working, faults: dict[str, list[RowFault]]) -> Iterator[RawTable]:
    for name, (text, sql) in QUERIES.items():
        refused = faults.get(name, [])
        if not refused and not w.rows(f"SELECT 1 FROM ({sql}) LIMIT 1"):
            continue
        columns = tuple(text.split())
        optional, filled = _OPTIONAL.get(name, ("", ""))
        kept = tuple(c for c in columns if c != optional or w.count(filled))
        selected = f"SELECT place, {', '.join(kept)} FROM ({sql}) AS t(place, {', '.join(columns)})"
        yield QueryTable(name, path_name, kept, w, sql if kept == columns else selected, refused)


def _faults(w: Working) -> dict[str, list[RowFault]]:
    """Rows that could not be read or mapped at all, by the canonical table that lacks them."""
    found: dict[str, list[RowFault]] = {}
    for table, tally in w.tallies.items():
        if tally.faults:
            found.setdefault(FAULTS_OF.get(table, "statuses"), []).extend(tally.faults)
    bad = involvement_faults(w)
    if bad:
        found.setdefault("memberships", []).extend(bad)
    return found


_HEADINGS: Final = {
    "agencies": {"agency_id": "team", "name": "name", "parent_agency_id": "parent"},
    "practitioners": {"practitioner_id": "professional", "role": "title", "name": "name"},
    "posts": {"practitioner_id": "professional", "agency_id": "department", "fte": "fte"},
    "children": {"child_id": "person", "birth_date": "birth"},
    "statuses": {"child_id": "person", "started_on": "started", "ended_on": "ended"},
    "assessments": {
        "assessment_id": "assessment",
        "child_id": "person",
        "practitioner_id": "worker",
        "started_on": "started",
        "completed_on": "ended",
    },
    "tacs": {"child_id": "person", "tac_id": "referral"},
    "memberships": {
        "tac_id": "person",
        "practitioner_id": "professional",
        "started_on": "started",
        "ended_on": "ended",
    },
    "leads": {"practitioner_id": "professional", "started_on": "started", "ended_on": "ended"},
    "reviews": {"held_on": "held"},
}
"""What a canonical column is called in the fields of the tables it comes from."""

_OWN_IDS: Final = ("assessment", "enquiry", "episode")


def _headings(w: Working) -> dict[tuple[int, str, str], str]:
    """What rejects call a column: the heading of the user's own table."""
    found = {}
    for tally in w.tallies.values():
        for table, columns in _HEADINGS.items():
            for column, name in columns.items():
                names = _OWN_IDS if name == "assessment" else (name,)
                heading = next((tally.columns[n] for n in names if n in tally.columns), None)
                if heading is not None:
                    found[tally.number, table, column] = heading
    return found

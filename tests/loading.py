"""What the loader's tests share: folders in a line, rejects without a graph, the graph as plain facts."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import xlsxwriter

from graphmodel.letters import as_it_came
from graphmodel.nodes import NODE_BY_LABEL
from graphmodel.store import Store
from loaders import LoadReport, load
from loaders.load import _check, _read, _Run
from loaders.report import Silent
from loaders.sources import FORMATS, Reading
from loaders.staging import Staging

SMALL = Path(__file__).parent / "data" / "small"

KEY = b"a key for tests only"

Tables = Mapping[str, Sequence[Mapping[str, str]]]
Rows = dict[str, list[dict[str, str]]]
"""Tables to be changed."""


def read_tables(folder: Path) -> Rows:
    """A folder of clean CSV files as it stands, by the standard library alone."""
    found = {}
    for file in sorted(folder.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as text:
            found[file.stem] = list(csv.DictReader(text))
    return found


def write_tables(folder: Path, tables: Tables) -> Path:
    """Write tables as a canonical folder; an empty table is left out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        if rows:
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as text:
                writer = csv.DictWriter(text, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
    return folder


def write_texts(folder: Path, texts: Mapping[str, str | bytes]) -> Path:
    """Write files as they are given."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def write_book(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> Path:
    """Write a workbook; a pair is a formula and its saved value, empty where it was never saved."""
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "dd/mm/yyyy"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                if isinstance(cell, tuple):
                    sheet.write_formula(r, c, cell[0], None, cell[1])
                else:
                    sheet.write(r, c, cell)
    book.close()
    return path


def read_list(report: LoadReport, name: str) -> list[dict[str, str]]:
    """A list that a load left, each text as it came."""
    with (report.folder / name).open(encoding="utf-8", newline="") as text:
        return [{head: as_it_came(cell) for head, cell in row.items()} for row in csv.DictReader(text)]


def check_only(path: Path, home: Path, reader: str = "canonical") -> tuple[_Run, list[tuple[Any, ...]]]:
    """Read and check without a graph: the run with its counts and findings, and the rejects.

    Rejects are (table, row, column, value, reason), in order of table and row.
    """
    home.mkdir(exist_ok=True)
    source = FORMATS[reader].read(path, Reading(KEY))
    run = _Run("load", source, reader, home, Silent(), dry_run=True, replace=False)
    with Staging(home / "loads") as stage:
        _read(run, stage)
        _check(run, stage, lambda _label, _ids: [])
        rejects = stage.rows("SELECT tbl, row_no, col, value, reason FROM rejects ORDER BY 1, 2, 3, 5")
        return run, rejects


def load_quietly(path: Path, home: Path, **options: Any) -> LoadReport:
    return load(path, home=home, **options)


@contextmanager
def reading(home: Path) -> Iterator[Store]:
    with Store.open(home, "reader") as store:
        yield store


def graph(home: Path, **options: Any) -> tuple[list[str], list[str]]:
    """The `facts` of a data folder's graph."""
    with reading(home) as store:
        return facts(store, **options)


def small() -> Rows:
    """The small partnership, to be changed."""
    return read_tables(SMALL)


def load_tables(tables: Tables, folder: Path, home: Path, **options: Any) -> LoadReport:
    return load(write_tables(folder, tables), home=home, **options)


def without(tables: Rows, table: str, key: str) -> None:
    """Take a row and everything that refers to it out."""
    column = next(iter(tables[table][0]))
    gone: list[tuple[str, str]] = [(column, key)]
    links = {"parent_agency_id": "agency_id", "line_manager_id": "practitioner_id"}
    own = {name: next(iter(rows[0])) for name, rows in tables.items() if rows}
    while gone:
        column, key = gone.pop()
        for name, rows in tables.items():
            kept = []
            for row in rows:
                if any(row.get(c) == key for c in row if links.get(c, c) == column):
                    if own[name] in _KEYED:
                        gone.append((own[name], row[own[name]]))
                else:
                    kept.append(row)
            tables[name] = kept


_KEYED = {"agency_id", "practitioner_id", "child_id", "assessment_id", "tac_id", "service_id"}


def facts(store: Store, *, load_ids: bool = False) -> tuple[list[str], list[str]]:
    """Every node and relationship but the load records, as sorted text; without the load that wrote them."""
    nodes = store.fetch("MATCH (n) WHERE NOT n:Load RETURN labels(n), properties(n)")
    links = store.fetch(
        "MATCH (a)-[r]->(b) RETURN labels(a), properties(a), type(r), properties(r), labels(b), properties(b)"
    )
    return (
        sorted(_text([labels, _plain(values, load_ids=load_ids)]) for labels, values in nodes),
        sorted(
            _text([_id(la, pa), kind, _plain(values, load_ids=load_ids), _id(lb, pb)])
            for la, pa, kind, values, lb, pb in links
        ),
    )


def _plain(values: Mapping[str, Any], *, load_ids: bool) -> dict[str, Any]:
    # a generation is a random word that changes whenever facts change otherwise than by a load
    return {k: v for k, v in values.items() if k != "generation" and (load_ids or k != "load_id")}


def _id(labels: Sequence[str], values: Mapping[str, Any]) -> list[Any]:
    return [labels[0], values[NODE_BY_LABEL[labels[0]].key]]


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def tables_in_graph(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """The canonical tables read back by queries written by hand, so that they share nothing with the loader.

    Dates are ISO text; an absent value is None. Rows are sorted.
    """
    return {name: sorted(map(tuple, store.fetch(query)), key=str) for name, query in READ_BACK.items()}


READ_BACK = {
    "agencies": "MATCH (n:Agency) OPTIONAL MATCH (n)-[:PART_OF]->(p) RETURN n.agency_id, n.name, n.sector, "
    "p.agency_id, n.pooled_contribution_gbp",
    "practitioners": "MATCH (n:Practitioner) OPTIONAL MATCH (n)-[:MANAGED_BY]->(m) RETURN n.practitioner_id, "
    "n.role, n.name, m.practitioner_id, toString(n.lead_trained_on), n.term_time_only, "
    "toString(n.newly_qualified_until)",
    "posts": "MATCH (p:Practitioner)-[r:HOLDS_POST]->(a:Agency) RETURN p.practitioner_id, a.agency_id, "
    "toString(r.started_on), toString(r.ended_on), r.fte, r.home, r.tac_share",
    "children": "MATCH (c:Child) OPTIONAL MATCH (c)-[:IN_FAMILY]->(f:Family) "
    "OPTIONAL MATCH (c)-[:ATTENDS]->(a:Agency) "
    "RETURN c.child_id, f.family_id, a.agency_id, toString(c.birth_date), c.locality",
    "statuses": "MATCH (c:Child)-[r:HAS_STATUS]->(s:Status) RETURN c.child_id, s.status, "
    "toString(r.started_on), toString(r.ended_on)",
    "needs": "MATCH (c:Child)-[r:HAS_NEED]->(n:NeedsLevel) RETURN c.child_id, n.level, "
    "toString(r.started_on), toString(r.ended_on)",
    "tacs": "MATCH (t:Tac)-[:FOR_CHILD]->(c:Child) OPTIONAL MATCH (t)-[:OPENED_AFTER]->(a:Assessment) "
    "RETURN t.tac_id, c.child_id, toString(t.opened_on), toString(t.closed_on), t.model, a.assessment_id, "
    "toString(t.next_review_on)",
    "memberships": "MATCH (p:Practitioner)-[r:MEMBER_OF]->(t:Tac) RETURN t.tac_id, p.practitioner_id, "
    "toString(r.started_on), toString(r.ended_on)",
    "leads": "MATCH (p:Practitioner)-[r:LEADS]->(t:Tac) RETURN t.tac_id, p.practitioner_id, "
    "toString(r.started_on), toString(r.ended_on), r.reason",
    "assessments": "MATCH (c:Child)-[:HAD_ASSESSMENT]->(a:Assessment)<-[:CARRIED_OUT]-(p:Practitioner) "
    "RETURN a.assessment_id, c.child_id, p.practitioner_id, a.kind, toString(a.started_on), "
    "toString(a.completed_on)",
    "services": "MATCH (a:Agency)-[:OFFERS]->(s:Service) RETURN s.service_id, a.agency_id, s.category, "
    "s.name, s.sensitive",
    "interventions": "MATCH (c:Child)-[:RECEIVES]->(i:Intervention)-[:OF_SERVICE]->(s:Service) "
    "OPTIONAL MATCH (p:Practitioner)-[:DELIVERS]->(i) RETURN i.intervention_id, c.child_id, s.service_id, "
    "p.practitioner_id, toString(i.started_on), toString(i.ended_on), i.consent",
    "actions": "MATCH (t:Tac)-[:HAS_ACTION]->(x:Action)<-[:OWNS]-(p:Practitioner) RETURN x.action_id, "
    "t.tac_id, p.practitioner_id, toString(x.due_on), toString(x.done_on)",
    "reviews": "MATCH (t:Tac)-[:HELD_REVIEW]->(r:Review) RETURN t.tac_id, toString(r.held_on)",
}

COLUMNS = {
    "agencies": "agency_id name sector parent_agency_id pooled_contribution_gbp",
    "practitioners": "practitioner_id role name line_manager_id lead_trained_on term_time_only "
    "newly_qualified_until",
    "posts": "practitioner_id agency_id started_on ended_on fte home tac_share",
    "children": "child_id family_id school_id birth_date locality",
    "statuses": "child_id status started_on ended_on",
    "needs": "child_id level started_on ended_on",
    "tacs": "tac_id child_id opened_on closed_on model assessment_id next_review_on",
    "memberships": "tac_id practitioner_id started_on ended_on",
    "leads": "tac_id practitioner_id started_on ended_on reason",
    "assessments": "assessment_id child_id practitioner_id kind started_on completed_on",
    "services": "service_id agency_id category name sensitive",
    "interventions": "intervention_id child_id service_id practitioner_id started_on ended_on consent",
    "actions": "action_id tac_id practitioner_id due_on done_on",
    "reviews": "tac_id held_on",
}
KEYS = {
    "posts": 3,
    "statuses": 3,
    "memberships": 3,
    "leads": 3,
    "reviews": 2,
}


def tables_expected(tables: Tables) -> dict[str, list[tuple[Any, ...]]]:
    """What `tables_in_graph` must give after a load of these clean tables, worked out row by row."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for name, columns in COLUMNS.items():
        by_key: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        for row in tables.get(name, ()):
            values = {c: _value(name, c, row) for c in columns.split()}
            key = (values["child_id"], values["started_on"]) if name == "needs" else None
            by_key[key or tuple(values.values())[: KEYS.get(name, 1)]] = tuple(values.values())
        found[name] = sorted(by_key.values(), key=str)
    return found


def _value(table: str, column: str, row: Mapping[str, str]) -> Any:
    cell = row.get(column, "").strip() or None
    if column in ("fte", "tac_share", "pooled_contribution_gbp"):
        return None if cell is None else float(cell)
    if column == "level":
        return int(str(cell))
    if column in ("home", "consent", "term_time_only", "sensitive"):
        if cell is not None:
            return cell.lower() == "true"
        private = row.get("category", "").strip() in ("sexual_health", "mental_health", "substance_misuse")
        return {"home": True, "consent": False, "term_time_only": False, "sensitive": private}[column]
    return "tac" if (table, column, cell) == ("tacs", "model", None) else cell

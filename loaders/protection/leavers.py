"""What else is kept no longer than agreed: names, agencies, identities, lines of the audit record.

A practitioner who left keeps the id, the role and the work: figures of past months rest on them. The name
goes from graph, ledger and identity store, and a load that still has it leaves it out.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphmodel import audit_keeping, migrations
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.cypher_load import retire_nodes
from graphmodel.ledger import id_columns
from graphmodel.nodes import NODE_BY_LABEL
from graphmodel.relationships import TABLES
from graphmodel.settings import Retention
from graphmodel.store import Store
from loaders import record
from loaders.protection.activity import last_days
from loaders.protection.erased import remember
from loaders.protection.erasing import forget_slices
from loaders.protection.erasing_ledger import replace_file
from loaders.protection.reach import LINKS, aliases, ledger_tables
from loaders.protection.years import years_after

BATCH: Final = 500


@dataclass(frozen=True)
class Leavers:
    """What the rules say on a day.

    Ids of practitioners whose name is due, and of agencies that nothing names; how many identity records are
    of nobody here, and how many lines of the audit record are too old (by the clock, whatever day is asked).
    """

    on: date
    practitioners: tuple[str, ...]
    agencies: tuple[str, ...]
    identities: int
    lines: int


def leaving(store: Store, home: Path, rules: Retention, on: date) -> Leavers:
    """Judge by the rules; nothing is changed. A period of 0 years keeps for good."""
    before = _audit_before(rules)
    return Leavers(
        on,
        tuple(_left(store, on, rules.practitioner_years)) if rules.practitioner_years else (),
        tuple(_bare(store, home, on, rules.agency_years)) if rules.agency_years else (),
        sum(kept.num_rows for kept in _nobodys(store, home).values()),
        audit_keeping.older(AuditLog(home), before) if rules.audit_years else 0,
    )


def take_out(home: Path, found: Leavers, rules: Retention, viewer: Viewer) -> None:
    """Do what `leaving` found. Each step may be run again; the audit record says what was done."""
    with (
        record.only_loader(home, "retention"),
        Store.open(home, "writer") as store,
        record.only_writer(home, store, "retention"),
    ):
        if found.practitioners:
            forget_names(store, home, found.practitioners)
        if found.agencies:
            _forget_agencies(store, home, found.agencies)
        if found.identities:
            _forget_identities(home, _nobodys(store, home))
        if found.practitioners or found.agencies:
            migrations.renew(store)
            forget_slices(home)
        about = f"rules on {found.on}"
        counts = {"agencies": len(found.agencies), "identities": found.identities}
        store.audit.record(viewer, "retention of names", about=about, rows=len(found.practitioners), **counts)
        if found.lines:
            audit_keeping.shorten(store.audit, _audit_before(rules), viewer)


def _audit_before(rules: Retention) -> str:
    """The day (ISO) before which lines are too old: a day asked for must not shorten the record."""
    today = datetime.now(UTC).date()
    try:
        return today.replace(year=today.year - rules.audit_years).isoformat()
    except ValueError:
        return date(today.year - rules.audit_years, 2, 28).isoformat()


# -- names ---------------------------------------------------------------------------------------------


def _left(store: Store, on: date, years: int) -> list[str]:
    """Practitioners with a name of whom nothing runs, and whose last day of anything is so long ago."""
    asked = "MATCH (p:Practitioner) WHERE p.name IS NOT NULL RETURN p.practitioner_id"
    named = {row[0] for rows in store.stream(asked) for row in rows}
    last, running = last_days(store, "Practitioner", on)
    return sorted(who for who in named - running if who in last and years_after(last[who], years) <= on)


def forget_names(store: Store, home: Path, practitioners: Sequence[str]) -> None:
    """Take the names of practitioners out of the graph, the ledger and the identity store."""
    also = aliases(home, practitioners, "practitioner")
    every = sorted({id_ for ids in also.values() for id_ in ids})
    remember(home, every, "practitioner")
    _forget_identities(home, {"practitioner": _records(home, "practitioner", set(every))})
    wanted = pa.array(every, pa.string())
    for path, rows in ledger_tables(home, "practitioners"):
        hit = pc.and_(pc.is_in(rows["practitioner_id"], wanted), pc.is_valid(rows["name"]))
        if pc.any(hit).as_py():
            names = pc.if_else(hit, pa.scalar(None, pa.string()), rows["name"])
            table = rows.set_column(rows.column_names.index("name"), "name", names)
            replace_file(path, lambda made, table=table: pq.write_table(table, made))  # type: ignore[misc]
    text = (
        "UNWIND $ids AS id MATCH (p:Practitioner {practitioner_id: id}) "
        "SET p.name = null, p.fingerprint = '' RETURN count(*) AS changed"
    )
    for start in range(0, len(every), BATCH):
        store.write(text, ids=every[start : start + BATCH])


# -- agencies ------------------------------------------------------------------------------------------


def _bare(store: Store, home: Path, on: date, years: int) -> list[str]:
    """Agencies that nothing in graph or ledger names, and of which nobody said anything new for long."""
    asked = (
        "MATCH (a:Agency) OPTIONAL MATCH (a)-[r]-() WITH a, count(r) AS named WHERE named = 0 "
        "RETURN a.agency_id ORDER BY a.agency_id"
    )
    bare = {str(row[0]) for row in store.fetch(asked)}
    if not bare:
        return []
    said: dict[str, str] = {}
    for path, rows in ledger_tables(home):
        columns = (
            [c for c, kind in id_columns(path.stem).items() if kind == "agency"]
            if path.stem in TABLES
            else []
        )
        for column in columns:
            if column not in rows.column_names:
                continue
            if path.stem == "agencies" and column == "agency_id":
                own = zip(rows[column].to_pylist(), rows["stated_at"].to_pylist(), strict=True)
                for id_, at in own:
                    said[id_] = max(at, said.get(id_, at))
            else:
                bare -= set(rows[column].to_pylist())
    return sorted(a for a in bare if a in said and years_after(date.fromisoformat(said[a][:10]), years) <= on)


def _forget_agencies(store: Store, home: Path, agencies: Sequence[str]) -> None:
    wanted = pa.array(list(agencies), pa.string())
    for path, rows in ledger_tables(home, "agencies"):
        kept = rows.filter(pc.invert(pc.is_in(rows["agency_id"], wanted)))
        if kept.num_rows < rows.num_rows:
            replace_file(path, lambda made, kept=kept: pq.write_table(kept, made))  # type: ignore[misc]
    for start in range(0, len(agencies), BATCH):
        store.write(retire_nodes(NODE_BY_LABEL["Agency"]), ids=list(agencies[start : start + BATCH]))


# -- identities ----------------------------------------------------------------------------------------


def _records(home: Path, kind: Any, ids: Collection[str], *, others: bool = False) -> Any:
    """Identity records of these ids, or of all but these."""
    from loaders.matching.identities import SCHEMAS, IdentityStore  # noqa: PLC0415  (few keep one)

    if not (home / "identity").exists():
        return SCHEMAS[kind].empty_table()
    records = IdentityStore(home).records(kind)
    hit = pc.is_in(records["id"], pa.array(sorted(ids), pa.string()))
    return records.filter(pc.invert(hit) if others else hit)


def _nobodys(store: Store, home: Path) -> Mapping[str, Any]:
    """Identity records of ids that neither the graph nor a link has, by kind."""
    if not (home / "identity").exists():
        return {}
    found = {}
    for kind, label in (("child", "Child"), ("practitioner", "Practitioner")):
        asked = f"MATCH (n:{label}) RETURN n.{NODE_BY_LABEL[label].key}"
        here = {row[0] for rows in store.stream(asked) for row in rows}
        found[kind] = _records(home, kind, here | _linked(home, kind), others=True)
    return found


def _linked(home: Path, kind: str) -> set[str]:
    path = home / LINKS
    if not path.exists():
        return set()
    found: set[str] = set()
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        for pair in ("id, stands_for FROM standing", "a, b FROM proposals"):
            for row in database.execute(f"SELECT {pair} WHERE kind = ?", (kind,)):
                found.update(row)
    return found


def _forget_identities(home: Path, gone: Mapping[str, Any]) -> None:
    from loaders.matching.identities import IdentityStore  # noqa: PLC0415

    store = IdentityStore(home)
    for kind, records in gone.items():
        for source in sorted(set(records["source"].to_pylist())):
            theirs = set(records.filter(pc.equal(records["source"], source))["id"].to_pylist())
            every = store.records(kind)  # type: ignore[arg-type]
            of_source = every.filter(pc.equal(every["source"], source))
            kept = of_source.filter(
                pc.invert(pc.is_in(of_source["id"], pa.array(sorted(theirs), pa.string())))
            )
            store.keep(kind, source, kept, whole=True)  # type: ignore[arg-type]

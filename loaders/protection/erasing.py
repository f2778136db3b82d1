"""Taking children out: their records stay as those of nobody, so that counts stay what they were.

A child's id and the ids of its own records become random; birth day and month, identity hashes, the family
and the places of its rows in files go. What is to be done is written down first (`erasing.json`), so an
erasure that was cut off is completed by the next one or by the next load; the mapping of ids goes with its
end.
"""

from __future__ import annotations

import csv
import fcntl
import json
import os
import re
import secrets
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from graphmodel import migrations
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.cypher_load import DELETE_FOUND
from graphmodel.errors import QueryError
from graphmodel.ledger import ERASED
from graphmodel.letters import as_it_came
from graphmodel.nodes import NODE_BY_LABEL
from graphmodel.store import Store
from loaders import record
from loaders.identity import identity_key
from loaders.protection.erased import digest, listed, remember, strike
from loaders.protection.erasing_ledger import replace_file, rewrite_ledger
from loaders.protection.reach import (
    LINKS,
    OWN,
    aliases,
    own_ids,
)
from loaders.retire import retire_childless

JOURNAL: Final = "erasing.json"
BATCH: Final = 500
_PARTS: Final = re.compile(r"[;,|\s]+")


@dataclass(frozen=True)
class Erasure:
    """How much was changed: children, nodes of their own, facts in the ledger, rows of lists and links."""

    children: int
    records: int
    ledger: int
    lists: int
    links: int
    identities: int


_NOTHING: Final = Erasure(0, 0, 0, 0, 0, 0)


def erase(
    home: Path, children: Sequence[str], viewer: Viewer, *, what: str = "erasure", only_known: bool = True
) -> Erasure:
    """Make nobody of these children in the graph, the ledger, the links, the identity store and the lists.

    Raises `AccessRefused` (no right, no reason), `QueryError` for an id that the graph does not have (unless
    `only_known` is false), `LoadRefused` while a load runs, here or from elsewhere in the database. The
    audit record says that somebody was erased and why, under the new id.
    """
    viewer.must_see_children()
    with (
        record.only_loader(home, what),
        Store.open(home, "writer") as store,
        record.only_writer(home, store, what),
    ):
        earlier, gone = finish(home, store) or (_NOTHING, [])
        asked = [child for child in children if child not in gone]
        known = _known(store, asked)
        unknown = sorted(set(asked) - set(known))
        if unknown and only_known:
            raise QueryError(f"child {unknown[0]!r}", "is not in the graph", "Check the id.")
        if not known:
            return earlier
        _plan(store, home, known, viewer, what)
        done, _ = finish(home, store) or (_NOTHING, [])
    return Erasure(*(getattr(earlier, n) + getattr(done, n) for n in Erasure.__dataclass_fields__))


def finish(home: Path, store: Store) -> tuple[Erasure, list[str]] | None:
    """Carry out what was planned, or left by an erasure that was cut off; None where nothing was.

    Gives what was changed and the children's old ids. For whoever holds the data folder's lock: a load that
    came between would find half of the children's facts under each name, one in another folder too.
    """
    path = home / JOURNAL
    if not path.exists():
        return None
    plan = json.loads(path.read_text(encoding="utf-8"))
    remember(home, plan["ids"]["Child"])
    done = _carry_out(store, home, plan["ids"])
    # an older program did not write down who
    viewer = Viewer(**plan["viewer"]) if "viewer" in plan else Viewer.local("an erasure that was cut off")
    for child in plan["children"]:
        store.audit.record(
            viewer, plan.get("what", "erasure"), about=f"child_id={plan['ids']['Child'][child]}", rows=1
        )
    path.unlink()
    return done, list(plan["children"])


def came_back(store: Store, home: Path) -> int:
    """How many children of the graph have an id that was erased: a source still has them."""
    return len(back(store, home))


def back(store: Store, home: Path) -> list[str]:
    """Ids of the graph's children that are on the list of those who were erased."""
    gone, key = listed(home), identity_key(home)
    if not gone:
        return []
    chunks = store.stream("MATCH (c:Child) RETURN c.child_id")
    return [row[0] for rows in chunks for row in rows if digest(key, row[0]) in gone]


def lift(home: Path, child: str, viewer: Viewer) -> None:
    """Let the next load take a child again who was erased; the audit record says who decided and why.

    Raises `AccessRefused` (no right, no reason), `QueryError` for an id that was not erased.
    """
    viewer.must_see_children()
    with record.only_loader(home, "erasure lifted"):
        if not strike(home, child):
            raise QueryError(f"child {child!r}", "was not erased here", "Check the id.")
        AuditLog(home).record(viewer, "erasure lifted", about=f"child_id={child}", rows=1)


def _known(store: Store, children: Sequence[str]) -> list[str]:
    asked = "UNWIND $ids AS id MATCH (c:Child {child_id: id}) RETURN DISTINCT id"
    return [row[0] for row in store.fetch(asked, {"ids": list(children)})]


# -- the plan: which id becomes which ----------------------------------------------------------------


def _plan(store: Store, home: Path, children: Sequence[str], viewer: Viewer, what: str) -> None:
    """Write down, whole or not at all, which id becomes which, and who decided it."""
    also = aliases(home, children)
    every = [id_ for ids in also.values() for id_ in ids]
    ids: dict[str, dict[str, str]] = {"Child": {}}
    for named in also.values():
        new = _random()
        ids["Child"].update(dict.fromkeys(named, new))
    own = own_ids(store, home, every)
    for label in OWN:
        ids[label] = {old: _renamed(label, old, ids) for old in sorted(own[label])}
    told = {"children": list(children), "ids": ids, "what": what, "viewer": asdict(viewer)}
    made = home / f".{JOURNAL}.partial"
    made.unlink(missing_ok=True)
    with _private(made, "x") as file:
        json.dump(told, file)
    made.rename(home / JOURNAL)


def _random() -> str:
    return f"erased-{secrets.token_hex(8)}"


def _renamed(label: str, old: str, ids: dict[str, dict[str, str]]) -> str:
    if label != "Review":
        return _random()
    # a review is known by its team and its day
    tac, _, day = old.rpartition("|")
    return f"{ids['Tac'].get(tac) or _random()}|{day}"


@contextmanager
def _private(path: Path, mode: str) -> Iterator[Any]:
    flags = os.O_WRONLY | os.O_CREAT | (os.O_EXCL if mode == "x" else os.O_APPEND)
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


# -- carrying it out: each step may be run again -----------------------------------------------------


def _carry_out(store: Store, home: Path, ids: dict[str, dict[str, str]]) -> Erasure:
    children = list(ids["Child"])
    identities = _forget_identities(home, children)
    links = _forget_links(home, children)
    lists = _clean_lists(home, {old for mapping in ids.values() for old in mapping})
    ledger = rewrite_ledger(home, ids)
    records = _rewrite_graph(store, ids)
    # figures are read anew, by running dashboards too
    migrations.renew(store)
    forget_slices(home)
    return Erasure(len(set(ids["Child"].values())), records, ledger, lists, links, identities)


def forget_slices(home: Path) -> None:
    """Remove what was kept of the graph for figures, after whoever makes one now."""
    folder = home / "slice"
    if not folder.exists():
        return
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for place in folder.iterdir():
            if place.is_dir():
                shutil.rmtree(place, ignore_errors=True)
    finally:
        os.close(descriptor)


def _forget_identities(home: Path, children: Sequence[str]) -> int:
    if not (home / "identity").exists():
        return 0
    from loaders.matching.identities import IdentityStore  # noqa: PLC0415  (few installations keep one)

    store, gone = IdentityStore(home), 0
    records = store.records("child")
    theirs = pc.is_in(records["id"], pa.array(children, pa.string()))
    for source in sorted(set(records.filter(theirs)["source"].to_pylist())):
        of_source = pc.equal(records["source"], source)
        kept = records.filter(pc.and_(of_source, pc.invert(theirs)))
        gone += pc.sum(pc.and_(of_source, theirs)).as_py() or 0
        store.keep("child", source, kept, whole=True)
    return gone


def _forget_links(home: Path, children: Sequence[str]) -> int:
    """Delete the children's rows; the triggers that forbid it for everybody else come back at once."""
    path = home / LINKS
    if not path.exists():
        return 0
    gone = 0
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA secure_delete = ON")
        database.execute("BEGIN IMMEDIATE")
        triggers = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            database.execute(f'DROP TRIGGER "{name}"')
        tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            names = {row[1] for row in database.execute(f'PRAGMA table_info("{table}")')}
            for column in sorted(names & {"a", "b", "id", "stands_for"} if "kind" in names else ()):
                for child in children:
                    text = f"DELETE FROM \"{table}\" WHERE kind = 'child' AND {column} = ?"
                    gone += database.execute(text, (child,)).rowcount
        for _, sql in triggers:
            database.execute(sql)
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return gone


def _clean_lists(home: Path, old: set[str]) -> int:
    """Take the rows that name them out of the loads' rejects and findings."""
    gone = 0
    for path in sorted((home / record.LOADS).glob("*/*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        kept = [row for row in rows if not any(_names(as_it_came(cell), old) for cell in row)]
        if len(kept) < len(rows):
            gone += len(rows) - len(kept)
            replace_file(path, lambda made, kept=kept: _write_rows(made, kept))  # type: ignore[misc]
    return gone


def _names(cell: str, old: set[str]) -> bool:
    return bool(old & {cell, *_PARTS.split(cell)})


def _write_rows(path: Path, rows: Sequence[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _rewrite_graph(store: Store, ids: dict[str, dict[str, str]]) -> int:
    changed = 0
    for label, mapping in ids.items():
        key, pairs = NODE_BY_LABEL[label].key, sorted(mapping.items())
        for start in range(0, len(pairs), BATCH):
            rows = [list(pair) for pair in pairs[start : start + BATCH]]
            changed += store.write(_statement(label, key), rows=rows, sources=[ERASED])[0][0][0]
    new = sorted(set(ids["Child"].values()))
    tacs = sorted(set(ids["Tac"].values()))
    for start in range(0, max(len(new), len(tacs)), BATCH):
        part = {"ids": new[start : start + BATCH], "sources": [ERASED]}
        also = {"ids": tacs[start : start + BATCH], "sources": [ERASED]}
        store.write([(text, part) for text in _CHILD_TEXTS] + [(text, also) for text in _TAC_TEXTS])
    retire_childless(store)
    return changed


def _statement(label: str, key: str) -> str:
    more = (
        ", n.birth_date = CASE WHEN n.birth_date IS NULL THEN null "
        "ELSE date(toString(n.birth_date.year) + '-01-01') END, n.upn_hash = null, n.nhs_number_hash = null"
    )
    return (
        f"UNWIND $rows AS row MATCH (n:{label} {{{key}: row[0]}}) "
        f"SET n.{key} = row[1], n.sources = $sources, n.fingerprint = ''{more if label == 'Child' else ''} "
        "RETURN count(*) AS changed"
    )


_FIND: Final = "UNWIND $ids AS id MATCH (c:Child {child_id: id})"
_CHILD_TEXTS: Final = (
    f"{_FIND}-[r:IN_FAMILY]->() {DELETE_FOUND}",
    f"{_FIND}-[r:HAS_STATUS]->() SET r.sources = $sources, r.fingerprint = ''",
    f"{_FIND}-[r:HAS_NEED]->() SET r.sources = $sources, r.fingerprint = ''",
)
_TAC_TEXTS: Final = tuple(
    f"UNWIND $ids AS id MATCH ()-[r:{kind}]->(t:Tac {{tac_id: id}}) "
    "SET r.sources = $sources, r.fingerprint = ''"
    for kind in ("MEMBER_OF", "LEADS")
)

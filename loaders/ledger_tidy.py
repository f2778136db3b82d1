"""Keeping the ledger: parts packed, what emptied graphs left removed, a graph that was set back caught up.

Packing is safe at any moment: the pack is made aside, held to what the parts hold, put on disk and only then
given its name; the parts it stands for stay for an hour, for readers that opened them before.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import duckdb

from graphmodel import ledger as book
from graphmodel.access import Viewer
from graphmodel.cypher_load import retire_nodes
from graphmodel.errors import EngineError
from graphmodel.ledger import FOLDER, PACK, Ledger, NewPart, Part, find_ledger
from graphmodel.ledger_state import Standing, standing
from graphmodel.nodes import NODE_BY_LABEL
from graphmodel.relationships import TABLES
from graphmodel.standing import quoted
from graphmodel.store import Store
from loaders import record
from loaders.protection.erasing import back
from loaders.protection.reach import own_ids
from loaders.restate import restate
from loaders.retire import retire_childless

FEWEST: Final = 2
"""Parts that make a pack worth while."""
GRACE_SECONDS: Final = 3_600
"""How long a reader may still be at the parts that a pack stands for."""
_MEMORY: Final = "320MB"
_BATCH: Final = 500


@dataclass(frozen=True)
class Untidy:
    """What there is to do.

    Ledgers (folder, parts, last day) of graphs that are no more; how many parts the graph has not taken over;
    folders that no load finished; how many parts to pack; folders that a pack stands for.
    """

    left: tuple[tuple[str, int, str], ...]
    pending: int
    unfinished: tuple[Path, ...]
    parts: int
    superseded: tuple[Path, ...]


def look(home: Path, store: Store) -> Untidy:
    """What `tidy` would do to this data folder, the graph at hand being its database. Nothing is changed."""
    found = standing(store, home).ledger
    left = tuple(_left_over(home, found))
    if found is None:
        return Untidy(left, 0, tuple(_unfinished(home)), 0, ())
    packed = {place.name for place in _superseded(found)}
    settled = [part for part in found.parts if found.done(part)]
    return Untidy(
        left,
        len(found.pending()),
        tuple(_unfinished(home)),
        len(settled) if len({found.packs.get(part.place, part.name) for part in settled}) >= FEWEST else 0,
        tuple(found.folder / name for name in sorted(packed)),
    )


def tidy(home: Path, *, left: bool = True) -> Untidy:
    """Complete what loads that were cut off left, pack the parts, and remove what nobody needs.

    `left` false leaves the ledgers of emptied graphs. What was known on any day stays as it was. Gives what
    there was to do. Raises as a load does: `LoadRefused` while one runs, `EngineError` where graph and ledger
    are not of one time.
    """
    with Store.open(home) as store:
        todo = look(home, store)
    if todo.pending:
        restate(home)
    with record.only_loader(home, "ledger tidy"), Store.open(home) as store:
        found = standing(store, home).ledger
        for place in todo.unfinished:
            shutil.rmtree(place, ignore_errors=True)
        for name, _, _ in todo.left if left else ():
            _remove(home / FOLDER / name)
        if found is not None:
            for place in _superseded(found, GRACE_SECONDS):
                _remove(place)
            if todo.parts:
                pack(found)
        record_of = {"parts": todo.parts, "ledgers": len(todo.left) if left else 0}
        store.audit.record(Viewer.local(), "ledger tidied", about="the ledger", rows=0, **record_of)
    return todo


def _left_over(home: Path, current: Ledger | None) -> Iterator[tuple[str, int, str]]:
    """Ledgers that no database of this folder is said to have: (folder, parts, last day)."""
    folder = home / FOLDER
    if not folder.is_dir():
        return
    named = {place.read_text(encoding="utf-8").strip() for place in folder.glob("of-*") if place.is_file()}
    for place in sorted(folder.iterdir()):
        mine = current is not None and place == current.folder
        if place.is_dir() and not place.name.startswith(".") and place.name not in named and not mine:
            parts = Ledger.open(place).parts
            yield place.name, len(parts), parts[-1].at[:10] if parts else ""


def _unfinished(home: Path) -> list[Path]:
    folder = home / FOLDER
    return sorted({*folder.glob("*/.making-*"), *folder.glob("*/.gone-*"), *folder.glob(".gone-*")})


def _superseded(ledger: Ledger, seconds: float = 0) -> list[Path]:
    """Folders of parts and packs that another pack stands for, those first that are `seconds` old."""
    live = {ledger.packs.get(part.place, part.name) for part in ledger.parts}
    there = [place for place in sorted(ledger.folder.iterdir()) if place.is_dir()]
    found = [place for place in there if not place.name.startswith(".") and place.name not in live]
    ages = [time.time() - (ledger.folder / name).stat().st_mtime for name in set(ledger.packs.values())]
    return found if min(ages, default=0.0) >= seconds else []


def _remove(place: Path) -> None:
    """Out of sight first, so that nobody opens half of it."""
    gone = place.with_name(f".gone-{place.name}")
    place.rename(gone)
    shutil.rmtree(gone)


# -- packing -----------------------------------------------------------------------------------------


def pack(ledger: Ledger) -> Path | None:
    """Make one pack of all parts that the graph has taken over; where it lies, None where that is so."""
    parts = ledger.settled().parts
    if len(parts) < FEWEST or len({ledger.packs.get(part.place, part.name) for part in parts}) == 1:
        return None
    made = NewPart(ledger)
    try:
        with duckdb.connect(":memory:", config={"memory_limit": _MEMORY, "threads": 2}) as db:
            db.execute(f"SET temp_directory = {quoted(str(made.folder / '.spill'))}")
            for table in TABLES:
                _pack_table(db, ledger, parts, table, made.file(table))
        shutil.rmtree(made.folder / ".spill", ignore_errors=True)
        for part in parts:
            if part.new_links:
                shutil.copyfile(ledger.links_file(part), made.file(f"links-{part.place:08d}"))
        said = json.dumps({"parts": [asdict(part) for part in parts]})
        (made.folder / PACK).write_text(said, encoding="utf-8")
        name = f"pack-{parts[0].place:08d}-{parts[-1].place:08d}"
        made.put(name)
    except BaseException:
        shutil.rmtree(made.folder, ignore_errors=True)
        raise
    return ledger.folder / name


def _pack_table(
    db: duckdb.DuckDBPyConnection, ledger: Ledger, parts: Sequence[Part], table: str, out: Path
) -> None:
    """Write a table's events of these parts as one file, and hold it to what they hold."""
    if not ledger.files(table, parts):
        return
    events, path = ledger.events(table, parts), quoted(str(out))
    db.execute(
        f"COPY (SELECT * FROM {events} ORDER BY place, row_no) TO {path} (FORMAT parquet, COMPRESSION zstd)"
    )
    before, after = (_digest(db, rows) for rows in (events, f"read_parquet({path})"))
    if before != after:
        raise EngineError(f"the ledger's {table}", "was not written whole", "Run tacgraph ledger tidy again.")


def _digest(db: duckdb.DuckDBPyConnection, rows: str) -> tuple[object, ...]:
    """How many rows, and a sum over them that their order does not change."""
    found = db.execute(f"SELECT count(*), sum(CAST(hash(r) AS HUGEINT)) FROM {rows} r").fetchone()
    return found or ()


# -- graph and ledger of different times ---------------------------------------------------------------


def catch_up(home: Path) -> Standing:
    """Bring a graph that was set back, or emptied, to where its ledger is; gives how the two stood.

    Records of the loads that the graph lost are written again from the ledger, and every fact stands as the
    ledger has it. Children who were erased since the day of that graph go from it once more. Raises
    `EngineError` where there is no ledger, or it is the ledger that is older.
    """
    with (
        record.only_loader(home, "catch-up"),
        Store.open(home, "admin") as store,
        record.only_writer(home, store, "catch-up"),
    ):
        found = standing(store, home)
        if found.ledger is None or not found.ledger.parts or found.beyond:
            raise EngineError(
                "the ledger",
                "is older than the graph"
                if found.beyond
                else "is not there, so it cannot say what is missing",
                "Restore a backup of the data folder and the graph together.",
            )
        store.apply_model()
        book.point(home, found.ledger)
        for start in range(0, len(found.missing), _BATCH):
            rows = [_record_of(part, found.ledger) for part in found.missing[start : start + _BATCH]]
            store.write(_LOST, rows=rows)
        _take_out(store, home, back(store, home))
    restate(home, every=True)
    return found


_LOST: Final = (
    "UNWIND $rows AS row MERGE (l:Load {load_id: row[0]}) SET l.source = row[1], l.format = 'ledger', "
    "l.path_name = '', l.started_at = row[2], l.finished_at = row[2], l.outcome = 'loaded', "
    "l.ledger = row[3], l.ledger_place = row[4], l.rows_created = 1 RETURN count(*) AS made"
)


def _record_of(part: Part, ledger: Ledger) -> list[object]:
    return [part.load_id, part.source, part.at, ledger.name, part.place]


def _take_out(store: Store, home: Path, children: Sequence[str]) -> None:
    """Delete children who were erased, with what is theirs alone: the ledger has them as nobody."""
    if not children:
        return
    for label, ids in {**own_ids(store, home, children), "Child": set(children)}.items():
        for start in range(0, len(ids), _BATCH):
            store.write(retire_nodes(NODE_BY_LABEL[label]), ids=sorted(ids)[start : start + _BATCH])
    retire_childless(store)


def begin_anew(home: Path) -> Path | None:
    """Put the ledger of the graph at hand aside; the graph stays, and the next load begins another one.

    What was known earlier is then not to be had; `tidy` removes what was put aside. Gives where it lies, None
    where there is no ledger.
    """
    with record.only_loader(home, "ledger aside"), Store.open(home) as store:
        found = standing(store, home).ledger or find_ledger(home)
        if found is None or not found.folder.is_dir():
            return None
        aside = found.folder.with_name(f"aside-{found.name}-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}")
        found.folder.rename(aside)
        for pointer in (home / FOLDER).glob("of-*"):
            if pointer.read_text(encoding="utf-8").strip() == found.name:
                pointer.unlink()
        store.audit.record(Viewer.local(), "ledger put aside", about=found.name, rows=len(found.parts))
    return aside

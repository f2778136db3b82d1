"""The way from a path to the graph: read → check → shape → load, as a table of contents."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from graphmodel import cypher_load as text
from graphmodel import ledger as ledgers
from graphmodel.codes import ROLES
from graphmodel.errors import EngineError, LoadRefused, SourceError, TacgraphError
from graphmodel.ledger_state import must_agree
from graphmodel.nodes import NODE_BY_LABEL
from graphmodel.relationships import TABLES
from graphmodel.settings import settings
from graphmodel.store import Store
from loaders import alone, record
from loaders.checks import check_rows, drop_blank_rows
from loaders.findings import collect
from loaders.identity import identity_key
from loaders.ledger import Book
from loaders.ledger_found import Found, find
from loaders.matching.capture import Capture
from loaders.protection.erased import hold_back, named_no_more
from loaders.protection.erasing import finish
from loaders.raw import Source
from loaders.references import Known, check_references, good_rows
from loaders.report import LoadReport, Progress, Silent, TableCounts
from loaders.retire import Retirement, retire_childless
from loaders.same import same_as
from loaders.shape import absent_values, hold
from loaders.sources import FORMATS, Reading, guess_format
from loaders.staging import Staging
from loaders.upsert import Upsert


@dataclass
class _Run:
    """One load under way."""

    load_id: str
    source: Source
    source_name: str
    home: Path
    progress: Progress
    dry_run: bool
    replace: bool
    found: Found | None = None
    book: Book | None = None
    capture: Capture | None = None
    alive: alone.Alive | None = None
    counts: dict[str, TableCounts] = field(default_factory=lambda: {t: TableCounts() for t in TABLES})
    findings: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def counts_of(self, what: str) -> int:
        return sum(int(getattr(counts, what)) for counts in self.counts.values())

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[None]:
        """Time a stage of work and show its progress."""
        if self.alive is not None:
            self.alive.must_be()
        self.progress.begin(name, total)
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun


def load(
    path: Path,
    *,
    home: Path,
    format: str | None = None,  # noqa: A002  (the command line's own word)
    source: str | None = None,
    strict: bool = False,
    replace: bool = False,
    dry_run: bool = False,
    with_file: Path | None = None,
    progress: Progress | None = None,
) -> LoadReport:
    """Load what lies at `path` into the graph of `home`'s data folder, or the one that `NEO4J_URI` names.

    `source` names whose facts these are (default: what the reader found, else the format's name). `strict`:
    one rejected row, and nothing is loaded (`LoadRefused`). `replace`: what the source no longer has is
    retired. `dry_run`: all checks and look-ups, no writing; counts say what would be. `with_file`: what some
    formats need beside the path (`Reading`).

    Raises `SourceError` where there is nothing to read, `LoadRefused` where another load runs in the data
    folder, `EngineError` where the database cannot be had.
    """
    begun = time.perf_counter()
    reader = format or guess_format(path, with_file)
    if reader not in FORMATS:
        raise SourceError(f"format {reader}", "is not known", f"Use one of: {', '.join(FORMATS)}.")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = FORMATS[reader].read(path, Reading(identity_key(home), with_file, home, source))
    whose = source or found.whose or reader
    if whose.split(" ", 1)[0] == ledgers.ERASED:
        raise SourceError(
            f"the source {whose!r}", "is what erased children's facts are under", "Name another."
        )
    run = _Run(record.new_load_id(), found, whose, home, progress or Silent(), dry_run, replace)
    run.capture = None if dry_run else Capture(home, whose, reader)
    try:
        with record.only_loader(home, f"load of {whose}"), Staging(home / record.LOADS) as stage:
            _in_lock(run, stage, strict=strict)
            if found.when_loaded is not None and not dry_run:
                found.when_loaded()
            return _report(run, stage, time.perf_counter() - begun)
    finally:
        run.progress.close()


def _in_lock(run: _Run, stage: Staging, *, strict: bool) -> None:
    if not run.dry_run:
        with Store.open(run.home, "admin") as admin, run.stage("prepare the graph"):
            admin.apply_model()
    with Store.open(run.home, "writer") as store, _recorded(run, stage, store):
        _read(run, stage)
        held = _held(run, stage, store) if run.found and run.found.older and not run.replace else None
        _check(run, stage, _known(run, stage, store), held)
        record.write_lists(stage, _folder(run))
        if strict and run.counts_of("rejected"):
            _refuse(run)
        _keep_identities(run, stage)
        _write(run, stage, store)


@contextmanager
def _recorded(run: _Run, stage: Staging, store: Store, *, every: bool = False) -> Iterator[None]:
    """Open the ledger and the record of the load; complete the record, whatever becomes of the load."""
    gone = alone.dead(store, run.home)
    # not before it is known that nobody else loads, from another folder
    if not run.dry_run and finish(run.home, store) is not None:
        run.notes.append("an erasure was cut off: it is completed")
    run.notes += [f"load {one.load_id} was cut off: what it left is completed" for one in gone]
    before = record.Before.of(store)
    run.load_id = record.new_load_id(before.load_id)
    run.notes += filter(None, [before.clock_is_behind()])
    held = must_agree(store, run.home)
    if held.missing:
        run.notes.append(
            f"the graph is empty, but the ledger last used with it has {len(held.missing)} loads up to "
            f"{held.missing[-1].at[:10]}: another ledger begins (if it was emptied by mistake: tacgraph "
            "ledger catch-up instead of loading)"
        )
    run.found = find(run.home, store, make=not run.dry_run)
    run.book = Book(
        stage,
        run.found.ledger,
        source=run.source_name,
        load_id=run.load_id,
        replace=run.replace,
        links=same_as(run.home),
        precedence=settings().sources.precedence,
        every=every,
    )
    if not run.dry_run:
        record.begin(
            store,
            run.load_id,
            source=run.source_name or run.source.format,
            reader=run.source.format,
            path_name=run.source.path_name,
            ledger=run.found.ledger.name,
            at=alone.now_after(before.instant),
            gone=gone,
        )
    outcome = "failed"
    try:
        with nullcontext() if run.dry_run else alone.Alive(store, run.load_id) as run.alive:
            yield
        outcome = "loaded"
    except LoadRefused:
        outcome = "refused"
        raise
    except EngineError:
        # the database is gone: waiting for it again would only keep the message back
        outcome = ""
        raise
    finally:
        if outcome and not run.dry_run:
            # what went wrong first is what is to be said
            with nullcontext() if outcome == "loaded" else suppress(TacgraphError):
                placed = run.book.placed
                record.finish(store, run.load_id, outcome, run.counts, run.findings, ledger_place=placed)


def _folder(run: _Run) -> Path:
    return run.home / record.LOADS / (f"{run.load_id}-dry-run" if run.dry_run else run.load_id)


def _refuse(run: _Run) -> None:
    rejected = run.counts_of("rejected")
    raise LoadRefused(
        run.source.path_name,
        f"has {rejected} rejected rows and the load is strict, so nothing was loaded",
        f"See {_folder(run) / 'rejects.csv'}.",
    )


def _read(run: _Run, stage: Staging) -> None:
    key = identity_key(run.home)
    for raw in run.source.tables:
        with run.stage(f"read {raw.name}"):
            stage.take(raw, key, run.progress.advance, seen=run.capture.see if run.capture else None)
            blank = drop_blank_rows(stage, raw.name)
        run.notes += raw.notes
        if blank:
            run.notes.append(f"{raw.file}: {blank} rows without any value left out")
    stage.describe(run.source)
    if not sum(stage.read.values()):
        raise SourceError(run.source.path_name, "has headers but no rows", "Export it again.")


def _keep_identities(run: _Run, stage: Staging) -> None:
    """Names, dates of birth and numbers of the rows that load, for matching only."""
    if run.capture is not None:

        def rejected(table: str) -> list[int]:
            rows = stage.rows("SELECT DISTINCT row_no FROM rejects WHERE tbl = $tbl", {"tbl": table})
            return [row[0] for row in rows] + named_no_more(stage, table)

        run.notes += run.capture.keep(rejected, run.source.identifiers, whole=run.replace)


def _check(run: _Run, stage: Staging, known: Known, held: Callable[[str], None] | None = None) -> None:
    """`known` looks ids up in the graph; `held` brings its values of columns that a file lacks."""
    with run.stage("check rows"):
        for raw in run.source.tables:
            check_rows(stage, raw.name)
        back = hold_back(stage, run.home)
    if back:
        run.notes.append(f"{back} rows are about children who were erased: held back, see rejects.csv")
    book = run.book or Book.without_ledger(stage, run.source_name, run.load_id)
    with run.stage("check references"):
        book.ids.translate()
        for table in TABLES:
            check_references(stage, table, known)
            while book.ids.reject_unheard(table):
                check_references(stage, table, known)
    with run.stage("compare with the ledger"):
        for table in TABLES:
            run.notes += book.take(table)
            if held is not None:
                held(table)
        book.keep_referred()
    with run.stage("look for findings"):
        run.findings = collect(stage, lambda _: run.progress.advance(1))
    for table, counts in run.counts.items():
        counts.read = stage.read.get(table, 0)
        good = stage.one(f"SELECT count(*) FROM {good_rows(stage, table)}")
        counts.repeated = good - stage.one(f"SELECT count(*) FROM good_{table}")
        counts.rejected = counts.read - good


def _known(run: _Run, stage: Staging, store: Store) -> Known:
    """What of these ids the graph holds; in a replacement, without what is about to be retired."""

    def known(label: str, ids: list[str]) -> list[str]:
        node = NODE_BY_LABEL[label]
        found = store.fetch(text.find_nodes(node), {"ids": ids})
        if not run.replace or node.table is None or stage.uncertain(node.table):
            return [row[0] for row in found]
        here = {
            row[0]
            for row in stage.rows(
                f"SELECT {node.key} FROM raw_{node.table} WHERE {node.key} IN (SELECT unnest($ids))",
                {"ids": ids},
            )
        }
        return [row[0] for row in found if row[0] in here or set(row[2] or ()) - {run.source_name}]

    return known


def _held(run: _Run, stage: Staging, store: Store) -> Callable[[str], None]:
    """Brings, for a file that lacks columns, what a graph older than its ledger holds of them."""

    def held(table: str) -> None:
        absent = absent_values(stage, table)
        if absent and stage.one(f"SELECT count(*) FROM raw_{table}"):
            hold(stage, table, store.stream(text.held_values(TABLES[table], absent)))
            if stage.one(f"SELECT count(*) FROM held_{table}"):
                columns = ", ".join(absent)
                run.notes.append(f"{stage.files[table]} has no {columns}: what the graph holds of them stays")

    return held


def _write(run: _Run, stage: Staging, store: Store) -> None:
    """The ledger first; then the graph is made to agree with it, also where an earlier load was cut off."""
    if run.found is None or run.book is None:
        raise ValueError("a run writes after its ledger was opened")
    owned = run.found.owned(run.source_name)
    if not run.dry_run:
        run.book.commit()
        ledgers.point(run.home, run.found.ledger)
    with Upsert(
        store, stage, load_id=run.load_id, owned=owned, ends=run.replace, dry_run=run.dry_run
    ) as upsert:
        for table, counts in run.counts.items():
            rows = stage.one(f"SELECT count(*) FROM stood_{table}")
            if rows:
                with run.stage(f"load {table}", rows):
                    upsert.table(table, counts, run.progress.advance)
    if run.replace:
        _retire(run, stage, store, owned)
    _tidy(run, stage, store, owned)
    if (upsert.moved_families or run.counts["children"].retired) and not run.dry_run:
        retire_childless(store)
    if not run.dry_run:
        ledgers.mark_done(run.found.ledger)


def _tidy(run: _Run, stage: Staging, store: Store, owned: frozenset[str]) -> None:
    """Take out what no source states any more, beside a replacement's own."""
    source = run.source_name if run.replace else ""
    emptied = Retirement(store, stage, source=source, load_id=run.load_id, owned=owned, dry_run=run.dry_run)
    emptied.emptied(run.counts, run.progress.advance)
    if not run.replace and run.found is not None and any(part.retires for part in run.found.ledger.parts):
        sweep = Retirement(store, stage, source="", load_id=run.load_id, dry_run=run.dry_run)
        sweep.unstated(run.counts, run.progress.advance)


def _retire(run: _Run, stage: Staging, store: Store, owned: frozenset[str]) -> None:
    unsure = [table for table in TABLES if stage.uncertain(table)]
    if unsure:
        run.notes.append(f"nothing retired from {', '.join(unsure)}: some rows could not be read at all")
    with run.stage("retire"):
        retirement = Retirement(
            store, stage, source=run.source_name, load_id=run.load_id, owned=owned, dry_run=run.dry_run
        )
        retirement.run(run.counts, run.progress.advance)
    kept = sum(c.kept for c in run.counts.values())
    if kept:
        run.notes.append(f"{kept} facts stay without a source, because facts of other sources refer to them")


def _report(run: _Run, stage: Staging, seconds: float) -> LoadReport:
    left_out = [f"{t.file}: columns left out: {', '.join(t.unknown)}" for t in run.source.tables if t.unknown]
    roles = stage.rows("SELECT DISTINCT role FROM good_practitioners ORDER BY role")
    return LoadReport(
        load_id=None if run.dry_run else run.load_id,
        source=run.source_name,
        format=run.source.format,
        tables=run.counts,
        findings=run.findings,
        folder=_folder(run),
        unknown_columns={t.name: t.unknown for t in run.source.tables if t.unknown},
        unknown_roles=tuple(r[0] for r in roles if r[0] not in ROLES),
        missing_tables=tuple(t for t in TABLES if run.source.table(t) is None),
        seconds=seconds,
        notes=(*run.source.notes, *left_out, *run.notes),
        stages=run.seconds,
    )

"""What is read from the database and written to it, and who may see it.

One dialect, two engines: real Neo4j (a server, a cluster or Aura, named by `NEO4J_URI`) and the embedded
engine of the data folder. Reads run in read transactions and, on the embedded engine, as an account that
cannot write; on Neo4j the server refuses writes in a read transaction. What shows a child or a named
practitioner leaves an audit record before the rows are handed out.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeVar, cast

import neo4j
from neo4j.exceptions import DriverError, Neo4jError

from graphmodel import engine, identity, migrations
from graphmodel.access import PRACTITIONER_COLUMNS, Viewer, audited_kind
from graphmodel.audit_log import AuditLog
from graphmodel.connection import Connection
from graphmodel.declare import Identity
from graphmodel.driver_values import plain, shown_whole
from graphmodel.errors import AccessRefused, EngineError, QueryError
from graphmodel.patience import Patience
from graphmodel.room import room_of
from graphmodel.settings import settings
from graphmodel.target import AccountName, EngineKind, Target, find_target

Identifies = Literal["no", "practitioner", "child"]
_T = TypeVar("_T")

# held or once held: a name is nothing new to the agency that employed its bearer
OF_AGENCY: Final = """
MATCH (p:Practitioner)-[:HOLDS_POST]->(:Agency)-[:PART_OF*0..9]->(:Agency {agency_id: $agency_id})
WHERE p.practitioner_id IN $ids
RETURN DISTINCT p.practitioner_id AS practitioner_id
"""


@dataclass(frozen=True)
class Rows:
    """What a read gave: `columns` by name, `rows` as tuples of plain Python values.

    `complete` is false where a limit cut the rest off, `full` besides where it was the limit of memory
    (`queries.result_mb` of the settings) and not `row_limit`; whoever shows the rows says so.
    """

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    complete: bool = True
    full: bool = False

    def records(self) -> list[dict[str, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Store:
    """An open database, for one account. Use as a context manager; safe to share between threads.

    `home` is the data folder: the audit record lies there, whichever engine holds the graph. What becomes
    of work whose connection is lost, and what `account` does there, is said by `Connection`.
    """

    def __init__(
        self,
        target: Target,
        home: Path,
        *,
        account: AccountName | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.kind: EngineKind = target.kind
        self.database, self.home = target.database, home
        self.audit = AuditLog(home)
        self._line = Connection(target, home, account, patience)

    @classmethod
    def open(
        cls,
        home: Path,
        account: AccountName = "reader",
        on_wait: Callable[[str], None] | None = None,
        patience: Patience | None = None,
    ) -> Self:
        """Connect to the database that the environment names, else to the data folder's own engine."""
        return cls(find_target(home, account, on_wait), home, account=account, patience=patience)

    @property
    def uri(self) -> str:
        """Where the database is now: an engine that was started again may have moved."""
        return self._line.uri

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._line.close()

    def hand_on(self) -> None:
        """Leave in the data folder how far the database has come by what was written here."""
        self._line.hand_on()

    # -- reading ---------------------------------------------------------------------------------

    def read(
        self,
        query: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        viewer: Viewer,
        what: str = "query",
        about: str = "",
        time_limit: float | None = None,
        row_limit: int | None = None,
        identifies: Identifies | None = None,
        checked: bool = False,
    ) -> Rows:
        """Run a read and hand out its rows, values as plain Python (dates as `datetime.date`).

        `what` names the query in the audit record, `about` whom it asks about. `checked` says that the text
        is one of the program's own, held by its tests to what `identifies` says of its rows. Any other text
        is looked at: where it may read names or children, under whatever alias, the viewer must be allowed to
        see them before it runs, and so for whole nodes in what came back. Looks and refusals are recorded.

        Raises `AccessRefused`; `WriteRefused` where the text would write, `QueryError` where the database
        refuses or `time_limit` seconds pass.
        """
        told = about or ("" if checked else f"sha256:{hashlib.sha256(query.encode()).hexdigest()}")
        with self.audit.refusals(viewer, what, about=told):
            limits = (time_limit, row_limit)
            found, shows = self._seen(query, parameters or {}, limits, viewer, identifies, checked=checked)
        if shows:
            seen = "child" if "child" in shows else "named practitioner"
            self.audit.record(viewer, what, about=about or seen, rows=len(found.rows))
        return found

    def _seen(
        self,
        query: str,
        parameters: Mapping[str, Any],
        limits: tuple[float | None, int | None],
        viewer: Viewer,
        identifies: Identifies | None,
        *,
        checked: bool,
    ) -> tuple[Rows, frozenset[Identity]]:
        """The rows and whom they show. Raises `AccessRefused` where the viewer may not see one of them."""
        lacking = viewer.lacks()
        shows = frozenset() if checked else identity.refuse_unseen(query, lacking)
        if identifies == "child":
            viewer.must_see_children()
        whole: set[Identity] = set()

        def look(row: Any) -> None:
            whole.update(shown_whole(row, lacking))

        found = self._rows(query, parameters, limits, None if checked else look)
        shows |= whole
        kind = audited_kind(found.columns)
        # a text that was looked at reads names or does not, whatever its columns are called
        if kind == "named practitioner" and checked and identifies != "no":
            shows |= {"name"}
        if identifies == "child" or (kind == "child" and identifies != "no"):
            shows |= {"child"}
        everybody = viewer.may("practitioners") and viewer.agency_id is None
        by_id = not (checked or everybody) and identity.reads(query, "practitioner_id")
        self._must_see(viewer, found, shows, identifies, by_id=by_id)
        return found, shows

    def _rows(
        self,
        query: str,
        parameters: Mapping[str, Any],
        limits: tuple[float | None, int | None],
        look: Callable[[Any], None] | None,
    ) -> Rows:
        """The rows within the limits (seconds, rows), each shown to `look` as it came."""
        time_limit, row_limit = limits
        most = settings().queries.result_mb * 2**20
        # the embedded engine ignores the driver's time limit and has only one of its own
        timed = self.kind == "embedded" and time_limit is not None and time_limit < engine.READER_SECONDS
        mark = f"/* {secrets.token_hex(8)} */ " if timed else ""
        text = mark + query

        def work(tx: neo4j.ManagedTransaction) -> Rows:
            result = tx.run(cast("Any", text), dict(parameters))
            columns = tuple(result.keys())
            rows: list[tuple[Any, ...]] = []
            taken = 0
            for record in result:
                if row_limit is not None and len(rows) >= row_limit:
                    return Rows(columns, rows, complete=False)
                if taken > most:
                    return Rows(columns, rows, complete=False, full=True)
                if look is not None:
                    look(record.values())
                rows.append(tuple(plain(value) for value in record.values()))
                taken += room_of(rows[-1])
            return Rows(columns, rows)

        with self._ended_after(time_limit or 0, mark) if timed else nullcontext():
            return self._line.read(work, time_limit)

    def _must_see(
        self,
        viewer: Viewer,
        found: Rows,
        shows: frozenset[Identity],
        identifies: Identifies | None,
        *,
        by_id: bool,
    ) -> None:
        """Raise `AccessRefused` where the viewer may not see whom these rows show.

        `by_id`: the text reads the ids of practitioners, whatever its columns are called.
        """
        named = "name" in shows
        if named and viewer.agency_id is not None:
            self._must_be_of_agency(viewer, found)
        if named:
            viewer.must_see_names()
        if "child" in shows:
            viewer.must_see_children()
        told = by_id or bool(PRACTITIONER_COLUMNS & set(found.columns))
        if (identifies is None and not named and told) or identifies == "practitioner":
            viewer.must_see_practitioners()

    def _must_be_of_agency(self, viewer: Viewer, found: Rows) -> None:
        """Names for an agency manager: only with the id beside, and of people with a post in that agency."""
        asked = {row["practitioner_id"] for row in found.records() if "practitioner_id" in row}
        known = self.fetch(OF_AGENCY, {"ids": sorted(asked), "agency_id": viewer.agency_id})
        if (found.rows and "practitioner_id" not in found.columns) or asked - {row[0] for row in known}:
            raise AccessRefused(
                f"viewer in the role {viewer.role}",
                f"may see names of practitioners of {viewer.agency_id} only",
                "Choose that agency alone.",
            )

    def stream(
        self, query: str, parameters: Mapping[str, Any] | None = None, *, chunk: int = 20_000
    ) -> Iterator[list[list[Any]]]:
        """Hand out a large read as lists of rows, for the program's own use (slice, loader).

        Values come as the driver gives them: ask for dates as text. No audit record: nothing of it is
        shown to anybody before an `analysis` or a `Viewer` has had its say. A lost connection is mended
        only before the first rows are handed out: see `gather`.
        """
        pauses = self._line.pauses()
        handed = False
        while True:
            try:
                for rows in self._chunks(query, parameters or {}, chunk):
                    handed = True
                    yield rows
            except (DriverError, Neo4jError) as fault:
                if handed or not self._line.again(fault, pauses):
                    raise self._line.fault(fault) from fault
            else:
                return

    def gather(
        self, query: str, parameters: Mapping[str, Any] | None, take: Callable[[list[list[Any]]], _T]
    ) -> list[_T]:
        """What `take` makes of each list of rows of `stream`; begun anew where the connection is lost."""
        given = parameters or {}
        return self._line.repeated(lambda: [take(rows) for rows in self._chunks(query, given, 20_000)])

    def fetch(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[list[Any]]:
        """All rows of a small read for the program's own use: see `stream`."""
        return [row for rows in self.gather(query, parameters, list) for row in rows]

    def _chunks(self, query: str, parameters: Mapping[str, Any], chunk: int) -> Iterator[list[list[Any]]]:
        with self._line.session() as session:
            result = session.run(cast("Any", query), dict(parameters))
            rows: list[list[Any]] = []
            for record in result:
                rows.append(record.values())
                if len(rows) >= chunk:
                    yield rows
                    rows = []
            if rows:
                yield rows

    @contextmanager
    def _ended_after(self, seconds: float, mark: str) -> Iterator[None]:
        """On the embedded engine: let the administrator end the query that bears `mark` after a time."""
        over = threading.Event()

        def end() -> None:
            if over.wait(seconds):
                return
            with suppress(EngineError, QueryError), type(self).open(self.home, "admin") as admin:
                while not over.wait(0.2):
                    shown = "SHOW TRANSACTIONS YIELD transactionId, currentQuery RETURN *"
                    names = [str(row[0]) for row in admin.fetch(shown) if mark.strip() in str(row[1])]
                    for name in names:
                        admin.fetch(f"TERMINATE TRANSACTION '{name}'")

        watch = threading.Thread(target=end, name="time-limit", daemon=True)
        watch.start()
        try:
            yield
        finally:
            over.set()

    # -- writing ---------------------------------------------------------------------------------

    def write(
        self, statements: Sequence[tuple[str, Mapping[str, Any]]] | str, **parameters: Any
    ) -> list[list[list[Any]]]:
        """Run statements in one transaction, all or nothing; the rows each returned, in order.

        A transaction that the server gives up (a lost leader, a deadlock) or that is lost before its commit
        is run again. Where the commit itself was not answered it is not: then `EngineError` says that
        nobody knows.
        """
        batch = [(statements, parameters)] if isinstance(statements, str) else statements

        def work(tx: neo4j.ManagedTransaction) -> list[list[list[Any]]]:
            return [
                [record.values() for record in tx.run(cast("Any", text), dict(values))]
                for text, values in batch
            ]

        return self._line.write(work)

    def apply_model(self) -> None:
        """Make the model, or bring an older one up (`graphmodel.migrations`). Needs the `admin` account."""
        migrations.apply(self)

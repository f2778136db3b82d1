"""The way to the database, and the only import of the driver.

One dialect, two engines: real Neo4j (a server, a cluster or Aura, named by `NEO4J_URI`) and the embedded
engine of the data folder. Reads run in read transactions and, on the embedded engine, as an account that
cannot write; on Neo4j the server refuses writes in a read transaction. What shows a child or a named
practitioner leaves an audit record before the rows are handed out.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeVar, cast

import neo4j
from neo4j.exceptions import AuthError, ClientError, DriverError, IncompleteCommit, Neo4jError
from neo4j.graph import Node, Relationship
from neo4j.graph import Path as GraphPath
from neo4j.time import Date, DateTime, Duration, Time

from graphmodel import engine, identity, migrations
from graphmodel.access import PRACTITIONER_COLUMNS, AuditLog, Viewer, audited_kind
from graphmodel.bookmarks import Bookmarks
from graphmodel.declare import Identity
from graphmodel.disk import is_full
from graphmodel.errors import AccessRefused, CopyLags, DiskError, EngineError, QueryError, WriteRefused
from graphmodel.patience import LIVENESS_SECONDS, Patience, Pauses
from graphmodel.room import room_of
from graphmodel.settings import settings
from graphmodel.target import AccountName, EngineKind, Target, find_target

Identifies = Literal["no", "practitioner", "child"]
_T = TypeVar("_T")

HEARTBEAT_SECONDS: Final = 30.0
FETCH_SIZE: Final = 5_000
MOST_WAKINGS: Final = 2
"""How often one unit of work starts a dead engine again: work that kills it must not do so for ever."""

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

    `home` is the data folder: the audit record lies there, whichever engine holds the graph. A read whose
    connection is lost is asked again, and so is a write that cannot have been committed; the data folder's
    own engine is started again where it died (`account` says as whom; None: it is not).
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
        self.uri, self.database, self.home = target.uri, target.database, home
        self.audit = AuditLog(home)
        self.patience = patience or Patience.agreed()
        self._account = account
        # a loader looks up what it has just written: on the leader, whatever the copies have heard of
        self._looks: Literal["READ", "WRITE"] = "READ"
        if self.kind == "neo4j" and account in ("writer", "admin"):
            self._looks = "WRITE"
        self._left = Bookmarks(home, target.uri, target.database)
        self._wrote, self._come = False, frozenset[str]()
        self._bookmarks = neo4j.GraphDatabase.bookmark_manager(
            bookmarks_supplier=lambda: neo4j.Bookmarks.from_raw_values(self._left.handed_on()),
            bookmarks_consumer=self._have_come,
        )
        self._waking = threading.Lock()
        self._driver = self._driver_for(target)
        self._closed = threading.Event()
        self._check()
        if self.kind == "embedded":
            threading.Thread(target=self._keep_lease, name="engine-lease", daemon=True).start()

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

    def _driver_for(self, target: Target) -> neo4j.Driver:
        wait = self.patience
        driver = neo4j.GraphDatabase.driver(
            target.uri,
            auth=(target.username, target.password),
            user_agent="tacgraph",
            # work is repeated here, where an engine that died can be started again in between
            max_transaction_retry_time=0,
            connection_timeout=wait.connect_seconds,
            connection_acquisition_timeout=wait.connect_seconds,
            connection_write_timeout=wait.silence_seconds,
            liveness_check_timeout=LIVENESS_SECONDS,
            notifications_min_severity=neo4j.NotificationMinimumSeverity.OFF
            if target.kind == "neo4j"
            else None,
        )
        _bound_silence(driver, wait.silence_seconds)
        return driver

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._closed.set()
        self.hand_on()
        self._driver.close()

    def hand_on(self) -> None:
        """Leave in the data folder how far the database has come by what was written here."""
        if self._wrote and self.kind == "neo4j":
            # without them a copy that lags is read under the name of its own load: no reason to fail
            with suppress(OSError):
                self._left.hand_on(self._come)

    def _have_come(self, bookmarks: neo4j.Bookmarks) -> None:
        self._come = bookmarks.raw_values

    def _keep_lease(self) -> None:
        while not self._closed.is_set():
            with suppress(OSError):
                engine.renew_lease(self.home)
            self._closed.wait(HEARTBEAT_SECONDS)

    def _check(self) -> None:
        try:
            with self._session(self._looks) as session:
                session.run("RETURN 1").consume()
        except AuthError as fault:
            self._driver.close()
            raise EngineError(
                f"the database at {self.uri}",
                "does not accept this name and password",
                "Check NEO4J_USERNAME and NEO4J_PASSWORD.",
            ) from fault
        except (DriverError, Neo4jError, OSError) as fault:
            self._driver.close()
            if isinstance(fault, Neo4jError) and _lags(fault):
                raise self._fault(fault) from fault
            raise EngineError(
                f"the database at {self.uri}",
                f"cannot be reached ({type(fault).__name__})",
                "Check that it runs and that NEO4J_URI and NEO4J_DATABASE name it.",
            ) from fault

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
            lacking = viewer.lacks()
            shows = frozenset() if checked else identity.refuse_unseen(query, lacking)
            if identifies == "child":
                viewer.must_see_children()
            whole: set[Identity] = set()

            def look(row: Any) -> None:
                whole.update(_shown_whole(row, lacking))

            limits = (time_limit, row_limit)
            found = self._rows(query, parameters or {}, limits, None if checked else look)
            shows |= whole
            kind = audited_kind(found.columns)
            # a text that was looked at reads names or does not, whatever its columns are called
            if kind == "named practitioner" and checked and identifies != "no":
                shows |= {"name"}
            if identifies == "child" or (kind == "child" and identifies != "no"):
                shows |= {"child"}
            self._must_see(viewer, found, shows, identifies)
        if shows:
            seen = "child" if "child" in shows else "named practitioner"
            self.audit.record(viewer, what, about=about or seen, rows=len(found.rows))
        return found

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
            return self._run_read(work, time_limit)

    def _must_see(
        self, viewer: Viewer, found: Rows, shows: frozenset[Identity], identifies: Identifies | None
    ) -> None:
        """Raise `AccessRefused` where the viewer may not see whom these rows show."""
        named = "name" in shows
        if named and viewer.agency_id is not None:
            self._must_be_of_agency(viewer, found)
        if named:
            viewer.must_see_names()
        if "child" in shows:
            viewer.must_see_children()
        by_id = identifies is None and not named and bool(PRACTITIONER_COLUMNS & set(found.columns))
        if by_id or identifies == "practitioner":
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
        pauses = Pauses(self.patience.retry_seconds)
        handed = False
        while True:
            try:
                for rows in self._chunks(query, parameters or {}, chunk):
                    handed = True
                    yield rows
            except (DriverError, Neo4jError) as fault:
                if handed or not self._again(fault, pauses):
                    raise self._fault(fault) from fault
            else:
                return

    def gather(
        self, query: str, parameters: Mapping[str, Any] | None, take: Callable[[list[list[Any]]], _T]
    ) -> list[_T]:
        """What `take` makes of each list of rows of `stream`; begun anew where the connection is lost."""
        return self._repeated(lambda: [take(rows) for rows in self._chunks(query, parameters or {}, 20_000)])

    def fetch(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[list[Any]]:
        """All rows of a small read for the program's own use: see `stream`."""
        return [row for rows in self.gather(query, parameters, list) for row in rows]

    def _chunks(self, query: str, parameters: Mapping[str, Any], chunk: int) -> Iterator[list[list[Any]]]:
        with self._session(self._looks) as session:
            result = session.run(cast("Any", query), dict(parameters))
            rows: list[list[Any]] = []
            for record in result:
                rows.append(record.values())
                if len(rows) >= chunk:
                    yield rows
                    rows = []
            if rows:
                yield rows

    def _run_read(self, work: Callable[[neo4j.ManagedTransaction], Rows], time_limit: float | None) -> Rows:
        timed = neo4j.unit_of_work(timeout=time_limit)(work)

        def read() -> Rows:
            with self._session("READ") as session:
                return session.execute_read(timed)

        return self._repeated(read, time_limit)

    # -- what goes wrong ---------------------------------------------------------------------------

    def _repeated(self, work: Callable[[], _T], time_limit: float | None = None) -> _T:
        """Do a unit of work, and again where the connection was lost and nothing of it can have been done.

        Raises `QueryError` where the database refuses, `EngineError` where it is lost.
        """
        pauses = Pauses(self.patience.retry_seconds)
        while True:
            try:
                return work()
            except (DriverError, Neo4jError) as fault:
                if not self._again(fault, pauses):
                    raise self._fault(fault, time_limit) from fault

    def _again(self, fault: DriverError | Neo4jError, pauses: Pauses) -> bool:
        """Whether the work is to be done again: the driver says that it may be, and there is time."""
        if not fault.is_retryable() or self._closed.is_set():
            return False
        if pauses.wakings < MOST_WAKINGS and self._woken():
            pauses.wakings += 1
            return True
        return pauses.another()

    def _woken(self) -> bool:
        """Whether the data folder's own engine was found dead, or elsewhere, and is there again."""
        if self.kind != "embedded" or self._account is None:
            return False
        with self._waking:
            found = engine.find(self.home)
            if found is not None and found.uri == self.uri:
                return False
            target = find_target(self.home, self._account)
            self._driver.close()
            self.uri, self._driver = target.uri, self._driver_for(target)
        return True

    def _no_room(self, said: str) -> DiskError | None:
        """What the database says of a full disk, in words."""
        if self.kind == "embedded" and ("commit" in said.lower() or is_full(said)):
            return engine.out_of_room(self.home)
        if not is_full(said):
            return None
        mend = "Have whoever runs it make room, then run it again: nothing is half done."
        return DiskError(f"the disk of the database at {self.uri}", "is full", mend)

    def _fault(self, fault: DriverError | Neo4jError, time_limit: float | None = None) -> Exception:
        if isinstance(fault, Neo4jError) and _lags(fault):
            return CopyLags(
                f"a copy of the database at {self.uri}",
                "has not yet come as far as the latest load, and did not in the time that the server waits",
                "Try again in a while; where it stays so, ask who runs the cluster. If the database was "
                f"set back, delete {self._left.path.name} in the data folder.",
            )
        if isinstance(fault, Neo4jError):
            return self._no_room(str(fault.message)) or _query_fault(fault, time_limit)
        return _lost(self.uri, fault, self.patience.silence_seconds)

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

    def _session(self, mode: Literal["READ", "WRITE"]) -> neo4j.Session:
        access = neo4j.READ_ACCESS if mode == "READ" else neo4j.WRITE_ACCESS
        return self._driver.session(
            database=self.database,
            default_access_mode=access,
            fetch_size=FETCH_SIZE,
            bookmark_manager=self._bookmarks,
        )

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

        def write() -> list[list[list[Any]]]:
            with self._session("WRITE") as session:
                return session.execute_write(work)

        self._wrote = True
        return self._repeated(write)

    def apply_model(self) -> None:
        """Make the model, or bring an older one up (`graphmodel.migrations`). Needs the `admin` account."""
        migrations.apply(self)


def _shown_whole(value: Any, lacking: Mapping[Identity, AccessRefused]) -> frozenset[Identity]:
    """Whom whole nodes within a value show; raises `AccessRefused` where `lacking` has one of them."""
    inner: Iterable[Any] = ()
    if isinstance(value, Node):
        shown = [identity.shown_whole(label, dict(value.items()), lacking) for label in value.labels]
        return frozenset().union(*shown)
    if isinstance(value, (GraphPath, Relationship)):
        inner = value.nodes
    elif isinstance(value, (Mapping, list, tuple)):
        inner = value.values() if isinstance(value, Mapping) else value
    return frozenset().union(*(_shown_whole(part, lacking) for part in inner))


def plain(value: Any) -> Any:
    """A driver value as plain Python: dates and times of the standard library, lists and maps likewise.

    A node or relationship comes as a map of its label or type and its properties without the keyed hashes of
    identity numbers, a path as the list of these; durations and times of day come as ISO text.
    """
    if isinstance(value, (Node, Relationship)):
        kind = {"label": ":".join(sorted(value.labels))} if isinstance(value, Node) else {"type": value.type}
        return kind | {k: plain(v) for k, v in sorted(value.items()) if not k.endswith("_hash")}
    if isinstance(value, GraphPath):
        steps = zip(value.relationships, value.nodes[1:], strict=True)
        return [plain(value.start_node), *(plain(x) for step in steps for x in step)]
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return _plain_time(value)


def _plain_time(value: Any) -> Any:
    if isinstance(value, Date):
        return date(value.year, value.month, value.day)
    if isinstance(value, DateTime):
        return value.to_native()
    return value.iso_format() if isinstance(value, (Duration, Time)) else value


def _query_fault(fault: Neo4jError, time_limit: float | None) -> QueryError:
    text = (fault.message or str(fault)).strip().splitlines()[0]
    code = fault.code or ""
    lowered = text.lower()
    if "accessmode" in code.lower() or "not allowed to" in lowered or "read access mode" in lowered:
        return WriteRefused("the query", f"it tried to write ({text})", "Queries may only read.")
    if any(word in lowered + code.lower() for word in ("timeout", "timed out", "timedout", "terminated")):
        limit = f"{time_limit:g} seconds" if time_limit else "the server's time limit"
        return QueryError("the query", f"was stopped after {limit}", "Narrow it, or raise the time limit.")
    mend = "Mend the text of the query." if isinstance(fault, ClientError) else "Try again."
    return QueryError("the query", f"the database refused it ({text})", mend)


def _lags(fault: Neo4jError) -> bool:
    return str(fault.code).endswith(".BookmarkTimeout")


def _lost(uri: str, fault: DriverError, silence: float) -> EngineError:
    where, mend = f"the database at {uri}", "Check that it runs; run it again."
    if isinstance(fault, IncompleteCommit):
        told = "went away in mid-commit: whether the last change was taken is not known"
        return EngineError(where, told, f"{mend} Nothing is done twice.")
    cause: BaseException | None = fault
    while cause is not None and not isinstance(cause, TimeoutError):
        cause = cause.__cause__
    if cause is not None:
        words = f"did not answer for {silence:g} second{'' if silence == 1 else 's'}"
        return EngineError(where, words, f"{mend} database.silence_seconds says how long to wait.")
    return EngineError(where, "went away in the middle of the work", mend)


def _bound_silence(driver: neo4j.Driver, seconds: float) -> None:
    """Let no connection of the driver wait longer than this for a word of the server.

    The driver has a limit for connecting and for sending, and takes one for receiving from the server alone
    (which the embedded engine does not give): so it is set where connections are made.
    """
    pool: Any = vars(driver)["_pool"]
    opener = pool.opener

    def opened(*given: Any, **named: Any) -> Any:
        connection = opener(*given, **named)
        told = connection.socket.get_read_timeout()
        connection.socket.set_read_timeout(seconds if told is None else min(told, seconds))
        return connection

    pool.opener = opened

"""The line to one database: sign-in, sessions, bookmarks, and work done again where the line was lost.

A read whose connection is lost is asked again, and so is a write that cannot have been committed; the data
folder's own engine is started again where it died. What cannot be mended is said in the words of
`graphmodel.database_faults`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import neo4j
from neo4j.exceptions import AuthError, DriverError, Neo4jError

from graphmodel import database_faults as faults
from graphmodel import engine
from graphmodel.bookmarks import Bookmarks
from graphmodel.patience import LIVENESS_SECONDS, Patience, Pauses
from graphmodel.target import AccountName, EngineKind, Target, find_target

Mode = Literal["READ", "WRITE"]
_T = TypeVar("_T")

HEARTBEAT_SECONDS: Final = 30.0
FETCH_SIZE: Final = 5_000
MOST_WAKINGS: Final = 2
"""How often one unit of work starts a dead engine again: work that kills it must not do so for ever."""


class Connection:
    """A driver signed in to one database as one account; safe to share between threads.

    `account` says as whom a dead engine of the data folder is started again (None: it is not). Raises
    `EngineError` where the database cannot be reached, `CopyLags` where a copy lags behind the latest load.
    """

    def __init__(
        self, target: Target, home: Path, account: AccountName | None, patience: Patience | None
    ) -> None:
        self.kind: EngineKind = target.kind
        self.uri, self.database, self.home = target.uri, target.database, home
        self.patience = patience or Patience.agreed()
        self._account = account
        # a loader looks up what it has just written: on the leader, whatever the copies have heard of
        self._looks: Mode = "READ"
        if self.kind == "neo4j" and account in ("writer", "admin"):
            self._looks = "WRITE"
        self._left = Bookmarks(home, target.uri, target.database)
        self._wrote, self._come = False, frozenset[str]()
        self._bookmarks = neo4j.GraphDatabase.bookmark_manager(
            bookmarks_supplier=lambda: neo4j.Bookmarks.from_raw_values(self._left.handed_on()),
            bookmarks_consumer=self._have_come,
        )
        self._waking = threading.Lock()
        self._driver = _driver_for(target, self.patience)
        self._closed = threading.Event()
        self._check()
        if self.kind == "embedded":
            threading.Thread(target=self._keep_lease, name="engine-lease", daemon=True).start()

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
            with self.session() as session:
                session.run("RETURN 1").consume()
        except AuthError as fault:
            self._driver.close()
            raise faults.not_accepted(self.uri) from fault
        except (DriverError, Neo4jError, OSError) as fault:
            self._driver.close()
            if isinstance(fault, Neo4jError) and faults.lags(fault):
                raise self.fault(fault) from fault
            raise faults.unreachable(self.uri, fault) from fault

    # -- units of work -----------------------------------------------------------------------------

    def session(self, mode: Mode | None = None) -> neo4j.Session:
        """A session for reading or writing; without a mode where this account looks things up."""
        access = neo4j.READ_ACCESS if (mode or self._looks) == "READ" else neo4j.WRITE_ACCESS
        return self._driver.session(
            database=self.database,
            default_access_mode=access,
            fetch_size=FETCH_SIZE,
            bookmark_manager=self._bookmarks,
        )

    def read(self, work: Callable[[neo4j.ManagedTransaction], _T], time_limit: float | None) -> _T:
        """Do a unit of work in a read transaction, of at most `time_limit` seconds. Raises as `repeated`."""
        timed = neo4j.unit_of_work(timeout=time_limit)(work)

        def read() -> _T:
            with self.session("READ") as session:
                return session.execute_read(timed)

        return self.repeated(read, time_limit)

    def write(self, work: Callable[[neo4j.ManagedTransaction], _T]) -> _T:
        """Do a unit of work in a write transaction, all or nothing. Raises as `repeated`."""

        def write() -> _T:
            with self.session("WRITE") as session:
                return session.execute_write(work)

        self._wrote = True
        return self.repeated(write)

    def repeated(self, work: Callable[[], _T], time_limit: float | None = None) -> _T:
        """Do a unit of work, and again where the connection was lost and nothing of it can have been done.

        Raises `QueryError` where the database refuses, `EngineError` where it is lost.
        """
        pauses = self.pauses()
        while True:
            try:
                return work()
            except (DriverError, Neo4jError) as fault:
                if not self.again(fault, pauses):
                    raise self.fault(fault, time_limit) from fault

    def pauses(self) -> Pauses:
        return Pauses(self.patience.retry_seconds)

    def again(self, fault: DriverError | Neo4jError, pauses: Pauses) -> bool:
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
            self.uri, self._driver = target.uri, _driver_for(target, self.patience)
        return True

    def fault(self, fault: DriverError | Neo4jError, time_limit: float | None = None) -> Exception:
        """What went wrong, in words."""
        if not isinstance(fault, Neo4jError):
            return faults.lost(self.uri, fault, self.patience.silence_seconds)
        if faults.lags(fault):
            return faults.copy_lags(self.uri, self._left.path)
        own = self.home if self.kind == "embedded" else None
        full = faults.no_room(self.uri, str(fault.message), own)
        return full or faults.query_fault(fault, time_limit)


def _driver_for(target: Target, wait: Patience) -> neo4j.Driver:
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
        notifications_min_severity=neo4j.NotificationMinimumSeverity.OFF if target.kind == "neo4j" else None,
    )
    _bound_silence(driver, wait.silence_seconds)
    return driver


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

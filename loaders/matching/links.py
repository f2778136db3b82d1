"""Which ids are one: proposals with their probability, people's decisions, and what follows from both.

`links/links.sqlite` in the data folder (0600) holds ids, probabilities, degrees of agreement, decisions and
who took them: no name, no date of birth, no number. Proposals and decisions are appended, never changed
(triggers refuse it), so every state can be told and undone. Links survive loads and the end of the identity
records.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self, get_args

import pyarrow as pa

from graphmodel.disk import on_disk
from graphmodel.errors import QueryError

Kind = Literal["child", "practitioner", "agency"]
Outcome = Literal["linked", "review", "apart"]
Verdict = Literal["same", "different", "undecided"]
UNDONE: Final = "undone"
FOLDER: Final = "links"
FILE: Final = "links.sqlite"
CROSSWALK: Final = pa.schema([("kind", pa.string()), ("id", pa.string()), ("stands_for", pa.string())])

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS proposals (
  seq INTEGER PRIMARY KEY, run TEXT NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL, a TEXT NOT NULL,
  b TEXT NOT NULL, probability REAL NOT NULL, outcome TEXT NOT NULL, evidence TEXT NOT NULL, CHECK (a < b));
CREATE INDEX IF NOT EXISTS proposals_pair ON proposals (kind, a, b, seq);
CREATE TABLE IF NOT EXISTS decisions (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, a TEXT NOT NULL, b TEXT NOT NULL,
  verdict TEXT NOT NULL, who TEXT NOT NULL, role TEXT NOT NULL, why TEXT NOT NULL, CHECK (a < b));
CREATE INDEX IF NOT EXISTS decisions_pair ON decisions (kind, a, b, seq);
CREATE TABLE IF NOT EXISTS spaces (kind TEXT NOT NULL, id TEXT NOT NULL, space TEXT NOT NULL,
  source TEXT NOT NULL, PRIMARY KEY (kind, id, space, source)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS standing (kind TEXT NOT NULL, id TEXT NOT NULL, stands_for TEXT NOT NULL,
  PRIMARY KEY (kind, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS owed (kind TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;
""" + "".join(
    f"CREATE TRIGGER IF NOT EXISTS {table}_{what.lower()} BEFORE {what} ON {table} "
    "BEGIN SELECT RAISE(ABORT, 'links are appended, never changed'); END;\n"
    for table in ("proposals", "decisions")
    for what in ("UPDATE", "DELETE")
)
_LATEST: Final = (
    "SELECT p.* FROM {0} p JOIN (SELECT max(seq) AS seq FROM {0} WHERE kind = ? GROUP BY a, b) USING (seq)"
)


@dataclass(frozen=True)
class Proposal:
    """Two ids that may be one, `a` before `b`. `evidence` says a word a field and no value."""

    kind: Kind
    a: str
    b: str
    probability: float
    outcome: Outcome
    evidence: Mapping[str, str]

    @property
    def pair(self) -> tuple[str, str]:
        return self.a, self.b


@dataclass(frozen=True)
class Decision:
    """What somebody decided of a pair; `verdict` may be `undone`, which takes back the one before."""

    seq: int
    at: str
    kind: Kind
    a: str
    b: str
    verdict: str
    who: str
    role: str
    why: str


def ordered(a: str, b: str) -> tuple[str, str]:
    """A pair as it is kept. Raises `QueryError` for one id twice or an empty one."""
    if a == b or not a or not b:
        raise QueryError(f"the pair {a!r}, {b!r}", "is not two ids", "Name two different ids.")
    return (a, b) if a < b else (b, a)


class Links:
    """The links of one data folder. Use as a context manager."""

    def __init__(self, home: Path) -> None:
        folder = home / FOLDER
        self._path = folder / FILE
        with on_disk(self._path):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(self._path, timeout=30, isolation_level=None)
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """All of it or nothing."""
        with on_disk(self._path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                # on a full disk SQLite has taken it back already
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    # -- proposals -------------------------------------------------------------------------------

    def propose(  # noqa: PLR0917  (a pair, its probability and its evidence)
        self,
        kind: Kind,
        a: str,
        b: str,
        probability: float,
        evidence: Mapping[str, str],
        outcome: Outcome = "review",
        *,
        run: str = "",
    ) -> None:
        """Put one pair forward; what was put forward of it before counts no more. Equal: nothing changes."""
        first, second = ordered(a, b)
        self._append(run or "single", [Proposal(kind, first, second, probability, outcome, evidence)])

    def propose_all(self, kind: Kind, found: Sequence[Proposal], run: str) -> int:
        """Make `found` all that is put forward of a kind; a pair that is not in it is apart from now on.

        Gives how many pairs changed.
        """
        before = {one.pair: one for one in self.proposals(kind)}
        now = {one.pair: one for one in found}
        gone = [
            Proposal(kind, one.a, one.b, one.probability, "apart", {"why": "no longer alike enough"})
            for pair, one in before.items()
            if pair not in now and one.outcome != "apart"
        ]
        return self._append(run, [*(one for pair, one in now.items() if before.get(pair) != one), *gone])

    def _append(self, run: str, found: Iterable[Proposal]) -> int:
        at = _now()
        rows = [
            (
                run,
                at,
                p.kind,
                p.a,
                p.b,
                p.probability,
                p.outcome,
                json.dumps(dict(p.evidence), sort_keys=True),
            )
            for p in found
        ]
        for row in rows if len(rows) == 1 else ():
            same = self._db.execute(
                "SELECT probability, outcome, evidence FROM proposals WHERE kind = ? AND a = ? AND b = ? "
                "ORDER BY seq DESC LIMIT 1",
                row[2:5],
            ).fetchone()
            if same == row[5:]:
                return 0
        with nullcontext() if self._db.in_transaction else self.at_once():
            self._db.executemany(
                "INSERT INTO proposals (run, at, kind, a, b, probability, outcome, evidence) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
        return len(rows)

    def proposals(self, kind: Kind) -> list[Proposal]:
        """The latest proposal of each pair, by pair."""
        rows = self._db.execute(_LATEST.format("proposals") + " ORDER BY a, b", (kind,)).fetchall()
        return [Proposal(row[3], row[4], row[5], row[6], row[7], json.loads(row[8])) for row in rows]

    def pending(self, kind: Kind) -> list[Proposal]:
        """Pairs that wait for a decision, the most uncertain (nearest to a half) first."""
        decided = {pair for pair, one in self.decided(kind).items() if one.verdict != "undecided"}
        open_ = [one for one in self.proposals(kind) if one.outcome == "review" and one.pair not in decided]
        return sorted(open_, key=lambda one: (round(abs(one.probability - 0.5), 9), one.a, one.b))

    # -- decisions -------------------------------------------------------------------------------

    def decide(
        self, kind: Kind, a: str, b: str, verdict: Verdict, *, who: str, role: str = "", why: str = ""
    ) -> None:
        """Keep what somebody decided; it beats every probability until it is undone or decided anew."""
        if verdict not in get_args(Verdict):
            raise QueryError(f"verdict {verdict!r}", "is not known", f"Use {', '.join(get_args(Verdict))}.")
        self._decide(kind, *ordered(a, b), verdict, who=who, role=role, why=why)

    def undo(self, kind: Kind, a: str, b: str, *, who: str, role: str = "", why: str = "") -> Decision:
        """Take back the decision that stands for a pair; the one before it stands again.

        Raises `QueryError` where there is none.
        """
        first, second = ordered(a, b)
        standing = self.decided(kind).get((first, second))
        if standing is None:
            raise QueryError(f"the pair {a}, {b}", "has no decision", "See `tacgraph match --review`.")
        self._decide(kind, first, second, UNDONE, who=who, role=role, why=why)
        return standing

    def _decide(self, kind: Kind, a: str, b: str, verdict: str, *, who: str, role: str, why: str) -> None:
        self._db.execute(
            "INSERT INTO decisions (at, kind, a, b, verdict, who, role, why) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (_now(), kind, a, b, verdict, who, role, why),
        )

    def decided(self, kind: Kind) -> dict[tuple[str, str], Decision]:
        """The decision that stands for each pair; one that was said again stands once, in its last words."""
        stacks: dict[tuple[str, str], list[Decision]] = {}
        for one in self.history(kind):
            stack = stacks.setdefault((one.a, one.b), [])
            if one.verdict == UNDONE:
                if stack:
                    stack.pop()
            elif stack and stack[-1].verdict == one.verdict:
                # said twice, as after a process that was cut off: one decision, taken back at once
                stack[-1] = one
            else:
                stack.append(one)
        return {pair: stack[-1] for pair, stack in stacks.items() if stack}

    def history(self, kind: Kind, a: str | None = None, b: str | None = None) -> list[Decision]:
        """Every decision of a kind, or of a pair, oldest first."""
        pair = ordered(a, b) if a and b else None
        where, values = (" AND a = ? AND b = ?", pair) if pair else ("", ())
        rows = self._db.execute(
            "SELECT seq, at, kind, a, b, verdict, who, role, why FROM decisions WHERE kind = ?"
            f"{where} ORDER BY seq",
            (kind, *values),
        )
        return [Decision(*row) for row in rows]

    # -- what ids are known from -----------------------------------------------------------------

    def place(self, kind: Kind, spaces: Iterable[tuple[str, str, str]]) -> None:
        """Keep (id, space, source) of every record of a kind, in the place of the former ones."""
        self._db.execute("DELETE FROM spaces WHERE kind = ?", (kind,))
        self._db.executemany(
            "INSERT OR IGNORE INTO spaces VALUES (?, ?, ?, ?)", ((kind, *row) for row in spaces)
        )

    def spaces(self, kind: Kind) -> list[tuple[str, str, str]]:
        rows = self._db.execute(
            "SELECT id, space, source FROM spaces WHERE kind = ? ORDER BY 1, 2, 3", (kind,)
        )
        return [(row[0], row[1], row[2]) for row in rows]

    # -- who stands for whom ---------------------------------------------------------------------

    def standing(self, kind: Kind) -> dict[str, str]:
        """Every id of a group of two or more, with the id that stands for the group."""
        rows = self._db.execute("SELECT id, stands_for FROM standing WHERE kind = ? ORDER BY id", (kind,))
        return {row[0]: row[1] for row in rows}

    def stand(self, kind: Kind, found: Mapping[str, str]) -> list[str]:
        """Put a new crosswalk in the place of the former one; gives the ids that now stand otherwise.

        They are owed to the graph until `paid`, so a process killed in between loses nothing.
        """
        before = self.standing(kind)
        changed = sorted(
            one for one in before.keys() | found.keys() if before.get(one, one) != found.get(one, one)
        )
        self._db.execute("DELETE FROM standing WHERE kind = ?", (kind,))
        self._db.executemany("INSERT INTO standing VALUES (?, ?, ?)", ((kind, *row) for row in found.items()))
        self._db.executemany("INSERT OR IGNORE INTO owed VALUES (?, ?)", ((kind, one) for one in changed))
        return changed

    def owed(self, kind: Kind) -> list[str]:
        """Ids whose place in the graph is still to be brought up to date."""
        return [row[0] for row in self._db.execute("SELECT id FROM owed WHERE kind = ? ORDER BY id", (kind,))]

    def paid(self, kind: Kind, ids: Iterable[str]) -> None:
        self._db.executemany("DELETE FROM owed WHERE kind = ? AND id = ?", ((kind, one) for one in ids))


def crosswalk(home: Path) -> pa.Table:
    """(kind, id, stands_for) of every id for which another one stands; empty where nothing is linked."""
    if not (home / FOLDER / FILE).exists():
        return CROSSWALK.empty_table()
    rows: list[tuple[str, str, str]] = []
    with Links(home) as links:
        for kind in get_args(Kind):
            rows += [(kind, one, other) for one, other in links.standing(kind).items() if one != other]
    columns = list(zip(*rows, strict=True)) if rows else [(), (), ()]
    return pa.table([pa.array(list(cells), pa.string()) for cells in columns], schema=CROSSWALK)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

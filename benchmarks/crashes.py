"""`python -m benchmarks.crashes`: kill -9 at random moments, and a model of what must be there afterwards.

A random row of operations (loads of several sources, links decided and undone, erasure, retention, backup,
restore, slice, report) is done by processes of their own; loader or engine is killed at a random moment of
each. Then the operation is done again, and graph, ledger, slice and audit record are held against a model
kept in plain dicts (`benchmarks.crash_model`).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.crash_checks import assert_half_is_old_or_new, assert_whole
from benchmarks.crash_model import SOURCES, Model, random_size
from benchmarks.crash_worker import ON, RULES, work
from benchmarks.engines import ENGINES, Engine, started
from benchmarks.timing import Figures, conditions, say
from graphmodel import engine
from loaders.matching.links import crosswalk
from tests.loading import write_tables
from tests.neo4j import server

RESULTS: Final = Path(__file__).with_name("results") / "crashes.json"
WORKER_SECONDS: Final = 600.0
AGAIN: Final = 0.7
"""How often an operation that was killed is killed again before it may end."""
GUESS: Final = 4.0
"""Seconds that an operation is taken to last before one was timed."""
WEIGHTS: Final = {
    "load": 10, "decide": 4, "undo": 3, "erase": 3, "retain": 1, "backup": 2, "restore": 2, "slice": 3,
    "report": 1,
}  # fmt: skip
ROWS: Final = frozenset({"load", "decide", "undo"})
"""Operations cut off in which each row is as it was before or as it will be."""

Operation = dict[str, Any]


FORKS: Final = multiprocessing.get_context("forkserver")
"""Processes forked from one that has everything imported: a start costs next to nothing."""
FORKS.set_forkserver_preload(["benchmarks.crash_worker"])


class Worker:
    """A process that does one operation."""

    def __init__(self, operation: Operation, made: Engine, words: Path) -> None:
        self.words, self.steps = words, [""]
        self._told, told = FORKS.Pipe(duplex=False)
        sent = {k: v for k, v in operation.items() if k != "tables"}
        self.process = FORKS.Process(
            target=work, args=(sent, str(made.home), dict(made.variables), told, str(words))
        )
        self.process.start()
        told.close()
        self.done = False

    def wait(self, seconds: float) -> None:
        """Hear its steps for so long, or until it is done."""
        until = time.monotonic() + seconds
        try:
            while not self.done and self._told.poll(max(0.0, until - time.monotonic())):
                step = self._told.recv()
                self.done = step is None
                self.steps.append(step or "")
        except EOFError:
            self.done = True

    def end(self) -> int:
        """Its exit code."""
        self.wait(WORKER_SECONDS)
        self.process.join(WORKER_SECONDS)
        if self.process.exitcode is None:
            self.process.kill()
            raise AssertionError(f"it hangs after {self.steps[-1]!r}: {self.said()}")
        self._told.close()
        return self.process.exitcode

    def said(self) -> str:
        return (
            self.words.read_text(encoding="utf-8", errors="replace")[-3_000:] if self.words.exists() else ""
        )


@dataclass
class Crashes:
    """One engine under kills; `model` is what must be there."""

    made: Engine
    folder: Path
    chance: random.Random
    scale: int
    engines: float
    model: Model = field(default_factory=Model)
    saved: Model | None = None
    lasted: dict[str, float] = field(default_factory=dict)
    struck: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    missed: int = 0
    checks: int = 0
    files: int = 0

    # -- a row of operations ---------------------------------------------------------------------

    def run(self, kills: int, until: float) -> None:
        """Until so many kills have struck an operation at work, or the time is over."""
        self.finish(self.a_load("ssd"))
        self.finish(self.a_load("school"))
        while self.struck.total() < kills and time.monotonic() < until:
            operation = self.next()
            before = self.model.copy()
            self.apply(operation)
            code = self.strike(operation)
            while code == -signal.SIGKILL and self.chance.random() < AGAIN:
                # what makes good after a kill is killed too
                code = self.strike(operation)
            if operation["what"] in ROWS:
                assert_half_is_old_or_new(self.made, before, self.model, operation)
            other = self.another_first(operation) if code == -signal.SIGKILL else None
            if other is not None:
                self.apply(other)
                # what was cut off is in the model already
                self.finish(other, look=False)
            self.finish(operation)

    def next(self) -> Operation:
        """A random operation that can be done now."""
        while True:
            what = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            found = self.prepared(what)
            if found is not None:
                return found

    def prepared(self, what: str) -> Operation | None:  # noqa: PLR0911  (one line each)
        archive = str(self.folder / "backup.tar")
        match what:
            case "load":
                return self.a_load(self.chance.choice(SOURCES))
            case "decide":
                pairs = self.pairs()
                return {"what": what, "pair": list(self.chance.choice(pairs))} if pairs else None
            case "undo":
                linked = sorted(self.model.same.items())
                return {"what": what, "pair": list(self.chance.choice(linked))} if linked else None
            case "erase":
                children = self.model.children()
                return {"what": what, "child": self.chance.choice(children)} if len(children) > 3 else None
            case "backup":
                return {"what": what, "archive": archive}
            case "restore":
                return {"what": what, "archive": archive} if self.saved is not None else None
            case "report":
                self.files += 1
                return {"what": what, "out": str(self.folder / f"report-{self.files}")}
        return {"what": what}

    def a_load(self, source: str) -> Operation:
        """An export of a source, written; half of them replace what the source said before."""
        self.files += 1
        seed = self.chance.randrange(10**6)
        tables = self.model.export(source, seed, random_size(random.Random(seed), self.scale))
        folder = write_tables(self.folder / f"export-{self.files}", tables)
        replace = self.chance.random() < 0.5
        operation = {"what": "load", "folder": str(folder), "source": source, "replace": replace}
        return {**operation, "tables": tables}

    def pairs(self) -> list[tuple[str, str]]:
        """Children of the same number in two sources, neither of them linked."""
        stated = {
            (source, row["child_id"])
            for source, tables in self.model.sources.items()
            for row in tables.get("children", ())
        }
        taken = {*self.model.same, *self.model.same.values()}
        free = sorted((s, c) for s, c in stated if c not in taken)
        number = {child: child.removeprefix(f"{source}:") for source, child in free}
        return [(a, b) for s, a in free for t, b in free if s < t and number[a] == number[b]]

    def another_first(self, operation: Operation) -> Operation | None:
        """Sometimes, before it is done again: a load of a source that it does not touch."""
        if operation["what"] not in ("load", "decide", "undo", "erase") or self.chance.random() > 0.3:
            return None
        busy = {operation.get("source")}
        ids = [*operation.get("pair", ()), *operation.get("ids", ())]
        busy |= {one.partition(":")[0] for one in ids}
        free = [source for source in SOURCES if source not in busy]
        return self.a_load(self.chance.choice(free)) if free else None

    def apply(self, operation: Operation) -> None:
        """What it does to the model."""
        model = self.model
        match operation["what"]:
            case "load":
                model.load(operation["source"], operation["tables"], replace=operation["replace"])
            case "undo":
                model.unlink(operation["pair"])
            case "erase":
                operation["ids"] = sorted(model.known_as(operation["child"]))
                model.erase(operation["child"])
            case "retain":
                for child in model.due(ON, RULES.child_years, RULES.child_until_age):
                    model.erase(child)
            case "restore" if self.saved is not None:
                # who was erased since comes back with it, but no file brings them anew
                gone, self.model = model.gone, self.saved.copy()
                self.model.gone |= gone
            case "decide":
                # who stands for whom is the program's choice, read when it is made
                model.link(operation["pair"], operation["pair"][0])

    # -- doing one ---------------------------------------------------------------------------------

    def worker(self, operation: Operation) -> Worker:
        """One at work."""
        self.files += 1
        return Worker(operation, self.made, self.folder / f"words-{self.files}")

    def strike(self, operation: Operation) -> int:
        """Begin it and kill: the worker's exit code."""
        what = operation["what"]
        target = "engine" if self.chance.random() < self.engines else "loader"
        lasts = self.lasted.get(what, GUESS)
        worker, begun = self.worker(operation), time.monotonic()
        worker.wait(self.chance.uniform(0, lasts))
        if worker.done:
            self.missed += 1
            self.lasted[what] = 0.7 * lasts + 0.3 * (time.monotonic() - begun)
        else:
            step = worker.steps[-1] or "before its first step"
            self.struck[f"{what}, {target} killed"] += 1
            self.places[f"{what}: {step}"] += 1
            say(f"kill {self.struck.total()}: {target} in {what}, {step}, {time.monotonic() - begun:.2f} s")
            if target == "loader":
                worker.process.kill()
            else:
                self.kill_engine()
        code = worker.end()
        if "Traceback" in worker.said():
            raise AssertionError(f"{what}, {target} killed, ends in a traceback:\n{worker.said()}")
        return code

    def kill_engine(self) -> None:
        """SIGKILL; the server is started again, as the machine's own watchdog would."""
        if self.made.server is not None:
            self.made.server.kill()
            self.made.server.restart()
            return
        running = engine.find(self.made.home)
        if running is not None:
            with suppress(ProcessLookupError):
                os.kill(running.pid, signal.SIGKILL)

    def finish(self, operation: Operation, *, look: bool = True) -> None:
        """Do it to its end, and look at everything."""
        what = operation["what"]
        worker, begun = self.worker(operation), time.monotonic()
        code = worker.end()
        if code or "Traceback" in worker.said():
            raise AssertionError(f"{what} cannot be done after a kill: {code}\n{worker.said()}")
        self.lasted[what] = 0.5 * self.lasted.get(what, time.monotonic() - begun) + 0.5 * (
            time.monotonic() - begun
        )
        if what == "load" and operation["source"] not in self.model.sources:
            self.apply(operation)
        if what == "decide":
            self.settle(operation["pair"])
        if what == "backup":
            self.saved = self.model.copy()
        if what == "report" and not any(Path(operation["out"]).iterdir()):
            raise AssertionError("a report without files")
        if look:
            assert_whole(self.made, self.model)
            self.checks += 1

    def settle(self, pair: Sequence[str]) -> None:
        """Take over which of the two stands for both."""
        with self.made.chosen():
            rows = crosswalk(self.made.home).to_pylist()
        stands = {row["id"]: row["stands_for"] for row in rows if row["id"] != row["stands_for"]}
        other = [one for one in pair if one in stands]
        if len(other) != 1 or stands[other[0]] not in pair:
            raise AssertionError(f"{pair} were decided to be one: {stands}")
        self.model.unlink(pair)
        self.model.link(pair, stands[other[0]])

    def results(self) -> Figures:
        return {
            "kills": self.struck.total(),
            "struck": dict(sorted(self.struck.items())),
            "places": dict(self.places.most_common()),
            "ended_before_the_kill": self.missed,
            "checks": self.checks,
            "facts_at_the_end": sum(len(rows) for rows in self.model.facts().values()),
        }


def crash(made: Engine, given: argparse.Namespace, parent: Path) -> Figures:
    """The kills of one engine with one seed. Raises `AssertionError` with what is not as the model says."""
    folder = Path(tempfile.mkdtemp(prefix="crashes-", dir=parent))
    run = Crashes(made, folder, random.Random(given.seed), given.scale, given.engines_part)
    run.run(given.kills, time.monotonic() + 60 * given.minutes)
    return {"engine": made.name, "seed": given.seed, "scale": given.scale, **run.results()}


def main(arguments: list[str]) -> int:
    """Kill, and write what was struck; raises where something was lost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crashes", description=__doc__)
    parser.add_argument("--engine", choices=ENGINES, action="append", help="this engine alone")
    parser.add_argument("--kills", type=int, default=50, help="kills that must strike, each engine")
    parser.add_argument("--minutes", type=float, default=600, help="no more kills after so long")
    parser.add_argument("--engines-part", type=float, default=0.3, help="part that kills the engine")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=int, default=24, help="children of each source")
    parser.add_argument("--out", type=Path, default=RESULTS, help="the file that a run is added to")
    given = parser.parse_args(arguments)
    os.umask(0o077)
    vars(server)["READY_SECONDS"] = WORKER_SECONDS
    for name in given.engine or ENGINES:
        with tempfile.TemporaryDirectory(prefix="tacgraph-crash-", ignore_cleanup_errors=True) as folder:
            when = conditions()
            with started(name, Path(folder)) as made:
                found = crash(made, given, Path(folder))
        held = json.loads(given.out.read_text(encoding="utf-8")) if given.out.exists() else {"runs": []}
        held["runs"].append({**when, **found})
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(held, indent=1) + "\n", encoding="utf-8")
        print(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

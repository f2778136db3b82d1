"""`python -m benchmarks.soak`: hours of use in one, to see whether memory, handles or threads grow.

Sessions work at one dashboard (over its websocket, as its own page does: `benchmarks.wire`) while loads
replace its data and reports are made. Every minute what dashboard and engine hold is sampled; at the end a
line through each figure says whether it grows (`benchmarks.leaking`); what took long or failed is counted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from websockets.exceptions import WebSocketException

from analysis.tables import Slice
from benchmarks import AS_OF
from benchmarks.engines import ENGINES, Engine, loaded
from benchmarks.leaking import growth
from benchmarks.processes import entries, held, size
from benchmarks.sessions import MIX, Did, Session
from benchmarks.timing import Figures, conditions, quantile, say, spread
from benchmarks.visiting import log_of, served
from benchmarks.wire import Wire
from graphmodel import engine
from graphmodel.audit_log import AuditLog
from tacgraph.example import write_example
from tests.loading import read_tables, write_tables

RESULTS: Final = Path(__file__).with_name("results") / "soak.json"
SLOW_SECONDS: Final = 20.0
LOG_SHOWN: Final = 8_000
"""Characters of what the dashboard said, shown where a page failed."""
GOES_HOME: Final = 0.1
"""How often, of things done, somebody leaves and another one comes."""
HANDLES: Final = ("files", "sockets", "other_handles", "threads")
ALLOWED_MORE: Final = 3.0
"""Handles or threads an hour that are no growth: one more connection in a pool."""


@dataclass
class Soak:
    """What the run gathers."""

    engine: Engine
    temporary: Path
    begun: float
    minutes: list[float] = field(default_factory=list)
    series: dict[str, list[float]] = field(default_factory=dict)
    done: list[Did] = field(default_factory=list)
    commands: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    load_averages: list[float] = field(default_factory=list)

    def sample(self, dashboard: int) -> None:
        """One minute's figures, of the dashboard, the engine and the folders."""
        server = self.engine.server
        pid = server.pid if server is not None else engine.status(self.engine.home).pid
        if pid is None:
            raise RuntimeError("the engine has ended")
        found = {f"dashboard.{name}": value for name, value in held(dashboard).items()}
        found |= {f"engine.{name}": value for name, value in held(pid).items()}
        found["temporary.bytes"], found["temporary.entries"] = size(self.temporary), entries(self.temporary)
        for part in ("slice", "loads", "ledger", "engine", ""):
            found[f"data.{part or 'all'}.bytes"] = size(self.engine.home / part)
        self.minutes.append((time.monotonic() - self.begun) / 60)
        for name, value in found.items():
            self.series.setdefault(name, []).append(value)
        self.load_averages.append(os.getloadavg()[0])


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="how long")
    parser.add_argument("--sessions", type=int, default=8, help="sessions at once")
    parser.add_argument("--children", type=int, default=4_000, help="size of the authority")
    parser.add_argument("--pace", type=float, default=20, help="seconds between two things of one session")
    parser.add_argument("--load-every", type=float, default=4, help="minutes between two loads")
    parser.add_argument("--report-every", type=float, default=12, help="minutes between two reports")
    parser.add_argument("--sample-every", type=float, default=60, help="seconds between two samples")
    parser.add_argument("--engine", choices=ENGINES, default="embedded")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=RESULTS, help="the file to write")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Soak and write the results; 0 when nothing grew and nothing failed."""
    given = options(arguments)
    os.umask(0o077)
    with tempfile.TemporaryDirectory(prefix="tacgraph-soak-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        example = write_example(folder / "one", children=given.children, seed=given.seed, until=AS_OF).folder
        other = thinned(example, folder / "two", given.seed)
        temporary = folder / "tmp"
        temporary.mkdir()
        with loaded(given.engine, folder, example) as plain:
            made = replace(plain, variables={**plain.variables, "TMPDIR": str(temporary)})
            found = asyncio.run(soak(made, given, [other, example], temporary))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print("\n".join(said(found)))
    return 0 if passed(found) else 1


def thinned(example: Path, out: Path, seed: int) -> Path:
    """The example without one in twenty of its memberships and leads, as the next export would have it."""
    chance = random.Random(seed)
    tables = read_tables(example)
    for name in ("memberships", "leads"):
        tables[name] = [row for row in tables[name] if chance.random() > 0.05]
    return write_tables(out, tables)


async def soak(made: Engine, given: argparse.Namespace, folders: list[Path], temporary: Path) -> Figures:
    """All of it at once for the time given."""
    when = conditions()
    with made.chosen():
        tables = Slice.from_folder(folders[1])
    children = list(tables.table("children")["child_id"])[:500]
    agencies = list(tables.table("agencies")["agency_id"])
    with served(made, AS_OF) as (address, process):
        run = Soak(made, temporary, time.monotonic())
        until = run.begun + 60 * given.minutes
        async with asyncio.TaskGroup() as group:
            for number in range(given.sessions):
                chance = random.Random(given.seed * 1_000 + number)
                group.create_task(person(address, run, chance, (children, agencies), (given.pace, until)))
            group.create_task(commands(run, given, folders, temporary, until))
            group.create_task(samples(run, process.pid, given.sample_every, until))
    if any(did.fault for did in run.done):
        say(f"the dashboard said at last: {log_of(made).read_text(errors='replace')[-LOG_SHOWN:]}")
    with made.chosen():
        chain = AuditLog(made.home).verify()
    return results(run, given, when, chain)


async def person(
    address: str,
    run: Soak,
    chance: random.Random,
    known: tuple[list[str], list[str]],
    times: tuple[float, float],
) -> None:
    """One session after the other, one thing after the other.

    `known`: ids of children and of agencies; `times`: seconds between two things, about, and the end.
    """
    pace, until = times
    while time.monotonic() < until:
        try:
            async with Wire(address) as wire:
                session = Session(wire, chance, *known)
                while time.monotonic() < until:
                    await asyncio.sleep(
                        min(pace * chance.uniform(0.5, 1.5), max(0.0, until - time.monotonic()))
                    )
                    did = await session.act()
                    run.done.append(did)
                    if did.fault:
                        say(f"{did.what}: {did.fault}")
                    if did.fault or chance.random() < GOES_HOME:
                        break
        except (OSError, TimeoutError, WebSocketException) as problem:
            run.done.append(Did("connect", 0.0, f"{type(problem).__name__}: {problem}"))


async def commands(
    run: Soak, given: argparse.Namespace, folders: list[Path], temporary: Path, until: float
) -> None:
    """A load every few minutes, in turn of two exports, and now and then a report."""
    loads = reports = 0
    while time.monotonic() < until:
        gone = (time.monotonic() - run.begun) / 60
        if gone >= (loads + 1) * given.load_every:
            await command(run, "load", [str(folders[loads % 2]), "--replace"])
            loads += 1
        elif gone >= (reports + 0.5) * given.report_every:
            out = temporary.parent / "report"
            await command(run, "report", ["--month", "2026-10", "--out", str(out)])
            shutil.rmtree(out, ignore_errors=True)
            reports += 1
        else:
            await asyncio.sleep(1)


async def command(run: Soak, name: str, words: list[str]) -> None:
    """One `tacgraph` command to its end; its seconds and exit code."""
    begun = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("tacgraph")), name, *words,
        env=run.engine.environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, words_said = await process.communicate()
    code = process.returncode or 0
    run.commands.setdefault(name, []).append((time.monotonic() - begun, code))
    if code:
        say(f"{name} ended with {code}: {words_said.decode(errors='replace')[-500:]}")


async def samples(run: Soak, dashboard: int, every: float, until: float) -> None:
    """A sample at once and then one after each `every` seconds."""
    count = 0
    while time.monotonic() < until:
        run.sample(dashboard)
        count += 1
        rss = run.series["dashboard.rss"][-1] / 2**20
        say(f"sample {count}: dashboard {rss:.0f} MiB, {len(run.done)} things done")
        await asyncio.sleep(max(0.0, run.begun + count * every - time.monotonic()))


def results(run: Soak, given: argparse.Namespace, when: Figures, chain: list[str]) -> Figures:
    """What the run gathered, judged."""
    kinds: Figures = {}
    for what in MIX:
        times = [did.seconds for did in run.done if did.what == what]
        if times:
            kinds[what] = {"done": len(times), "p50": quantile(times, 0.5), "p95": quantile(times, 0.95)}
    faults = [f"{did.what}: {did.fault}" for did in run.done if did.fault]
    judged = {name: judge(name, run.minutes, values) for name, values in run.series.items() if counts(name)}
    return {
        **when,
        "engine": run.engine.name,
        "minutes": given.minutes,
        "sessions": given.sessions,
        "children": given.children,
        "load_average_during": spread(run.load_averages),
        "things_done": len(run.done),
        "faults": faults,
        "slow": sum(did.seconds > SLOW_SECONDS for did in run.done),
        "slow_seconds": SLOW_SECONDS,
        "kinds": kinds,
        "commands": {
            name: {
                "runs": len(ran),
                "failed": sum(code != 0 for _, code in ran),
                **spread([s for s, _ in ran]),
            }
            for name, ran in run.commands.items()
        },
        "audit_chain_faults": chain,
        "growth": judged,
        "minute": [round(m, 2) for m in run.minutes],
        "series": run.series,
    }


def counts(name: str) -> bool:
    """Whether growth of this figure is a leak: the data folder keeps loads and looks, and so must grow."""
    kind = name.rpartition(".")[2]
    return kind == "rss" or kind in HANDLES or name.startswith("temporary.")


def judge(name: str, minutes: list[float], values: list[float]) -> Figures:
    """Growth of one series, per minute; bytes or a count."""
    kind = name.rpartition(".")[2]
    try:
        found = growth(minutes, values, allowed=None if kind in ("rss", "bytes") else ALLOWED_MORE)
    except ValueError as few:
        return {"verdict": str(few)}
    return {
        "per_minute": round(found.slope, 3),
        "from": round(found.low, 3),
        "to": round(found.high, 3),
        "level": found.level,
        "verdict": found.verdict,
    }


def passed(found: Figures) -> bool:
    """Nothing failed and nothing that is judged grows."""
    grows = [name for name, one in found["growth"].items() if one["verdict"] == "grows"]
    failed = sum(one["failed"] for one in found["commands"].values())
    return not (grows or failed or found["faults"] or found["audit_chain_faults"])


def said(found: Figures) -> list[str]:
    """The results in lines."""
    lines = [
        f"{found['things_done']} things done, {len(found['faults'])} with a fault, {found['slow']} slow",
        *(f"{name}: {one}" for name, one in found["commands"].items()),
    ]
    return lines + [f"{name}: {one}" for name, one in found["growth"].items()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

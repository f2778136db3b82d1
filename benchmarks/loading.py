"""From file to committed graph, on both engines, against a plain loader and against `LOAD CSV`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from benchmarks import child, load_csv
from benchmarks.engines import Engine, empty, facts, started
from benchmarks.sample import write_sample
from benchmarks.timing import Figures, conditions, say, spread, timed
from tests.plain_loader import load_plainly

SAMPLE_ROWS: Final = 500
VERBS: Final[tuple[load_csv.Verb, ...]] = ("CREATE", "MERGE")

Runs = dict[str, list[Figures]]


class Different(AssertionError):
    """Two ways of loading came to different graphs, so their times may not be compared."""


def loads(names: list[str], parent: Path, example: Path, *, rounds: int) -> Figures:
    """The group: for each engine its rounds, each on a fresh server, and the ratios within them."""
    found: Figures = {**conditions(), "sample_rows_a_table": SAMPLE_ROWS, "engines": {}}
    for name in names:
        runs: Runs = {}
        plain: Figures = {}
        for number in range(1, rounds + 1):
            say(f"load: {name}, round {number} of {rounds}")
            with started(name, parent) as made:
                one_round(made, example, runs)
                if number == rounds:
                    say(f"load: {name}, the plain loader on a sample")
                    plain = plain_loads(made, example, parent / f"sample-{name}", runs)
        found["engines"][name] = figures(runs, plain)
    return found


def one_round(made: Engine, example: Path, runs: Runs) -> None:
    """Our loader on a fresh server, again with nothing to change, and on it emptied; then `LOAD CSV`."""

    def keep(what: str, measured: Figures) -> None:
        say(f"      {what}: {measured['seconds']:.1f} s")
        runs.setdefault(what, []).append(measured)

    keep("start", {"seconds": round(made.start_seconds, 3)})
    keep("cold", child.measure(example, made))
    ours = facts(made)
    runs["cold"][-1]["facts"] = sum(ours.values())
    keep("again", child.measure(example, made))
    _same(ours, facts(made), "a second load")
    empty(made)
    keep("warm", child.measure(example, made))
    _same(ours, facts(made), "a warm load")
    server = made.server
    if server is None:
        return
    for verb in VERBS:
        empty(made)
        seconds = timed(lambda verb=verb: load_csv.run(server, example, verb))[1]  # type: ignore[misc]
        _same(ours, facts(made), f"LOAD CSV with {verb}")
        keep(f"load_csv_{verb.lower()}", {"seconds": round(seconds, 3)})


def _same(ours: dict[str, int], theirs: dict[str, int], what: str) -> None:
    differing = {name: (n, theirs[name]) for name, n in ours.items() if theirs[name] != n}
    if differing:
        raise Different(f"{what} came to another graph than our first load: {differing}")


def plain_loads(made: Engine, example: Path, folder: Path, runs: Runs) -> Figures:
    """A row a transaction, on the head of each table; our loader on the same few rows beside it."""
    rows = sum(write_sample(example, folder, SAMPLE_ROWS).values())
    empty(made)
    runs["sample"] = [child.measure(folder, made)]
    ours = facts(made)
    empty(made)
    with made.store("writer") as store:
        statements, seconds = timed(lambda: load_plainly(folder, store))
    _same(ours, facts(made), "the plain loader")
    return {"rows": rows, "transactions": statements, "seconds": round(seconds, 3)}


def figures(runs: Runs, plain: Figures) -> Figures:
    """Rates, memory and ratios of one engine. `vs_...` is our rate over theirs, more than 1 is faster."""
    rows = int(runs["cold"][0]["rows"]["read"])

    def seconds(what: str) -> list[float]:
        return [float(x["seconds"]) for x in runs[what]]

    count = int(runs["cold"][0]["facts"])
    found: Figures = {"rows": rows, "facts": count, "start_seconds": spread(seconds("start"))}
    for what in ("cold", "again", "warm"):
        found[what] = {
            "seconds": spread(seconds(what)),
            "rows_per_second": spread([rows / s for s in seconds(what)]),
            "facts_per_second": spread([count / s for s in seconds(what)]),
            "peak_mb": spread([x["peak_mb"] for x in runs[what]]),
            "process_seconds": spread([x["process_seconds"] for x in runs[what]]),
            "processor_seconds": spread([x["processor_seconds"] for x in runs[what]]),
            "engine_processor_seconds": _known([x["engine_processor_seconds"] for x in runs[what]]),
            "stages": _stages(runs[what]),
        }
    ours, sample = runs["warm"], runs["sample"][0]
    plain_rate = plain["rows"] / plain["seconds"]
    found["sample"] = {
        "rows": plain["rows"],
        "rows_per_second": round(sample["rows"]["read"] / sample["seconds"], 1),
    }
    found["plain_loader"] = {**plain, "rows_per_second": round(plain_rate, 1)}
    found["plain_loader"]["vs_whole"] = spread([rows / s / plain_rate for s in seconds("warm")])
    found["plain_loader"]["vs_sample"] = round(found["sample"]["rows_per_second"] / plain_rate, 2)
    for verb in VERBS:
        what = f"load_csv_{verb.lower()}"
        if what in runs:
            pairs = zip(ours, runs[what], strict=True)
            found[what] = {
                "seconds": spread(seconds(what)),
                "rows_per_second": spread([rows / s for s in seconds(what)]),
                "vs_warm": spread([theirs["seconds"] / mine["seconds"] for mine, theirs in pairs]),
            }
    return found


def _known(values: list[float | None]) -> Figures | None:
    known = [value for value in values if value is not None]
    return spread(known) if known else None


def _stages(runs: list[Figures]) -> dict[str, Any]:
    """Median seconds by kind of stage: reading, checking, writing to the graph."""
    kinds: dict[str, list[float]] = {}
    for run in runs:
        sums: dict[str, float] = {}
        for name, seconds in run["stages"].items():
            kind = name.split(" ", 1)[0]
            sums[kind] = sums.get(kind, 0.0) + seconds
        for kind, total in sums.items():
            kinds.setdefault(kind, []).append(total)
    return {kind: spread(values)["median"] for kind, values in kinds.items()}


def memory(parent: Path, example: Path, *, children: int, write: bool) -> Figures:
    """The loader's peak memory on a large authority: the checks alone, or with `write` all of it."""
    say(f"memory: {children:,} children, {'loaded' if write else 'checked (--dry-run)'}")
    with started("embedded", parent) as made:
        if not write:
            empty(made)
        measured = child.measure(example, made, dry_run=not write)
    kept = ("seconds", "peak_mb")
    about = {"children": children, "dry_run": not write, "rows": measured["rows"]["read"]}
    return {**conditions(), **about, **{name: measured[name] for name in kept}}

"""`python -m benchmarks.growth`: how cost grows with the authority, up to one tenth of England.

For each size a made-up authority is written, loaded on an embedded engine of its own, read as a slice, asked
for figures and reported; then a next month's small load follows and the slice is brought up to it. Every
step is a process of its own. What a step measured is kept in the folder that `--work` names, so a run that
was cut off goes on where it was; what is to be said of a size stands in a `note.txt` of its folder.
Results go to `results/growth.json`, the page to `docs/scale.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from benchmarks import AS_OF, child, engines, growth_page, growth_steps, machine, visiting
from benchmarks.__main__ import as_json, write
from benchmarks.engines import Engine
from benchmarks.growth_next import write_next
from benchmarks.growth_steps import SEED
from benchmarks.timing import Figures, conditions, say
from graphmodel import engine
from graphmodel.memory import MB

SIZES: Final = (6_250, 62_500, 293_000, 1_200_000)
"""A tenth of a median authority, a median one, Birmingham, one tenth of England."""
STEPS: Final = ("example", "load", *growth_steps.STEPS, "next_load", "next_slice")
"""What is measured at each size, in order."""
MOST: Final = {"network": 300_000, "advice": 300_000, "visits": 300_000}
"""The largest authority that some steps are for: who moves which lead is no question of a whole region."""


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.growth", description="Measure how cost grows."
    )
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=list(SIZES), help="children of each authority"
    )
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS), help="these steps alone")
    parser.add_argument("--pages", type=int, metavar="CHILDREN", help="wait for the pages at this size, too")
    parser.add_argument("--visits", type=int, default=3, help="warm visits of each page")
    parser.add_argument("--work", type=Path, help="folder for examples, graphs and what is measured so far")
    parser.add_argument("--out", type=Path, default=growth_page.RESULTS, help="the file to write")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Run what is asked, size by size, and print the curve; 0 when all of it was measured."""
    given = options(arguments)
    os.umask(0o077)
    work = given.work or Path(tempfile.mkdtemp(prefix="tacgraph-growth-"))
    try:
        for children in sorted(given.sizes):
            _size(work / str(children), children, given)
            results = gathered(work, before=given.out)
            write(given.out, as_json(results))
        print(growth_page.page(results))
        if given.out == growth_page.RESULTS:
            growth_page.publish(results)
    finally:
        if given.work is None:
            shutil.rmtree(work, ignore_errors=True)
    return 0


def gathered(work: Path, *, before: Path) -> Figures:
    """All sizes measured so far in the folder, and those of the results before that it does not have."""
    held: Figures = json.loads(before.read_text(encoding="utf-8")) if before.exists() else {}
    sizes = {row["children"]: row for row in held.get("sizes", [])}
    for folder in work.iterdir():
        steps = {x.stem: json.loads(x.read_text(encoding="utf-8")) for x in folder.glob("*.json")}
        if "example" in steps:
            known = sizes.get(int(folder.name), {}).get("steps", {})
            sizes[int(folder.name)] = {"children": int(folder.name), "steps": known | steps}
            note = folder / "note.txt"
            if note.exists():
                sizes[int(folder.name)]["note"] = note.read_text(encoding="utf-8").strip()
    return {
        "machine": machine.describe(),
        "seed": SEED,
        "as_of": AS_OF.isoformat(),
        "sizes": [sizes[children] for children in sorted(sizes)],
    }


def _size(folder: Path, children: int, given: argparse.Namespace) -> None:
    """All steps of one size that its folder does not have yet."""
    folder.mkdir(parents=True, exist_ok=True)
    example, later, home = folder / "example", folder / "next", folder / "home"
    home.mkdir(mode=0o700, exist_ok=True)

    def step(name: str, work: Callable[[], Figures]) -> None:
        kept = folder / f"{name}.json"
        if name in given.steps and children <= MOST.get(name, children) and not kept.exists():
            say(f"{children:,} children: {name}")
            found = {**conditions(), **work()}
            write(kept, as_json(found))
            say(f"{children:,} children: {name}: {found.get('processor_seconds', '')} processor seconds")

    step("example", lambda: _child("example", example, children))
    made = Engine("embedded", home, {"TACGRAPH_HOME": str(home)})
    with made.chosen():
        engine.ensure_running(home, idle_seconds=engines.IDLE_SECONDS)
    try:
        step("load", lambda: _with_engine(made, lambda: _load(example, made)))
        for name in growth_steps.STEPS:
            step(name, lambda name=name: _with_engine(made, lambda: _child(name, home, made=made)))  # type: ignore[misc]
        if not later.exists():
            write_next(example, later, AS_OF + timedelta(days=1))
        step("next_load", lambda: _with_engine(made, lambda: _load(later, made)))
        step("next_slice", lambda: _with_engine(made, lambda: _child("read_slice", home, made=made)))
        if given.pages == children:
            kept = folder / "pages.json"
            if not kept.exists():
                write(kept, as_json({**conditions(), **pages(made, given.visits)}))
    finally:
        engine.stop(home)


def _load(example: Path, made: Engine) -> Figures:
    """A load, and what it leaves on disk in MB: the graph, and the ledger beside it."""
    found = child.measure(example, made)
    return {**found, "graph_mb": _mb(made.home / "engine"), "ledger_mb": _mb(made.home / "ledger")}


def _child(name: str, folder: Path, children: int = 0, made: Engine | None = None) -> Figures:
    command = [sys.executable, "-m", "benchmarks.growth_steps", name, str(folder), str(children)]
    done = subprocess.run(
        command,
        env=made.environment if made else None,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def _with_engine(made: Engine, work: Callable[[], Figures]) -> Figures:
    """What a step measured of itself, and what the engine used meanwhile: processor seconds, most memory."""
    pid = engine.status(made.home).pid
    heap = json.loads((made.home / "engine.json").read_text(encoding="utf-8"))["heap"]
    marks, status = Path(f"/proc/{pid}/clear_refs"), Path(f"/proc/{pid}/status")
    if marks.exists():
        marks.write_text("5", encoding="ascii")
    used = made.processor_seconds()
    found = {**work(), "heap": heap}
    after = made.processor_seconds()
    if used is not None and after is not None:
        found["engine_processor_seconds"] = round(after - used, 2)
    if status.exists():
        lines = dict(x.split(":", 1) for x in status.read_text(encoding="utf-8").splitlines())
        found["engine_peak_mb"] = round(int(lines["VmHWM"].split()[0]) / 1024, 1)
    return found


def _mb(folder: Path) -> float:
    return round(sum(x.stat().st_size for x in folder.rglob("*") if x.is_file()) / MB, 1)


def pages(made: Engine, visits: int) -> Figures:
    """Seconds until each page's title and until all of it, on a dashboard just started and on a warm one."""
    found: Figures = {}
    with visiting.browser() as chromium, visiting.dashboard(made, AS_OF) as (address, started):
        for name in visiting.PAGES:
            say(f"pages: {name}")
            begun = time.process_time()
            first = visiting.cold_visit(chromium, address, name)
            warm = visiting.warm_visits(chromium, address, name, visits)
            found[name] = {
                "first": {"title": round(first[0], 3), "whole": round(first[1], 3)},
                "warm": visiting.waits(warm),
                "browser_seconds": round(time.process_time() - begun, 2),
            }
    return {"start_seconds": round(started, 2), "pages": found}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

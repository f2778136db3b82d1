"""`python -m benchmarks`: run the groups, write the figures and the machine to a file, compute the page.

The median authority's full run goes to `results/latest.json` and `docs/performance.md`; any smaller one to
`results/trial.json.tmp`, or to the file that `--out` names. `--only` renews one group of the file.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks import (
    AS_OF,
    alternatives,
    engines,
    figuring,
    loading,
    machine,
    page,
    querying,
    reporting,
    visiting,
)
from benchmarks.timing import Figures, say
from graphmodel.relationships import TABLES
from tacgraph.example import write_example
from tacgraph.example.sizes import MEDIAN_CHILDREN

GROUPS: Final = ("load", "memory", "queries", "ten", "pages", "report", "figures", "alternatives")
SEED: Final = 1
TEN: Final = 10
"""How many times larger the authority of the group `ten` is."""
LARGE: Final = 4.8
"""300,000 children where the authority is a median one."""


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, and write it down.")
    parser.add_argument("--only", choices=GROUPS, action="append", help="this group alone (can be repeated)")
    parser.add_argument("--children", type=int, default=MEDIAN_CHILDREN, help="size of the authority")
    parser.add_argument("--engine", choices=engines.ENGINES, action="append", help="this engine alone")
    parser.add_argument("--large", action="store_true", help="load the large authority, not only check it")
    parser.add_argument(
        "--ten", action="store_true", help="the queries on an authority ten times larger, too"
    )
    parser.add_argument("--ten-times", type=int, default=2, help="runs of each query there")
    parser.add_argument("--rounds", type=int, default=3, help="loads on a fresh server, each engine")
    parser.add_argument("--times", type=int, default=5, help="runs of each query and report")
    parser.add_argument("--visits", type=int, default=12, help="warm visits of each page")
    parser.add_argument("--cold-visits", type=int, default=10, help="dashboards started for cold visits")
    parser.add_argument("--out", type=Path, help="the file to write")
    parser.add_argument("--note", default="", help="a sentence for the results")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Run what is asked; 0 when all of it was measured."""
    given = options(arguments)
    published = given.children == MEDIAN_CHILDREN and given.engine is None
    out = given.out or (page.RESULTS if published else page.RESULTS.with_name("trial.json.tmp"))
    groups = tuple(given.only or (name for name in GROUPS if name != "ten" or given.ten))
    # what they leave in temporary folders is about nobody, but is closed to others all the same
    os.umask(0o077)
    with tempfile.TemporaryDirectory(prefix="tacgraph-bench-", ignore_cleanup_errors=True) as folder:
        parts = measure(Path(folder), given, groups)
        results = next(parts)
        for part in parts:
            results["groups"].update(part)
            # a fault in a later group does not cost the earlier ones
            write(page.RESULTS.with_name("unfinished.json.tmp"), as_json(results))
    page.RESULTS.with_name("unfinished.json.tmp").unlink(missing_ok=True)
    results = in_order(merged(out, results) if given.only else results)
    write(out, as_json(results))
    say(f"written: {out.name}")
    if out == page.RESULTS:
        write(page.PAGE, page.page(results))
        say(f"written: {page.PAGE.name}")
    else:
        print(page.page(results))
    return 0


def measure(folder: Path, given: argparse.Namespace, groups: tuple[str, ...]) -> Iterator[Figures]:
    """What the figures are about, then one group after the other by its name.

    `folder` is for the example and the engines.
    """
    names = list(given.engine or engines.ENGINES)
    found: Figures = {
        "machine": machine.describe(),
        "children": given.children,
        "seed": SEED,
        "as_of": AS_OF.isoformat(),
        "note": given.note,
        "groups": {},
    }
    say(f"a made-up authority of {given.children:,} children")
    example = folder / "example"
    written = write_example(example, children=given.children, seed=SEED, until=AS_OF)
    found["rows"] = {table: written.tables[table] for table in TABLES}
    yield found
    if "load" in groups:
        yield {"load": loading.loads(names, folder, example, rounds=given.rounds)}
    if "memory" in groups:
        children = round(LARGE * given.children)
        say(f"a made-up authority of {children:,} children")
        large = write_example(folder / "large", children=children, seed=SEED, until=AS_OF).folder
        yield {"memory": loading.memory(folder, large, children=children, write=given.large)}
    if "ten" in groups:
        yield {"ten": ten(folder, names, given)}
    if "figures" in groups:
        yield {"figures": figuring.figures(example, times=given.times)}
    if {"queries", "pages", "report", "alternatives"} & set(groups):
        yield from _loaded(folder, example, names, given, groups)


def ten(folder: Path, names: list[str], given: argparse.Namespace) -> Figures:
    """The queries on an authority ten times larger, by all roads, with fewer repeats."""
    children = TEN * given.children
    say(f"a made-up authority of {children:,} children")
    example = write_example(folder / "ten", children=children, seed=SEED, until=AS_OF).folder
    with ExitStack() as stack:
        made = [stack.enter_context(engines.loaded(name, folder / "tens", example)) for name in names]
        found = querying.queries(made, example, AS_OF, times=given.ten_times, headline=False)
    return {**found, "children": children}


def _loaded(
    folder: Path, example: Path, names: list[str], given: argparse.Namespace, groups: tuple[str, ...]
) -> Iterator[Figures]:
    """The groups that need the example in a graph; pages and reports on the first engine."""
    say("loading the example for queries, pages and reports")
    with ExitStack() as stack:
        first = stack.enter_context(engines.loaded(names[0], folder, example))
        if "queries" in groups:
            with ExitStack() as others:
                more = [others.enter_context(engines.loaded(n, folder, example)) for n in names[1:]]
                yield {"queries": querying.queries([first, *more], example, AS_OF, times=given.times)}
        if "pages" in groups:
            yield {"pages": visiting.visits(first, AS_OF, cold=given.cold_visits, warm=given.visits)}
        if "report" in groups:
            yield {"report": reporting.reports(first, AS_OF.replace(day=1), times=given.times)}
        if "alternatives" in groups:
            with ExitStack() as others:
                more = [others.enter_context(engines.loaded(n, folder, example)) for n in names[1:]]
                both = [first, *more]
                found = alternatives.alternatives(
                    both, example, AS_OF, times=given.times, rounds=min(2, given.rounds)
                )
                yield {"alternatives": found}


def merged(out: Path, found: Figures) -> Figures:
    """The file's results with the groups found now; those found now alone where the file is of another run.

    Of another run: other data, or another machine or other versions.
    """
    if not out.exists():
        return found
    before = page.read(out)
    if any(before[x] != found[x] for x in ("machine", "children", "seed", "as_of", "rows")):
        return found
    groups = {**before["groups"], **found["groups"]}
    return {**found, "note": found["note"] or before["note"], "groups": groups}


def in_order(results: Figures) -> Figures:
    """The groups in the order of their names in `GROUPS`, whichever was measured first."""
    groups = results["groups"]
    return {**results, "groups": {name: groups[name] for name in GROUPS if name in groups}}


def as_json(results: Figures) -> str:
    return json.dumps(results, indent=1, ensure_ascii=False) + "\n"


def write(path: Path, text: str) -> None:
    """The file, whole or not at all, readable like any other of the project."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f"{path.name}.part.tmp")
    made.write_text(text, encoding="utf-8")
    made.chmod(0o644)
    made.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

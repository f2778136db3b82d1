"""docs/performance.md, computed from the newest results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from benchmarks import alternatives_page, figuring, slowest
from benchmarks.slowest import NAMES
from benchmarks.slowest import milliseconds as _ms
from benchmarks.slowest import table as _table
from benchmarks.timing import Figures

ROOT: Final = Path(__file__).resolve().parents[1]
RESULTS: Final = ROOT / "benchmarks" / "results" / "latest.json"
PAGE: Final = ROOT / "docs" / "performance.md"
AIMS: Final = {
    "embedded_rows": 15_000,
    "neo4j_rows": 30_000,
    "memory_mb": 1024,
    "ratio": 3.0,
    "page_p95": 1.0,
}


def page(results: Figures) -> str:
    """The page as Markdown."""
    groups = results["groups"]
    parts = [_head(results)]
    if "load" in groups:
        parts.append(_load(groups["load"]))
    if "memory" in groups:
        parts.append(_memory(groups["memory"]))
    if "queries" in groups:
        parts += [_headlines(groups["queries"]), _queries(groups["queries"])]
    if "ten" in groups:
        parts.append(_ten(groups["ten"]))
    if "pages" in groups:
        parts.append(_pages(groups["pages"]))
    if "report" in groups:
        parts.append(_report(groups["report"]))
    if "figures" in groups:
        parts.append(_figures(groups["figures"]))
    if "alternatives" in groups:
        parts.append(_alternatives(groups["alternatives"]))
    return "\n".join(parts)


def read(path: Path = RESULTS) -> Figures:
    found: Figures = json.loads(path.read_text(encoding="utf-8"))
    return found


def _spread(values: Figures, digits: int = 1) -> str:
    """`median (fewest to most)`."""
    low, middle, high = (f"{values[name]:,.{digits}f}" for name in ("min", "median", "max"))
    return f"{middle} ({low} to {high})" if values["n"] > 1 else middle


def _met(held: bool) -> str:
    return "met" if held else "**missed**"


def _when(group: Figures) -> str:
    one, five, _ = group["load_average"]
    return f"Begun {group['begun']}, load average {one:g} (5 minutes: {five:g}).\n"


def _head(results: Figures) -> str:
    machine = results["machine"]
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    text = (
        "<!-- Computed by `make bench` from benchmarks/results/latest.json; not written by hand. -->\n"
        "# Performance\n\n"
        f"Measured by `make bench` on a made-up authority of {results['children']:,} children "
        f"(seed {results['seed']}), {sum(results['rows'].values()):,} rows in "
        f"{len(results['rows'])} tables. Middle values are medians, in brackets the lowest and the highest. "
        "Compare ratios, which were taken in one run on one machine, before seconds.\n\n"
        f"- Machine: {machine['processor']}, {machine['cores']} cores, {machine['memory_gb']} GB, "
        f"{machine['system']}.\n"
        f"- Python {machine['python']}, Neo4j {machine['neo4j_server']} on Java "
        f"{machine['java_of_neo4j']}; {packages}.\n"
    )
    return text + (f"- Note: {results['note']}\n" if results.get("note") else "")


def _load(group: Figures) -> str:
    rows = []
    for name, found in group["engines"].items():
        aim = AIMS[f"{name}_rows"]
        labels = {
            "cold": "first load, fresh server",
            "warm": "first load, server warm",
            "again": "second load, nothing changes",
        }
        for what, label in labels.items():
            rate = found[what]["rows_per_second"]
            verdict = f"{aim:,}: {_met(rate['median'] >= aim)}" if what != "again" else ""
            cells = (_spread(rate, 0), _spread(found[what]["seconds"]), _spread(found[what]["peak_mb"], 0))
            wrote = _spread(found[what]["facts_per_second"], 0) if what != "again" else ""
            rows.append((NAMES[name], label, cells[0], wrote, *cells[1:], verdict))
    head = (
        "engine",
        "load",
        "rows a second",
        "facts a second",
        "seconds",
        "memory, MB",
        "aim, rows a second",
    )
    count = next(iter(group["engines"].values()))["facts"]
    text = (
        "\n## Loading: from file to committed graph, checks included\n\n"
        + _when(group)
        + "\n"
        + _table(head, rows)
    )
    text += (
        f"\n*Rows* are lines of the files, *facts* the {count:,} nodes and relationships that they come to. "
        "*Fresh server*: started a moment before, nothing compiled yet. *Warm*: the same server, emptied. "
        "Seconds are those of the load, in a process of its own; memory is that process's high-water mark. "
        "After every load the numbers of nodes and relationships of each kind were compared.\n\n"
    )
    return text + _stages(group) + "\n" + _against(group)


def _stages(group: Figures) -> str:
    kinds = ["read", "check", "look", "load", "prepare"]
    rows = []
    for name, found in group["engines"].items():
        for what in ("cold", "warm", "again"):
            stages = found[what]["stages"]
            own, server = found[what]["processor_seconds"], found[what]["engine_processor_seconds"]
            used = (_spread(own), _spread(server) if server else "unknown")
            rows.append((NAMES[name], what, *(f"{stages.get(kind, 0.0):.2f}" for kind in kinds), *used))
    head = ("engine", "load", "reading", "checks", "findings", "graph", "constraints and codes")
    text = "Where the seconds go (medians), and the processor time, which other work disturbs less:\n\n"
    return text + _table((*head, "processor, loader", "processor, engine"), rows)


def _against(group: Figures) -> str:
    rows = []
    for name, found in group["engines"].items():
        plain = found["plain_loader"]
        rows.append(
            (
                NAMES[name],
                f"a row a transaction ({plain['rows']:,} rows of the same files)",
                f"{plain['rows_per_second']:,.0f}",
                f"{_spread(plain['vs_whole'])}; on the same few rows {plain['vs_sample']:.1f}",
            )
        )
        for verb in ("create", "merge"):
            if f"load_csv_{verb}" in found:
                theirs = found[f"load_csv_{verb}"]
                rate, ratio = _spread(theirs["rows_per_second"], 0), _spread(theirs["vs_warm"], 2)
                rows.append((NAMES[name], f"`LOAD CSV`, `{verb.upper()}`", rate, ratio))
    text = "Against other ways, same run, server warm:\n\n"
    text += _table(("engine", "way", "its rows a second", "ours is so many times as fast"), rows)
    return text + (
        "\n`LOAD CSV` reads the same files, 5,000 rows a transaction, with the same constraints. It does "
        "less: no checks, rejects or findings, and no source, load or fingerprint on a fact, so nothing can "
        "be updated or retired by source later. `CREATE` cannot be run twice; `MERGE` can, as ours. The "
        "embedded engine's own `LOAD CSV` is switched off (it would read any file).\n"
    )


def _memory(group: Figures) -> str:
    how = "checked in full, nothing written (`--dry-run`)" if group["dry_run"] else "loaded"
    peak = group["peak_mb"]
    return (
        f"\n## The loader's memory on a large authority\n\n{_when(group)}\n{group['children']:,} children, "
        f"{group['rows']:,} rows, {how} in {group['seconds']:.1f} s: at most **{peak:,.0f} MB** "
        f"(aim below {AIMS['memory_mb']:,} MB: {_met(peak < AIMS['memory_mb'])}).\n"
    )


def _headlines(group: Figures) -> str:
    found = group["headlines"]
    rows = [
        (
            f"`{name}`",
            _ms(x["slice"]),
            _ms(x["pandas"]),
            f"{x['ratio']:.2f}",
            _ms(x["slice_with_reading"]),
            _ms(x["pandas_with_reading"]),
            f"{x['ratio_with_reading']:.2f}",
        )
        for name, x in found["figures"].items()
    ]
    both = found["all"]
    reading = (_ms(both["slice_with_reading"]), _ms(both["pandas_with_reading"]))
    rows.append(("all eight, read once", "", "", "", *reading, f"{both['ratio_with_reading']:.2f}"))
    worst = max(x["ratio"] for x in found["figures"].values())
    with_reading = [n for n, x in found["figures"].items() if x["ratio_with_reading"] > AIMS["ratio"]]
    head = ("figure, ms", "slice", "pandas", "ratio", "slice, read", "pandas, read", "ratio")
    text = (
        "\n## Headline figures: the slice against plain pandas on the raw CSV files\n\n"
        f"{_when(group)}\nRows were compared before anything was timed. *Read*: with reading what it "
        "needs of the slice's files, or the CSV files of that one figure.\n\n" + _table(head, rows)
    )
    text += (
        f"\nAim: at most {AIMS['ratio']:g} times plain pandas. In memory the highest ratio is {worst:.2f}: "
    )
    text += f"{_met(worst <= AIMS['ratio'])}. With reading, a figure at a time: "
    over = ", ".join(f"`{n}`" for n in with_reading)
    text += f"above it {over}" if with_reading else f"all {_met(held=True)}"
    text += f"; all eight after one reading: {_met(both['ratio_with_reading'] <= AIMS['ratio'])}. "
    return text + f"Opening the slice takes {_ms(found['open_slice'])} ms, once a load and process.\n"


def _queries(group: Figures) -> str:
    return "\n## Every query of the catalogue\n\n" + slowest.table_of(group) + slowest.explained(group)


def _ten(group: Figures) -> str:
    return (
        f"\n## The same on an authority ten times larger\n\n{_when(group)}\n{group['children']:,} children. "
        + slowest.table_of(group)
        + slowest.explained(group)
    )


def _pages(group: Figures) -> str:
    rows = []
    for name, kinds in group["pages"].items():
        cells: list[str] = []
        for kind in ("turned", "warm", "cold"):
            for what in ("first_content", "whole"):
                x: Any = kinds[kind][what]
                cells.append(f"{x['p50']:.2f} / {x['p95']:.2f} / {x['max']:.2f}")
        rows.append((name, *cells))
    number = {kind: next(iter(group["pages"].values()))[kind]["visits"] for kind in ("warm", "cold")}
    longest = {
        kind: max(kinds[kind]["first_content"]["p95"] for kinds in group["pages"].values())
        for kind in ("turned", "warm")
    }
    first = group["first_visit_of_a_dashboard"]
    head = (
        *("page, s: p50 / p95 / longest", "turned to, first content", "turned to, whole page"),
        *("warm, first content", "warm, whole page"),
    )
    return (
        f"\n## Pages\n\n{_when(group)}\nHeadless Chromium {group['chromium']} against `tacgraph "
        "dashboard`. First content: the page's title, a sentence computed from the data; whole: the run of "
        f"the page is over. Turned to: chosen in the menu of an open dashboard. Warm: "
        f"{number['warm']} visits, each a new session. Cold: {number['cold']} "
        "dashboards just started, each page once, by an empty browser; the very first visit of a dashboard, "
        f"which also opens the slice: {first['p50']:.2f} / {first['p95']:.2f} / {first['max']:.2f} s.\n\n"
        + _table((*head, "cold, first content", "cold, whole page"), rows)
        + f"\nAim: p95 of the first content below {AIMS['page_p95']:g} s, warm. The slowest page turned to: "
        f"{longest['turned']:.2f} s, {_met(longest['turned'] < AIMS['page_p95'])}; in a new session, which "
        f"starts Streamlit's own program in the browser first: {longest['warm']:.2f} s, "
        f"{_met(longest['warm'] < AIMS['page_p95'])}.\n"
    )


def _report(group: Figures) -> str:
    sizes = ", ".join(f"{kind.upper()} {size / 1000:,.0f} kB" for kind, size in group["bytes"].items())
    return (
        f"\n## The monthly report\n\n{_when(group)}\nMaking it from a slice in memory: "
        f"{_spread(group['write_report'])} s; the whole command `tacgraph report`: "
        f"{_spread(group['command'])} s. {sizes}.\n"
    )


def _figures(group: Figures) -> str:
    head = "\n## What the dashboard works out besides, and the plain way\n\n"
    return f"{head}{_when(group)}\n{figuring.rows(group)}"


def _alternatives(group: Figures) -> str:
    head = "\n## What people would use instead\n\n"
    return f"{head}{_when(group)}\n{alternatives_page.rows(group)}"

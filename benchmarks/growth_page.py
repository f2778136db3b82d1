"""docs/scale.md and its picture, computed from the newest results of the growth curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks import growth_chart, growth_england
from benchmarks.__main__ import write
from benchmarks.slowest import table
from benchmarks.timing import Figures

ROOT: Final = Path(__file__).resolve().parents[1]
RESULTS: Final = ROOT / "benchmarks" / "results" / "growth.json"
PAGE: Final = ROOT / "docs" / "scale.md"
PICTURE: Final = ROOT / "docs" / "pictures" / "scale.svg"
WORDS: Final = {
    "example": "making the example up",
    "load": "first load",
    "read_slice": "reading the whole slice",
    "headlines": "eight headline figures",
    "page": "the Overview, first visit",
    "report": "monthly report",
    "network": "the network of a day",
    "advice": "advice, its whole curve",
    "visits": "ten pages, each twice",
    "next_load": "next month's small load",
    "next_slice": "slice after it",
}
DRAWN: Final = ("load", "read_slice", "report", "page", "next_load", "next_slice")
NAMES: Final = {
    6_250: "a tenth of a median authority",
    62_500: "a median authority",
    293_000: "Birmingham",
    1_200_000: "one tenth of England",
}
Sizes = Sequence[Figures]


def publish(results: Figures) -> None:
    """Write the page and its picture."""
    write(PAGE, page(results))
    write(PICTURE, picture(results))


def picture(results: Figures) -> str:
    """The curve as SVG."""
    lines = {WORDS[step]: _curve(results["sizes"], step, used) for step in DRAWN}
    return growth_chart.curve(lines, "Processor seconds, program and engine together") + "\n"


def page(results: Figures) -> str:
    """The page as Markdown."""
    sizes = results["sizes"]
    parts = [_head(results), _seconds(sizes), _growth(sizes), _memory(sizes), _disk(sizes), _changes(sizes)]
    parts += [_clock(sizes), _visits(sizes), _pages(sizes), growth_england.section(sizes)]
    return "\n".join(part for part in parts if part)


def used(step: Figures) -> float:
    """Processor seconds of a step, the engine's included."""
    return float(step["processor_seconds"]) + float(step.get("engine_processor_seconds") or 0.0)


def _peak(step: Figures) -> float:
    return float(step["peak_mb"])


def _curve(sizes: Sizes, step: str, value: Any) -> list[tuple[float, float]]:
    """Children and value at each size that has the step."""
    return [(x["children"], value(x["steps"][step])) for x in sizes if step in x["steps"]]


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """The slope of the values over the sizes, both by logarithm: 1 grows as the size does; NaN below two."""
    held = [(math.log(x), math.log(y)) for x, y in points if y > 0]
    if len({x for x, _ in held}) < 2:
        return math.nan
    middle = sum(x for x, _ in held) / len(held), sum(y for _, y in held) / len(held)
    over = sum((x - middle[0]) * (y - middle[1]) for x, y in held)
    return over / sum((x - middle[0]) ** 2 for x, _ in held)


def _head(results: Figures) -> str:
    where = results["machine"]
    listed = ", ".join(f"{x['children']:,} ({NAMES.get(x['children'], 'made up')})" for x in results["sizes"])
    notes = "".join(f"- {x['children']:,} children: {x['note']}\n" for x in results["sizes"] if "note" in x)
    return (
        "<!-- Computed by `python -m benchmarks.growth` from benchmarks/results/growth.json; not written by "
        "hand. -->\n# Scale\n\n"
        "How cost grows with the authority: made-up authorities from a tenth of a median one to one tenth of "
        "England, each loaded on the embedded engine as the program sets it up by itself, read, reported, "
        "and brought up to a next month. Every step ran in a process of its own.\n\n"
        f"- Children: {listed}; seed {results['seed']}, as of {results['as_of']}.\n"
        f"- Machine: {where['processor']}, {where['cores']} cores, {where['memory_gb']} GB; Python "
        f"{where['python']}, arcadedb-embedded {where['packages']['arcadedb-embedded']}.\n"
        "- The machine was shared with other work, so the page gives processor time, memory, bytes and "
        "counted rows. Clock times are in one table, with how busy the machine was.\n"
        f"{notes}\n"
        "![Processor seconds of each step over the number of children, both by powers of ten]"
        "(pictures/scale.svg)\n"
    )


def _across(sizes: Sizes, value: Any, digits: int = 1) -> str:
    rows = []
    for step, words in WORDS.items():
        cells = [value(x["steps"][step]) if step in x["steps"] else None for x in sizes]
        if any(cell is not None for cell in cells):
            rows.append((words, *("" if c is None else f"{c:,.{digits}f}" for c in cells)))
    return table(("step", *(f"{x['children']:,}" for x in sizes)), rows)


def _seconds(sizes: Sizes) -> str:
    return "## Processor seconds, program and engine together\n\n" + _across(sizes, used)


def _growth(sizes: Sizes) -> str:
    rows = []
    for step, words in WORDS.items():
        points, memory = _curve(sizes, step, used), _curve(sizes, step, _peak)
        if len(points) > 1:
            slopes = (exponent(points), exponent(points[-2:]), exponent(memory[-2:]))
            rows.append((words, *(f"{slope:.2f}" for slope in slopes)))
    text = (
        "## How it grows\n\nThe exponent of growth: 1 means twice the children, twice the cost; 2 would be "
    )
    text += "four times. Fixed costs (starting, importing) pull it below 1 at small sizes, so the last step "
    text += "of the curve stands beside all of it.\n\n"
    head = ("step", "processor time, all sizes", "processor time, the largest two", "memory, the largest two")
    return text + table(head, rows)


def _memory(sizes: Sizes) -> str:
    rows = []
    for step, words in WORDS.items():
        cells = []
        for x in sizes:
            found = x["steps"].get(step)
            beside = f" + {found['engine_peak_mb']:,.0f}" if found and "engine_peak_mb" in found else ""
            cells.append(f"{found['peak_mb']:,.0f}{beside}" if found else "")
        if any(cells):
            rows.append((words, *cells))
    text = (
        "## Memory at most, MB\n\nOf the step's own process, + of the engine's meanwhile (of which the heap "
    )
    return text + "is the largest part).\n\n" + table(("step", *(f"{x['children']:,}" for x in sizes)), rows)


def _disk(sizes: Sizes) -> str:
    rows = []
    for x in sizes:
        steps = x["steps"]
        count = steps["example"]["rows"]
        kinds = (
            steps["example"]["bytes"],
            *(
                (steps["load"][name] * 2**20 if "load" in steps else None)
                for name in ("graph_mb", "ledger_mb")
            ),
            steps["read_slice"]["bytes"] if "read_slice" in steps else None,
        )
        cells = ["" if k is None else f"{k / 2**20:,.1f} ({k / count:,.0f})" for k in kinds]
        rows.append((f"{x['children']:,}", f"{count:,}", *cells))
    head = ("children", "rows", "CSV files", "graph", "ledger", "slice")
    return "## On disk, MB (bytes a row)\n\n" + table(head, rows)


def _changes(sizes: Sizes) -> str:
    rows = []
    for x in sizes:
        steps = x["steps"]
        if steps.get("next_slice", {}).get("reads") and "read_slice" in steps:
            sent, again = steps["next_load"]["rows"], steps["next_slice"]
            changed = sent["created"] + sent["updated"]
            rows.append(
                (
                    f"{x['children']:,}", f"{steps['read_slice']['rows_read']:,}", f"{changed:,}",
                    f"{again['rows_read']:,}", f"{used(again) / used(steps['read_slice']):.2f}",
                )
            )  # fmt: skip
    if not rows:
        return ""
    head = ("children", "rows read for the whole slice", "rows the next load changed", "rows read after it",
            "processor time after it / of the whole")  # fmt: skip
    return (
        "## After a load only what it changed is read\n\nRows as the database handed them over, counted; "
        "among them a few load records and, of a table with more than 100,000 rows, the ids by which it is "
        "read in parts.\n\n" + table(head, rows)
    )


def _clock(sizes: Sizes) -> str:
    rows = []
    for step, words in WORDS.items():
        cells = []
        for x in sizes:
            found = x["steps"].get(step)
            cells.append(f"{found['seconds']:,.1f} ({found['load_average'][0]:.0f})" if found else "")
        if any(cells):
            rows.append((words, *cells))
    text = "## Clock seconds (load average when the step began)\n\nOn two cores: with a load average of 20 a "
    text += "step had about a tenth of a core for each of its threads.\n\n"
    return text + table(("step", *(f"{x['children']:,}" for x in sizes)), rows)


def _visits(sizes: Sizes) -> str:
    """The pages' processor time, a row each."""
    held = [x for x in sizes if "visits" in x["steps"]]
    if not held:
        return ""
    names = dict.fromkeys(name for x in held for name in x["steps"]["visits"]["pages"])
    rows = []
    for name in names:
        found = [x["steps"]["visits"]["pages"].get(name) for x in held]
        cells = (f"{page[kind]:.2f}" if page else "" for page in found for kind in ("first", "again"))
        rows.append((name.replace("_", " "), *cells))
    head = [f"{x['children']:,}: {kind}" for x in held for kind in ("first", "again")]
    return (
        "## Pages, processor seconds\n\nThe whole run of a page in a dashboard's process, without a browser, "
        "in one session, in this order: its first visit of the day asked for, and again.\n\n"
        + table(("page", *head), rows)
    )


def _pages(sizes: Sizes) -> str:
    parts = []
    for x in sizes:
        found = x["steps"].get("pages")
        if found is None:
            continue
        rows = [
            (
                name, f"{p['first']['title']:.1f}", f"{p['first']['whole']:.1f}",
                f"{p['warm']['first_content']['p50']:.2f}", f"{p['warm']['whole']['p50']:.2f}",
            )
            for name, p in found["pages"].items()
        ]  # fmt: skip
        average = found["load_average"][0]
        parts.append(
            f"### Pages with {x['children']:,} children\n\nSeconds by the clock in a headless browser; load "
            f"average {average:.0f} on two cores when it began.\n\n"
            + table(("page", "first visit: title", "all of it", "warm (median): title", "all of it"), rows)
        )
    return "## Pages in a browser\n\n" + "\n".join(parts) if parts else ""

"""The part of docs/performance.md about what people would use instead, as Markdown."""

from __future__ import annotations

from typing import Final

from benchmarks.alternatives import NOTICED, OURS, SLOWER, ratios
from benchmarks.slowest import table
from benchmarks.timing import Figures

NAMES: Final = {
    "ours": "ours",
    "pandas": "pandas",
    "duckdb": "DuckDB",
    "networkx": "NetworkX",
    "cypher_embedded": "Cypher, embedded",
    "cypher_neo4j": "Cypher, Neo4j",
    "load_csv": "`LOAD CSV`",
}


def rows(group: Figures) -> str:
    """The group as Markdown, without its heading."""
    return "\n".join(
        (
            f"Ratios are ours over theirs by the medians: below 1 ours is faster. {group['times']} rounds in "
            "which the roads took turns; rows were compared before. First stands ours, milliseconds by the "
            "clock / of the processor.\n",
            "### Each question of the catalogue\n",
            _questions(group),
            "### The network, against NetworkX\n",
            _table(group["network"]),
            "### What a page works out, from the files on\n",
            "Ours begins with the files of the slice, pandas and DuckDB with the CSV files that the page "
            "needs. Ours also works out what the others leave out: intervals, exact tests, since when and "
            "random networks.\n",
            _table(group["pages"]),
            "### The monthly report, from the files on\n",
            "Theirs is a script with pandas, openpyxl and plotly: the same figures without masking, "
            "findings, intervals and tests.\n",
            _table({"the report": group["report"]}),
            "### From files to something that can be asked\n",
            _loads(group["load"]),
            _slower(group),
        )
    )


def _questions(group: Figures) -> str:
    held = {f"`{name}`": x for name, x in group["measures"]["questions"].items()}
    known = {name: x for name, x in held.items() if OURS in x["roads"]}
    known["fairness indices"] = group["indices"]
    used = ", ".join(
        f"{NAMES[f'cypher_{name}']} {seconds:,.1f} s"
        for name, seconds in group["measures"]["engine_processor"].items()
        if seconds is not None
    )
    said = f"\nThe engines' own processor time for all of it: {used}.\n" if used else ""
    return _table(known) + said


def _table(held: dict[str, Figures]) -> str:
    others = [n for n in NAMES if n != OURS and any(n in x["roads"] for x in held.values())]
    lines = []
    for name, x in held.items():
        mine, of = x["roads"][OURS], ratios(x["roads"])
        own = f"{1000 * mine['median']:,.1f} / {1000 * mine.get('processor', 0):,.1f}"
        lines.append((name, own, *(f"{of[other]:.2f}" if other in of else "" for other in others)))
    return table(("what", "ours, ms", *(f"÷ {NAMES[other]}" for other in others)), lines)


def _loads(load: Figures) -> str:
    files = load["roads"]
    lines = []
    for engine, x in load.items():
        if engine == "roads":
            continue
        mine = x["roads"][OURS]["median"]
        theirs = {**files, **{n: v for n, v in x["roads"].items() if n != OURS}}
        cells = [f"{mine / theirs[n]['median']:.2f}" if n in theirs else "" for n in _LOADS]
        lines.append((engine, f"{mine:.1f} / {x['roads'][OURS]['processor']:.1f}", *cells))
    head = ("engine", "ours, s", *(f"÷ {NAMES[n]}" for n in _LOADS))
    return table(head, lines) + (
        "\npandas and DuckDB read the files into memory: no checks, no rejects, nothing kept, nobody else "
        "can ask. `LOAD CSV` (`MERGE`, in the same database) checks nothing and keeps no source of a fact.\n"
    )


_LOADS: Final = ("load_csv", "pandas", "duckdb")


def _slower(group: Figures) -> str:
    if not group["slower"]:
        return f"Nowhere is ours slower than {SLOWER:g} times another, in what takes {NOTICED:g} s or more.\n"
    lines = [
        f"- {x['what']}: {x['ratio']:.1f} times {NAMES[x['than']]} ({x['seconds']:.2f} s)"
        for x in group["slower"]
    ]
    return f"Slower than {SLOWER:g} times another, and {NOTICED:g} s or more:\n\n" + "\n".join(lines) + "\n"

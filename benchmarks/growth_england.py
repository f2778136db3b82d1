"""England on paper: what every authority of the country would need, by the figures measured here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.slowest import table
from benchmarks.timing import Figures

AUTHORITIES: Final = 153
"""Upper-tier and unitary authorities with children's services in England since April 2023."""
CHILDREN: Final = 12_000_000
"""Children aged 0 to 17 in England, ONS mid-2024, rounded."""
PLACES: Final = {"a median authority": 62_500, "Birmingham": 293_000, "England": CHILDREN}
CORES: Final = 16
"""Of the machines that would work out all reports of England in one night, together."""


def section(sizes: Sequence[Figures]) -> str:
    """The section, from the largest size that was loaded, read and reported; empty where there is none."""
    whole = [x for x in sizes if {"load", "read_slice", "report"} <= set(x["steps"])]
    if not whole:
        return ""
    base = whole[-1]
    return _text(base) + _sizing(base, _neo4j(sizes)) + _where()


def per_child(base: Figures) -> dict[str, float]:
    """What one child costs at the size given: rows, bytes, processor seconds."""
    n, steps = base["children"], base["steps"]
    mb = 2**20
    return {
        "rows": steps["example"]["rows"] / n,
        "graph": steps["load"]["graph_mb"] * mb / n,
        "ledger": steps["load"]["ledger_mb"] * mb / n,
        "slice": steps["read_slice"]["bytes"] / n,
        "load": _used(steps["load"]) / n,
        "read": _used(steps["read_slice"]) / n,
        "report": _used(steps["report"]) / n,
        "report_memory": steps["report"]["peak_mb"] * mb / n,
    }


def _used(step: Figures) -> float:
    return float(step["processor_seconds"]) + float(step.get("engine_processor_seconds") or 0.0)


def _neo4j(sizes: Sequence[Figures]) -> float | None:
    """Bytes a child of a Neo4j store, from the largest size measured on one."""
    found = [x["steps"]["neo4j"]["store_mb"] * 2**20 / x["children"] for x in sizes if "neo4j" in x["steps"]]
    return found[-1] if found else None


def _text(base: Figures) -> str:
    cost = per_child(base)
    return (
        "## England on paper\n\n"
        "Not run, but worked out from the largest size above that was loaded, read and reported. There, with "
        f"{base['children']:,} children, one child costs {cost['rows']:.1f} rows, "
        f"{cost['graph'] / 1000:.2f} kB of graph, {cost['ledger'] + cost['slice']:.0f} bytes of ledger and "
        f"slice, {cost['load'] * 1000:.2f} processor milliseconds to load anew, {cost['read'] * 1000:.2f} to "
        f"read and {cost['report'] * 1000:.3f} to report. An authority of *c* children costs *c* times that, "
        f"as far as the exponents above are near 1, and England's {AUTHORITIES} authorities together what "
        f"{CHILDREN / 1e6:.0f} million children cost:\n\n"
    )


def _sizing(base: Figures, store: float | None) -> str:
    cost = per_child(base)
    lines: dict[str, Callable[[float], str]] = {
        "rows, million": lambda n: f"{n * cost['rows'] / 1e6:,.2f}",
        "graph on the embedded engine, GB": lambda n: f"{n * cost['graph'] / 1e9:,.2f}",
        "ledger after one load, GB": lambda n: f"{n * cost['ledger'] / 1e9:,.3f}",
        "slice, GB": lambda n: f"{n * cost['slice'] / 1e9:,.3f}",
        "whole load, processor minutes": lambda n: f"{n * cost['load'] / 60:,.1f}",
        "whole slice, processor minutes": lambda n: f"{n * cost['read'] / 60:,.1f}",
        "monthly reports, processor minutes": lambda n: f"{n * cost['report'] / 60:,.1f}",
    }
    if store is not None:
        lines["Neo4j's store, GB"] = lambda n: f"{n * store / 1e9:,.2f}"
        lines["its page cache (1.2 times the store), GB"] = lambda n: f"{n * store * 1.2 / 1e9:,.2f}"
    rows = [(words, *(line(n) for n in PLACES.values())) for words, line in lines.items()]
    head = ("", *(f"{name}, {n:,} children" for name, n in PLACES.items()))
    hours = CHILDREN * (cost["load"] + cost["read"] + cost["report"]) / 3600
    return table(head, rows) + (
        "\nSo a whole month of England (everything loaded anew, read and reported) is "
        f"{hours:,.1f} processor hours, {hours / CORES:,.1f} hours on {CORES} cores; the months "
        "after the first only what changed.\n"
    )


_PARTS: Final = (
    (
        "database of an authority",
        "a Neo4j cluster (Enterprise Edition): for each database a primary and secondaries, placed by it",
        f"{AUTHORITIES} databases, few machines",
    ),
    (
        "composite database",
        "the same cluster: an alias for each authority's database, for the few who may ask across",
        "one, without data of its own",
    ),
    (
        "loader",
        "near the authority's source systems, one at a time; writes are routed to the primary",
        f"{AUTHORITIES}, by a timetable",
    ),
    (
        "slice, dashboard, reports",
        "the authority's own data folder; the slice is read from a secondary, with the load's bookmark",
        str(AUTHORITIES),
    ),
    (
        "ledger, identity store, audit record",
        "the authority's own data folder, which they never leave",
        str(AUTHORITIES),
    ),
    ("national figures", "the suppressed tables of the monthly reports, added up; never rows", "one"),
)


def _where() -> str:
    return (
        "\n### What runs where\n\n"
        "One graph for the country is not wanted: no team spans the country, every figure of this program is "
        f"about one partnership, and nobody should see more children than their own. So each of the "
        f"{AUTHORITIES} authorities is a database of its own, and what is national is made of what each may "
        "circulate.\n\n" + table(("part", "where", "how many"), _PARTS) + _MORE
    )


_MORE: Final = """
An address `neo4j://` routes by itself: writes to the database's primary, reads to a secondary, and
`NEO4J_DATABASE` names the authority. The embedded engine serves an authority that wants no server; one data
folder is one authority there, too. Neo4j's Community Edition, with which this program is tested, has neither
clusters nor composite databases; there one server is one authority.

*Heap*: a query of the catalogue looks at one authority, so a machine needs heap for the authorities that are
asked at once, not for all. *Page cache*: the stores of all databases that a machine holds. *Months after the
first*: a load looks at the rows it is given and at what the ledger holds of their tables, a slice at the rows
that changed. *A child who moves* is two records in two authorities; linking them needs a purpose and an
agreement of both, and is no part of this program.
"""

"""What the long runs found, as lines of the page on endurance: kills, soak and crowd, from their results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from benchmarks.leaking import growth
from benchmarks.timing import Figures

RESULTS: Final = Path(__file__).with_name("results")
HELD: Final = (
    *("dashboard.rss", "engine.rss", "dashboard.sockets", "dashboard.other_handles", "dashboard.files"),
    *("dashboard.threads", "engine.sockets", "engine.files", "engine.threads", "temporary.bytes"),
)
LATER: Final = ("dashboard.rss", "engine.rss")
"""Judged by the second half alone too: memory that is filled once grows no more."""
MEBIBYTE: Final = 2**20


def read(name: str) -> Any:
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def lines() -> list[str]:
    """The computed lines of the page."""
    crashes, soak = read("crashes"), read("soak")
    found = []
    if crashes is not None:
        found += [
            "| Engine | Seed | Kills | Loader | Engine | Struck | All checked |",
            "|---|--:|--:|--:|--:|---|--:|",
        ]
        found += [_kills(run) for run in crashes["runs"]]
    if soak is not None:
        found.append(_soaked(soak))
        found += ["| Figure | Level | A minute (95% interval) | |", "|---|--:|--:|---|"]
        found += [_held(name, soak["growth"][name]) for name in HELD if name in soak["growth"]]
        found += [_held(f"{name}, second half", _second_half(soak, name)) for name in LATER]
    crowd = read("crowd")
    if crowd is not None:
        found.append(_crowded(crowd))
    return found


def _crowded(crowd: Figures) -> str:
    alone, together = crowd["alone"], crowd["together"]
    return (
        f"{crowd['browsers']} browsers at once, {crowd['children']:,} children: {together['visits']} pages, "
        f"{_faults(len(together['faults']))}; title after {together['p50']:.1f} s (median; 95 of 100 within "
        f"{together['p95']:.1f} s), one browser alone {alone['p50']:.2f} s ({alone['p95']:.2f} s)."
    )


def _kills(run: Figures) -> str:
    struck: dict[str, int] = {}
    by = {"loader": 0, "engine": 0}
    for words, many in run["struck"].items():
        what, _, target = words.partition(", ")
        struck[what] = struck.get(what, 0) + many
        by[target.split()[0]] += many
    where = ", ".join(f"{what} {many}" for what, many in sorted(struck.items(), key=lambda x: (-x[1], x[0])))
    return (
        f"| {run['engine']} | {run['seed']} | {run['kills']} | {by['loader']} | {by['engine']} | {where} | "
        f"{run['checks']} times |"
    )


def _soaked(soak: Figures) -> str:
    ran = soak["commands"].items()
    commands = ", ".join(f"{one['n']} {name}s ({one['failed']} failed)" for name, one in ran)
    load = soak["load_average_during"]
    return (
        f"{soak['minutes']:g} minutes, {soak['sessions']} sessions, {soak['children']:,} children, engine "
        f"{soak['engine']}: {soak['things_done']:,} things done, {_faults(len(soak['faults']))}, "
        f"{soak['slow']} slower than {soak['slow_seconds']:g} s; {commands}; load average "
        f"{load['min']:.0f} to {load['max']:.0f}."
    )


def _faults(many: int) -> str:
    return f"{many} fault{'' if many == 1 else 's'}"


def _second_half(soak: Figures, name: str) -> Figures:
    found = growth(soak["minute"], soak["series"][name], part=0.5)
    return {
        "level": found.level, "per_minute": found.slope, "from": found.low, "to": found.high,
        "verdict": found.verdict,
    }  # fmt: skip


def _held(name: str, one: Figures) -> str:
    if "level" not in one:
        return f"| {name} | | | {one['verdict']} |"
    inbytes = "rss" in name or name.endswith("bytes")
    unit, part, digits = (" MiB", MEBIBYTE, 0) if inbytes else ("", 1, 1)
    level, slope, low, high = (one[k] / part for k in ("level", "per_minute", "from", "to"))
    return (
        f"| {name} | {level:.{digits}f}{unit} | {slope:+.2f}{unit} ({low:+.2f} to {high:+.2f}) | "
        f"{one['verdict']} |"
    )


if __name__ == "__main__":
    print("\n".join(lines()))

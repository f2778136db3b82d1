"""Each format's reader, to the last row it hands over, beside a plain pandas read of the same files.

`MADE` is the table of formats: files of an authority's size made from the example, and the plain read. A
reading runs in a process of its own, so that its peak of memory is its own.

`python -m benchmarks.sources [--children N] [FORMAT …]` prints the figures.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from benchmarks.child import peak_mb
from benchmarks.timing import Figures, conditions, say, spread, timed
from loaders.sources import FORMATS, Reading
from tacgraph.example import write_example
from tacgraph.example.sizes import MEDIAN_CHILDREN

KEY: Final = b"a key for benchmarks only"


@dataclass(frozen=True)
class Made:
    """`make` writes an example's facts as files of the format into a folder, and gives the path to read.

    `plain` reads the same files as an analyst would in pandas, and gives the rows.
    """

    make: Callable[[Path, Path], Path]
    plain: Callable[[Path], int]


def plain_csv(folder: Path) -> int:
    """Every CSV of a folder as text."""
    return sum(len(pd.read_csv(file, dtype=str)) for file in sorted(folder.glob("*.csv")))


def rows(folder: Path, table: str) -> Iterator[dict[str, str]]:
    """The rows of one table of the example."""
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as text:
        yield from csv.DictReader(text)


def write(path: Path, header: str, lines: Iterator[list[str]]) -> None:
    """One file with these columns."""
    with path.open("w", encoding="utf-8", newline="") as text:
        out = csv.writer(text)
        out.writerow(header.split())
        out.writerows(lines)


def make_ssd(example: Path, out: Path) -> Path:
    """The Standard Safeguarding Dataset: each team a referral, its leads and members involvements."""
    fte = {row["practitioner_id"]: row["fte"] for row in rows(example, "posts")}
    team = {row["practitioner_id"]: row["agency_id"] for row in rows(example, "posts")}
    child = {row["tac_id"]: row["child_id"] for row in rows(example, "tacs")}
    write(
        out / "ssd_person.csv",
        "pers_person_id pers_dob pers_forename pers_surname",
        ([r["child_id"], f"{r['birth_date']} 00:00:00", "A", "B"] for r in rows(example, "children")),
    )
    write(
        out / "ssd_family.csv",
        "fami_table_id fami_family_id fami_person_id",
        (["", r["family_id"], r["child_id"]] for r in rows(example, "children")),
    )
    write(
        out / "ssd_department.csv",
        "dept_team_id dept_team_name",
        ([r["agency_id"], r["name"]] for r in rows(example, "agencies")),
    )
    write(
        out / "ssd_professionals.csv",
        "prof_professional_id prof_professional_name prof_professional_job_title prof_full_time_equivalency",
        (
            [r["practitioner_id"], r["name"], r["role"].replace("_", " "), fte.get(r["practitioner_id"], "")]
            for r in rows(example, "practitioners")
        ),
    )
    write(
        out / "ssd_cin_episodes.csv",
        "cine_referral_id cine_person_id cine_referral_date cine_close_date",
        ([r["tac_id"], r["child_id"], r["opened_on"], r["closed_on"]] for r in rows(example, "tacs")),
    )
    write(
        out / "ssd_involvements.csv",
        "invo_involvements_id invo_professional_id invo_professional_role_id invo_professional_team "
        "invo_person_id invo_involvement_start_date invo_involvement_end_date invo_referral_id",
        (
            ["", r["practitioner_id"], code, team.get(r["practitioner_id"], ""), child[r["tac_id"]],
             r["started_on"], r["ended_on"], r["tac_id"]]
            for table, code in (("memberships", "KASCH"), ("leads", "CW"))
            for r in rows(example, table)
        ),
    )  # fmt: skip
    write(
        out / "ssd_cin_assessments.csv",
        "cina_assessment_id cina_person_id cina_assessment_start_date cina_assessment_auth_date "
        "cina_assessment_worker_id",
        (
            [r["assessment_id"], r["child_id"], r["started_on"], r["completed_on"], r["practitioner_id"]]
            for r in rows(example, "assessments")
        ),
    )
    for name, status, header in (
        (
            "ssd_cp_plans",
            "CP",
            "cppl_cp_plan_id cppl_person_id cppl_cp_plan_start_date cppl_cp_plan_end_date",
        ),
        (
            "ssd_cla_episodes",
            "LAC",
            "clae_cla_episode_id clae_person_id clae_cla_episode_start_date clae_cla_episode_ceased_date",
        ),
    ):
        held = (r for r in rows(example, "statuses") if r["status"] == status)
        write(
            out / f"{name}.csv", header, (["", r["child_id"], r["started_on"], r["ended_on"]] for r in held)
        )
    write(
        out / "ssd_cp_reviews.csv",
        "cppr_cp_review_id cppr_person_id cppr_cp_review_date",
        (["", child[r["tac_id"]], r["held_on"]] for r in rows(example, "reviews")),
    )
    return out


MADE: Final[dict[str, Made]] = {"ssd": Made(make_ssd, plain_csv)}
"""By the name of the format."""


def measure(folder: Path, example: Path, *, names: list[str] | None = None, times: int = 3) -> Figures:
    """The group: for each format rows a second of the reader and of pandas, and the peak of memory."""
    found: Figures = {**conditions(), "formats": {}}
    for name in names or list(MADE):
        say(f"sources: {name}")
        out = folder / name
        out.mkdir(parents=True, exist_ok=True)
        path = MADE[name].make(example, out)
        runs = [_in_own_process(name, path) for _ in range(times)]
        plain = [timed(lambda: MADE[name].plain(path)) for _ in range(times)]  # noqa: B023  (run at once)
        count = plain[0][0]
        found["formats"][name] = {
            "rows": count,
            "seconds": spread([run["seconds"] for run in runs]),
            "rows_per_second": spread([count / run["seconds"] for run in runs]),
            "processor_seconds": spread([run["processor_seconds"] for run in runs]),
            "peak_mb": spread([run["peak_mb"] for run in runs]),
            "handed_over": runs[0]["rows"],
            "pandas_seconds": spread([seconds for _, seconds in plain]),
            "pandas_rows_per_second": spread([count / seconds for _, seconds in plain]),
        }
    return found


def _in_own_process(name: str, path: Path) -> Figures:
    command = [sys.executable, "-m", "benchmarks.sources", "--read", str(path), name]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: Figures = json.loads(done.stdout)
    return found


def read(name: str, path: Path) -> Figures:
    """Read to the last row, here and now."""

    def work() -> int:
        source = FORMATS[name].read(path, Reading(KEY))
        return sum(len(chunk.rows) for table in source.tables for chunk in table.chunks())

    begun = time.process_time()
    handed, seconds = timed(work)
    return {
        "rows": handed,
        "seconds": round(seconds, 3),
        "processor_seconds": round(time.process_time() - begun, 3),
        "peak_mb": peak_mb(),
    }


def main(arguments: list[str]) -> int:
    """Print the figures of the formats named, or of all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sources", description=__doc__)
    parser.add_argument("formats", nargs="*", choices=[[], *MADE], help="these formats alone")
    parser.add_argument("--children", type=int, default=MEDIAN_CHILDREN, help="size of the authority")
    parser.add_argument("--times", type=int, default=3, help="runs of each")
    parser.add_argument("--read", type=Path, help="read this path once in this process")
    given = parser.parse_args(arguments)
    if given.read is not None:
        print(json.dumps(read(given.formats[0], given.read)))
        return 0
    with tempfile.TemporaryDirectory(prefix="tacgraph-bench-") as folder:
        example = write_example(Path(folder) / "example", children=given.children, seed=1).folder
        print(
            json.dumps(
                measure(Path(folder), example, names=given.formats or None, times=given.times), indent=1
            )
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

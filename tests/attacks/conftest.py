"""A small partnership whose names were chosen by somebody who means harm, loaded by the real loader."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd
import pytest

from dashboards import data
from graphmodel import engine
from loaders import load
from tacgraph.example import write_example

LAST: Final = date(2026, 10, 31)
EVIL: Final = "evil.example"
# each is what one reader of names would take for its own language
NAMES: Final = (
    f'=HYPERLINK("https://{EVIL}/x","Council")',
    f"![beacon](https://{EVIL}/b.png)",
    f"[Health](https://{EVIL}/h)",
    f"<img src=https://{EVIL}/i onerror=alert(1)>",
    f'<a href="https://{EVIL}/a">Trust</a>',
    f"$\\href{{https://{EVIL}/t}}{{x}}$ :red[shout] **bold**",
    f'#link("https://{EVIL}/ty") #panic() @ref *x*',
    f"[link=https://{EVIL}/r]Clinic[/link] [/nothing]",
    "\x1b]0;owned\x07\x1b[31mClinic \u202eecilop",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    f"https://{EVIL}/bare",
    "+44 1234 567890",
    "-2+3",
    "{{7*7}} ${7*7} %s %(x)s {0}",
)
PLACES: Final = (f"![place](https://{EVIL}/pl.png)", f"=1+1 [South](https://{EVIL}/s)", "<b>West</b>")
ROLE: Final = f"![role](https://{EVIL}/ro.png)"
MARKS: Final = {"first_name": "Zqfirst", "last_name": "Zqlast", "postcode": "ZQ99 "}
"""What the identities of children begin with, to be found again where they should not be."""
PERSON: Final = f"P1[p](https://{EVIL}/p)"
CHILD: Final = "=C1+cmd|' /C calc'!A0"


@dataclass(frozen=True)
class Hostile:
    """The data folder and the tables loaded into it."""

    home: Path
    tables: dict[str, pd.DataFrame]


def _spoil(folder: Path) -> dict[str, pd.DataFrame]:
    tables = {f.stem: pd.read_csv(f, dtype=str, keep_default_na=False) for f in sorted(folder.glob("*.csv"))}
    tables.pop("planted", None)
    agencies, people, children = (tables[name] for name in ("agencies", "practitioners", "children"))
    agencies["name"] = [NAMES[n % len(NAMES)] + f" {n}" for n in range(len(agencies))]
    people["name"] = [f"{NAMES[n % len(NAMES)]} Surname{n}" for n in range(len(people))]
    people.loc[people.index % 9 == 0, "role"] = ROLE
    children["locality"] = [PLACES[n % len(PLACES)] for n in range(len(children))]
    for column, mark in MARKS.items():
        children[column] = [f"{mark}{n}" for n in range(len(children))]
    children.loc[children.index[-1], "birth_date"] = "no date"
    children.loc[children.index[-2], "last_name"] = MARKS["last_name"] + "x" * 3_000
    children.loc[children.index[-3], "nhs_number"] = "1234567890"
    busiest = tables["leads"]["practitioner_id"].mode()[0]
    changed = {busiest: PERSON, children["child_id"].iloc[0]: CHILD}
    for name, table in tables.items():
        for column in table.columns:
            if column.endswith("_id"):
                table[column] = table[column].replace(changed)
        table.to_csv(folder / f"{name}.csv", index=False)
    (folder / "planted.csv").unlink(missing_ok=True)
    return tables


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    """Loaded once into an embedded engine of its own."""
    folder = tmp_path_factory.mktemp("hostile")
    home = folder / "home"
    home.mkdir(mode=0o700)
    write_example(folder / "example", children=500, seed=3, until=LAST)
    tables = _spoil(folder / "example")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("NEO4J_URI", raising=False)
        patch.setenv("TACGRAPH_HOME", str(home))
        load(folder / "example", home=home)
    yield Hostile(home, tables)
    # what the pages keep is kept by data folder, so it may stay warm from test to test
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TACGRAPH_HOME", str(home))
        data.forget()
    engine.stop(home)


@pytest.fixture
def at_hostile(hostile: Hostile, monkeypatch: pytest.MonkeyPatch) -> Hostile:
    """The process pointed at it."""
    monkeypatch.delenv("NEO4J_URI", raising=False)
    monkeypatch.delenv("TACGRAPH_AS_OF", raising=False)
    monkeypatch.setenv("TACGRAPH_HOME", str(hostile.home))
    # a page run without a browser leaves itself as `__main__`, which a process started later would run
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    return hostile

"""The blocks of the primer as data: parameters, Cypher, and the table printed below each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

PRIMER: Final = Path(__file__).parent.parent / "docs" / "primer.md"
_BLOCK: Final = re.compile(r"^```cypher\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_HEADING: Final = re.compile(r"^## (\d+)\. (.+)$", re.MULTILINE)
_PARAMETER: Final = re.compile(r":param (\w+) => (.+)")
_DATE: Final = re.compile(r"date\('(\d{4}-\d\d-\d\d)'\)")
_KEY: Final = re.compile(r"`?(\w+)`?:")


@dataclass(frozen=True)
class Step:
    """A step: its number and question, the Cypher, every parameter set up to it, and the table below it."""

    number: int
    question: str
    cypher: str
    parameters: dict[str, Any]
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)


def value(text: str) -> Any:
    """A literal of a `:param` line: a date, a text, a number or a map of numbers."""
    if found := _DATE.fullmatch(text):
        return date.fromisoformat(found[1])
    return json.loads(_KEY.sub(r'"\1":', text).replace("'", '"'))


def table_below(text: str) -> list[tuple[str, ...]]:
    """The first table of a text, head first and without its rule; empty where there is none."""
    lines = [line for line in re.split(r"\n(?!\|)", text, maxsplit=0) if line.lstrip("\n").startswith("|")]
    if not lines:
        return []
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[0].strip().split("\n")
    ]
    return [rows[0], *rows[2:]]


def steps(page: str) -> Iterator[Step]:
    """The steps of the page, in order."""
    parameters: dict[str, Any] = {}
    blocks = list(_BLOCK.finditer(page))
    for i, block in enumerate(blocks):
        given = dict(_PARAMETER.findall(block[1]))
        parameters = parameters | {name: value(text) for name, text in given.items()}
        if given:
            continue
        until = blocks[i + 1].start() if i + 1 < len(blocks) else len(page)
        heading = list(_HEADING.finditer(page, 0, block.start()))[-1]
        table = table_below(page[block.end() : until])
        columns, rows = (table[0], table[1:]) if table else ((), [])
        yield Step(int(heading[1]), heading[2], block[1], parameters, columns, rows)

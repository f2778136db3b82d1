"""The pages about the catalogue: an index by tag, and for each query its page and its picture."""

from __future__ import annotations

import csv
import inspect
import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from docs.pattern import pattern_of
from docs.picture import picture
from docs.tables import COMPUTED, table
from graphmodel.errors import DeclarationError
from graphmodel.settings import DEFAULTS, load_settings
from queries import Query, catalogue, run
from queries.answering import default
from queries.header import SETTINGS_PREFIX, Parameter, split

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "docs" / "queries"
EXPECTED: Final = ROOT / "tests" / "expected"
ASKED: Final = EXPECTED / "asked.toml"

_SHOWS: Final = {
    "no": "Its rows show no child and name no practitioner.",
    "practitioner": "Its rows show single practitioners, by id.",
    "child": "Its rows show single children, by id: only for those who may see them, and each look leaves an "
    "audit record.",
}
_SHOWN_DECIMALS: Final = 4


@cache
def asked() -> dict[str, Any]:
    """The date and the parameters for which `tests/expected/` has the rows."""
    return tomllib.loads(ASKED.read_text(encoding="utf-8"))


def _default_text(parameter: Parameter) -> str:
    if parameter.default is None:
        return "must be given"
    value = default(parameter, load_settings(DEFAULTS))
    if parameter.type == "map":
        return f"[`{str(parameter.default).removeprefix(SETTINGS_PREFIX)}`](../settings.md) of the settings"
    shown = f"`{json.dumps(value)}`"
    if isinstance(parameter.default, str) and parameter.default.startswith(SETTINGS_PREFIX):
        return f"{shown} ([`{parameter.default.removeprefix(SETTINGS_PREFIX)}`](../settings.md))"
    return shown


def _parameter_rows(query: Query) -> Iterator[tuple[str, ...]]:
    yield "`as_of`", "date", "today, on the command line", "day", "the day that the rows are true on"
    for p in query.parameters:
        least = f"; at least {p.minimum:g}" if p.minimum is not None else ""
        yield f"`{p.name}`", p.type, _default_text(p), p.unit, p.meaning + least


def _given(query: Query) -> Mapping[str, Any]:
    found: Mapping[str, Any] = asked()["parameters"].get(query.name, {})
    return found


def command_of(query: Query) -> str:
    """How the result on its page is had on the command line."""
    words = [f"tacgraph query {query.name} --as-of {asked()['as_of']}"]
    words += [f"-p {name}={value}" for name, value in _given(query).items()]
    return " ".join(words)


def _call_of(query: Query) -> str:
    words = [f'"{query.name}"', f'as_of="{asked()["as_of"]}"']
    words += [f"{name}={json.dumps(value)}" for name, value in _given(query).items()]
    return f"queries.run({', '.join(words)})"


def _cell(text: str, kind: str) -> str:
    if kind == "decimal" and text:
        return f"{float(text):.{_SHOWN_DECIMALS}f}".rstrip("0").rstrip(".")
    return text.replace(";", "; ") if kind == "list" else text


def _result(query: Query) -> str:
    file = EXPECTED / f"{query.name}.csv"
    if not file.is_file():
        raise DeclarationError(
            f"query {query.name}", f"has no {file.relative_to(ROOT)}", "Write its expected rows there."
        )
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))[1:]
    kinds = [column.type for column in query.columns]
    text = "On the small partnership of the tests ([its files](../../tests/data/small)), "
    text += f"as of {asked()['as_of']}"
    if given := _given(query):
        text += ", with " + ", ".join(f"`{name}` = `{json.dumps(value)}`" for name, value in given.items())
    text += f": {len(rows)} row{'' if len(rows) == 1 else 's'}"
    text += ", checked on both engines and by a second, independent computation"
    text += "; figures shortened to four decimals.\n\n" if "decimal" in kinds else ".\n\n"
    cells = [[_cell(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in rows]
    return text + table([column.name for column in query.columns], cells)


def _order(query: Query) -> str:
    first = [f"`{name}`{', highest first' if downwards else ''}" for name, downwards in query.sort]
    return f"Rows come in order of {', '.join(first)}, then of all columns from the left."


def _running(query: Query) -> str:
    command = command_of(query)
    return (
        f"```sh\n{command}\n{command} --browser\n```\n\n"
        "The second prints it with its parameters, to paste into Neo4j Browser. `--format csv`, `json`, "
        "`parquet` or `xlsx` hands the rows on ([all options](../command-line.md#tacgraph-query)). "
        "In Python:\n\n"
        f"```python\nimport queries\n\nframe = {_call_of(query)}\n```\n\n"
    )


def query_page(query: Query) -> str:
    """All that there is to know about one query, from its header, its text and its expected rows."""
    pattern = pattern_of(query.text)
    tags = ", ".join(f"[{tag}](../queries.md#{tag.replace(' ', '-')})" for tag in query.tags)
    text = COMPUTED + f"# {query.title}\n\n`{query.name}` · {tags} · [all queries](../queries.md)\n\n"
    text += (
        f"**{query.question}**\n\nOne row is {query.grain}. {_order(query)} {_SHOWS[query.identifying]}\n\n"
    )
    text += f"Where it comes from: {query.source} "
    text += "([short names](../guidance.md), [measures](../measures.md)).\n\n"
    text += f"![The pattern: {pattern.words()}](pictures/{query.name}.svg)\n\n"
    text += "## Parameters\n\n"
    text += table(("parameter", "type", "default", "unit", "meaning"), _parameter_rows(query))
    text += "\n## Columns\n\n"
    text += table(("column", "type", "meaning"), [(f"`{c.name}`", c.type, c.meaning) for c in query.columns])
    if query.notes:
        text += "\n## What is settled\n\n" + "".join(f"- {note}\n" for note in query.notes)
    text += f"\n## A result\n\n{_result(query)}\n## Running it\n\n{_running(query)}"
    text += "## The Cypher\n\nWithout the header of [its file](../../queries/cypher/"
    return text + f"{query.name}.cypher):\n\n```cypher\n{split(query.text)[1].strip()}\n```\n"


def index_page() -> str:
    """Every query under each of its tags."""
    known = catalogue()
    tags = sorted({tag for query in known.values() for tag in query.tags})
    text = COMPUTED + "# The queries\n\n"
    text += f"{len(known)} questions, each answered as of a day. Run one with `tacgraph query NAME --as-of "
    text += f"{asked()['as_of']}`, or paste its file into Neo4j Browser. "
    text += "New to Cypher: [the primer](primer.md). In Python: [in a notebook](#in-a-notebook).\n\n"
    text += "By tag: " + " · ".join(f"[{tag}](#{tag.replace(' ', '-')})" for tag in tags) + "\n\n"
    for tag in tags:
        rows = [
            (f"[`{q.name}`](queries/{q.name}.md)", q.question, f"{q.grain}")
            for q in known.values()
            if tag in q.tags
        ]
        text += f"## {tag}\n\n" + table(("query", "question", "one row is"), rows) + "\n"
    return text + _notebook()


_CALL: Final = """\
import queries

frame = queries.run("overloaded_leads", as_of="{as_of}", threshold=1.5)
assert frame.utilisation.gt(1.5).all()
frame.attrs["load_id"], frame.attrs["rows"], frame.attrs["complete"]
"""
_VIEWED: Final = """\
from graphmodel.access import Viewer
from graphmodel.store import Store
from graphmodel.settings import data_folder

with Store.open(data_folder()) as store:
    viewer = Viewer.local("who is in too many teams, for the board of {as_of}")
    months = ["2026-09-30", "{as_of}"]
    frames = [queries.run("multiple_tacs", as_of=day, store=store, viewer=viewer) for day in months]
"""


_NOTEBOOK: Final = """\
## In a notebook

`queries.run` gives a data frame and needs nothing but the query's name. It opens the database of the data
folder (or the one that `NEO4J_URI` names) as the account that can only read, and closes it.

```python
{call}```

Besides the query's own parameters it takes {known}; all may be left out, and the day is today then. Dates
are `datetime64`, whole numbers `Int64`, truth values `boolean`, decimals `float64`, lists are lists.
`frame.attrs` says where the rows come from: `query`, `title`, `as_of`, `parameters` (defaults included),
`load_id`, `rows`, `complete`, `row_limit`, `time_limit_seconds`. For several questions open the database
once, and state why you look:

```python
{viewed}```

`queries.answer` takes the same and gives the rows with all that is known of them, to be written as CSV, JSON,
Parquet or a workbook. For one query on many days, `tacgraph query NAME --from 2025-01` is quicker.
"""


def _notebook() -> str:
    """The section on data frames; a test runs its code."""
    given, day = inspect.signature(run).parameters, asked()["as_of"]
    known = [f"`{name}: {given[name].annotation}`" for name in given if name not in ("name", "parameters")]
    return _NOTEBOOK.format(
        call=_CALL.format(as_of=day), viewed=_VIEWED.format(as_of=day), known=", ".join(known)
    )


def query_pages() -> dict[Path, Callable[[], str]]:
    """What computes each query's page and picture."""
    found: dict[Path, Callable[[], str]] = {}
    for query in catalogue().values():
        found[FOLDER / f"{query.name}.md"] = lambda q=query: query_page(q)  # type: ignore[misc]
        found[FOLDER / "pictures" / f"{query.name}.svg"] = lambda q=query: picture(  # type: ignore[misc]
            pattern_of(q.text), f"What {q.name} matches"
        )
    return found

"""Compute the pages that the code already knows: model, queries, settings, command line, README table.

`python -m docs.build` writes them; `--check` only compares and names those that are stale.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from docs.pages_queries import FOLDER, index_page, query_pages
from docs.tables import COMPUTED, table
from graphmodel import codes
from graphmodel.declare import NodeType, Property, RelationshipType
from graphmodel.nodes import NODE_TYPES
from graphmodel.relationships import RELATIONSHIP_TYPES, TABLES
from graphmodel.settings import DEFAULTS, SCHEMES, scheme_file
from queries import catalogue

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
BEGIN, END = "<!-- queries: computed by `make docs` -->\n", "<!-- end of queries -->\n"


def _limits(p: Property) -> str:
    if p.codes:
        return ", ".join(f"`{c}`" for c in p.codes)
    if p.known:
        return "any text; usual: " + ", ".join(f"`{c}`" for c in p.known)
    bounds = []
    if p.above is not None:
        bounds.append(f"> {p.above:g}")
    if p.minimum is not None:
        bounds.append(f"≥ {p.minimum:g}")
    if p.maximum is not None:
        bounds.append(f"≤ {p.maximum:g}")
    return ", ".join(bounds)


def _property_rows(properties: tuple[Property, ...]) -> Iterator[tuple[str, ...]]:
    for p in properties:
        default = p.default or p.default_by or ""
        stored = {"graph": "", "hashed": " (kept as a keyed hash)", "matching_only": ""}[p.storage]
        required = "yes" if p.required else ""
        yield f"`{p.name}`", p.type, required, p.meaning + stored, _limits(p), default, p.source


_HEAD = ("property", "type", "required", "meaning", "values", "default", "source")


def _node_section(node: NodeType) -> str:
    imported = f"Import table `{node.table}`; key " if node.table else "Made by the model or by links; key "
    text = f"### {node.label}\n\n{node.meaning[0].upper()}{node.meaning[1:]} ({node.source}). "
    text += imported + ", ".join(f"`{c}`" for c in node.key_columns) + f", in the graph `{node.key}`.\n\n"
    if node.properties:
        text += table(_HEAD, _property_rows(node.properties)) + "\n"
    for link in node.links:
        arrow = "-[:{}]->" if link.outgoing else "<-[:{}]-"
        pattern = f"(:{node.label}){arrow.format(link.type)}(:{link.target})"
        text += f"- `{pattern}` from column `{link.column}`"
        text += f"{', required' if link.required else ''}: {link.meaning} ({link.source})\n"
    return text + "\n"


def _relationship_section(r: RelationshipType) -> str:
    pattern = f"(:{r.start[0]})-[:{r.type}]->(:{r.end[0]})"
    text = f"### {r.type}\n\n`{pattern}`: {r.meaning} ({r.source}). Import table `{r.table}`; key "
    text += ", ".join(f"`{c}`" for c in r.key_columns) + ".\n\n"
    return text + table(_HEAD, _property_rows(r.all_properties)) + "\n"


def model_page() -> str:
    allocation = [
        (f"`{r.status}`", r.profile, r.strength, ", ".join(r.roles), r.source) for r in codes.ALLOCATION_RULES
    ]
    order = ", ".join(f"`{name}`" for name in TABLES)
    return (
        COMPUTED
        + "# The model\n\nNode types, relationship types and code lists, each with its source in the "
        "guidance ([short names](guidance.md)). Every node that a table states and every relationship with "
        "an interval also carries `sources` (who states it), `load_id` (the load that last wrote it) and "
        "`fingerprint` (a digest of the row, by which an equal row writes nothing). Intervals are half-open: "
        f"`[started_on, ended_on)`.\n\nTables load in this order: {order}.\n\n## Nodes\n\n"
        + "".join(_node_section(n) for n in NODE_TYPES)
        + "## Relationships with an interval\n\n"
        + "".join(_relationship_section(r) for r in RELATIONSHIP_TYPES)
        + "## Who must lead: the allocation profiles\n\nThe strictest status rules, in the order of this "
        "table; `CIN` has no rule.\n\n"
        + table(("status", "profile", "strength", "roles", "source"), allocation)
    )


def settings_page() -> str:
    def rows(values: dict[str, Any], path: str = "") -> Iterator[tuple[str, ...]]:
        for name, value in values.items():
            if isinstance(value, dict):
                yield from rows(value, f"{path}{name}.")
            else:
                yield f"`{path}{name}`", f"`{value}`"

    values = tomllib.loads(DEFAULTS.read_text(encoding="utf-8"))
    return (
        COMPUTED
        + "# Settings\n\nThe defaults, an example to agree locally. An authority's own `settings.toml` "
        "in the working folder (or the file named by `TACGRAPH_SETTINGS`) replaces single values; a misspelt "
        "name is refused.\n\n" + table(("setting", "default"), rows(values)) + _history() + _schemes()
    )


def _history() -> str:
    return (
        "\n## Who agreed them, and when\n\n"
        "`version`, `agreed_by` and `agreed_on` stand with every page, report and chart, so that a figure "
        "says which weights it was computed with. Keep each agreed file under its version, such as "
        "`settings-2026-1.toml`: named in `TACGRAPH_SETTINGS` it gives the figures under the weights of "
        "then, and a scenario file with a `[weights]` table compares other weights with those in force "
        "(`tacgraph what-if --scenario FILE`).\n"
    )


def _schemes() -> str:
    found = [(file.stem, scheme_file(file.stem)["about"]) for file in sorted(SCHEMES.glob("*.toml"))]
    lines = ((f"`{name}`", x["says"], x["source"], x["not_expressed"]) for name, x in found)
    return (
        "\n## Published schemes\n\n"
        'Each an example, to agree locally. `scheme = "NAME"` in your `settings.toml` starts from one '
        "instead of from the weights above, and single values of yours replace its own; `tacgraph schemes` "
        "lists them, `tacgraph what-if --scheme NAME` compares.\n\n"
        + table(("scheme", "what it says", "source", "what it cannot say here"), lines)
    )


def command_page() -> str:
    from tacgraph.cli import app  # noqa: PLC0415  (its imports are the program's, not this module's)

    text = COMPUTED + "# The command line\n\n"
    for command in ("", *(name for name in app if not name.startswith("-"))):
        stream = io.StringIO()
        with contextlib.redirect_stdout(stream):
            from rich.console import Console  # noqa: PLC0415

            app.help_print([command] if command else [], console=Console(file=stream, width=100))
        text += f"## tacgraph {command}".rstrip() + "\n\n```text\n" + stream.getvalue().strip() + "\n```\n\n"
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines()) + "\n"


def licences_page() -> str:
    from tools.lock import packages  # noqa: PLC0415  (only this page looks at what is installed)

    rows = [(f"`{p.name}`", p.licence, "yes" if p.runtime else "") for p in packages()]
    return (
        COMPUTED
        + "# Licences\n\ntacgraph is under Apache-2.0. The packages of `requirements.lock` say of themselves "
        "(*not on this system*: another operating system or Python needs it). With versions, as CycloneDX: "
        "`make dist`.\n\n" + table(("package", "licence", "the program needs it"), rows)
    )


def decisions_page() -> str:
    """Every decision by its title."""
    folder = DOCS / "decisions"
    found = [page for page in sorted(folder.glob("*.md")) if page.name != "index.md"]
    titles = {page: page.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# ") for page in found}
    rows = [(f"[{page.stem}]({page.name})", titles[page]) for page in found]
    return (
        COMPUTED
        + "# The decisions\n\nWhy it is built so: a page each, with the question, what else was considered, "
        "what was measured, and what is narrower than one would wish.\n\n"
        + table(("about", "in a sentence"), rows)
    )


def readme() -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    head, rest = text.split(BEGIN, 1)
    rows = [(f"[`{q.name}`](docs/queries/{q.name}.md)", q.question) for q in catalogue().values()]
    return head + BEGIN + "\n" + table(("query", "question"), rows) + "\n" + END + rest.split(END, 1)[1]


def pages() -> dict[Path, Callable[[], str]]:
    """Every computed page and picture, with what computes its text."""
    return {
        DOCS / "model.md": model_page,
        DOCS / "queries.md": index_page,
        **query_pages(),
        DOCS / "settings.md": settings_page,
        DOCS / "licences.md": licences_page,
        DOCS / "decisions" / "index.md": decisions_page,
        DOCS / "command-line.md": command_page,
        ROOT / "README.md": readme,
    }


def stale(*, write: bool) -> list[str]:
    """Paths that are not as computed, and pages of queries that are no more; written or removed if asked."""
    computed = pages()
    found = [path for path in sorted(FOLDER.rglob("*.*")) if path not in computed]
    if write:
        for path in found:
            path.unlink()
    for path, compute in computed.items():
        text = compute()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            found.append(path)
            if write:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    return [str(path.relative_to(ROOT)) for path in found]


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` name the stale ones; exit code 1 where one is stale."""
    check = "--check" in arguments
    found = stale(write=not check)
    if found and check:
        print("Stale, run `make docs`:", *found)
        return 1
    print("Written:" if found else "All pages are fresh.", *found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

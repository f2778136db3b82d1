"""`tacgraph map` and `tacgraph template`: partners' own lists, and blank workbooks to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.console import Console

from graphmodel.errors import SettingsError, SourceError
from graphmodel.settings import data_folder
from tacgraph.console import Table, say, table_width, warn

if TYPE_CHECKING:
    from loaders.sources.spreadsheet.checking import Checked
    from loaders.sources.spreadsheet.mapping import Mapping
    from loaders.sources.spreadsheet.propose import Proposal


def map_(
    file: Path | None = None,
    /,
    *,
    out: Path | None = None,
    save: Annotated[bool, Parameter(negative="")] = False,
    check: Annotated[bool, Parameter(negative="")] = False,
    with_: Annotated[Path | None, Parameter(name="--with")] = None,
    as_at: str = "",
    source: str = "",
    fields: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Propose how a partner's own spreadsheet is read, as a small file to correct and to use every month.

    Parameters
    ----------
    file
        A CSV file or a workbook with any headings.
    out
        The mapping to write (.toml).
    save
        Keep the mapping in the data folder, so that such files are read by themselves from now on.
    check
        Try the mapping on the file: rows read and rejected, and the questions that stay open.
    with_
        A mapping that you have corrected, instead of a new proposal.
    as_at
        The day for which the list holds: 2026-10-31, "file name" or "title".
    source
        The name for this partner's facts, such as brook_school.
    fields
        List the fields that a column can fill.
    """
    from loaders.registries import school_names
    from loaders.sources.spreadsheet.mapping import MAPPINGS, read_mapping
    from loaders.sources.spreadsheet.propose import propose
    from loaders.sources.spreadsheet.written import write_mapping

    if fields:
        _print_fields()
        return 0
    if file is None:
        raise SettingsError("tacgraph map", "names no file", "Name a CSV file or a workbook.")
    if with_ is None:
        proposal = propose(file, as_at=as_at, source=source, schools=school_names(data_folder()))
        _print_proposal(proposal, file)
        mapping, text = proposal.mapping, write_mapping(proposal.mapping, file.name)
    else:
        mapping, text = read_mapping(with_), with_.read_text(encoding="utf-8-sig")
    if out is not None:
        _write(out, text)
    if save:
        _write(data_folder() / MAPPINGS / f"{mapping.source}.toml", text)
    if check:
        from loaders.sources.spreadsheet.checking import check as try_it

        _print_check(try_it(mapping, file), mapping)
    elif out is None and not save and with_ is None:
        say("Nothing was written: --out FILE.toml keeps the mapping, --save puts it into the data folder.")
    return 0


def _write(path: Path, text: str) -> None:
    if path.exists() and path.read_text(encoding="utf-8-sig") != text:
        raise SourceError(str(path), "is there already", "Take it away, or write to another name.")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    say(f"Wrote {path}. Correct it, try it (tacgraph map FILE --check --with {path.name}), load with --with.")


def _print_proposal(proposal: Proposal, file: Path) -> None:
    title = f"{file.name}: {proposal.rows:,} rows on {', '.join(proposal.sheets)}"
    table = Table("their column", "our field", "sure", "why", "sample", title=title)
    for column in proposal.mapping.columns:
        extra = column.role or column.status
        name = column.field + (f" ({extra})" if extra else "")
        row = (column.heading, name, f"{column.confidence:.0%}", column.why, proposal.samples[column.heading])
        table.add_row(*(_plain(cell) for cell in row))
    Console(width=table_width()).print(table)
    mapping = proposal.mapping
    say(f"The list is read as “{mapping.list_is}”, its day {mapping.as_at or 'not known'}.")
    for note in proposal.notes:
        say(note)
    for ask in proposal.to_fill:
        warn(f"To be filled in: {ask}")


def _plain(text: str) -> str:
    """A cell as rich shows it letter by letter."""
    return text.replace("[", "\\[")


def _print_check(checked: Checked, mapping: Mapping) -> None:
    table = Table(
        "table", "rows", "rejected", title=f"What a load by the mapping {mapping.source} would read"
    )
    for name, rows in checked.read.items():
        table.add_row(name, f"{rows:,}", f"{checked.rejected.get(name, 0):,}")
    console = Console(width=table_width())
    console.print(table)
    if checked.faults:
        faults = Table("table", "column", "why rejected", "rows", "first")
        for fault in checked.faults:
            cells = (fault.table, fault.column, fault.reason, f"{fault.rows:,}", fault.first_row)
            faults.add_row(*(_plain(cell) for cell in cells))
        console.print(faults)
    for note in checked.notes:
        say(note)
    for kind, count in sorted(checked.findings.items()):
        say(f"Worth a look: {kind} {count:,}")


def _print_fields() -> None:
    from loaders.sources.spreadsheet.cells import word_lists

    table = Table("field", "what")
    for name, known in word_lists()["field"].items():
        table.add_row(name, known["what"])
    Console(width=table_width()).print(table)


def template(
    out: Path,
    /,
    *,
    simple: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Write a blank workbook to fill in: a sheet a table, with notes, drop-downs and checks.

    Parameters
    ----------
    out
        The workbook to write (.xlsx).
    simple
        One sheet with a row for each child and practitioner instead: loads without any mapping.
    """
    from loaders.sources.spreadsheet.template import write_simple_template, write_template

    if out.suffix.lower() != ".xlsx":
        raise SettingsError(str(out), "is no name of a workbook", "End it in .xlsx.")
    if out.exists():
        raise SettingsError(str(out), "is there already", "Take it away, or write to another name.")
    (write_simple_template if simple else write_template)(out)
    say(f"Wrote {out}.")
    return 0

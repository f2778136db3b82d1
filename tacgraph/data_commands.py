"""`tacgraph load` and `tacgraph example`: from files to the graph, and files to try it on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from graphmodel.settings import data_folder
from tacgraph.console import Table, messages, progress_bars, say, warn


def load(
    path: Path,
    /,
    *,
    format: str | None = None,  # noqa: A002  (the option's name)
    source: str | None = None,
    strict: Annotated[bool, Parameter(negative="")] = False,
    replace: Annotated[bool, Parameter(negative="")] = False,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    with_: Annotated[Path | None, Parameter(name="--with")] = None,
) -> int:
    """Check the files at PATH and load the good rows into the graph.

    Parameters
    ----------
    path
        A folder of files, a workbook, a return, or a file that names a database.
    format
        One of those of the page "What can be loaded" (canonical, ssd, annex_a, ssda903, cin, csww and more);
        left out: guessed from the files.
    source
        Whose facts these are; left out: the format's name.
    strict
        Load nothing if anything is rejected.
    replace
        Make these files the whole truth for their source: what it no longer has is retired.
    dry_run
        Check everything, write nothing to the graph.
    with_
        A file that some formats need too: the role map of a case system, the mapping of a spreadsheet.
    """
    from loaders import load as run

    home = data_folder()
    with progress_bars() as progress:
        report = run(
            path,
            home=home,
            format=format,
            source=source,
            strict=strict,
            replace=replace,
            dry_run=dry_run,
            with_file=with_,
            progress=progress,
        )
    _print_report(report)
    if not dry_run:
        from analysis.tables import Slice
        from graphmodel.store import Store

        with Store.open(home) as store, progress_bars() as progress:
            Slice.current(store, home, progress.step("read the as-of slice"))
    return 0


def _print_report(report: object) -> None:
    from loaders import LoadReport

    assert isinstance(report, LoadReport)  # noqa: S101  (a lazy import keeps the type out of the signature)
    table = Table(title=f"Load {report.load_id or '(dry run)'} from source {report.source}")
    table.add_column("table")
    for name in ("read", "new", "updated", "unchanged", "rejected", "retired"):
        table.add_column(name, justify="right")
    for name, c in report.tables.items():
        numbers = (c.read, c.created, c.updated, c.unchanged, c.rejected, c.retired)
        if any(numbers):
            table.add_row(name, *(f"{n:,}" for n in numbers))
    messages.print(table)
    for note in report.notes:
        say(note)
    rejected = sum(c.rejected for c in report.tables.values())
    if rejected:
        were = "1 row was" if rejected == 1 else f"{rejected:,} rows were"
        warn(f"{were} rejected; each with its reason in {report.folder / 'rejects.csv'}")
    if report.findings:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(report.findings.items()))
        say(f"Loaded, but worth a look ({report.folder / 'findings.csv'}): {kinds}")
    rows = sum(c.read for c in report.tables.values())
    rate = rows / report.seconds if report.seconds else 0
    say(f"{rows:,} rows in {report.seconds:.1f} s ({rate:,.0f} rows a second)")


def example(
    out: Path,
    /,
    *,
    children: int = 62_500,
    seed: int = 1,
) -> None:
    """Write a made-up authority in the canonical format to OUT, with planted, listed findings.

    Parameters
    ----------
    out
        The folder to write.
    children
        Children in the authority; 62,500 is a median English one.
    seed
        The same seed gives the same files.
    """
    from tacgraph.example import write_example

    report = write_example(out, children=children, seed=seed)
    rows = sum(report.tables.values())
    say(f"{rows:,} rows in {len(report.tables)} tables in {out}; what was planted: {out / 'planted.csv'}")

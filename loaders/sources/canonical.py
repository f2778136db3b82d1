"""The canonical format: a folder of CSV files, one CSV file, or a workbook with one sheet a table."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from graphmodel.errors import SourceError
from graphmodel.relationships import TABLES
from loaders.csv_text import open_csv
from loaders.raw import RawTable, Source, plain_header

WORKBOOKS: Final = (".xlsx", ".xlsm")
_TEXTS: Final = (".csv", ".txt", ".tsv")


def table_of(name: str) -> str | None:
    """The table that a file or sheet of this name holds; None where it is none of the format's."""
    plain = plain_header(name)
    return plain if plain in TABLES else None


def read_canonical(path: Path) -> Source:
    """Look at everything that is there; raises `SourceError` where nothing of the format is."""
    if not path.exists():
        raise SourceError(str(path), "is not there", "Name a folder, a CSV file or a workbook.")
    if path.is_dir():
        return _folder(path)
    if path.suffix.lower() in WORKBOOKS:
        return _workbook(path)
    if path.suffix.lower() in _TEXTS and (table := table_of(path.stem)):
        return Source("canonical", path.name, [open_csv(path, table)])
    raise SourceError(
        path.name,
        "is neither a workbook nor a table of the import format",
        f"Name a folder with {', '.join(TABLES)} as .csv files, or an .xlsx with sheets so named. "
        "A partner's own list is read by a mapping: tacgraph map FILE.",
    )


def _workbook(path: Path) -> Source:
    from loaders.sheets import open_workbook  # noqa: PLC0415  (most loads need no workbook reader)

    return open_workbook(path)


def _folder(path: Path) -> Source:
    found: dict[str, Path] = {}
    strange: list[str] = []
    for file in sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith(".")):
        table = table_of(file.stem) if file.suffix.lower() in _TEXTS else None
        if table is None:
            strange.append(file.name)
        elif table in found:
            fault = f"holds the table {table} twice: {found[table].name} and {file.name}"
            raise SourceError(f"folder {path.name}", fault, "Keep one of them.")
        else:
            found[table] = file
    workbooks = [name for name in strange if Path(name).suffix.lower() in WORKBOOKS]
    if not found and len(workbooks) == 1:
        return _workbook(path / workbooks[0])
    if not found:
        raise SourceError(
            f"folder {path.name or path}",
            "has no table of the import format",
            f"It must hold CSV files named {', '.join(f'{t}.csv' for t in TABLES)} (not all are needed).",
        )
    tables: list[RawTable] = [open_csv(found[name], name) for name in TABLES if name in found]
    notes = [f"left out, no table of the format: {', '.join(strange)}"] if strange else []
    return Source("canonical", path.name or str(path), tables, notes)

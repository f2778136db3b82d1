"""`tacgraph query` and `tacgraph cypher`: the catalogue and an analyst's own Cypher, as rows or files."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from rich.console import Console

from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.beside import whole
from graphmodel.disk import on_disk
from graphmodel.errors import QueryError, SettingsError
from graphmodel.settings import data_folder
from tacgraph.console import Table, cell, say, table_width, today, warn

if TYPE_CHECKING:
    from queries import Result

Format = Literal["table", "csv", "json", "parquet", "xlsx"]
Pairs = Annotated[tuple[str, ...], Parameter(name=["--parameter", "-p"], negative="")]
Output = Annotated[Path | None, Parameter(name=["--output", "-o"])]
Switch = Parameter(negative="")


def query(
    name: str | None = None,
    /,
    *,
    as_of: date | None = None,
    parameter: Pairs = (),
    format: Format = "table",  # noqa: A002  (the option's name)
    output: Output = None,
    rows: int = 50,
    reason: str = "",
    time_limit: float | None = None,
    row_limit: int | None = None,
    from_: Annotated[str | None, Parameter(name="--from")] = None,
    to: str | None = None,
    every: Literal["week", "month", "quarter"] = "month",
    known_on: date | None = None,
    list_: Annotated[bool, Parameter(name="--list", negative="")] = False,
    search: str | None = None,
    browser: Annotated[bool, Switch] = False,
    save: Path | None = None,
    replace_: Annotated[bool, Parameter(name="--replace", negative="")] = False,
) -> int:
    """Run a query of the catalogue, or one of your own that was saved.

    Parameters
    ----------
    name
        The query's name; see --list.
    as_of
        The day it is asked for; left out: today.
    parameter
        key=value, as often as needed; a map or a list as JSON.
    format
        table for people; csv, json, parquet and xlsx for machines.
    output
        A file instead of standard output (parquet and xlsx need one). Beside csv and json, a file
        .about.json says where the rows come from; parquet and xlsx hold it themselves.
    rows
        How many rows a table shows; the other formats give all.
    reason
        Why a child's or a named practitioner's record is looked at; kept in the audit record.
    time_limit
        Seconds after which the database stops; left out: the settings'.
    row_limit
        Rows after which no more are taken; a line on standard error says so.
    from_
        First month (2025-01) or day of a row of dates: the query over time, from the slice.
    to
        Last month or day of it; left out: today.
    every
        A date for each week, month or quarter: its last day.
    known_on
        As it was known at the end of this day, told from the ledger (queries of the catalogue only); left
        out: as the graph has it now.
    list_
        List the queries with their questions, tags and where they come from.
    search
        List those whose name, question, tags or columns hold these words.
    browser
        Print the text with its parameters, to paste into Neo4j Browser.
    save
        Save the query of this file, under the file's name, with your own.
    replace_
        Save over an own query of the same name.
    """
    from queries import answer, coerce, find, for_browser

    if save is not None:
        return _save_file(save, replace_)
    if list_ or search is not None or name is None:
        return _print_list(search or "")
    given = coerce(name, parameter)
    if browser:
        print(for_browser(find(name), as_of or today(), **given), end="")
        return 0
    _needs_file(format, output)
    if from_ is not None:
        if as_of is not None or time_limit is not None or row_limit is not None:
            raise SettingsError("--from", "goes with neither --as-of nor limits", "Leave those out.")
        result = _over_time(name, given, (from_, to), every, reason, known_on=known_on)
    else:
        if to is not None:
            raise SettingsError("--to", "is given without --from", "Add --from.")
        if known_on is not None and (time_limit is not None or row_limit is not None):
            raise SettingsError(
                "--known-on", "goes without limits: it is told from the ledger", "Leave them out."
            )
        result = (
            _known(name, given, as_of or today(), known_on, reason)
            if known_on
            else _read(
                lambda store, viewer: answer(
                    name,
                    store=store,
                    viewer=viewer,
                    as_of=as_of or today(),
                    time_limit=time_limit,
                    row_limit=row_limit,
                    **given,
                ),
                reason,
            )
        )
    hand_out(result, format, output, rows)
    return 0


def cypher(
    file: Annotated[str, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    as_of: date | None = None,
    parameter: Pairs = (),
    format: Format = "table",  # noqa: A002  (the option's name)
    output: Output = None,
    rows: int = 50,
    reason: str = "",
    time_limit: float | None = None,
    row_limit: int | None = None,
    save: str | None = None,
    question: str = "",
    replace_: Annotated[bool, Parameter(name="--replace", negative="")] = False,
) -> int:
    """Run your own Cypher, as an account that can only read; the audit record keeps what was asked.

    Parameters
    ----------
    file
        A file with one query, with or without a header like the catalogue's; - reads standard input.
    as_of
        What $as_of is in it; left out: today.
    parameter
        key=value, as often as needed: numbers, true, false, dates and JSON ({...}, [...]) are taken as
        such, 'quoted' as text.
    format
        table for people; csv, json, parquet and xlsx for machines.
    output
        A file instead of standard output (parquet and xlsx need one).
    rows
        How many rows a table shows; the other formats give all.
    reason
        Why it is looked at; kept in the audit record.
    time_limit
        Seconds after which the database stops; left out: the settings'.
    row_limit
        Rows after which no more are taken; a line on standard error says so.
    save
        Save it under this name with your own queries, after it has run.
    question
        What it answers, for a saved one without a header.
    replace_
        Save over an own query of the same name.
    """
    from queries import answer_query, answer_text, guessed
    from queries import save as keep
    from queries.answering import typed_pairs
    from queries.free_text import WHAT, told
    from queries.grammar import check_text
    from queries.own import has_header, refuse_faults, with_header

    _needs_file(format, output)
    text = _text(file)
    limits: dict[str, Any] = {"time_limit": time_limit, "row_limit": row_limit, "as_of": as_of or today()}
    refusals = AuditLog(data_folder()).refusals(Viewer.local(reason), WHAT, about=told(text))
    if has_header(text):
        name = save or ("text" if file == "-" else Path(file).stem.lower().replace("-", "_"))
        with refusals:
            asked = refuse_faults(name, text, Path(file))
        given = typed_pairs(asked, parameter)
        result = _read(
            lambda store, viewer: answer_query(asked, store=store, viewer=viewer, **limits, **given), reason
        )
    else:
        with refusals:
            check_text(text)
        given = guessed(parameter)
        result = _read(
            lambda store, viewer: answer_text(text, store=store, viewer=viewer, parameters=given, **limits),
            reason,
        )
        text = with_header(save or "", text, result.query.columns, given, question)
    hand_out(result, format, output, rows)
    if save is not None:
        say(f"saved: {keep(save, text, replace=replace_)}")
    return 0


def _text(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        reason = getattr(fault, "strerror", None) or "it is not UTF-8 text"
        raise QueryError(f"file {file}", f"cannot be read: {reason}", "Name a text file, or -.") from fault


def _save_file(file: Path, replace: bool) -> int:
    from queries import save

    say(f"saved: {save(file.stem, _text(str(file)), replace=replace)}")
    return 0


def _print_list(words: str) -> int:
    from graphmodel.terms import said
    from queries import own_queries, search
    from queries.own import is_own

    table = Table("query", "question", "tags", "parameters", "from")
    found = search(words)
    for asked in found:
        place = str(asked.path.parent) if is_own(asked) else "the catalogue"
        names = ", ".join(p.name for p in asked.parameters)
        table.add_row(asked.name, said(asked.question), ", ".join(asked.tags), names, place)
    Console(width=table_width()).print(table)
    for faults in own_queries()[1].values():
        warn("Refused: " + "; ".join(faults))
    if not found:
        say(f"No query has all of these words: {words}")
    return 0


def _read(ask: Callable[[Any, Viewer], Result], reason: str) -> Result:
    from graphmodel.store import Store

    with Store.open(data_folder(), on_wait=say) as store:
        return ask(store, Viewer.local(reason))


def _over_time(
    name: str,
    given: dict[str, Any],
    span: tuple[str, str | None],
    every: Literal["week", "month", "quarter"],
    reason: str,
    *,
    known_on: date | None = None,
) -> Result:
    from reports.over_time import dates, day_from, over_time
    from tacgraph.provenance_commands import slice_on

    home = data_folder()
    first, last = span
    begin = day_from(first, last=False)
    end = day_from(last, last=True) if last is not None else today()
    held = slice_on(home, known_on)
    begun = time.perf_counter()
    days, said = dates(begin, end, every, held.loaded_at.date() if held.loaded_at else today())
    for line in said:
        say(line)
    result = over_time(name, held, days, viewer=Viewer.local(reason), audit=AuditLog(home), given=given)
    return replace(result, seconds=time.perf_counter() - begun)


def _known(name: str, given: dict[str, Any], day: date, known_on: date, reason: str) -> Result:
    """A query's second road on one day, from what was known then."""
    from reports.over_time import over_time
    from tacgraph.provenance_commands import slice_on

    home = data_folder()
    held = slice_on(home, known_on)
    begun = time.perf_counter()
    result = over_time(name, held, [day], viewer=Viewer.local(reason), audit=AuditLog(home), given=given)
    return replace(result, seconds=time.perf_counter() - begun)


# -- handing out -----------------------------------------------------------------------------------


def _needs_file(kind: Format, output: Path | None) -> None:
    if kind in ("parquet", "xlsx") and output is None:
        raise SettingsError(f"the {kind} format", "needs a file", "Add -o FILE.")


def hand_out(result: Result, kind: Format, output: Path | None, most: int) -> None:
    """Rows to standard output or a file, in a format; what there is to say about them to standard error."""
    if kind == "parquet" and output is not None:
        result.to_parquet(output)
    elif kind == "xlsx" and output is not None:
        result.to_xlsx(output)
    else:
        _hand_out_text(result, kind, output, most)
    if result.limit_said:
        warn(result.limit_said + ("" if result.rows.full else " Raise it with --row-limit."))
    when = f"on {len(result.dates)} dates to {result.as_of}" if result.dates else f"as of {result.as_of}"
    say(f"{result.query.name} {when}: {len(result.rows.rows):,} rows in {result.seconds:.2f} s")


def _hand_out_text(result: Result, kind: Format, output: Path | None, most: int) -> None:
    with ExitStack() as stack:
        stream: IO[str] = sys.stdout
        if output is not None:
            stack.enter_context(on_disk(output))
            # a pipe or a device is written to as it is
            plain = output.is_file() or not output.exists()
            place = stack.enter_context(whole(output)) if plain else output
            stream = stack.enter_context(place.open("w", encoding="utf-8", newline=""))
        if kind == "csv":
            result.to_csv(stream)
        elif kind == "json":
            result.to_json(stream)
        else:
            _print_rows(result.rows.columns, result.rows.rows, most, stream)
    if output is not None and kind in ("csv", "json"):
        with output.with_suffix(".about.json").open("w", encoding="utf-8") as about:
            result.to_about(about)


def _print_rows(columns: tuple[str, ...], rows: list[tuple[Any, ...]], most: int, stream: IO[str]) -> None:
    table = Table(*columns)
    for row in rows[:most]:
        table.add_row(*(cell(value) for value in row))
    Console(file=stream, width=table_width()).print(table)
    if len(rows) > most:
        say(f"Shown: {most:,} of {len(rows):,} rows. All of them: --format csv, or --rows {len(rows)}.")

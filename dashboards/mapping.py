"""The page Map a file: a partner's own list, which column is what, what a load would read, the mapping kept.

The file stays in this process and in a folder of its own that is gone when it was read. Shown are headings,
values that can tell of nobody, and of all others their shape alone.
"""

from __future__ import annotations

import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd
import streamlit as st

from dashboards import data, widgets
from dashboards.plain import plain, plain_cells
from graphmodel import codes
from graphmodel.access import LOCAL_USER, Viewer
from graphmodel.errors import SourceError, TacgraphError
from graphmodel.settings import data_folder
from loaders import load
from loaders.registries import school_names
from loaders.sources.spreadsheet.cells import word_lists
from loaders.sources.spreadsheet.checking import Checked, check
from loaders.sources.spreadsheet.grid import TEXTS, WORKBOOKS
from loaders.sources.spreadsheet.mapping import (
    DATED,
    EVERYBODY,
    MANY,
    MAPPINGS,
    Column,
    Mapping,
    mapping_of,
)
from loaders.sources.spreadsheet.propose import Proposal, propose
from loaders.sources.spreadsheet.written import write_mapping

LOADERS: Final = frozenset({"administrator", LOCAL_USER})
DAYS: Final = {
    "day": "A day that I give",
    "file name": "The day in the file's name",
    "title": "The day in its title",
}
STANDS: Final = {
    "opened_on": "The team's first day",
    "as_at": "The list's own day",
    "": "Nothing: such rows are rejected",
}
LISTS: Final = {
    DATED: "Facts with their dates: first and last days stand in columns",
    EVERYBODY: "Everybody on one day: who is on no later list has left",
}


def heading() -> None:
    """What the page is for."""
    st.title("Map a partner's own list", anchor=False)
    st.markdown(
        "Give a spreadsheet with any headings. The page proposes what each column is, from its heading and "
        "its cells; correct it, see what a load would read, and keep it for every month. The file stays on "
        "this machine; names and numbers of children and practitioners are shown as their shape only."
    )


def uploaded() -> tuple[str, bytes] | None:
    """The file given, by its bare name."""
    given = st.file_uploader(
        "A CSV file or a workbook", type=[s.lstrip(".") for s in (*TEXTS, *WORKBOOKS)], key="map-file"
    )
    if given is None:
        widgets.empty("No file is given yet.", "Without one at hand: `tacgraph template OUT.xlsx --simple`.")
        return None
    return Path(given.name).name, given.getvalue()


@contextmanager
def on_disk(name: str, content: bytes) -> Iterator[Path]:
    """The file under its name in a folder of its own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tacgraph-map-") as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        yield path


def proposed(name: str, content: bytes) -> Proposal | None:
    """The proposal for a file; a fault is shown in words."""
    with on_disk(name, content) as path:
        try:
            return propose(path, schools=school_names(data_folder()))
        except SourceError as problem:
            refused(problem)
            return None


def refused(problem: TacgraphError) -> None:
    st.error(plain(f"{problem.thing}: {problem.fault}. {problem.mend}"))


# -- what the reader corrects ----------------------------------------------------------------------


def columns(proposal: Proposal) -> tuple[Column, ...]:
    """A box for each column of theirs, with the reason for what is proposed."""
    st.header("What each column is", anchor=False)
    fields = word_lists()["field"]
    names = sorted(fields, key=lambda f: (f == "left_out", fields[f]["what"].lower()))
    found = []
    for number, column in enumerate(proposal.mapping.columns):
        sample = proposal.samples[column.heading]
        with st.container(border=True):
            chosen = st.selectbox(
                f"“{plain(column.heading)}” is",
                names,
                index=names.index(column.field),
                format_func=lambda f: str(fields[f]["what"]),
                key=f"map-field-{number}",
                width=460,
            )
            shown = f" Cells: {sample}" if sample else ""
            st.caption(f"Proposed because {plain(column.why)} ({column.confidence:.0%} sure).{plain(shown)}")
            found.append(_details(number, replace(column, field=chosen)))
    return tuple(found)


def _details(number: int, column: Column) -> Column:
    """What a column for each role or agency, or a column of ticks, needs beside its field."""
    if column.field == "member":
        role = st.text_input(
            "Role of those named", column.role, key=f"map-role-{number}", max_chars=60, width=300
        )
        agency = st.text_input(
            "Their agency", column.agency, key=f"map-agency-{number}", max_chars=120, width=300
        )
        return replace(column, role=role.strip(), agency=agency.strip())
    if column.field == "status_flag":
        known = [s.status for s in codes.STATUSES]
        at = known.index(column.status) if column.status in known else 0
        status = st.selectbox("Status", known, index=at, key=f"map-status-{number}", width=300)
        return replace(column, status=status, role="", agency="", sector="")
    of = column.of if column.field in ("member_since", "member_until") else ""
    return replace(column, role="", agency="", sector="", status="", of=of)


def rules(proposal: Proposal, chosen: tuple[Column, ...]) -> Mapping:
    """The rules beside the columns: whose list, which day, what stands for a missing first day."""
    st.header("How the list is to be read", anchor=False)
    was = proposal.mapping
    source = st.text_input(
        "Name for this partner's facts (small letters, digits, _)", was.source, key="map-source", width=360
    )
    kinds = list(LISTS)
    list_is = st.radio(
        "The list has", kinds, kinds.index(was.list_is), format_func=lambda k: LISTS[k], key="map-list"
    )
    ways = list(DAYS)
    where = st.selectbox(
        "The list holds for",
        ways,
        index=ways.index(was.as_at) if was.as_at in ways else 0,
        format_func=lambda w: DAYS[w],
        key="map-as-at",
        width=360,
    )
    given: date | None = None
    if where == "day":
        given = st.date_input("That day", None, key="map-day", format="DD/MM/YYYY", width=220)
    stands = list(STANDS)
    since_is = st.selectbox(
        "Where a first day is missing, this stands for it",
        stands,
        index=stands.index(was.since_is),
        format_func=lambda w: STANDS[w],
        key="map-since",
        width=360,
    )
    fte = st.number_input(
        "Part of full time where none is given (an assumption, said in every report; 0: no posts)",
        0.0, 1.0, 0.0, 0.1, key="map-fte", width=360,
    )  # fmt: skip
    return replace(
        was,
        columns=chosen,
        source=source.strip(),
        list_is=list_is,
        as_at=(given.isoformat() if given else "") if where == "day" else where,
        since_is=since_is,
        fte_when_missing=fte or None,
        posts_since=was.posts_since or (given.isoformat() if given else ""),
        agencies=sectors(was, chosen),
    )


def sectors(was: Mapping, chosen: tuple[Column, ...]) -> dict[str, str]:
    """The sector of each agency; a box for those of which nothing is known."""
    found = dict(was.agencies)
    for column in chosen:
        if column.field == "member" and column.agency and column.agency not in found:
            found[column.agency] = column.sector
    unknown = [name for name, sector in found.items() if not sector]
    if unknown:
        st.markdown(f"**Agencies whose sector is not known ({len(unknown)})**")
    for number, name in enumerate(unknown):
        found[name] = st.selectbox(
            f"“{plain(name)}” belongs to",
            ["", *codes.SECTORS],
            format_func=lambda s: str(s).replace("_", " ") or "not known: rejected",
            key=f"map-sector-{number}",
            width=360,
        )
    return found


# -- what comes of it ------------------------------------------------------------------------------


def valid(mapping: Mapping) -> Mapping | None:
    """The mapping as it would be read back; what is wrong with it in words."""
    try:
        return mapping_of(tomllib.loads(write_mapping(mapping, "list")), "the mapping")
    except SourceError as problem:
        refused(problem)
        return None


def preview(mapping: Mapping, name: str, content: bytes) -> Checked | None:
    """What a load would read and reject."""
    st.header("What a load would read", anchor=False)
    with on_disk(name, content) as path:
        try:
            found = check(mapping, path)
        except SourceError as problem:
            refused(problem)
            return None
    counts = pd.DataFrame(
        {
            "Table": list(found.read),
            "Rows": list(found.read.values()),
            "Rejected": [found.rejected.get(table, 0) for table in found.read],
        }
    )
    st.table(counts, hide_index=True)
    if found.faults:
        st.markdown("**Why rows are rejected**")
        faults = [(f.table, f.column, f.reason, f.rows, f.first_row) for f in found.faults]
        heads = ("Table", "Their column", "Why", "Rows", "First")
        st.table(plain_cells(pd.DataFrame(faults, columns=list(heads))), hide_index=True)
    with st.expander("What was left out, and what stays open", expanded=True):
        for note in found.notes:
            st.markdown(f"- {plain(note)}")
    return found


def keeping(mapping: Mapping, name: str, content: bytes, who: Viewer) -> None:
    """Keep the mapping, take it away, and load by it where the role may."""
    st.header("Keep it for every month", anchor=False)
    text = write_mapping(mapping, name)
    path = data_folder() / MAPPINGS / f"{mapping.source}.toml"
    with st.container(horizontal=True):
        if st.button("Keep this mapping", key="map-keep"):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        st.download_button("Download it", text, f"{mapping.source}.toml", "application/toml", key="map-take")
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        st.caption("Not kept yet in this form.")
        return
    st.success(
        plain(
            f"Kept. Files with these headings are read by it: tacgraph load {name} (or --with {path.name})."
        )
    )
    if who.role not in LOADERS:
        st.caption("An administrator loads the file.")
        return
    if st.button("Load this file now", key="map-load"):
        _load(path, name, content)


def _load(mapping: Path, name: str, content: bytes) -> None:
    with on_disk(name, content) as path, st.spinner("Loading"):
        try:
            report = load(path, home=data_folder(), with_file=mapping)
        except TacgraphError as problem:
            refused(problem)
            return
    data.ask_again()
    st.success(
        f"Loaded as {report.load_id}: {report.total('created')} facts are new, "
        f"{report.total('updated')} changed, "
        f"{report.total('rejected')} rows were rejected. The page Data quality lists why."
    )


def twice(chosen: tuple[Column, ...]) -> list[str]:
    """Fields that two columns fill although one only may, in words."""
    fields = word_lists()["field"]
    names = [c.field for c in chosen if c.field not in MANY and not c.of]
    return [
        f"Two columns are “{fields[f]['what']}”: leave one out."
        for f in sorted(set(names))
        if names.count(f) > 1
    ]

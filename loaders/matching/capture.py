"""What a load sees of identities on its way: kept when the rows that held them are loaded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from loaders.matching.identities import SCHEMAS, IdentityStore, Kind, last_of_each
from loaders.raw import Chunk, Identifier

AUTHORITY: Final = "local authority"
AUTHORITY_FORMATS: Final = frozenset({"ssd", "annex_a", "ssda903", "cin", "cin_census", "cswwf", "dfe_api"})
"""Formats that use the authority's own child ids: two of these are two children, whatever their source."""

_TABLES: Final[dict[str, tuple[Kind, str, tuple[str, ...]]]] = {
    "children": (
        "child",
        "child_id",
        ("first_name", "last_name", "birth_date", "postcode", "nhs_number", "upn"),
    ),
    "practitioners": ("practitioner", "practitioner_id", ("name", "role")),
}
_TELLING: Final = {
    "child": ("first_name", "last_name", "postcode", "nhs_number", "upn", "uln", "former_upn"),
    "practitioner": ("name", "swe_number", "email", "staff_id"),
}


def space(known_as: str, source: str, reader: str) -> str:
    """The set of ids in which an id is unique: its prefix, the authority's own, or its source's."""
    prefix, colon, _ = known_as.partition(":")
    if colon and prefix:
        return prefix
    return AUTHORITY if reader in AUTHORITY_FORMATS else f"source {source}"


class Capture:
    """Identities of one load, in memory until `keep`. Texts are as the source writes them."""

    def __init__(self, home: Path, source: str, reader: str) -> None:
        self._home, self._source, self._reader = home, source, reader
        self._parts: dict[str, list[pa.Table]] = defaultdict(list)
        self._homes: dict[str, tuple[str, str]] = {}

    def see(self, table: str, part: Chunk) -> None:
        """Take from rows of a table what tells people apart; cheap where it holds nothing of that."""
        if table == "posts":
            self._see_posts(part)
        if table not in _TABLES or not part.rows:
            return
        _, key, wanted = _TABLES[table]
        if key not in part.columns:
            return
        cells = {name: part.columns[name] for name in wanted if name in part.columns}
        texts = {"id": part.columns[key], **cells}
        arrays = {name: pa.array(list(column), pa.string()) for name, column in texts.items()}
        self._parts[table].append(pa.table({"row_no": pa.array(part.rows, pa.int64()), **arrays}))

    def _see_posts(self, part: Chunk) -> None:
        """The agency of the home post begun last."""
        columns = part.columns
        if not {"practitioner_id", "agency_id", "started_on"} <= set(columns):
            return
        homes: Sequence[str | None] = columns.get("home") or [None] * len(part.rows)
        rows = zip(
            columns["practitioner_id"], columns["agency_id"], columns["started_on"], homes, strict=True
        )
        for who, agency, since, home in rows:
            if who and agency and (home or "true").strip().casefold() not in ("false", "0", "no"):
                found = ((since or "").strip(), agency.strip())
                self._homes[who.strip()] = max(found, self._homes.get(who.strip(), ("", "")))

    def keep(
        self, rejected: Callable[[str], Sequence[int]], identifiers: Sequence[Identifier], *, whole: bool
    ) -> list[str]:
        """Keep the records of rows that were not rejected (by number, a table); gives what is to be told.

        `whole`: the source's former records go, as its former facts do.
        """
        told = []
        for table, (kind, _, _) in _TABLES.items():
            numbers = [one for one in identifiers if one.kind == kind]
            records = self._records(table, kind, rejected(table), numbers)
            if records.num_rows or (whole and self._parts[table]):
                store = IdentityStore(self._home)
                if not store.keep(kind, self._source, records, whole=whole):
                    told.append(
                        f"former identities of source {self._source} were kept under another key and are "
                        "gone: load all its files again before the next `tacgraph match`"
                    )
        return told

    def _records(
        self, table: str, kind: Kind, rejected: Sequence[int], numbers: list[Identifier]
    ) -> pa.Table:
        """The last row of each id that was not rejected, with its further numbers.

        Columns throughout: an authority's children as Python rows would be the most that a load holds.
        """
        schema = SCHEMAS[kind]
        seen = self._last_of_each(table, pa.array(rejected, pa.int64()))
        absent = {name: pa.nulls(len(seen), schema.field(name).type) for name in schema.names}
        columns = absent | {name: seen[name] for name in seen.column_names if name in absent}
        found = pa.table(columns, schema=schema)
        if numbers:
            found = _with_numbers(found, numbers)
        ids = found["id"]
        found = _put(found, "source", pa.array([self._source] * len(found), pa.string()))
        prefix = pc.struct_field(pc.extract_regex(ids, "(?s)^(?P<prefix>[^:]+):"), "prefix")
        own = space("", self._source, self._reader)
        found = _put(found, "space", pc.fill_null(prefix, own))
        if kind == "practitioner":
            homes = [self._homes.get(who, ("", None))[1] for who in ids.to_pylist()]
            found = _put(found, "agency_id", pa.array(homes, pa.string()))
        return found.filter(_telling(found, kind))

    def _last_of_each(self, table: str, rejected: pa.Array) -> pa.Table:
        if not self._parts[table]:
            return pa.table({"id": pa.array([], pa.string())})
        seen = pa.concat_tables(self._parts[table], promote_options="default")
        seen = _put(seen, "id", pc.utf8_trim_whitespace(pc.fill_null(seen["id"], "")))
        taken = pc.and_(pc.not_equal(seen["id"], ""), pc.invert(pc.is_in(seen["row_no"], rejected)))
        return last_of_each(seen.filter(taken))


def _put(table: pa.Table, name: str, values: pa.ChunkedArray | pa.Array) -> pa.Table:
    return table.set_column(table.schema.get_field_index(name), table.schema.field(name), values)


def _telling(records: pa.Table, kind: Kind) -> pa.ChunkedArray:
    """Which records have anything that tells one person from another."""
    found = pa.chunked_array([pa.repeat(False, len(records))])  # noqa: FBT003  (a value)
    for name in (name for name in _TELLING[kind] if name in records.column_names):
        column = records[name]
        length = pc.list_value_length if pa.types.is_list(column.type) else pc.binary_length
        found = pc.or_(found, pc.greater(pc.fill_null(length(column), 0), 0))
    return found


def _with_numbers(records: pa.Table, numbers: list[Identifier]) -> pa.Table:
    """The same with what else a source knows people by, where the row itself does not say."""
    schema = records.schema
    named = pa.array({number.id for number in numbers}, pa.string())
    concerned = pc.is_in(records["id"], named)
    rows: dict[str, dict[str, Any]] = {row["id"]: row for row in records.filter(concerned).to_pylist()}
    for number in numbers:
        row = rows.setdefault(number.id, {"id": number.id})
        if number.scheme == "former_upn":
            row["former_upn"] = [*(row.get("former_upn") or []), number.value]
        elif number.scheme in schema.names and not row.get(number.scheme):
            row[number.scheme] = number.value
    return pa.concat_tables(
        [records.filter(pc.invert(concerned)), pa.Table.from_pylist(list(rows.values()), schema=schema)]
    )

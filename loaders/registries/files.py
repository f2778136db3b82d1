"""Registry files as they are published: GIAS establishments and links, NHS ODS extracts, ORD answers."""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from graphmodel.errors import SourceError
from loaders.csv_text import detect_encoding
from loaders.registries.record import Establishment, Registry, Succession, plain_name
from loaders.sources.values import parse_day

MOST_BYTES: Final = 500 << 20
MOST_DAYS_BETWEEN: Final = 92
"""Without a file of links: days at most between one school's last and the next one's first."""

_ODS_POSTCODE, _ODS_OPEN, _ODS_CLOSE = 9, 10, 11
_ODS_CODE: Final = re.compile(r"[A-Z0-9]{3,10}")
_SUCCESSOR: Final = re.compile(r"successor", re.IGNORECASE)
_PREDECESSOR: Final = re.compile(r"predecessor", re.IGNORECASE)


def read_registry(paths: Sequence[Path]) -> Registry:
    """Every establishment of the files, GIAS's links between them, or those that days and numbers show.

    Raises `SourceError` where a file is none of the known ones.
    """
    found = Registry()
    linked = False
    for path in paths:
        if not path.is_file():
            raise SourceError(str(path), "is no file", "Name GIAS or ODS files.")
        if path.stat().st_size > MOST_BYTES:
            raise SourceError(path.name, f"has more than {MOST_BYTES >> 20} MiB", "Take a smaller extract.")
        if path.suffix.lower() == ".json":
            found.establishments += _ord(path)
            continue
        rows = list(_rows(path))
        header = [cell.strip() for cell in rows[0]] if rows else []
        if {"URN", "LinkURN", "LinkType"} <= set(header):
            found.successions += _gias_links(header, rows[1:])
            linked = True
        elif {"URN", "EstablishmentName"} <= set(header):
            found.establishments += _gias(header, rows[1:])
        elif _looks_like_ods(rows):
            found.establishments += _ods(rows)
        else:
            fault = "is neither a GIAS file of establishments or links nor an ODS extract"
            raise SourceError(
                path.name, fault, "Download edubasealldata….csv, epraccur.csv or an ORD answer."
            )
    if not linked:
        found.successions += list(successions(found.establishments))
        if found.successions:
            found.notes.append(
                "no file of links: successors by the same number or name and place, and days that meet"
            )
    return found


def _rows(path: Path) -> Iterator[list[str]]:
    encoding = detect_encoding(path)
    csv.field_size_limit(1 << 16)
    try:
        with path.open(encoding=encoding.name, errors="replace", newline="") as text:
            yield from csv.reader(line.replace("\0", "") for line in text)
    except (csv.Error, UnicodeError) as fault:
        raise SourceError(path.name, f"cannot be read as CSV ({fault})", "Download it again.") from None


# -- GIAS ------------------------------------------------------------------------------------------


def _gias(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[Establishment]:
    place = {name: at for at, name in reversed(list(enumerate(header)))}

    def cell(row: Sequence[str], name: str) -> str:
        at = place.get(name)
        return row[at].strip() if at is not None and at < len(row) else ""

    for row in rows:
        urn = cell(row, "URN")
        if not urn.isdigit() or not cell(row, "EstablishmentName"):
            continue
        authority, number = cell(row, "LA (code)"), cell(row, "EstablishmentNumber")
        yield Establishment(
            "urn",
            urn,
            cell(row, "EstablishmentName"),
            "education",
            parse_day(cell(row, "OpenDate")) or "",
            parse_day(cell(row, "CloseDate")) or "",
            _postcode(cell(row, "Postcode")),
            authority,
            f"{authority}{number.zfill(4)}" if authority and number else "",
            cell(row, "UKPRN"),
            cell(row, "TypeOfEstablishment (name)"),
        )


def _gias_links(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[Succession]:
    """Links state each pair from both sides: kept once, from the one before to the one after."""
    at = {name: place for place, name in enumerate(header)}
    found: dict[tuple[str, str], Succession] = {}
    for row in rows:
        if len(row) <= max(at["URN"], at["LinkURN"], at["LinkType"]):
            continue
        urn, other, kind = row[at["URN"]].strip(), row[at["LinkURN"]].strip(), row[at["LinkType"]]
        day = parse_day(row[at["LinkEstablishedDate"]]) if "LinkEstablishedDate" in at else None
        if _SUCCESSOR.search(kind):
            pair = (f"urn:{urn}", f"urn:{other}")
        elif _PREDECESSOR.search(kind):
            pair = (f"urn:{other}", f"urn:{urn}")
        else:
            continue
        if urn.isdigit() and other.isdigit() and urn != other:
            found.setdefault(pair, Succession(*pair, day or "", f"GIAS links: {kind.strip().lower()}"))
    return list(found.values())


def successions(establishments: Iterable[Establishment]) -> Iterator[Succession]:
    """Schools that follow another: the same LAESTAB, or UKPRN, or name and postcode, and days that meet."""
    by_sign: dict[tuple[str, str], list[Establishment]] = defaultdict(list)
    for one in establishments:
        if one.scheme != "urn":
            continue
        for rule, sign in (
            ("the same LAESTAB", one.laestab),
            ("the same UKPRN", one.ukprn),
            ("the same name and postcode", f"{plain_name(one.name)}|{one.postcode}" if one.postcode else ""),
        ):
            if sign:
                by_sign[rule, sign].append(one)
    seen: set[tuple[str, str]] = set()
    for (rule, _), alike in by_sign.items():
        for before in alike:
            for after in alike:
                pair = (before.ident, after.ident)
                if before != after and pair not in seen and _meet(before.closed_on, after.opened_on):
                    seen.add(pair)
                    yield Succession(*pair, after.opened_on, rule)


def _meet(closed: str, opened: str) -> bool:
    if not (closed and opened):
        return False
    days = (date.fromisoformat(opened) - date.fromisoformat(closed)).days
    return 0 <= days <= MOST_DAYS_BETWEEN


def _postcode(text: str) -> str:
    return " ".join(text.upper().split())


# -- NHS ODS ---------------------------------------------------------------------------------------


def _looks_like_ods(rows: Sequence[Sequence[str]]) -> bool:
    """Extracts have no header: a code, a name, and dates of eight digits at their places."""
    few = rows[:20]
    return bool(few) and all(
        len(row) > _ODS_CLOSE
        and _ODS_CODE.fullmatch(row[0].strip())
        and re.fullmatch(r"\d{8}|", row[_ODS_OPEN].strip())
        for row in few
    )


def _ods(rows: Iterable[Sequence[str]]) -> Iterator[Establishment]:
    for row in rows:
        if len(row) > _ODS_CLOSE and row[0].strip() and row[1].strip():
            yield Establishment(
                "ods",
                row[0].strip(),
                row[1].strip(),
                "health",
                parse_day(row[_ODS_OPEN]) or "",
                parse_day(row[_ODS_CLOSE]) or "",
                _postcode(row[_ODS_POSTCODE]),
            )


def _ord(path: Path) -> list[Establishment]:
    """The answer of an ORD search: a list of organisations."""
    try:
        values = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as fault:
        raise SourceError(path.name, f"cannot be read as JSON ({fault})", "Download it again.") from None
    listed: Any = values.get("Organisations") if isinstance(values, dict) else None
    if not isinstance(listed, list):
        raise SourceError(path.name, "has no list of Organisations", "Save an answer of the ORD search.")
    found = []
    for one in listed:
        if isinstance(one, dict) and isinstance(one.get("OrgId"), str) and isinstance(one.get("Name"), str):
            gone = str(one.get("Status", "")).lower() == "inactive"
            changed = parse_day(str(one.get("LastChangeDate", ""))) or ""
            found.append(
                Establishment(
                    "ods",
                    one["OrgId"].strip(),
                    one["Name"].strip(),
                    "health",
                    closed_on=changed if gone else "",
                    postcode=_postcode(str(one.get("PostCode") or "")),
                    kind=str(one.get("PrimaryRoleDescription") or ""),
                )
            )
    return found

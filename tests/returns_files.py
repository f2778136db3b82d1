"""Statutory returns written from partnerships in the import format, as case systems write them.

Each writer states what the return has room for. `unite` and `last_said` are the plain ways by which a
test knows what a reader should come to; they share nothing with the readers.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from loaders.raw import Source
from loaders.sources.made import MadeTable
from tests.partnerships import Partnership, Row

Fact = tuple[str, str, str, str | None]
"""Child, status, from, to."""

Span = tuple[str, str | None]


def found_tables(source: Source) -> dict[str, list[dict[str, str | None]]]:
    """What a reader made, as plain rows."""
    found = {}
    for table in source.tables:
        assert isinstance(table, MadeTable)
        found[table.name] = [dict(zip(table.columns, cells, strict=True)) for _, cells in table.rows]
    return found


def found_statuses(source: Source) -> list[Fact]:
    rows = found_tables(source).get("statuses", [])
    return sorted(
        ((str(r["child_id"]), str(r["status"]), str(r["started_on"]), r["ended_on"]) for r in rows),
        key=str,
    )


def spans(partnership: Partnership, status: str) -> dict[str, list[Span]]:
    """The intervals of one status by child."""
    found: dict[str, list[Span]] = {}
    for row in partnership.tables["statuses"]:
        if row["status"] == status:
            found.setdefault(row["child_id"], []).append((row["started_on"], row["ended_on"] or None))
    return found


def unite(parts: Sequence[Span]) -> list[Span]:
    """Intervals that touch or overlap as one: two of them at a time, until no two do."""
    left = list(parts)
    changed = True
    while changed:
        changed = False
        for one in left:
            for other in left:
                touches = (
                    one is not other and other[0] <= (one[1] or "9999") and one[0] <= (other[1] or "9999")
                )
                if touches:
                    end = max(one[1] or "9999", other[1] or "9999")
                    left = [p for p in left if p is not one and p is not other]
                    left.append((min(one[0], other[0]), None if end == "9999" else end))
                    changed = True
                    break
            if changed:
                break
    return sorted(left, key=str)


def british(day: str | None, *, short: bool = False) -> str:
    """dd/mm/yyyy, or dd/mm/yy; empty where there is no day."""
    if not day:
        return ""
    return date.fromisoformat(day).strftime("%d/%m/%y" if short else "%d/%m/%Y")


# -- SSDA903 -----------------------------------------------------------------------------------------

EPISODES = [
    "CHILD",
    "DECOM",
    "RNE",
    "LS",
    "CIN",
    "PLACE",
    "PLACE_PROVIDER",
    "DEC",
    "REC",
    "REASON_PLACE_CHANGE",
    "HOME_POST",
    "PL_POST",
    "URN",
]
HEADER = ("CHILD", "SEX", "DOB", "ETHNIC", "UPN", "MOTHER", "MC_DOB")
WORKERS = ("CHILD", "DOB", "SW_ID", "SW_DECOM", "SW_DEC", "SW_REASON")


def write_csv(path: Path, header: Sequence[str], rows: Sequence[Mapping[str, str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(header), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def cut(span: Span, chance: random.Random) -> list[Span]:
    """An interval as consecutive episodes: each begins on the day the one before ends."""
    start, end = date.fromisoformat(span[0]), date.fromisoformat(span[1]) if span[1] else None
    length = ((end or start + timedelta(days=200)) - start).days
    days = sorted({chance.randint(1, length - 1) for _ in range(chance.randint(0, 3))}) if length > 1 else []
    edges = [start, *(start + timedelta(days=d) for d in days)]
    ends: list[date | None] = [*edges[1:], end]
    return [(a.isoformat(), b.isoformat() if b else None) for a, b in zip(edges, ends, strict=True)]


def episode_rows(parts: Mapping[str, Sequence[Span]], chance: random.Random) -> list[Row]:
    """Episodes of care in any order, two-digit years among the ends, as the real exports mix them."""
    rows = []
    for child, said in parts.items():
        for span in said:
            for start, end in cut(span, chance):
                rows.append(
                    {
                        "CHILD": child,
                        "DECOM": british(start),
                        "DEC": british(end, short=chance.random() < 0.3),
                        "LS": chance.choice(("C1", "C2", "V2", "J1")),
                        "PLACE": chance.choice(("U1", "U4", "P1")),
                        "REC": "X1" if end else "",
                        "URN": "6834366",
                    }
                )
    chance.shuffle(rows)
    return rows


def write_ssda903(folder: Path, partnership: Partnership, chance: random.Random) -> Path:
    """A return of one year: header and episodes of those who were looked after."""
    parts = spans(partnership, "LAC")
    born = {row["child_id"]: row["birth_date"] for row in partnership.tables["children"]}
    header = [{"CHILD": c, "SEX": chance.choice("12MFU"), "DOB": british(born[c])} for c in parts]
    write_csv(folder / "SSDA903_header.csv", HEADER, header)
    write_csv(folder / "SSDA903_episodes.csv", EPISODES, episode_rows(parts, chance))
    return folder


# -- CIN ---------------------------------------------------------------------------------------------


def tag(name: str, *inside: str) -> str:
    return f"<{name}>{''.join(inside)}</{name}>"


def leaf(name: str, text: str | None) -> str:
    """An element with a text; nothing where there is none."""
    return f"<{name}>{escape(text)}</{name}>" if text else ""


def header_xml(collection: str, year: int, day: str) -> str:
    return tag(
        "Header",
        tag(
            "CollectionDetails",
            leaf("Collection", collection),
            leaf("Year", str(year)),
            leaf("ReferenceDate", day),
        ),
        tag("Source", leaf("SourceLevel", "L"), leaf("LEA", "301")),
    )


def cin_child(child: Row, parts: Mapping[str, Sequence[Span]], *, sex: str = "GenderCurrent") -> str:
    """One child of the census: each of its CIN spans is a referral, all else stands in one more."""
    assessments = "".join(
        tag("Assessments", leaf("AssessmentActualStartDate", a), leaf("AssessmentAuthorisationDate", b))
        for a, b in parts.get("CIN_ASSESSMENT", ())
    )
    plans = "".join(
        tag(
            "ChildProtectionPlans",
            leaf("CPPstartDate", a),
            leaf("CPPendDate", b),
            tag("Reviews", leaf("CPPreviewDate", a)),
        )
        for a, b in parts.get("CP", ())
    )
    cases = [
        tag("CINdetails", leaf("CINreferralDate", a), leaf("CINclosureDate", b), leaf("ReferralNFA", "false"))
        for a, b in parts.get("CIN", ())
    ]
    beside = tag(
        "CINdetails", leaf("CINreferralDate", "2020-01-01"), assessments, leaf("ReferralNFA", "1"), plans
    )
    return tag(
        "Child",
        tag(
            "ChildIdentifiers",
            leaf("LAchildID", child["child_id"]),
            leaf("UPN", child.get("upn")),
            leaf("FormerUPN", child.get("former_upn")),
            leaf("PersonBirthDate", child["birth_date"]),
            leaf(sex, "1"),
        ),
        tag("ChildCharacteristics", leaf("Ethnicity", "WBRI")),
        *cases,
        beside,
    )


def write_cin(path: Path, partnership: Partnership, *, namespace: str = "", year: int = 2025) -> Path:
    """The census of a partnership's children; `namespace` as newer exports have one."""
    children = [
        cin_child(
            row, {s: spans(partnership, s).get(row["child_id"], []) for s in ("CIN", "CIN_ASSESSMENT", "CP")}
        )
        for row in partnership.tables["children"]
    ]
    named = f' xmlns="{namespace}"' if namespace else ""
    path.write_text(
        f'<?xml version="1.0" encoding="utf-8"?>\n<Message{named}>\n'
        + header_xml("CIN", year, f"{year}-03-31")
        + "\n<Children>\n"
        + "\n".join(children)
        + "\n</Children></Message>",
        encoding="utf-8",
    )
    return path


# -- CSWW --------------------------------------------------------------------------------------------


def csww_worker(values: Mapping[str, str | None]) -> str:
    return tag("CSWWWorker", "\n", *(leaf(name, value) + "\n" for name, value in values.items() if value))


def write_csww(path: Path, workers: Sequence[Mapping[str, str | None]], *, year: int = 2025) -> Path:
    path.write_text(
        "<Message>\n"
        + header_xml("CSWW", year, f"{year}-09-30")
        + "\n"
        + "\n".join(csww_worker(w) for w in workers)
        + "\n</Message>",
        encoding="utf-8",
    )
    return path


# -- the Department's payloads -----------------------------------------------------------------------


def payload(child: Row, parts: Mapping[str, Sequence[Span]], chance: random.Random) -> dict[str, Any]:
    """One child's payload; its spans of care as consecutive placements."""

    def said(status: str, end: str = "end_date") -> list[dict[str, Any]]:
        return [{"start_date": a, end: b, "purge": False} for a, b in parts.get(status, ())]

    placements = [
        {"start_date": a, "end_date": b, "placement_type": "U1", "purge": False}
        for span in parts.get("LAC", ())
        for a, b in cut(span, chance)
    ]
    chance.shuffle(placements)
    episodes: list[dict[str, Any]] = [
        {"referral_date": a, "closure_date": b, "referral_no_further_action_flag": False, "purge": False}
        for a, b in parts.get("CIN", ())
    ]
    episodes.append(
        {
            "referral_date": "2020-01-01",
            "referral_no_further_action_flag": True,
            "child_and_family_assessments": said("CIN_ASSESSMENT", "authorisation_date"),
            "child_protection_plans": said("CP"),
            "child_looked_after_placements": placements,
            "purge": False,
        }
    )
    return {
        "la_child_id": child["child_id"],
        "mis_child_id": f"mis {child['child_id']}",
        "child_details": {"date_of_birth": child["birth_date"] or None, "first_name": "Ann", "purge": False},
        "social_care_episodes": episodes,
        "purge": False,
    }


def payloads_of(partnership: Partnership, chance: random.Random) -> list[dict[str, Any]]:
    known = ("CIN", "CIN_ASSESSMENT", "CP", "LAC")
    return [
        payload(row, {s: spans(partnership, s).get(row["child_id"], []) for s in known}, chance)
        for row in partnership.tables["children"]
    ]


def write_payloads(folder: Path, made: Sequence[Mapping[str, Any]], form: str) -> Path:
    """The payloads in one of the forms in which they are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = [json.dumps(p) for p in made]
    match form:
        case "list":
            path = folder / "payloads.json"
            path.write_text(json.dumps(list(made), indent=1), encoding="utf-8")
        case "wrapper":
            path = folder / "sent.json"
            path.write_text('{"la_code": 301, "Children": [' + ",\n".join(texts) + "]}", encoding="utf-8")
        case "lines":
            path = folder / "payloads.jsonl"
            path.write_text("\n".join(texts) + "\n", encoding="utf-8")
        case "objects":
            path = folder / "objects.json"
            path.write_text("\n".join(texts), encoding="utf-8")
        case "folder":
            path = folder / "each"
            path.mkdir(exist_ok=True)
            for number, text in enumerate(texts):
                (path / f"{number:05}.json").write_text(text, encoding="utf-8")
        case "csv":
            path = write_csv(
                folder / "staging.csv",
                ("id", "person_id", "json_payload", "row_state"),
                [{"id": str(n), "json_payload": t, "row_state": "new"} for n, t in enumerate(texts)],
            )
        case _:
            import pyarrow as pa  # noqa: PLC0415
            import pyarrow.parquet as pq  # noqa: PLC0415

            path = folder / "staging.parquet"
            pq.write_table(pa.table({"id": list(range(len(texts))), "json_payload": texts}), path)
    return path


FORMS = ("list", "wrapper", "lines", "objects", "folder", "csv", "parquet")

"""A mapping as the commented TOML file that people edit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from graphmodel import codes
from loaders.sources.spreadsheet.mapping import Mapping

_HEAD: Final = """\
# How tacgraph reads {name}. Edit it, try it with
#   tacgraph map FILE --check --with THIS
# and load with `tacgraph load FILE --with THIS`. In the data folder's `mappings` it is used by itself.
version = 1

# whose facts these are; stands in front of the ids of children and teams, so that lists are never mixed up
source = {source}
# "own": the list's own ids. "authority": the local authority's child ids, so that they meet its case system.
child_ids_are = {child_ids_are}

# "facts with their dates": first and last days stand in columns.
# "everybody on this day": the list has who is involved on its day; who is on no later list has left by then.
list_is = {list_is}
# the list's own day: 2026-10-31, or "file name" or "title" where it stands there
as_at = {as_at}
# the first day where the list gives none: "opened_on" (the team's), "as_at" (the list's), "" (rejected)
since_is = {since_is}
# 03/04/2026 is the 3rd of April
day_first = {day_first}

# what a sheet's name says, where there is a sheet for each: "agency", "school", "locality" or ""
sheet_is = {sheet_is}
# only these sheets; none named: every sheet with these headings
sheets = {sheets}
# headings whose blanks repeat the row above
fill_down = {fill_down}

# hours where the list gives none, as a part of full time: an assumption, said in every report. "": no posts.
fte_when_missing = {fte}
# from when posts hold, as the list does not say: 2026-09-01. Without it, posts are not loaded.
posts_since = {posts_since}
"""


def write_mapping(mapping: Mapping, name: str) -> str:
    """The mapping as commented TOML; `name` is the file that it was made of."""
    quoted = _quoted
    text = _HEAD.format(
        name=" ".join(name.split()),
        source=quoted(mapping.source),
        child_ids_are=quoted(mapping.child_ids_are),
        list_is=quoted(mapping.list_is),
        as_at=quoted(mapping.as_at),
        since_is=quoted(mapping.since_is),
        day_first=str(mapping.day_first).lower(),
        sheet_is=quoted(mapping.sheet_is),
        sheets=_listed(mapping.sheets),
        fill_down=_listed(mapping.fill_down),
        fte='""' if mapping.fte_when_missing is None else f"{mapping.fte_when_missing:g}",
        posts_since=quoted(mapping.posts_since),
    )
    for column in mapping.columns:
        text += f"\n[[column]]\nheading = {quoted(column.heading)}\nfield = {quoted(column.field)}"
        if column.why:
            text += f"  # {_comment(column.why)} ({column.confidence:.0%} sure)"
        for key in ("role", "agency", "sector", "status", "of"):
            if value := getattr(column, key):
                text += f"\n{key} = {quoted(value)}"
        text += "\n"
    for title, words, what in (
        ("roles", mapping.roles, "what the list calls a role = the code (any text is taken)"),
        ("statuses", mapping.statuses, 'what the list calls a status = the code, or "" for none'),
    ):
        text += f"\n# {what}\n[{title}]\n" + "".join(f"{quoted(k)} = {quoted(v)}\n" for k, v in words.items())
    text += "\n# agency = its sector: " + ", ".join(codes.SECTORS)
    text += '\n# with a registry\'s id: "Brook School" = { sector = "education", id = "urn:100123" }'
    text += "\n[agencies]\n"
    for agency, sector in mapping.agencies.items():
        ident = mapping.agency_ids.get(agency)
        entry = f"{{ sector = {quoted(sector)}, id = {quoted(ident)} }}" if ident else quoted(sector)
        text += f"{quoted(agency)} = {entry}\n"
    return text


def _comment(text: str) -> str:
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's escapes are TOML's, but for the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _listed(texts: Sequence[str]) -> str:
    return "[" + ", ".join(_quoted(t) for t in texts) + "]"

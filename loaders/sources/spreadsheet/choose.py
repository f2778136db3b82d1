"""Which field each column of a sheet fills, by its heading, its cells and the columns beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

from rapidfuzz import fuzz

from loaders.sources.spreadsheet.cells import (
    plain_words,
    role_of,
    role_sector,
    sector_of,
    status_of,
    word_lists,
)
from loaders.sources.spreadsheet.content import Content, content_of
from loaders.sources.spreadsheet.grid import Sheet
from loaders.sources.spreadsheet.mapping import MANY
from loaders.sources.values import clean

CHILD_FIELDS: Final = ("child_id", "child_name", "last_name", "upn", "nhs_number", "first_name")
ALIKE: Final = 86.0
_CHECKED: Final = ("upn", "nhs_number", "postcode")
"""Fields whose values prove what they are, by check digits or a pattern of their own."""

_SURE: Final = 0.55
_HALF: Final = 0.5
_MOST: Final = 0.6
_SURELY: Final = 0.8
_FEW_CELLS: Final = 2
_SHORT: Final = 6
_DOUBT: Final = 0.25


@dataclass(frozen=True)
class Choice:
    """A field for a column, with the reason."""

    place: int
    name: str
    score: float
    why: str
    extra: dict[str, str] = field(default_factory=dict)


@lru_cache(maxsize=4096)
def _heading_fit(heading: str, name: str) -> tuple[float, str]:
    """How well a heading says a field, 0 to 1, and the words it is most like."""
    words = plain_words(re.sub(r"\([^)]*\)", " ", heading)) or plain_words(heading)
    full = plain_words(heading)
    best = (0.0, "")
    for known in word_lists()["field"][name]["words"]:
        if known in (words, full):
            return 1.0, known
        likeness = fuzz.token_sort_ratio(words, known)
        if len(known.split()) > 1 and len(known) > _SHORT:
            likeness = max(
                likeness,
                0.93 * fuzz.token_set_ratio(words, known) if set(known.split()) <= set(words.split()) else 0,
            )
        best = max(best, (likeness / 100, known))
    return best if best[0] * 100 >= ALIKE else (0.0, "")


class Guess:
    """One sheet, and the best field for each of its columns."""

    def __init__(self, sheet: Sheet, schools: frozenset[str]) -> None:
        self.sheet = sheet
        self.contents = [content_of(sheet.column(p), schools) for p in range(len(sheet.headings))]
        self.chosen = self._choose()
        self._by_context()

    @property
    def worth(self) -> float:
        """How much of a partner's list the sheet is."""
        fields = {c.name for c in self.chosen.values()}
        child = any(f in fields for f in CHILD_FIELDS)
        return sum(c.score for c in self.chosen.values() if c.name != "left_out") * (2 if child else 1)

    def wanted(self) -> list[str]:
        return [self.sheet.headings[p] for p, c in self.chosen.items() if c.name != "left_out"]

    def place_of(self, name: str) -> int | None:
        return next((p for p, c in self.chosen.items() if c.name == name), None)

    def _choose(self) -> dict[int, Choice]:
        choices = [c for p in range(len(self.sheet.headings)) for c in self._choices(p)]
        choices.sort(key=lambda c: (-c.score, c.place))
        chosen: dict[int, Choice] = {}
        taken: set[str] = set()
        for choice in choices:
            many = choice.name in MANY or "of_role" in choice.extra
            if choice.place in chosen or (choice.name in taken and not many):
                continue
            if choice.score < _SURE:
                break
            chosen[choice.place] = choice
            if not many:
                taken.add(choice.name)
        for place, heading in enumerate(self.sheet.headings):
            if place not in chosen:
                why = "empty" if not self.contents[place].filled else f"“{heading}” is not known"
                chosen[place] = Choice(place, "left_out", 0.5, why)
        return chosen

    def _choices(self, place: int) -> list[Choice]:
        heading, content = self.sheet.headings[place], self.contents[place]
        found = list(self._special(place, heading, content))
        for name, known in word_lists()["field"].items():
            fit, words = max(_heading_fit(heading, name), self._fit_below(place, name))
            share = content.share(known["content"]) if known["content"] else 0.0
            if name == "left_out":
                if fit:
                    found.append(Choice(place, name, 0.55 + 0.2 * fit, f"“{words}” is not needed"))
            elif fit:
                why = _why(fit, words, known, share) + _registry_why(name, content)
                found.append(Choice(place, name, _score(fit, share, content.filled), why))
            elif name == "school" and content.shares.get("registry", 0.0) > _MOST:
                found.append(Choice(place, name, _MOST, _registry_why(name, content).lstrip("; ")))
            elif known.get("alone") and share > _SURELY and content.filled > _FEW_CELLS:
                sure = share * (0.95 if name in _CHECKED else 0.6)
                found.append(Choice(place, name, sure, f"{share:.0%} of the cells are {_kind_words(known)}"))
        return found

    def _special(self, place: int, heading: str, content: Content) -> list[Choice]:
        """A column for a role or an agency, a column of ticks for a status."""
        found = []
        bare = re.sub(r"\b(allocated|name of|name|named|current)\b", " ", heading, flags=re.IGNORECASE)
        role = role_of(heading) or role_of(bare)
        people, ticks = content.share(("name", "names")), content.shares.get("flag", 0.0)
        named = role or (sector_of(heading) if people > _MOST else None)
        family = role == "parent_carer"  # whose names stay out, unless somebody maps the column by hand
        if (
            named
            and not family
            and (people > 1 - _MOST or ticks > _MOST)
            and content.share(("date",)) < _HALF
        ):
            what = "practitioners' names" if people >= ticks else "ticks"
            extra = {
                "role": role or "",
                "agency": re.sub(r"\W*\bname\W*$", "", clean(heading), flags=re.IGNORECASE),
                "sector": role_sector(role) if role else sector_of(heading),
            }
            kind, share = "role" if role else "partner", max(people, ticks)
            why = f"“{clean(heading)}” is a {kind} and {share:.0%} of the cells are {what}"
            found.append(Choice(place, "member", 0.97, why, {k: v or "" for k, v in extra.items()}))
        found += self._day_of_role(place, heading, content)
        code = status_of(heading)
        if code and ticks > _MOST and not found:
            why = f"“{clean(heading)}” is a status and {ticks:.0%} of the cells are yes or no"
            found.append(Choice(place, "status_flag", 0.95, why, {"status": code}))
        return found

    def _fit_below(self, place: int, name: str) -> tuple[float, str]:
        """How well the lower of two headings says a field, where the group above is no role or lead."""
        lower = self.sheet.lower[place] if place < len(self.sheet.lower) else ""
        heading = self.sheet.headings[place]
        group = heading.removesuffix(lower).strip()
        if not lower or lower == heading or role_of(group) or "lead" in plain_words(group).split():
            return 0.0, ""
        fit, words = _heading_fit(lower, name)
        return 0.95 * fit, words

    def _day_of_role(self, place: int, heading: str, content: Content) -> list[Choice]:
        """A first or last day of whoever another column names: `HV start date`."""
        words = plain_words(heading).split()
        if content.share(("date",)) < _HALF:
            return []
        for at in range(1, len(words)):
            role = role_of(" ".join(words[:at]))
            for name in ("member_since", "member_until"):
                if role and " ".join(words[at:]) in word_lists()["field"][name]["words"]:
                    why = f"“{clean(heading)}” is a day of the {role.replace('_', ' ')}"
                    return [Choice(place, name, 0.96, why, {"of_role": role})]
        return []

    # -- what a column is beside the others ----------------------------------------------------------

    def _by_context(self) -> None:
        self._name_alone()
        self._days_of_roles()
        own = self.place_of("practitioner_name") is not None or self.place_of("practitioner_id") is not None
        if not own:
            for name, other in (
                *(("member_since", "opened_on"), ("member_until", "closed_on")),
                *(
                    (("agency", "lead_agency"), ("role", "lead_role"))
                    if self.place_of("lead") is not None
                    else ()
                ),
            ):
                self._become(name, other)
        if not any(self.place_of(f) is not None for f in CHILD_FIELDS):
            self._first_id()

    def _become(self, name: str, other: str) -> None:
        place = self.place_of(name)
        if place is not None and not self.chosen[place].extra and self.place_of(other) is None:
            before = self.chosen[place]
            self.chosen[place] = replace(
                before, name=other, why=f"{before.why}; there is no practitioner in each row"
            )

    def _days_of_roles(self) -> None:
        """Tie days of a role to the column that names the practitioner of that role."""
        members = {
            c.extra["role"]: self.sheet.headings[p] for p, c in self.chosen.items() if c.name == "member"
        }
        for place, choice in list(self.chosen.items()):
            role = choice.extra.get("of_role")
            if role in members:
                self.chosen[place] = replace(choice, extra={"of": members[role]})
            elif role:
                self.chosen[place] = Choice(place, "left_out", _HALF, f"no column names the {role}")

    def _name_alone(self) -> None:
        """A column called `Name`: the child's, unless the child has one already."""
        for place, heading in enumerate(self.sheet.headings):
            if plain_words(heading) not in ("name", "names") or self.chosen[place].name != "left_out":
                continue
            child = self.place_of("child_name") is not None or self.place_of("last_name") is not None
            name = "practitioner_name" if child else "child_name"
            if self.place_of(name) is None and self.contents[place].share(("name",)) > _HALF:
                self.chosen[place] = Choice(
                    place, name, 0.7, "a name; the first one is taken for the child's"
                )

    def _first_id(self) -> None:
        """The first column of ids, where nothing else tells the children apart."""
        for place, content in enumerate(self.contents):
            if self.chosen[place].name == "left_out" and content.shares.get("id", 0.0) > _SURELY:
                why = "the first column of ids, and no other column says which child it is"
                self.chosen[place] = Choice(place, "child_id", 0.5, why)
                return


def _score(fit: float, share: float, filled: int) -> float:
    """Heading and content together; few cells say little."""
    if not filled:
        return 0.8 * fit
    doubt = 0.45 if share < _DOUBT and filled > _FEW_CELLS else 1.0
    return doubt * (0.7 * fit + 0.3 * share)


def _why(fit: float, words: str, known: dict[str, Any], share: float) -> str:
    said = f"its heading is “{words}”" if fit == 1 else f"its heading is like “{words}”"
    return f"{said}; {share:.0%} of the cells are {_kind_words(known)}" if known["content"] else said


def _registry_why(name: str, content: Content) -> str:
    share = content.shares.get("registry", 0.0)
    return (
        f"; {share:.0%} are names of schools in your registry"
        if share and name in ("school", "agency")
        else ""
    )


_KIND_WORDS: Final = {
    "id": "ids", "name": "names", "names": "several names", "word": "words", "date": "dates",
    "upn": "valid UPNs", "nhs": "valid NHS numbers", "postcode": "postcodes", "few": "of a few values",
    "agency": "agencies", "level": "levels", "status": "statuses", "flag": "yes or no", "role": "roles",
    "fte": "parts of full time", "part": "lead or member",
}  # fmt: skip


def _kind_words(known: dict[str, Any]) -> str:
    return " or ".join(_KIND_WORDS[kind] for kind in known["content"])

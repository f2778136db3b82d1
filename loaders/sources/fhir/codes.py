"""What codes and words of a bundle mean: leads, trades, services, sectors, by an editable list."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from graphmodel.errors import SettingsError
from loaders.sources.annex_a.headings import plain_words
from loaders.sources.fhir.resources import objects, text

ROLES: Final = Path(__file__).with_name("roles.toml")
SYSTEM: Final = "urn:x-tacgraph:"
"""Begins the systems of tacgraph's own identifiers and codes, so that an export reads back as it was."""

NHS_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number"
ODS: Final = "https://fhir.nhs.uk/Id/ods-organization-code"
_ODS_SITE: Final = "https://fhir.nhs.uk/Id/ods-site-code"
_KINDS: Final = ("lead", "family", "role", "service", "sector")
_NEED_IS: Final = ("role", "service", "sector")

SCHEMES: Final = (
    (re.compile(r"nhs[-_ ]?number|2\.16\.840\.1\.113883\.2\.1\.4\.1$", re.IGNORECASE), "nhs_number"),
    (re.compile(r"\bupn$|unique-?pupil-?number", re.IGNORECASE), "upn"),
    (re.compile(r"social-?work-?england|\bswe(-number)?$", re.IGNORECASE), "swe_number"),
    (re.compile(r"sds-user-id|staff-?id", re.IGNORECASE), "staff_id"),
    (re.compile(r"ods-(organization|organisation|site)-code", re.IGNORECASE), "ods"),
    (re.compile(r"gias|edubase|(^|[/:])urn$", re.IGNORECASE), "urn"),
)
"""What a system's address says that its numbers are."""


@lru_cache(maxsize=1_000)
def scheme_of(system: str) -> str | None:
    """The scheme of an identifier by its system; None where it is none that is used."""
    return next((scheme for shape, scheme in SCHEMES if shape.search(system)), None)


@dataclass(frozen=True)
class Concept:
    """A CodeableConcept: its codes with their systems, its words, and codes of tacgraph's own by system."""

    codes: tuple[str, ...]
    words: tuple[str, ...]
    own: tuple[tuple[str, str], ...]

    def own_code(self, what: str) -> str | None:
        return next((code for system, code in self.own if system == SYSTEM + what), None)


def concepts(value: Any) -> list[Concept]:
    """A CodeableConcept or several."""
    found = []
    for concept in objects(value):
        codes: list[str] = []
        words: list[str] = []
        own: list[tuple[str, str]] = []
        for coding in objects(concept.get("coding")):
            system, code = text(coding.get("system")) or "", text(coding.get("code"))
            if code and system.startswith(SYSTEM):
                own.append((system, code))
            elif code:
                codes += [f"{system}|{code}", code]
            if display := text(coding.get("display")):
                words.append(display)
        if said := text(concept.get("text")):
            words.insert(0, said)
        found.append(Concept(tuple(codes), tuple(words), tuple(own)))
    return found


@dataclass(frozen=True)
class _Entry:
    codes: frozenset[str]
    shapes: tuple[re.Pattern[str], ...]
    means: str

    def fits(self, concept: Concept) -> bool:
        return any(code in self.codes for code in concept.codes) or any(
            shape.fullmatch(word) for shape in self.shapes for word in map(plain_words, concept.words)
        )


class Meanings:
    """The list of roles.toml, with what a file of the user's puts before it."""

    def __init__(self, more: Path | None = None) -> None:
        self._entries: dict[str, list[_Entry]] = {kind: [] for kind in _KINDS}
        self._known: dict[tuple[str, Concept], str | None] = {}
        for file in (more, ROLES):
            if file is not None:
                self._read(file)

    def _read(self, file: Path) -> None:
        try:
            read = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as fault:
            raise SettingsError(
                file.name, f"cannot be read as TOML ({fault})", "Compare roles.toml."
            ) from None
        strange = set(read) - set(_KINDS)
        if strange:
            words = f"has {', '.join(sorted(strange))}, which is not known"
            raise SettingsError(file.name, words, f"Its parts are {', '.join(_KINDS)}.")
        for kind, entries in read.items():
            if not isinstance(entries, list):
                raise SettingsError(file.name, f"has {kind} but not as [[{kind}]]", "Compare roles.toml.")
            self._entries[kind] += [_entry(file, kind, entry) for entry in entries]

    def means(self, kind: str, said: Iterable[Concept]) -> str | None:
        """What the first concept that the list knows means; None where it knows none."""
        return next((means for concept in said if (means := self._of(kind, concept)) is not None), None)

    def _of(self, kind: str, concept: Concept) -> str | None:
        """What one concept means; looked up once, because a bundle says the same few ones all over."""
        if (kind, concept) not in self._known:
            fitting = (entry.means for entry in self._entries[kind] if entry.fits(concept))
            self._known[kind, concept] = next(fitting, None)
        return self._known[kind, concept]


def _entry(file: Path, kind: str, entry: Any) -> _Entry:
    match = entry.get("match") if isinstance(entry, dict) else None
    matches = [match] if isinstance(match, str) else match
    means = entry.get("is", kind) if isinstance(entry, dict) else None
    if (
        not isinstance(matches, list)
        or not all(isinstance(m, str) for m in matches)
        or not isinstance(means, str)
        or (kind in _NEED_IS and "is" not in entry)
    ):
        raise SettingsError(file.name, f"has a [[{kind}]] without `match` or `is`", "Compare roles.toml.")
    codes = frozenset(m for m in matches if "*" not in m)
    shapes = tuple(re.compile(".*".join(plain_words(part) for part in m.split("*"))) for m in matches)
    return _Entry(codes, tuple(s for s in shapes if s.pattern.strip(".*")), means)

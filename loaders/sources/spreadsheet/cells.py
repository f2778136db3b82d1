"""What a cell can be: names, ticks, levels, ids with check digits, roles, agencies."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from loaders.sources.values import absent, clean

WORDS: Final = Path(__file__).with_name("words.toml")
NOT_STATED: Final = "not_stated"
"""The role of a practitioner of whom the list says none."""

NOBODY: Final = frozenset(
    {
        *("tbc", "tba", "vacant", "vacancy", "not allocated", "unallocated", "no one", "nobody", "awaiting"),
        *("not involved", "no", "closed", "pending", "awaiting allocation", "to be confirmed", "n", "nk"),
        *("not applicable", "declined", "on leave", "left", "x no", "not known yet", "waiting list"),
        *(
            "unassigned",
            "not assigned",
            "none allocated",
            "none assigned",
            "no worker",
            "no allocated worker",
        ),
        *(
            "no worker allocated",
            "awaiting worker",
            "no team",
            "no parent",
            "vacant post",
            "not yet allocated",
        ),
        *("no longer involved", "duty", "duty worker", "duty social worker"),
    }
)
"""What stands in a cell for a practitioner who is not there."""

NO_DAY_YET: Final = frozenset(
    {
        *("tbc", "tba", "tbd", "to be confirmed", "to be arranged", "to be booked", "not booked", "not yet"),
        *(
            "not yet booked",
            "not set",
            "awaiting",
            "pending",
            "ongoing",
            "open",
            "still open",
            "current",
            "nk",
        ),
        *("not applicable", "no date", "no", "n"),
    }
)
"""What stands in a cell for a day that has not been settled, or has not come."""

_TITLES: Final = frozenset(
    {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "rev", "sister", "pc", "sgt", "cllr"}
)
_POSTCODE: Final = re.compile(r"[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}", re.IGNORECASE)
_LEVEL: Final = re.compile(
    r"(?:level|tier|l|t|lvl)?[ -]?([1-4])(?:\.0+)?"
    r"(?!\s*(?:[-\/.,&+\u2013]|to\b|or\b|and\b)\s*[0-9])(?:\D.*)?",
    re.IGNORECASE,
)
_UPN_LETTERS: Final = "ABCDEFGHJKLMNPQRTUVWXYZ"
_NHS_DIGITS: Final = 10
_LONGEST_NAME: Final = 60
_MOST_NAME_WORDS: Final = 5
_MARK: Final = re.compile("\0[0-9]+\0")
_BRACKETS: Final = re.compile(r"[(\[][^()\[\]]*[)\]]")
_ALSO_NAMES: Final = frozenset(
    {"church", "mind", "homes", "salt", "junior", "juniors", "pru", "county", "borough", "relate", "charity"}
)
"""Words of agencies' names that are people's names as well."""

_TRADES: Final = frozenset(
    {
        *("visitor", "nurse", "worker", "officer", "teacher", "senco", "sendco", "midwife", "adviser"),
        "advisor",
        *("mentor", "psychologist", "paediatrician", "coordinator", "therapist", "practitioner", "manager"),
        *("hv", "sw", "fsw", "ewo", "gp", "doctor", "head", "headteacher", "lead", "counsellor", "dsl"),
    }
)
"""The last word of somebody's trade: behind a name it makes no agency of it."""

_AGENCIES: Final = frozenset(
    {
        *("school", "schools", "academy", "college", "nursery", "preschool", "trust", "service", "services"),
        *("team", "hub", "centre", "surgery", "clinic", "hospital", "constabulary", "association", "council"),
    }
)
"""The last word of an agency's name, however many stand before it."""


@lru_cache(maxsize=1)
def word_lists() -> dict[str, Any]:
    """The word lists as they stand in `words.toml`."""
    return tomllib.loads(WORDS.read_text(encoding="utf-8"))


def plain_words(text: object) -> str:
    """A heading or value in small letters without signs, single spaces; CamelCase taken apart."""
    plain = unicodedata.normalize("NFKC", str(text or "")).replace("'", "").replace("\u2019", "")
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})", " ", plain)
    return " ".join(re.sub(r"[^0-9a-z]+", " ", plain.lower()).split())


@lru_cache(maxsize=1)
def _role_of() -> dict[str, str]:
    found = {word: code for code, role in word_lists()["role"].items() for word in role["words"]}
    return {**{code.replace("_", " "): code for code in word_lists()["role"]}, **found}


@lru_cache(maxsize=4096)
def role_of(text: str) -> str | None:
    """The code of a role by trade, where the word lists know it; also in the plural and with `(…)` behind."""
    words = plain_words(text)
    for form in (
        words,
        words.removesuffix("s"),
        words.removesuffix(" name"),
        plain_words(text.split("(", maxsplit=1)[0]),
    ):
        if form in _role_of():
            return _role_of()[form]
    return None


def role_sector(code: str) -> str | None:
    """The sector that agencies of such practitioners usually are of."""
    role = word_lists()["role"].get(code)
    return role["sector"] if role else None


@lru_cache(maxsize=4096)
def sector_of(text: str) -> str | None:
    """The sector that a word of an agency's name stands for."""
    words = f" {plain_words(text)} "
    for sector, signs in word_lists()["sector"].items():
        if any(f" {sign} " in words for sign in signs):
            return str(sector)
    role = role_of(text)
    return role_sector(role) if role else None


@lru_cache(maxsize=4096)
def status_of(text: str) -> str | None:
    """The status that a cell names; empty where it says that there is none, None where it is not known."""
    words = plain_words(text)
    if words in word_lists()["no_status"]["words"] or not words:
        return ""
    upper = text.strip().upper().replace(" ", "_")
    if upper in word_lists()["status"]:
        return upper
    return next((code for code, signs in word_lists()["status"].items() if words in signs), None)


def statuses_in(text: str, known: Collection[str] = ()) -> list[str]:
    """The statuses that a cell names: itself where it is one (or `known`, in plain words), else its parts."""
    if plain_words(text) in known or status_of(text) is not None:
        return [text]
    return [one for part in re.split(r"[;\n/,+]|\sand\s|&", text) if (one := clean(part))]


@lru_cache(maxsize=4096)
def tick(text: str) -> bool | None:
    """What a tick says: yes, no, or None where it is none."""
    small = clean(text).casefold()
    marks = word_lists()["mark"]
    if small in marks["yes"] or plain_words(text) in marks["yes"]:
        return True
    return False if small in marks["no"] else None


@lru_cache(maxsize=4096)
def part_of(text: str) -> bool | None:
    """Whether a cell says that somebody leads (True) or is a member (False)."""
    words, marks = plain_words(text), word_lists()["mark"]
    if words in marks["lead"]:
        return True
    return False if words in marks["member"] else None


def level_of(text: str) -> str | None:
    """The level of need of a cell such as `3`, `Level 3` or `T3 targeted`."""
    found = _LEVEL.fullmatch(clean(text))
    return found[1] if found else None


def is_upn(text: str) -> bool:
    """Whether this is a unique pupil number with its check letter (also a temporary one)."""
    plain = clean(text).upper()
    if not re.fullmatch(r"[A-Z][0-9]{11}[0-9A-Z]", plain):
        return False
    digits = [_UPN_LETTERS.find(c) if c.isalpha() else int(c) for c in plain[1:]]
    total = sum(place * digit for place, digit in enumerate(digits, start=2))
    return _UPN_LETTERS[total % 23] == plain[0]


def is_nhs_number(text: str) -> bool:
    """Whether this is an NHS number with its check digit."""
    plain = re.sub(r"[ -]", "", clean(text))
    if not re.fullmatch(r"[0-9]{10}", plain) or len(set(plain)) == 1:
        return False
    check = -sum(int(c) * (_NHS_DIGITS - n) for n, c in enumerate(plain[:9])) % 11
    return check == int(plain[9])


def is_postcode(text: str) -> bool:
    return bool(_POSTCODE.fullmatch(clean(text)))


def looks_like_name(text: str) -> bool:
    """Whether a cell can be one person's name: two to five words of letters, or `Surname, Forename`."""
    plain = clean(text).split("(", maxsplit=1)[0].strip()
    if len(plain) > _LONGEST_NAME or re.search(r"[0-9;/@:=]", plain):
        return False
    words = plain.replace(",", " ").split()
    if not 1 < len(words) <= _MOST_NAME_WORDS or role_of(plain) or sector_of(plain) or status_of(plain):
        return False
    return all(
        word[0].isupper() or word in ("de", "van", "der", "al", "bin", "la", "von", "o") for word in words
    )


def looks_like_word(text: str) -> bool:
    """Whether a cell can be a first or last name alone."""
    return bool(re.fullmatch(r"[A-Z][\w'\u2019. -]{0,30}", clean(text))) and not re.search(r"[0-9]", text)


@dataclass(frozen=True)
class Mentioned:
    """Somebody named in a cell: the name, and what stands beside it in brackets or behind a dash or comma."""

    name: str
    role: str = ""
    agency: str = ""
    leads: bool = False


def people_of(text: str) -> list[Mentioned]:
    """Those named in a cell, in order.

    Split at `;`, line breaks, `/`, `&`, `+`, `and`, and at commas between names of two words, but never
    within brackets; a role or an agency behind a comma is that of the person before. Nobody where the cell
    is empty, says that nobody is there (`NOBODY`) or is a tick, and nobody for a role or agency alone.
    """
    return [one for one in _mentions(text) if one.name]


def nameless_in(text: str) -> bool:
    """Whether a cell has a role or an agency without anybody's name."""
    return any(not one.name for one in _mentions(text))


@lru_cache(maxsize=4096)
def _mentions(text: str) -> tuple[Mentioned, ...]:
    """Those named; a role or an agency that stands alone has no name."""
    if absent(text) or plain_words(text) in NOBODY:
        return ()
    kept: list[str] = []

    def marked(found: re.Match[str]) -> str:
        kept.append(found[0])
        return f"\0{len(kept) - 1}\0"

    def whole(piece: str) -> str:
        return _MARK.sub(lambda found: kept[int(found[0].strip("\0"))], piece)

    bare = _BRACKETS.sub(marked, text.replace("\0", " "))
    found: list[Mentioned] = []
    for part in re.split(r"[;\n\r/|+•]|\s&\s|\sand\s", bare):
        for name, beside in _persons(part):
            one = _mentioned(whole(name), [whole(piece) for piece in beside])
            found += [one] if one else []
    return tuple(found)


def _persons(part: str) -> Iterator[tuple[str, list[str]]]:
    """The persons between `;` and the like, each with the roles and agencies behind its commas."""
    name, beside, alone = "", list[str](), False
    for piece in (p for p in part.split(",") if p.strip()):
        plain = _MARK.sub(" ", piece)
        known = role_of(plain) is not None or part_of(plain) is not None or _is_agency(plain)
        if name and known and not alone:
            beside.append(piece)
        elif name and not (known or alone or beside) and not _whole_names(f"{name},{piece}"):
            name = f"{name},{piece}"
        else:
            if name:
                yield name, beside
            name, beside, alone = piece, [], known
    if name:
        yield name, beside


def _whole_names(text: str) -> bool:
    """Whether what stands between commas are names of their own: `Jo Smith, Kim Lee`, not `Smith, Jo`."""
    return all(len(piece.split()) > 1 for piece in _MARK.sub(" ", text).split(","))


@lru_cache(maxsize=1)
def _sign_words() -> frozenset[str]:
    return frozenset(w for signs in word_lists()["sector"].values() for sign in signs for w in sign.split())


def _is_agency(text: str) -> bool:
    """Whether a text is an agency and no person: `Oak School`, but neither `Ann Church` nor `Jo Lee NHS`."""
    words = [word for word in plain_words(text).split() if word not in _ALSO_NAMES]
    if re.search(r":|\s[-\u2013\u2014]\s", text) or not words or words[-1] in _TRADES:
        return False
    if sector_of(" ".join(words)) is None:
        return False
    return words[-1] in _AGENCIES or sum(word not in _sign_words() for word in words) < len(("Jo", "Lee"))


def _mentioned(text: str, behind: Sequence[str]) -> Mentioned | None:
    plain = clean(text).strip(" ,.-\u2013*")
    starred = "*" in text
    beside = [*(clean(x[1:-1]) for x in _BRACKETS.findall(plain)), *map(clean, behind)]
    name = clean(re.sub(r"[(\[][^)\]]*[)\]]?", " ", plain)).strip(" ,-\u2013*")
    before, colon, after = name.partition(":")
    if colon and after.strip():
        beside, name = [*beside, clean(before)], clean(after)
    pieces = re.split(r"\s+[-\u2013\u2014]\s+", name)
    known = [p for p in pieces if role_of(p) or part_of(p) is not None or sector_of(p)]
    if 1 < len(pieces) == len(known):
        known = [p for p in known if role_of(p) or part_of(p) is not None or _is_agency(p)]
    if len(pieces) > 1 and known:
        beside += known
        name = clean(" - ".join(piece for piece in pieces if piece not in known))
    if role_of(name) or _is_agency(name) or (not name and any(role_of(x) or sector_of(x) for x in beside)):
        return Mentioned("", name or plain)
    words = plain_words(name)
    if absent(name) or words in NOBODY or tick(name) is not None or not re.search(r"\w", name):
        return None
    if part_of(name) is not None or (words and all(word in _TITLES for word in words.split())):
        return None
    parts = [(text, [clean(x) for x in re.split(r"[,;/]", text)]) for text in beside]
    said = [x for text, those in parts for x in (*those, text if not any(map(role_of, those)) else "")]
    role = next((x for x in said if role_of(x)), "")
    agency = next((x for x in said if not role_of(x) and sector_of(x)), "")
    return Mentioned(name, role, agency, starred or any(part_of(x) for x in said))


def name_key(name: str) -> str:
    """A name as it is compared: `Surname, Forename` turned round, small letters, no titles and signs."""
    last, comma, first = clean(name).partition(",")
    turned = f"{first} {last}" if comma and first.strip() else last
    plain = "".join(c for c in unicodedata.normalize("NFKD", turned) if not unicodedata.combining(c))
    words = re.sub(r"[^\w]+", " ", plain.replace("'", "").replace("\u2019", "").casefold()).split()
    return " ".join(word for word in words if word not in _TITLES) or " ".join(words)


def first_and_last(name: str) -> tuple[str, str]:
    """First and last name of a whole one: `Surname, Forename`, else the last word is the last name."""
    last, comma, first = clean(name).partition(",")
    if comma:
        return first.strip(), last.strip()
    words = clean(name).split()
    return " ".join(words[:-1]), words[-1] if words else ""


def masked(text: str) -> str:
    """The shape of a value without the value: letters as A and a, digits as 9."""
    shape = "".join(
        "9" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c for c in clean(text)
    )
    return shape[:30]

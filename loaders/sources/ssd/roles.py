"""The role map: from an authority's own role codes and job titles to the field's words."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graphmodel.errors import SourceError

DEFAULT: Final = Path(__file__).with_name("roles.toml")
_LARGEST: Final = 1 << 20

Part = Literal[
    "lead",
    "allocated_worker",
    "key_agency",
    "personal_adviser",
    "member",
    "reviewing_officer",
    "supervisor",
    "ignore",
]
PARTS: Final[tuple[str, ...]] = get_args(Part)
IN_TEAM: Final = ("lead", "allocated_worker", "key_agency", "personal_adviser", "member")
"""The parts that make a practitioner a member of the team."""

EARLY_HELP_WORKER: Final = "earl_episode_worker_id"
"""What the map calls the worker of an early help episode, who has no role code."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    match: str | list[str]
    role: str | None = Field(default=None, min_length=1, max_length=200)

    def patterns(self) -> list[str]:
        return [plain(p) for p in ([self.match] if isinstance(self.match, str) else self.match)]


class _Involvement(_Entry):
    part: Part = Field(alias="is")


class _Title(_Entry):
    role: str = Field(min_length=1, max_length=200)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    allocated_worker_leads: bool | None = None
    least_practitioners: int | None = Field(default=None, ge=1)
    involvement: list[_Involvement] = []
    title: list[_Title] = []


@dataclass(frozen=True)
class RoleMap:
    """Entries in the order in which they are tried."""

    allocated_worker_leads: bool
    least_practitioners: int
    involvements: tuple[tuple[str, str, str | None], ...]
    titles: tuple[tuple[str, str], ...]

    def part_of(self, code: str) -> tuple[str, str | None] | None:
        """What a role code means, and the trade it implies; None where no entry matches."""
        text = plain(code)
        return next(((part, role) for p, part, role in self.involvements if fnmatchcase(text, p)), None)

    def trade_of(self, title: str) -> str | None:
        """The trade that a job title names."""
        text = plain(title)
        return next((role for p, role in self.titles if fnmatchcase(text, p)), None)


def plain(text: str) -> str:
    """Small letters, single spaces."""
    return " ".join(text.casefold().split())


def read_role_map(own: Path | None) -> RoleMap:
    """The map that ships, behind the authority's own one where there is one.

    Raises `SourceError` where the own file cannot be read, or says what a role map cannot say.
    """
    files = [*([_read(own)] if own is not None else []), _read(DEFAULT)]
    leads = next(f.allocated_worker_leads for f in files if f.allocated_worker_leads is not None)
    least = next(f.least_practitioners for f in files if f.least_practitioners is not None)
    involvements = ((p, e.part, e.role) for f in files for e in f.involvement for p in e.patterns())
    titles = ((p, e.role) for f in files for e in f.title for p in e.patterns())
    return RoleMap(leads, least, tuple(involvements), tuple(titles))


def _read(path: Path) -> _File:
    mend = f"Write it like {DEFAULT.name} of loaders/sources/ssd, which is in the documentation."
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST + 1)
        if len(text) > _LARGEST:
            raise SourceError(f"role map {path.name}", "is larger than a million bytes", mend)
        return _File.model_validate(tomllib.loads(text.decode("utf-8-sig")))
    except OSError as fault:
        words = f"cannot be read ({fault.strerror})"
        raise SourceError(f"role map {path.name}", words, "Name a file that is there.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise SourceError(f"role map {path.name}", f"is no TOML ({fault})", mend) from None
    except ValidationError as fault:
        raise SourceError(f"role map {path.name}", _first(fault.errors(include_url=False)), mend) from None


def _first(errors: Iterable[Any]) -> str:
    """The first thing that is wrong, in words."""
    error = next(iter(errors))
    where = ".".join(str(part) for part in error["loc"] if part != "is") or "the file"
    return f"says at {where} what it cannot say: {str(error['msg'])[:200]}"

"""Children as several agencies know them, with the truth beside: households, twins, moves, slips of the pen.

Made up from syllables; identity numbers are valid ones that nobody has (NHS 999…, UPN of authority 999).
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from tacgraph.example.identity import nhs_numbers, upns

TWINS = 0.015
"""Part of later births that are twins of the child before: about 3 children of 100 have a twin."""


@dataclass(frozen=True)
class Agency:
    """How an agency records children: the parts that are missing or wrong."""

    name: str
    knows: float
    nhs: float
    upn: float
    no_first_name: float = 0.002
    no_birth_date: float = 0.005
    no_postcode: float = 0.03
    moved: float = 0.06
    other_surname: float = 0.03
    typo: float = 0.02
    other_first_name: float = 0.02
    swapped_names: float = 0.004
    swapped_date: float = 0.006
    wrong_date: float = 0.008
    wrong_number: float = 0.003


AGENCIES = (
    Agency("authority", 0.9, nhs=0.55, upn=0.7),
    Agency("health", 0.95, nhs=0.98, upn=0.0, typo=0.01),
    Agency("school", 0.9, nhs=0.0, upn=0.97, other_first_name=0.03),
    Agency("police", 0.4, nhs=0.01, upn=0.0, typo=0.05, no_postcode=0.1, wrong_date=0.02),
    Agency("charity", 0.4, nhs=0.05, upn=0.1, typo=0.05, no_birth_date=0.04, other_first_name=0.05),
)


def population(children: int, seed: int) -> pd.DataFrame:
    """Children with their true identities, one row each: brothers and sisters share surname and postcode."""
    rng = np.random.default_rng(seed)
    firsts, lasts = _words(rng, 900, 2), _words(rng, 9_000, 2)
    sizes = rng.choice([1, 2, 3, 4], size=children, p=[0.45, 0.37, 0.13, 0.05])
    household = np.repeat(np.arange(children), sizes)[:children]
    later = np.r_[False, household[1:] == household[:-1]]
    twin = later & (rng.random(children) < TWINS * 2)
    eldest = date(2008, 1, 1).toordinal() + rng.integers(0, 5_000, size=children)
    born = eldest[household] + np.where(later, rng.integers(400, 1_500, size=children), 0)
    for at in np.flatnonzero(later):
        born[at] = born[at - 1] if twin[at] else max(born[at], born[at - 1] + 330)
    return pd.DataFrame(
        {
            "true": np.arange(children),
            "first_name": firsts[_often(rng, len(firsts), children)],
            "last_name": lasts[_often(rng, len(lasts), children)][household],
            "birth_date": [date.fromordinal(int(one)).isoformat() for one in born],
            "postcode": _postcodes(rng, children)[household],
            "nhs_number": nhs_numbers(rng, children),
            "upn": upns(rng, children),
        }
    )


def known_to(agency: Agency, people: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The children whom an agency knows, under its own ids, as it has written them down."""
    rng = np.random.default_rng([seed, *agency.name.encode()])
    frame = people[rng.random(len(people)) < agency.knows].sample(frac=1.0, random_state=seed).copy()
    count = len(frame)

    def chance(part: float) -> np.ndarray:
        return rng.random(count) < part

    frame.insert(0, "child_id", [f"{agency.name}:{at}" for at in range(count)])
    frame["first_name"] = _other(frame["first_name"], chance(agency.other_first_name), rng)
    frame["last_name"] = _other(frame["last_name"], chance(agency.other_surname), rng)
    frame["postcode"] = _other(frame["postcode"], chance(agency.moved), rng)
    for column in ("first_name", "last_name", "postcode"):
        hit = chance(agency.typo if column != "postcode" else agency.typo / 2)
        frame.loc[hit, column] = [_slip(one, rng) for one in frame.loc[hit, column]]
    swapped = chance(agency.swapped_names)
    frame.loc[swapped, ["first_name", "last_name"]] = frame.loc[
        swapped, ["last_name", "first_name"]
    ].to_numpy()
    frame["birth_date"] = [
        _slipped_date(one, day_first, wrong, rng)
        for one, day_first, wrong in zip(
            frame["birth_date"], chance(agency.swapped_date), chance(agency.wrong_date), strict=True
        )
    ]
    for column, part in (("nhs_number", agency.nhs), ("upn", agency.upn)):
        wrong = chance(agency.wrong_number)
        frame.loc[wrong, column] = [_slip(one, rng) if one else one for one in frame.loc[wrong, column]]
        frame.loc[~chance(part), column] = ""
    for column, part in (
        ("first_name", agency.no_first_name),
        ("birth_date", agency.no_birth_date),
        ("postcode", agency.no_postcode),
    ):
        frame.loc[chance(part), column] = ""
    return frame.reset_index(drop=True)


def sources(children: int, seed: int, agencies: tuple[Agency, ...] = AGENCIES) -> dict[str, pd.DataFrame]:
    """A frame an agency; `true` says who is who."""
    people = population(children, seed)
    return {agency.name: known_to(agency, people, seed) for agency in agencies}


def _words(rng: np.random.Generator, count: int, syllables: int) -> np.ndarray:
    heads, vowels, tails = (
        "bcdfghjklmnprstvwz",
        "aeiouy",
        ["", "n", "r", "l", "s", "th", "ck", "ne", "m", "tt"],
    )
    made: dict[str, None] = {}
    while len(made) < count:
        parts = [
            rng.choice(list(heads)) + rng.choice(list(vowels)) + rng.choice(tails) for _ in range(syllables)
        ]
        made["".join(parts).capitalize()] = None
    return np.array(list(made), dtype=object)


def _often(rng: np.random.Generator, words: int, count: int) -> np.ndarray:
    weights = 1 / (np.arange(words) + 8.0)
    return rng.choice(words, size=count, p=weights / weights.sum())


def _postcodes(rng: np.random.Generator, count: int) -> np.ndarray:
    letters = np.array(list("ABDEFGHJLNPQRSTUWXYZ"))
    area = np.char.add("ZZ", rng.integers(1, 40, count).astype(str))
    digit = rng.integers(0, 10, count).astype(str)
    end = np.char.add(rng.choice(letters[:18], count), rng.choice(letters[:18], count))
    return np.char.add(np.char.add(area, np.char.add(" ", digit)), end).astype(object)


def _other(column: pd.Series, hit: np.ndarray, rng: np.random.Generator) -> pd.Series:
    """Somebody else's value where hit: another surname, another name to be called by, another address."""
    found = column.to_numpy(dtype=object).copy()
    found[hit] = rng.choice(found, size=int(hit.sum()))
    return pd.Series(found, index=column.index)


def _slip(text: str, rng: np.random.Generator) -> str:
    """One letter left out, doubled, mistaken or exchanged with the next."""
    at = int(rng.integers(0, max(1, len(text) - 1)))
    kind = int(rng.integers(0, 4))
    if kind == 0:
        return text[:at] + text[at + 1 :]
    if kind == 1:
        return text[: at + 1] + text[at:]
    if kind == 2:
        return text[:at] + str(rng.choice(list(string.ascii_lowercase))) + text[at + 1 :]
    return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]


def _slipped_date(text: str, day_first: bool, wrong: bool, rng: np.random.Generator) -> str:
    if day_first and int(text[8:]) <= 12:
        return f"{text[:5]}{text[8:]}-{text[5:7]}"
    if wrong:
        return (
            date.fromisoformat(text) + timedelta(days=int(rng.choice([-1, 1, 10, -10, 31, 365])))
        ).isoformat()
    return text

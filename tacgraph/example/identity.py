"""Identity columns that look right and belong to nobody: numbers never issued, places that do not exist."""

from __future__ import annotations

from typing import Final

import numpy as np

from tacgraph.example.world import Bools, Texts

UPN_LETTERS: Final = "ABCDEFGHJKLMNPQRTUVWXYZ"
UPN_WEIGHTS: Final = np.arange(2, 14)
UPN_AUTHORITY: Final = 999
"""No local authority has this number."""
FIRST_NAMES: Final = (  # noqa: SIM905  a word list reads better as text
    "Acorn Amber Ash Aspen Autumn Berry Birch Bramble Briar Brook Cedar Clover Coral Cove Dale Dew Elm "
    "Ember Fern Finch Flint Forest Frost Garnet Glen Hazel Heath Indigo Jade Jay Juniper Lake Lark Linden "
    "Maple Marsh Meadow Moss Ocean Olive Opal Pebble Pine Quill Rain Reed River Robin Rowan Rush Sage "
    "Shore Sky Slate Snow Sorrel Storm Teal Thistle Thyme Vale Wave Willow Wren Yarrow"
).split()
LAST_NAMES: Final = (  # noqa: SIM905  a word list reads better as text
    "Anvil Basket Beacon Bobbin Bottle Bracket Bridge Bucket Button Candle Carpet Castor Chisel Compass "
    "Copper Cradle Cushion Dial Drum Easel Fender Funnel Gasket Girder Goblet Hammer Handle Hinge Kettle "
    "Ladder Lantern Lever Locket Magnet Mallet Marble Mirror Napkin Needle Paddle Pencil Pillow Piston "
    "Pocket Ribbon Rivet Saddle Shovel Shutter Socket Spindle Spoon Stencil Table Thimble Ticket Timber "
    "Toggle Trellis Trumpet Tunnel Velvet Washer Whistle"
).split()


def nhs_numbers(rng: np.random.Generator, count: int) -> Texts:
    """Different ten-digit numbers of the synthetic range 999, with their check digit (modulus 11).

    The range holds some 909,000; beyond that the texts are empty.
    """
    drawn = rng.choice(1_000_000, size=min(1_000_000, count + count // 5 + 50), replace=False)
    body = 999_000_000 + drawn
    digits = (body[:, None] // 10 ** np.arange(8, -1, -1)) % 10
    check = (11 - (digits * np.arange(10, 1, -1)).sum(axis=1) % 11) % 11
    good = check < 10  # noqa: PLR2004  a remainder of ten has no digit: the number is not used
    numbers = np.full(count, "", dtype=object)
    whole = (body * 10 + check)[good][:count]
    numbers[: len(whole)] = whole.astype(str).astype(object)
    return numbers


def upns(rng: np.random.Generator, count: int) -> Texts:
    """Different unique pupil numbers: check letter, authority 999, nine digits."""
    body = UPN_AUTHORITY * 10**9 + np.cumsum(rng.integers(1, 900, size=count))
    digits = (body[:, None] // 10 ** np.arange(11, -1, -1)) % 10
    letters = np.array(list(UPN_LETTERS))[(digits * UPN_WEIGHTS).sum(axis=1) % 23]
    numbers = body.astype(str)
    return np.char.add(letters, numbers).astype(object)


def postcodes(rng: np.random.Generator, count: int) -> Texts:
    """Postcodes of the form ZZ99 nXX, an area that does not exist."""
    inward = np.array(
        [f"ZZ99 {d}{a}{b}" for d in range(10) for a in "ABDEFGHJ" for b in "LNPQRSTU"], dtype=object
    )
    return inward[rng.integers(0, len(inward), count)]


def first_names(rng: np.random.Generator, count: int) -> Texts:
    return np.array(FIRST_NAMES, dtype=object)[rng.integers(0, len(FIRST_NAMES), count)]


def last_names(rng: np.random.Generator, count: int) -> Texts:
    return np.array(LAST_NAMES, dtype=object)[rng.integers(0, len(LAST_NAMES), count)]


def only(values: Texts, wanted: Bools) -> Texts:
    """`values` where wanted, empty elsewhere."""
    return np.where(wanted, values, "").astype(object)

"""Data protection: what is held about a child, taking a child out, and keeping nobody longer than agreed."""

from __future__ import annotations

from loaders.protection.erasing import Erasure, erase, lift
from loaders.protection.held import everything_about
from loaders.protection.leavers import Leavers, leaving, take_out
from loaders.protection.retention import Due, due, refuse_wrong_clock, retain

__all__ = [
    "Due",
    "Erasure",
    "Leavers",
    "due",
    "erase",
    "everything_about",
    "leaving",
    "lift",
    "refuse_wrong_clock",
    "retain",
    "take_out",
]

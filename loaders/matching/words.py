"""Degrees of agreement in words, shared by children and practitioners."""

from __future__ import annotations

from typing import Final

AGREES: Final = "agrees"
A_LITTLE: Final = "differs a little"
DIFFERS: Final = "differs"
MISSING: Final = "missing"

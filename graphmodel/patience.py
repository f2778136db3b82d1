"""How long the database is waited for, and how often it is asked again.

A silent line must not hang for ever: a connection is had in `connect_seconds`, a server that says no word
for `silence_seconds` counts as lost, and what can be done again is for `retry_seconds`.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import Final, Self

_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 4.0
LIVENESS_SECONDS: Final = 2.0
"""A connection idle for longer is tried before it is used: see `docs/decisions/faults.md`."""


@dataclass(frozen=True)
class Patience:
    """Seconds: for a connection; of silence on one; in which a lost unit of work is tried again."""

    connect_seconds: float = 10.0
    silence_seconds: float = 300.0
    retry_seconds: float = 15.0

    @classmethod
    def agreed(cls) -> Self:
        """As the settings have it."""
        from graphmodel.settings import settings  # noqa: PLC0415  (they are of a layer's other end)

        stated = settings().database
        return cls(stated.connect_seconds, stated.silence_seconds, stated.retry_seconds)


class Pauses:
    """The growing pauses of one unit of work, by a clock that nobody sets."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._pause = _FIRST_PAUSE
        self.wakings = 0

    def another(self) -> bool:
        """Wait, and say whether there is time for another try; at once false where there is none."""
        if time.monotonic() + self._pause > self._end:
            return False
        time.sleep(self._pause * random.uniform(0.8, 1.2))  # noqa: S311  (so that many do not come at once)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        return True

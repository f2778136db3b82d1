"""Another time for a whole process: this folder first on PYTHONPATH, and a file that says by how much.

Only tests start processes so; the program itself knows no clock but the computer's. Monotonic clocks go on as
they are, as they do where somebody sets a computer's clock. The type of an instant stays the same, because
libraries in C hold on to it: what it says of now is put into it.
"""

from __future__ import annotations

import ctypes
import datetime as dt
import gc
import os
import time
from collections.abc import Callable
from pathlib import Path

_FILE = os.environ.get("TACGRAPH_TEST_CLOCK", "")
_real_time = time.time


def _shifted_time() -> float:
    """By what the file says now, so that a test can set the clock of a process that runs."""
    try:
        return _real_time() + float(Path(_FILE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return _real_time()


def _now(cls: type[dt.datetime], tz: dt.tzinfo | None = None) -> dt.datetime:
    return cls.fromtimestamp(_shifted_time(), tz)


def _today(cls: type[dt.date]) -> dt.date:
    return cls.fromtimestamp(_shifted_time())


def _put(kind: type, **given: Callable[..., object]) -> None:
    inside = gc.get_referents(vars(kind))[0]
    for name, function in given.items():
        inside[name] = classmethod(function)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))


if _FILE:
    time.time = _shifted_time
    _put(dt.datetime, now=_now, today=_today)
    _put(dt.date, today=_today)

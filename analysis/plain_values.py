"""Answers as text and back, without loss: numbers, dates, lists, arrays, frames, and the classes named here.

Not pickle, which would run whatever a file says: only the classes of `CLASSES` can come of a text, with the
fields they declare.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from analysis.advice import Advice, Point
from analysis.advice_solver import Plan, Stage
from analysis.network import Measures
from analysis.network_chance import Tested
from analysis.network_day import Agreement, Network, Strong
from analysis.network_fast import Cut
from analysis.network_graph import Ties

CLASSES: Final[dict[str, type[Any]]] = {
    made.__name__: made
    for made in (Advice, Point, Plan, Stage, Network, Measures, Tested, Agreement, Strong, Cut, Ties)
}
_KIND: Final = "!"
_NUMBERS: Final = "biufM"


class Unknown(TypeError):
    """A value of a kind that has no text here, or a text that is no value."""


def packed(value: object) -> str:
    """The value as text. Raises `Unknown` where some part of it is of another kind."""
    return json.dumps(_down(value), ensure_ascii=False, separators=(",", ":"))


def unpacked(text: str) -> Any:
    """The value again. Raises `Unknown` where the text names another class, or is of another form."""
    try:
        return _up(json.loads(text))
    except (KeyError, IndexError, AttributeError, TypeError) as fault:
        raise Unknown(f"no kept answer: {fault}") from fault


def _down(value: Any) -> Any:  # noqa: PLR0911  (a kind each)
    if value is None or type(value) in (bool, int, float, str):
        return value
    if value is pd.NaT:
        return {_KIND: "nat"}
    if isinstance(value, np.generic):
        return {_KIND: "scalar", "of": _array(np.asarray(value).reshape(1))}
    if type(value) is date:
        return {_KIND: "date", "of": value.isoformat()}
    if type(value) in (list, tuple):
        return {_KIND: type(value).__name__, "of": [_down(x) for x in value]}
    if type(value) is dict:
        return {_KIND: "dict", "of": [[_down(k), _down(v)] for k, v in value.items()]}
    if isinstance(value, np.ndarray):
        return {_KIND: "array", "of": _array(value)}
    if type(value) is pd.DataFrame:
        return {_KIND: "frame", "of": _frame(value)}
    if is_dataclass(value) and CLASSES.get(type(value).__name__) is type(value):
        held = {field.name: _down(getattr(value, field.name)) for field in fields(value)}
        return {_KIND: "object", "name": type(value).__name__, "of": held}
    raise Unknown(f"{type(value).__name__} has no text")


def _array(value: np.ndarray[Any, Any]) -> Any:
    if value.dtype.kind not in _NUMBERS:
        if value.dtype.kind != "O":
            raise Unknown(f"an array of {value.dtype} has no text")
        return {"dtype": "object", "shape": value.shape, "values": [_down(x) for x in value.ravel()]}
    plain = value.view(np.int64) if value.dtype.kind == "M" else value
    return {"dtype": str(value.dtype), "shape": value.shape, "values": plain.ravel().tolist()}


def _frame(frame: pd.DataFrame) -> Any:
    columns = []
    for at, name in enumerate(frame.columns):
        values, dtype = frame.iloc[:, at], str(frame.dtypes.iloc[at])
        numbers = isinstance(frame.dtypes.iloc[at], np.dtype) and frame.dtypes.iloc[at].kind in _NUMBERS
        if not numbers and dtype not in ("object", "str"):
            raise Unknown(f"a column of {dtype} has no text")
        inside = _array(values.to_numpy()) if numbers else [_down(x) for x in values.tolist()]
        columns.append([_down(name), dtype, inside])
    usual = isinstance(frame.index, pd.RangeIndex) and frame.index.equals(pd.RangeIndex(len(frame)))
    index = None if usual else [_down(x) for x in frame.index.tolist()]
    return {"rows": len(frame), "columns": columns, "index": index}


def _up(held: Any) -> Any:
    if not isinstance(held, dict):
        return held
    kind: str = held[_KIND]
    of: Any = held.get("of")
    if kind == "object":
        return _object(CLASSES[held["name"]], of)
    if kind not in _AGAIN:
        raise Unknown(f"{kind} is no kind of value")
    return _AGAIN[kind](of)


def _object(of: type[Any], held: dict[str, Any]) -> Any:
    if {field.name for field in fields(of)} != set(held):
        raise Unknown(f"{of.__name__} has other fields")
    return of(**{name: _up(value) for name, value in held.items()})


def _array_again(held: Any) -> Any:
    dtype = np.dtype(held["dtype"])
    if dtype.kind == "O":
        made = np.empty(len(held["values"]), dtype=object)
        for at, value in enumerate(held["values"]):
            made[at] = _up(value)
    elif dtype.kind == "M":
        made = np.array(held["values"], dtype=np.int64).view(dtype)
    else:
        made = np.array(held["values"], dtype=dtype)
    return made.reshape(held["shape"])


def _frame_again(held: Any) -> pd.DataFrame:
    index = (
        pd.RangeIndex(held["rows"]) if held["index"] is None else pd.Index([_up(x) for x in held["index"]])
    )
    columns = {}
    for at, (_, dtype, inside) in enumerate(held["columns"]):
        if isinstance(inside, dict):
            columns[at] = pd.Series(_array_again(inside), index=index, dtype=dtype)
        else:
            columns[at] = pd.Series([_up(x) for x in inside], index=index, dtype=dtype)
    made = pd.DataFrame(columns, index=index)
    made.columns = pd.Index([_up(name) for name, _, _ in held["columns"]])
    return made


_AGAIN: Final[dict[str, Callable[[Any], Any]]] = {
    "nat": lambda _: pd.NaT,
    "scalar": lambda of: _array_again(of)[0],
    "date": date.fromisoformat,
    "list": lambda of: [_up(x) for x in of],
    "tuple": lambda of: tuple(_up(x) for x in of),
    "dict": lambda of: {_up(k): _up(v) for k, v in of},
    "array": _array_again,
    "frame": _frame_again,
}

"""Cypher as tokens, with strings and comments told apart from code: what the static guard looks at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["name", "quoted", "parameter", "text", "number", "sign"]

_PATTERN: Final = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<comment>//[^\r\n]*|/\*.*?\*/)
    | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<parameter>\$(?:[^\W\d]\w*|`(?:[^`]|``)*`))
    | (?P<quoted>`(?:[^`]|``)*`)
    | (?P<number>(?:\d+\.(?!\.)\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)
    | (?P<name>[^\W\d]\w*)
    | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """A piece of code. `value` is without backticks and `$`; `depth` counts the brackets around it.

    `inside` is the innermost of these brackets: `(`, `[`, `{` for a map or a property map, `sub` for the
    braces of a subquery, or empty.
    """

    kind: Kind
    value: str
    line: int
    depth: int
    inside: str

    @property
    def word(self) -> str:
        """In capitals where it may be a keyword, else empty."""
        return self.value.upper() if self.kind == "name" else ""


_SUBQUERY_WORDS: Final = {"CALL", "EXISTS", "COUNT", "COLLECT"}
_CLOSES: Final = {")": "(", "]": "[", "}": "{"}


def tokenise(text: str) -> list[Token]:
    """The tokens of a query, in order; raises `ValueError` where a string, comment or bracket stays open."""
    tokens: list[Token] = []
    open_brackets: list[tuple[str, bool]] = []
    line = 1
    closed_call = False
    for match in _PATTERN.finditer(text):
        kind, piece = str(match.lastgroup), match.group()
        if kind in ("space", "comment"):
            line += piece.count("\n")
            continue
        if kind == "sign" and (piece in "'\"`" or text.startswith("/*", match.start())):
            raise ValueError(f"line {line}: a string, name or comment is not closed")
        if kind == "sign" and piece in _CLOSES:
            if not open_brackets or open_brackets[-1][0] not in (
                _CLOSES[piece],
                "sub" if piece == "}" else "",
            ):
                raise ValueError(f"line {line}: a {piece!r} closes nothing")
            closed_call = open_brackets.pop()[1]
        inside = open_brackets[-1][0] if open_brackets else ""
        tokens.append(Token(_kind(kind), _bare(kind, piece), line, len(open_brackets), inside))
        if kind == "sign" and piece in "([{":
            last = tokens[-2] if len(tokens) > 1 else None
            after_call = last is not None and (
                last.word in _SUBQUERY_WORDS or (last.value == ")" and closed_call)
            )
            bracket = "sub" if piece == "{" and after_call else piece
            open_brackets.append((bracket, piece == "(" and last is not None and last.word == "CALL"))
        line += piece.count("\n")
    if open_brackets:
        raise ValueError(f"a {open_brackets[-1][0]!r} is not closed")
    return tokens


def _kind(kind: str) -> Kind:
    known: dict[str, Kind] = {
        "name": "name",
        "quoted": "quoted",
        "parameter": "parameter",
        "text": "text",
        "number": "number",
    }
    return known.get(kind, "sign")


def _bare(kind: str, piece: str) -> str:
    if kind == "parameter":
        piece = piece[1:]
    if kind in ("parameter", "quoted") and piece.startswith("`"):
        return piece[1:-1].replace("``", "`")
    return piece

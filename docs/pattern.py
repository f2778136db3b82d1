"""The pattern that a query matches: its nodes and arrows, read from the MATCH clauses of its text.

A variable is one node wherever its name means the same: in its own scope, the scopes inside it, and after a
subquery that returns it. It reads what the guard of the catalogue has let through, no other Cypher.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from queries.header import split
from queries.tokens import Token, tokenise

_CLAUSE_AFTER_RETURN: Final = frozenset({"ORDER", "UNION"})


@dataclass(frozen=True)
class Node:
    """A node of the pattern. `key` is what its property map asks for; `optional`, `absent`: its match is."""

    number: int
    label: str
    variable: str
    key: str
    optional: bool
    absent: bool


@dataclass(frozen=True)
class Arrow:
    """An arrow between two nodes, by their numbers; `length` is that of a path of such arrows, as written."""

    start: int
    end: int
    types: tuple[str, ...]
    length: str
    optional: bool
    absent: bool


@dataclass(frozen=True)
class Pattern:
    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]

    def words(self) -> str:
        """The pattern in words, an arrow after the other: what the picture shows, for those who hear it."""
        named = {node.number: node.label for node in self.nodes}
        said = []
        for arrow in self.arrows:
            text = f"{named[arrow.start]} {' or '.join(arrow.types)}{arrow.length} {named[arrow.end]}"
            said.append(text + _manner(arrow))
        joined = {end for arrow in self.arrows for end in (arrow.start, arrow.end)}
        said += [node.label for node in self.nodes if node.number not in joined]
        return "; ".join(dict.fromkeys(said))


def _manner(arrow: Arrow) -> str:
    if arrow.absent:
        return " (must not be there)"
    return " (may be missing)" if arrow.optional else ""


@dataclass
class _Scope:
    """What a pair of braces binds. `depth` is that of its `{`; `returned` are the names it hands on."""

    depth: int
    absent: bool
    bound: dict[str, int] = field(default_factory=dict)
    returned: set[str] = field(default_factory=set)
    returning: bool = False


class _Reader:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.scopes = [_Scope(-1, absent=False)]
        self.nodes: list[Node] = []
        self.arrows: list[Arrow] = []

    def read(self) -> Pattern:
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            if self._opens_scope():
                self.scopes.append(_Scope(token.depth, absent=self._is_denied()))
                if self.tokens[self.at + 1].value == "(":
                    # EXISTS { (a)-->(b) } leaves the MATCH out
                    self.at += 1
                    self._paths(optional=False)
                    continue
            elif token.value == "}" and token.kind == "sign" and token.depth == self.scopes[-1].depth:
                self._close_scope()
            elif token.word == "MATCH":
                optional = self.at > 0 and self.tokens[self.at - 1].word == "OPTIONAL"
                self.at += 1
                self._paths(optional=optional)
                continue
            else:
                self._note_returned(token)
            self.at += 1
        return _without_repeats(self.nodes, self.arrows)

    # -- scopes --

    def _opens_scope(self) -> bool:
        token = self.tokens[self.at]
        after = self.tokens[self.at + 1] if self.at + 1 < len(self.tokens) else None
        return token.value == "{" and token.kind == "sign" and after is not None and after.inside == "sub"

    def _is_denied(self) -> bool:
        before = [token.word for token in self.tokens[max(0, self.at - 2) : self.at]]
        return before == ["NOT", "EXISTS"] or self.scopes[-1].absent

    def _close_scope(self) -> None:
        closed = self.scopes.pop()
        for name in closed.returned & set(closed.bound):
            self.scopes[-1].bound.setdefault(name, closed.bound[name])

    def _note_returned(self, token: Token) -> None:
        scope = self.scopes[-1]
        if token.depth != scope.depth + 1:
            return
        if token.word == "RETURN":
            scope.returning = True
        elif token.word in _CLAUSE_AFTER_RETURN:
            scope.returning = False
        elif scope.returning and token.kind == "name" and self._is_whole_item():
            scope.returned.add(token.value)

    def _is_whole_item(self) -> bool:
        """Whether the name here is all that an item of RETURN is, or what it is called."""
        before, after = self.tokens[self.at - 1], self.tokens[self.at + 1 : self.at + 2]
        begins = before.word in ("RETURN", "DISTINCT", "AS") or before.value == ","
        ends = all(token.value in (",", "}") or token.word in _CLAUSE_AFTER_RETURN for token in after)
        return begins and ends

    # -- paths --

    def _sign(self, value: str) -> bool:
        """Step over this sign where it is next."""
        if self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token.kind == "sign" and token.value == value:
                self.at += 1
                return True
        return False

    def _name(self) -> str:
        if self.tokens[self.at].kind in ("name", "quoted"):
            self.at += 1
            return self.tokens[self.at - 1].value
        return ""

    def _names(self) -> tuple[str, ...]:
        found = [self._name()] if self._sign(":") else []
        while found and (self._sign("|") or self._sign("&")):
            found.append(self._name())
        return tuple(found)

    def _paths(self, *, optional: bool) -> None:
        while True:
            if self.tokens[self.at].kind == "name" and self.tokens[self.at + 1].value == "=":
                self.at += 2
            last = self._node(optional=optional)
            while self.at < len(self.tokens) and self.tokens[self.at].value in ("-", "<"):
                last = self._step(last, optional=optional)
            if not self._sign(","):
                return

    def _map_values(self) -> str:
        """The values of a property map, as written."""
        if not self._sign("{"):
            return ""
        values = []
        while not self._sign("}"):
            token = self.tokens[self.at]
            if self.tokens[self.at - 1].value == ":":
                values.append(f"${token.value}" if token.kind == "parameter" else token.value)
            self.at += 1
        return ", ".join(values)

    def _node(self, *, optional: bool) -> int:
        self._sign("(")
        variable, labels, key = self._name(), self._names(), self._map_values()
        self._sign(")")
        for scope in reversed(self.scopes):
            if variable and variable in scope.bound:
                return scope.bound[variable]
        number = len(self.nodes)
        label = labels[0] if labels else "anything"
        self.nodes.append(Node(number, label, variable, key, optional, self.scopes[-1].absent))
        if variable:
            self.scopes[-1].bound[variable] = number
        return number

    def _step(self, start: int, *, optional: bool) -> int:
        backwards = self._sign("<")
        self._sign("-")
        types: tuple[str, ...] = ()
        length = ""
        if self._sign("["):
            self._name()
            types = self._names()
            while not self._sign("]"):
                length += self.tokens[self.at].value
                self.at += 1
        self._sign("-")
        self._sign(">")
        end = self._node(optional=optional)
        ends = (end, start) if backwards else (start, end)
        self.arrows.append(Arrow(*ends, types, length, optional, self.scopes[-1].absent))
        return end


def _without_repeats(nodes: Sequence[Node], arrows: Sequence[Arrow]) -> Pattern:
    """Each arrow once (a needed one outranks an optional one), and no nameless twin of a node at its end."""
    once: dict[tuple[int, int, tuple[str, ...], str], Arrow] = {}
    for arrow in arrows:
        key = (arrow.start, arrow.end, arrow.types, arrow.length)
        old = once.get(key)
        once[key] = arrow if old is None else replace(old, optional=old.optional and arrow.optional)
    kept = list(once.values())
    gone = {node.number for node in nodes if not node.variable and _has_twin(node, nodes, kept)}
    left = [arrow for arrow in kept if arrow.start not in gone and arrow.end not in gone]
    return Pattern(tuple(node for node in nodes if node.number not in gone), tuple(left))


def _has_twin(node: Node, nodes: Sequence[Node], arrows: Sequence[Arrow]) -> bool:
    own = [arrow for arrow in arrows if node.number in (arrow.start, arrow.end)]
    if len(own) != 1 or node.key:
        return False
    for other in nodes:
        if other.label == node.label and other.variable:
            moved = {node.number: other.number}
            start, end = (moved.get(x, x) for x in (own[0].start, own[0].end))
            if any((a.start, a.end, a.types) == (start, end, own[0].types) for a in arrows):
                return True
    return False


def pattern_of(text: str) -> Pattern:
    """The pattern of a query's text, header or not."""
    return _Reader(tokenise(split(text)[1])).read()

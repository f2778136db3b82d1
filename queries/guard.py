"""What a query file may say: reads only, every row, and nothing that the model or its header lacks.

A static look at the tokens; that the reader account cannot write is the database's own business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from graphmodel.access import NAME_COLUMNS
from graphmodel.cypher import relationship_type_names
from graphmodel.declare import PROVENANCE
from graphmodel.nodes import NODE_BY_LABEL, NODE_TYPES
from graphmodel.relationships import RELATIONSHIP_TYPES
from queries.header import AS_OF, Query, split
from queries.tokens import Token, tokenise

_WRITES: Final = frozenset(
    {
        *("CREATE", "MERGE", "SET", "DELETE", "DETACH", "REMOVE", "FOREACH", "INSERT", "LOAD"),
        *("DROP", "ALTER", "RENAME", "GRANT", "DENY", "REVOKE", "TERMINATE", "SHOW", "USE"),
        *("EXPLAIN", "PROFILE", "TRANSACTIONS"),
    }
)
_CUTS: Final = frozenset({"LIMIT", "SKIP", "OFFSET"})
_FUNCTIONS: Final = frozenset({"duration.indays", "duration.between", "date.truncate"})
_COMPONENTS: Final = frozenset({"year", "month", "day", "days", "months"})
_ENDS_A_RETURN: Final = frozenset({"ORDER", "UNION"})


def _model_properties() -> dict[str, frozenset[str]]:
    """The properties of each label and relationship type, as they are stored."""
    provenance = {p.name for p in PROVENANCE}
    found = {}
    for node in NODE_TYPES:
        own = {p.stored_as for p in node.properties if p.stored_as} | {node.key}
        found[node.label] = frozenset(own | (provenance if node.table else set()))
    for kind in relationship_type_names():
        found[kind] = frozenset()
    for relationship in RELATIONSHIP_TYPES:
        found[relationship.type] = frozenset({p.name for p in relationship.all_properties} | provenance)
    return found


PROPERTIES: Final = _model_properties()


def text_faults(query: Query) -> list[str]:
    """The faults of a query's Cypher against its header and the model, in words, with line and mend."""
    _, body = split(query.text)
    first_line = len(query.text.splitlines()) - len(body.splitlines())
    if "\\u" in body.lower():
        return ["it has a unicode escape, which engines read differently: write the character itself"]
    try:
        tokens = tokenise(body)
    except ValueError as fault:
        return [f"{fault}: close it"]
    if not tokens:
        return ["it has no Cypher after its header: write the query"]
    if any(token.value == ";" and token.kind == "sign" for token in tokens):
        return ["it has a ';': one file is one query, without one"]
    faults = [
        *_forbidden(tokens, first_line),
        *_parameter_faults(tokens, query),
        *_label_faults(tokens, first_line),
        *_property_faults(tokens, query, first_line),
        *_return_faults(tokens, query),
        *_name_faults(tokens, query),
    ]
    return list(dict.fromkeys(faults))


def _around(tokens: Sequence[Token], i: int) -> tuple[str, str]:
    before = tokens[i - 1].value if i > 0 and tokens[i - 1].kind == "sign" else ""
    after = tokens[i + 1].value if i + 1 < len(tokens) and tokens[i + 1].kind == "sign" else ""
    return before, after


def _forbidden(tokens: Sequence[Token], first_line: int) -> Iterator[str]:
    for i, token in enumerate(tokens):
        before, after = _around(tokens, i)
        where = f"line {token.line + first_line}"
        if token.kind == "name" and before != "." and not (token.inside == "{" and after == ":"):
            if token.word in _WRITES:
                yield f"{where}: {token.word} is not for a query that only reads: take it out"
            if token.word in _CUTS:
                yield f"{where}: {token.word} cuts rows silently: let the caller's row limit say so"
            if token.word == "CALL" and after not in ("{", "("):
                yield f"{where}: it calls a procedure: use plain Cypher"
        if token.kind in ("name", "quoted") and after == "(" and before == ".":
            called = _dotted(tokens, i)
            if called.lower() not in _FUNCTIONS:
                yield f"{where}: the function {called} is not one that both engines have: use plain Cypher"
        if token.kind == "sign" and token.value == "$":
            yield f"{where}: a '$' without a name: labels and types cannot be parameters"


def _dotted(tokens: Sequence[Token], i: int) -> str:
    parts = [tokens[i].value]
    while i >= 2 and tokens[i - 1].value == "." and tokens[i - 2].kind in ("name", "quoted"):  # noqa: PLR2004
        i -= 2
        parts.insert(0, tokens[i].value)
    return ".".join(parts)


def _parameter_faults(tokens: Sequence[Token], query: Query) -> Iterator[str]:
    used = {token.value for token in tokens if token.kind == "parameter"}
    declared = {parameter.name for parameter in query.parameters} | {AS_OF}
    for name in sorted(used - declared):
        yield f"it uses ${name}, which its header does not declare: add it to parameters"
    for name in sorted(declared - used):
        mend = "ask for the state on that date" if name == AS_OF else "drop it from parameters"
        yield f"it never uses ${name}: {mend}"


def _is_map_key(tokens: Sequence[Token], i: int) -> bool:
    return tokens[i].inside == "{" and _around(tokens, i)[1] == ":"


def _type_expression(tokens: Sequence[Token], colon: int) -> list[Token]:
    """The names after a `:` that says label or type, up to the end of the expression."""
    found = []
    i = colon + 1
    while i < len(tokens):
        token = tokens[i]
        if token.kind in ("name", "quoted"):
            found.append(token)
            if i + 1 >= len(tokens) or tokens[i + 1].value not in ("|", "&", ":"):
                break
        elif token.kind != "sign" or token.value not in "|&!:(":
            break
        i += 1
    return found


def _label_faults(tokens: Sequence[Token], first_line: int) -> Iterator[str]:
    types = set(relationship_type_names())
    for i, token in enumerate(tokens):
        if token.kind != "sign" or token.value != ":" or token.inside == "{":
            continue
        for name in _type_expression(tokens, i):
            where = f"line {name.line + first_line}"
            if token.inside == "[" and name.value not in types:
                yield f"{where}: the model has no relationship type {name.value!r}: see the model page"
            elif token.inside != "[" and name.value not in NODE_BY_LABEL:
                yield f"{where}: the model has no label {name.value!r}: see the model page"


def _bound(tokens: Sequence[Token]) -> dict[str, set[str]]:
    """The labels and types of each variable that a pattern of the text binds."""
    found: dict[str, set[str]] = {}
    for i in range(1, len(tokens) - 1):
        token, before, after = tokens[i], tokens[i - 1], tokens[i + 1]
        opens = before.kind == "sign" and before.value in ("(", "[")
        if token.kind == "name" and opens and after.kind == "sign" and after.value == ":":
            names = _type_expression(tokens, i + 1)
            found.setdefault(token.value, set()).update(name.value for name in names)
    return found


def _property_faults(tokens: Sequence[Token], query: Query, first_line: int) -> Iterator[str]:
    bound = _bound(tokens)
    maps = {parameter.name for parameter in query.parameters if parameter.type in ("map", "profile")}
    keys = {token.value for i, token in enumerate(tokens) if _is_map_key(tokens, i)}
    anything = frozenset().union(*PROPERTIES.values()) | keys | _COMPONENTS | {"status", "strength", "roles"}
    for i in range(2, len(tokens)):
        token, dot, owner = tokens[i], tokens[i - 1], tokens[i - 2]
        where = f"line {token.line + first_line}"
        # after two dots comes the end of a slice
        if token.kind not in ("name", "quoted") or (owner.kind == "sign" and owner.value == "."):
            continue
        if dot.kind == "sign" and dot.value == "." and _around(tokens, i)[1] != "(":
            if owner.kind == "parameter" and owner.value in maps:
                continue
            labels = bound.get(owner.value, set()) if owner.kind == "name" else set()
            is_step = i >= 3 and tokens[i - 3].value == "."  # noqa: PLR2004
            known = [PROPERTIES[label] for label in labels if label in PROPERTIES]
            allowed = frozenset().union(*known) if known and not is_step else anything
            if token.value not in allowed:
                of = f"of {' or '.join(sorted(labels))} " if known and not is_step else ""
                accessed = f"{owner.value}.{token.value}"
                yield f"{where}: the model has no property {token.value!r} {of}(in {accessed})"
    yield from _pattern_property_faults(tokens, first_line)


def _pattern_property_faults(tokens: Sequence[Token], first_line: int) -> Iterator[str]:
    """Property maps in patterns, `(c:Child {child_id: ...})`: their keys are properties of the label."""
    owners: list[str | None] = []
    for i, token in enumerate(tokens):
        if token.kind == "sign" and token.value == "{":
            label = tokens[i - 2 : i] if i > 1 else []
            is_pattern = len(label) > 1 and label[0].value == ":" and token.inside in ("(", "[")
            owners.append(label[1].value if is_pattern else None)
        elif token.kind == "sign" and token.value == "}":
            owners.pop()
        elif _is_map_key(tokens, i) and owners and owners[-1] is not None:
            label_name = owners[-1]
            if label_name in PROPERTIES and token.value not in PROPERTIES[label_name]:
                where = f"line {token.line + first_line}"
                yield f"{where}: the model has no property {token.value!r} of {label_name}"


def returned(tokens: Sequence[Token]) -> list[list[str]]:
    """The names that each outermost RETURN gives, in order (several where UNION joins them)."""
    found: list[list[str]] = []
    items: list[list[Token]] | None = None
    for token in tokens:
        outer = token.depth == 0
        if outer and token.word == "RETURN":
            items = [[]]
        elif items is None:
            continue
        elif outer and token.word in _ENDS_A_RETURN:
            found.append([_item_name(item) for item in items])
            items = None
        elif outer and token.value == "," and token.kind == "sign":
            items.append([])
        elif not (token.word == "DISTINCT" and items == [[]]):
            items[-1].append(token)
    if items is not None:
        found.append([_item_name(item) for item in items])
    return found


def _item_name(item: Sequence[Token]) -> str:
    if len(item) > 1 and item[-2].word == "AS" and item[-2].depth == 0:
        return item[-1].value
    return "".join(token.value for token in item)


def _return_faults(tokens: Sequence[Token], query: Query) -> Iterator[str]:
    found = returned(tokens)
    if not found:
        yield "it returns nothing: end with RETURN"
    for names in found:
        if tuple(names) != query.column_names:
            yield (
                f"it returns {', '.join(names)}, its header says {', '.join(query.column_names)}: "
                "make them the same, in the same order"
            )


def _name_faults(tokens: Sequence[Token], query: Query) -> Iterator[str]:
    """A column of names identifies somebody as soon as practitioners are in the text."""
    shown = sorted(NAME_COLUMNS & set(query.column_names))
    labels = {
        name.value for i, t in enumerate(tokens) if t.value == ":" for name in _type_expression(tokens, i)
    }
    if query.identifying == "no" and shown and "Practitioner" in labels:
        yield f"its column {shown[0]!r} may name a practitioner: set identifying = 'practitioner'"

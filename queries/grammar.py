"""What an analyst's own text may say, by Neo4j's own grammar: an allow-list of clauses, functions, forms.

The grammar and its walk come from `neo4j-guard`, pinned; it is imported when a text is looked at, because the
catalogue's own files are held to it by a test. That a query cannot write is the reading account's business
all the same: this gives the words, and keeps identity hashes out of reach.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

from graphmodel.as_text import refuse_letters
from graphmodel.errors import TextRefused, WriteRefused
from graphmodel.identity import is_of_parameter, parsed, walk
from graphmodel.nodes import NODE_TYPES
from queries.tokens import tokenise

MOST_CHARACTERS: Final = 50_000
HASHED: Final = tuple(
    f"{node.label}.{p.stored_as}" for node in NODE_TYPES for p in node.properties if p.storage == "hashed"
)
"""Properties that no analyst's text may name: keyed hashes of identity numbers."""

_PREFIXES: Final = frozenset({"EXPLAIN", "PROFILE", "CYPHER"})
_THING: Final = "the query"
_READS_ONLY: Final = "Queries may only read: MATCH, WITH, UNWIND, CALL { }, RETURN and the like."
_WOULD_WRITE: Final = ("in read mode", "only regular query clauses are")


def one_statement(text: str) -> str:
    """The text without the `;` it may end with. Raises `TextRefused` for what no engine should be asked.

    That is: nothing, too much, hidden characters, unicode escapes, a second statement, `EXPLAIN` and the like
    (the embedded engine runs what it should only explain).
    """
    if len(text) > MOST_CHARACTERS:
        raise TextRefused(_THING, f"has {len(text):,} characters", f"Keep it below {MOST_CHARACTERS:,}.")
    text = text.removeprefix("\ufeff").strip()
    hidden = sorted({f"U+{ord(c):04X}" for c in text if unicodedata.category(c) in ("Cf", "Cc", "Cs", "Co")
                     and c not in "\t\r\n"})  # fmt: skip
    if hidden:
        raise TextRefused(
            _THING, f"has characters that cannot be seen ({', '.join(hidden)})", "Take them out."
        )
    if re.search(r"\\u", text, re.IGNORECASE):
        raise TextRefused(
            _THING, "has a unicode escape, which engines read differently", "Write the character."
        )
    text = text.removesuffix(";")
    try:
        tokens = tokenise(text)
    except ValueError as fault:
        raise TextRefused(_THING, f"cannot be read: {fault}", "Close it.") from fault
    if not tokens:
        raise TextRefused(_THING, "says nothing", "Write Cypher, from MATCH to RETURN.")
    if tokens[0].word in _PREFIXES:
        raise TextRefused(_THING, f"begins with {tokens[0].word}", "Begin with the query itself.")
    if any(token.kind == "sign" and token.value == ";" for token in tokens):
        raise TextRefused(_THING, "holds more than one statement", "Give one query, without a ';' inside.")
    return text


def check_text(text: str) -> str:
    """The text, as one statement that only reads, asks for no identity hash and makes letters of no node.

    Raises `WriteRefused` for what would write, manage or reach outside, `TextRefused` for other faults.
    """
    statement = one_statement(text)
    fault = grammar_fault(statement, hidden=HASHED)
    if fault is None:
        refuse_letters(statement)
        return statement
    if any(part in fault for part in _WOULD_WRITE):
        raise WriteRefused(_THING, fault, _READS_ONLY)
    raise TextRefused(_THING, fault, "Mend its text.")


@lru_cache(maxsize=4)
def _rules(hidden: tuple[str, ...]) -> Any:
    from neo4j_guard._rules import Rules  # noqa: PLC0415  (see the module)

    return Rules.build("read", (), (*hidden, "db.*", "apoc.*", "dbms.*"))


def grammar_fault(text: str, *, hidden: tuple[str, ...] = ()) -> str | None:
    """What in the text is not Cypher, not a read, or names a `hidden` property; None where nothing is."""
    guard: Any = import_module("neo4j_guard._checker")
    try:
        tree = parsed(text)
    except TextRefused as fault:
        return fault.fault
    rules = _rules(hidden)
    for node in walk(tree):
        # a parameter is the caller's own value, so a look into it reaches no property
        if isinstance(node, guard.P.IndexPostfixContext) and is_of_parameter(node):
            continue
        problem = guard._problem(node, rules)  # noqa: SLF001
        if problem is not None:
            return str(problem)
    return None

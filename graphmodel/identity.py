"""Whom a text of Cypher, or what came back for it, identifies: names of practitioners, and children.

The model marks what identifies (`Property.identifies`, `NodeType.identifies`). A text is read by Neo4j's
own grammar, conservatively: it reads a marked property wherever it cannot be seen that it does not. Aliases
do not matter here, because it is the property that is looked at and not the column. What a text cannot show
(a whole node, a path) is looked at in the values that came back.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

from graphmodel.declare import Identity
from graphmodel.errors import AccessRefused, TextRefused
from graphmodel.nodes import NODE_TYPES


def _marked() -> dict[str, dict[str, Identity]]:
    """Property name (folded) → label → whom it identifies."""
    found: dict[str, dict[str, Identity]] = {}
    for node in NODE_TYPES:
        own = [(p.stored_as, p.identifies) for p in node.properties]
        for name, identifies in [(node.key, node.identifies), *own]:
            if name is not None and identifies is not None:
                found.setdefault(name.casefold(), {})[node.label] = identifies
    return found


MARKED: Final = _marked()
EVERYONE: Final[frozenset[Identity]] = frozenset(kind for of in MARKED.values() for kind in of.values())
_DASHES: Final = "-\N{SOFT HYPHEN}\N{MINUS SIGN}"
"""What Neo4j takes for a dash of an arrow, besides the dashes of Unicode."""


def parsed(text: str) -> Any:
    """The syntax tree of a text. Raises `TextRefused` for what is no Cypher."""
    from antlr4 import CommonTokenStream, InputStream  # noqa: PLC0415  (0.4 s, and most runs need none)

    guard = _guard()
    lexer = guard.Cypher25Lexer(InputStream(text))
    parser = guard.P(CommonTokenStream(lexer))
    for recogniser in (lexer, parser):
        recogniser.removeErrorListeners()
        recogniser.addErrorListener(guard._RaiseOnSyntaxError())  # noqa: SLF001
    try:
        return parser.statements()
    except guard.GuardError as fault:
        # the grammar names every word that could have followed
        raise TextRefused("the query", str(fault).partition(" expecting {")[0], "Mend its text.") from fault
    except RecursionError as fault:
        raise TextRefused("the query", "it is nested too deeply", "Take it apart.") from fault


def _guard() -> Any:
    return import_module("neo4j_guard._checker")


def grammar_of() -> Any:
    """The classes of Neo4j's grammar, by which the nodes of a syntax tree are told apart."""
    return _guard().P


def walk(tree: Any) -> Iterator[Any]:
    """Every node of a syntax tree."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(getattr(node, "children", None) or ())


# -- what a text reads -----------------------------------------------------------------------------


@lru_cache(maxsize=256)
def read_by(text: str) -> Mapping[Identity, str]:
    """Whom the text may identify, each with the first piece of it that does.

    Raises `TextRefused` for what is no Cypher.
    """
    grammar = _guard().P
    tree = parsed(text)
    labels = _labels(tree, grammar)
    found: dict[Identity, str] = {}
    for node in walk(tree):
        for kind in _identified(node, labels, grammar):
            found.setdefault(kind, words_of(node))
    return found


@lru_cache(maxsize=256)
def reads(text: str, name: str) -> bool:
    """Whether a text may read a property of a name, of whatever it is; one that is no Cypher does not."""
    grammar = _guard().P
    try:
        tree = parsed(text)
    except TextRefused:
        return False
    return any(
        _identified(node, {}, grammar) == EVERYONE
        or (
            isinstance(node, grammar.PropertyKeyNameContext)
            and name_of(node) == name
            and not _only_names_a_key(node, grammar)
        )
        for node in walk(tree)
    )


def _identified(node: Any, labels: Mapping[str, str | None], grammar: Any) -> frozenset[Identity]:
    """Whom one node of the tree identifies by itself."""
    if isinstance(node, grammar.IndexPostfixContext):
        whole = node.expression().getText().lstrip("-").isdigit() or is_of_parameter(node)
        return frozenset() if whole else EVERYONE
    if isinstance(node, grammar.FunctionNameContext):
        return EVERYONE if node.getText().casefold().replace("`", "") == "properties" else frozenset()
    if isinstance(node, grammar.MapProjectionElementContext) and node.TIMES():
        return EVERYONE
    if isinstance(node, grammar.MapComprehensionForMapContext):
        return EVERYONE
    if isinstance(node, grammar.PropertyKeyNameContext):
        of = MARKED.get(name_of(node), {})
        if of and not _only_names_a_key(node, grammar):
            label = _owner(node, labels, grammar)
            return frozenset(of.values() if label is None else [of[label]] if label in of else [])
    return frozenset()


def is_of_parameter(node: Any) -> bool:
    """Whether a `.key` or `[…]` looks into a parameter: the caller's own value, which reaches no property."""
    return str(node.parentCtx.getChild(0).getText()).startswith("$")


def _only_names_a_key(node: Any, grammar: Any) -> bool:
    """`{name: …}` as a map's own key, outside a pattern, and `p {name: …}`: these read nothing."""
    parent = node.parentCtx
    if isinstance(parent, grammar.MapProjectionElementContext):
        return True
    is_map = isinstance(parent, grammar.MapContext)
    return is_map and not isinstance(parent.parentCtx, grammar.PropertiesContext)


def _owner(node: Any, labels: Mapping[str, str | None], grammar: Any) -> str | None:
    """The one label of what a property is read from; empty: it is no node; None: it cannot be seen."""
    parent = node.parentCtx
    if isinstance(parent, grammar.MapContext):
        pattern = parent.parentCtx.parentCtx
        if isinstance(pattern, grammar.NodePatternContext):
            return label_of(pattern, grammar)
        return "" if isinstance(pattern, grammar.RelationshipPatternContext) else None
    around = parent.parentCtx
    if isinstance(around, grammar.MapProjectionElementContext):
        return labels.get(name_of(around.parentCtx.variable()))
    if isinstance(around, grammar.PropertyPostfixContext):
        return "" if is_of_parameter(around) else _label_before(around, labels, grammar)
    return None


def _label_before(postfix: Any, labels: Mapping[str, str | None], grammar: Any) -> str | None:
    """The label of the variable that a `.key` follows at once; None where it follows anything else."""
    whole = postfix.parentCtx
    owner = whole.getChild(0)
    if whole.getChild(1) is not postfix or not isinstance(owner, grammar.Expression1Context):
        return None
    return None if owner.variable() is None else labels.get(name_of(owner.variable()))


def _labels(tree: Any, grammar: Any) -> dict[str, str | None]:
    """The label of each variable that stands for nodes of one label wherever it is bound; None for others.

    A variable counts as such only where every pattern that has it says that label, and nothing else binds it:
    a pattern without a label could bind it anew in another part of the text.
    """
    uses = _uses(grammar)
    found: dict[str, set[str | None]] = {}
    for node in walk(tree):
        if isinstance(node, grammar.VariableContext):
            parent, name = node.parentCtx, name_of(node)
            if isinstance(parent, grammar.NodePatternContext):
                found.setdefault(name, set()).add(label_of(parent, grammar))
            elif not isinstance(parent, uses):
                found.setdefault(name, set()).add(None)
    return {name: labels.pop() if len(labels) == 1 else None for name, labels in found.items()}


def label_of(pattern: Any, grammar: Any) -> str | None:
    """The label of a node pattern that says just one of the model's, itself or where it was bound before."""
    said = pattern.labelExpression()
    if said is None:
        return _label_said_before(pattern, grammar)
    names = [node for node in walk(said) if isinstance(node, grammar.LabelNameContext)]
    text = said.getText()
    plain = text.removeprefix(":") if text.startswith(":") else text[2:]
    known = {node.label for node in NODE_TYPES}
    alone = len(names) == 1 and plain == names[0].getText()
    label = plain.strip("`")
    return label if alone and label in known else None


def _label_said_before(pattern: Any, grammar: Any) -> str | None:
    """The label that a pattern's variable was bound with, in this `MATCH` or one before that still holds."""
    if pattern.variable() is None:
        return None
    name, clause = name_of(pattern.variable()), pattern.parentCtx
    if name in _unsteady(_whole(pattern)):
        return None
    while clause is not None and not isinstance(clause, grammar.ClauseContext):
        clause = clause.parentCtx
    if clause is None:
        return None
    clauses = list(clause.parentCtx.getChildren())
    for before in reversed(clauses[: clauses.index(clause) + 1]):
        inner = before.getChild(0)
        if isinstance(inner, grammar.WithClauseContext) and not _carries(inner, name, grammar):
            return None
        # what is optional may be null, and a null bound anew in some engine
        if isinstance(inner, grammar.MatchClauseContext) and inner.OPTIONAL() is None:
            for node in walk(inner):
                if _binds(node, name, grammar) and node is not pattern:
                    return label_of(node, grammar)
    return None


def _whole(node: Any) -> Any:
    """The tree that a node is of."""
    while node.parentCtx is not None:
        node = node.parentCtx
    return node


@lru_cache(maxsize=8)
def _unsteady(tree: Any) -> frozenset[str]:
    """The names of variables that may stand for something else than a label said before.

    Something other than a node pattern binds them too (a comprehension, a predicate over a list, an alias),
    or they are written in several ways: `p` and `P` are two variables, and are compared as one here.
    """
    grammar = _guard().P
    written: dict[str, set[str]] = {}
    found: set[str] = set()
    for node in walk(tree):
        if isinstance(node, grammar.VariableContext):
            name = name_of(node)
            written.setdefault(name, set()).add(str(node.getText()).strip("`"))
            if not isinstance(node.parentCtx, (grammar.NodePatternContext, *_uses(grammar))):
                found.add(name)
    return frozenset(found | {name for name, ways in written.items() if len(ways) > 1})


def _uses(grammar: Any) -> tuple[Any, ...]:
    """What around a variable only uses it."""
    return (grammar.Expression1Context, grammar.MapProjectionContext, grammar.SubqueryScopeContext)


def _binds(node: Any, name: str, grammar: Any) -> bool:
    """Whether a node pattern of a `MATCH` itself (no subquery, no condition) says a label of a variable."""
    named = isinstance(node, grammar.NodePatternContext) and node.variable() is not None
    if not named or name_of(node.variable()) != name or node.labelExpression() is None:
        return False
    plain = (grammar.PatternElementContext, grammar.AnonymousPatternContext, grammar.PatternContext,
             grammar.PatternListContext)  # fmt: skip
    around = node.parentCtx
    while isinstance(around, plain):
        around = around.parentCtx
    return isinstance(around, grammar.MatchClauseContext)


def _carries(clause: Any, name: str, grammar: Any) -> bool:
    """Whether a `WITH` hands a variable on under its name."""
    for node in walk(clause):
        if isinstance(node, grammar.ReturnItemsContext):
            items = [item.getText() for item in node.returnItem()]
            return node.TIMES() is not None or name in [item.strip("`").casefold() for item in items]
    return False


def name_of(node: Any) -> str:
    """A name of the text as it is compared: without backticks, in small letters."""
    text = str(node.getText())
    text = text[1:-1].replace("``", "`") if text.startswith("`") else text
    return text.casefold()


def words_of(node: Any) -> str:
    """The piece of the text that a node stands for, with what it is read from, on one line."""
    around = node
    for _ in range(3):
        if around.parentCtx is not None and len(around.parentCtx.getText()) < _LONGEST:
            around = around.parentCtx
    stream = around.start.getInputStream()
    return " ".join(str(stream.getText(around.start.start, around.stop.stop)).split())[:_LONGEST]


_LONGEST: Final = 60


# -- what came back --------------------------------------------------------------------------------


def shown_whole(
    label: str, properties: Mapping[str, Any], lacking: Mapping[Identity, AccessRefused]
) -> frozenset[Identity]:
    """Whom a whole node identifies by the properties it came with; `AccessRefused` if `lacking` has them."""
    named = [
        MARKED.get(name.casefold(), {}).get(label) for name, value in properties.items() if value is not None
    ]
    shown = frozenset(kind for kind in named if kind is not None)
    for kind in sorted(shown & set(lacking)):
        raise _unseen(kind, f"the rows hold a whole {label}", lacking)
    return shown


def refuse_unseen(text: str, lacking: Mapping[Identity, AccessRefused]) -> frozenset[Identity]:
    """Whom a text may identify. Raises `AccessRefused` where `lacking` has one of them.

    A text that is no Cypher may identify everyone; where anybody is lacking, or an arrow may be in it, it is
    refused (`TextRefused`).
    One that could show a child's sensitive service without consent, or that makes letters of whole nodes, is
    refused whoever looks.
    """
    from graphmodel.as_text import refuse_letters  # noqa: PLC0415  (they read texts by this module)
    from graphmodel.consent import refuse_unconsented  # noqa: PLC0415

    if "\\u" in text.casefold():
        # one engine reads a letter in it, another does not, and here no property would be seen
        raise TextRefused("the query", "has a unicode escape", "Write the character.")
    try:
        read = read_by(text)
    except TextRefused:
        if lacking or any(letter in _DASHES or unicodedata.category(letter) == "Pd" for letter in text):
            raise
        # the database says what is wrong with it; without an arrow it leads from no child to anything
        return EVERYONE
    for kind in sorted(set(read) & set(lacking)):
        raise _unseen(kind, f"the text reads {read[kind]}", lacking)
    refuse_unconsented(text)
    refuse_letters(text)
    return frozenset(read)


def _unseen(kind: Identity, why: str, lacking: Mapping[Identity, AccessRefused]) -> AccessRefused:
    refused = lacking[kind]
    mend = f"{refused.mend} Or ask for properties that identify nobody."
    return AccessRefused(refused.thing, f"{refused.fault} ({why})", mend)

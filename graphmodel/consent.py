"""Whether a text could show which child uses a sensitive service without consent on record (TG 2.11-2.14).

Only the arrow RECEIVES leads from a child to an intervention. So a text may follow it where it says itself
that consent is recorded, or that the service is none of the sensitive ones; read by Neo4j's grammar,
conservatively: what cannot be seen to be so is refused. Interventions without their children may be counted.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from graphmodel.errors import TextRefused
from graphmodel.identity import grammar_of, label_of, name_of, parsed, walk, words_of

_ARROW: Final = "RECEIVES"
_TO_SERVICE: Final = "OF_SERVICE"
_ENDS: Final = frozenset({"Child", "Intervention"})
_MEND: Final = (
    "Write (:Child)-[:RECEIVES]->(:Intervention {consent: true}), or lead the same path on to "
    "-[:OF_SERVICE]->(:Service {sensitive: false}), and say types of arrows; interventions without their "
    "children may be counted freely."
)


def refuse_unconsented(text: str) -> None:
    """Raise `TextRefused` where a text could lead from a child to a sensitive service without consent.

    A text that is no Cypher raises it too.
    """
    shown = _shown(text)
    if shown is not None:
        fault = f"could show a sensitive service without consent against a child ({shown})"
        raise TextRefused("the query", fault, _MEND)


@lru_cache(maxsize=256)
def _shown(text: str) -> str | None:
    grammar = grammar_of()
    for node in walk(parsed(text)):
        if isinstance(node, grammar.RelationshipPatternContext) and not _harmless(node, grammar):
            return words_of(node)
    return None


def _harmless(arrow: Any, grammar: Any) -> bool:
    """Whether an arrow of a pattern leads from no child to an intervention, or to one that may be shown."""
    types = _types(arrow, grammar)
    if types is not None and _ARROW not in types:
        return True
    around = list(arrow.parentCtx.getChildren())
    at = around.index(arrow)
    left, right = around[at - 1], around[at + 1] if at + 1 < len(around) else None
    ends = (left, right)
    if arrow.pathLength() is not None or not all(isinstance(e, grammar.NodePatternContext) for e in ends):
        return False
    labels = (label_of(left, grammar), label_of(right, grammar))
    known = {label for label in labels if label is not None}
    # either end is something that no such arrow touches, or both are of one kind
    if known - _ENDS or (labels[0] is not None and labels[0] == labels[1]):
        return True
    if not known and not _points(arrow, types):
        return False
    # such an arrow leads from the child; where no label is seen, its head is at the intervention
    is_right = (
        labels[1] == "Intervention" or labels[0] == "Child" if known else arrow.rightArrow() is not None
    )
    step = 1 if is_right else -1
    intervention = right if is_right else left
    return _says(intervention, "consent", "true", grammar) or _leads_on(around, at + step, step, grammar)


def _points(arrow: Any, types: frozenset[str] | None) -> bool:
    """Whether an arrow can only be RECEIVES, and says which way it leads."""
    return types == frozenset({_ARROW}) and (arrow.rightArrow() is None) != (arrow.leftArrow() is None)


def _leads_on(around: list[Any], at: int, step: int, grammar: Any) -> bool:
    """Whether the path goes on from the intervention at a place to a service that is not sensitive."""
    arrow_at, service_at = at + step, at + 2 * step
    if not (0 <= arrow_at < len(around) and 0 <= service_at < len(around)):
        return False
    arrow, service = around[arrow_at], around[service_at]
    plain = isinstance(arrow, grammar.RelationshipPatternContext) and arrow.pathLength() is None
    if not plain or not isinstance(service, grammar.NodePatternContext):
        return False
    return _types(arrow, grammar) == frozenset({_TO_SERVICE}) and _says(
        service, "sensitive", "false", grammar
    )


def _types(arrow: Any, grammar: Any) -> frozenset[str] | None:
    """The types an arrow may have; None where that may be any."""
    said = arrow.labelExpression()
    if said is None:
        return None
    names = [node for node in walk(said) if isinstance(node, grammar.LabelOrRelTypeContext)]
    names = names or [node for node in walk(said) if isinstance(node, grammar.LabelNameContext)]
    told = said.getText()
    bare = told.removeprefix(":") if told.startswith(":") else told[2:]
    either = "|".join(name.getText() for name in names)
    if not names or bare.replace("|:", "|") != either:
        return None
    return frozenset(name.getText().strip("`") for name in names)


def _says(pattern: Any, key: str, value: str, grammar: Any) -> bool:
    """Whether a node pattern's own map says `key: value` once, as a literal."""
    if pattern.properties() is None:
        return False
    held = pattern.properties().getChild(0)
    if not isinstance(held, grammar.MapContext):
        return False
    keys = [name_of(one) for one in held.propertyKeyName()]
    values = [str(one.getText()).casefold() for one in held.expression()]
    return [v for k, v in zip(keys, values, strict=True) if k == key] == [value]

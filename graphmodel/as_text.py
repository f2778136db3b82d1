"""Whether a text of Cypher makes letters of a whole node, which hold all of its properties.

An engine may add a node to a text, cut letters from it or match it with an expression: the embedded one
then writes names and keyed hashes out. So a node, or a list or map that may hold one, is taken as a value
alone: it can be returned, counted, compared and looked into. Read by Neo4j's grammar, conservatively.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from graphmodel.errors import TextRefused
from graphmodel.identity import grammar_of, name_of, parsed, walk, words_of

_COUNTED: Final = frozenset(
    {"count", "elementid", "exists", "id", "isempty", "keys", "labels", "length", "size", "type", "valuetype"}
)
"""Functions that take a node, or a list of them, and give none of it."""
_HANDED_ON: Final = frozenset(
    {"coalesce", "collect", "head", "last", "max", "min", "nullif", "reverse", "tail", "properties"}
)
"""Functions that give what they take."""
_NODES: Final = frozenset({"endnode", "nodes", "relationships", "startnode"})
_LETTERS: Final = frozenset({"=~", "STARTS", "ENDS", "CONTAINS"})
_MEND: Final = "Name the properties that you mean, as in c.locality."


def refuse_letters(text: str) -> None:
    """Raise `TextRefused` where a text may make letters of a whole node, or is no Cypher."""
    shown = _shown(text)
    if shown is not None:
        raise TextRefused("the query", f"makes letters of a whole node ({shown})", _MEND)


@lru_cache(maxsize=256)
def _shown(text: str) -> str | None:
    return _Reading(parsed(text)).letters()


class _Reading:
    """What may hold a node, in one tree: variables, and keys of maps."""

    def __init__(self, tree: Any) -> None:
        self.g: Any = grammar_of()
        self.nodes = list(walk(tree))
        self.uses = (
            self.g.Expression1Context,
            self.g.SubqueryScopeContext,
            self.g.MapProjectionContext,
            self.g.MapProjectionElementContext,
        )
        self.steady = self._of_patterns()
        self.holding: set[str] = set()
        self.keys: set[str] = set()
        while self._grown():
            pass

    def letters(self) -> str | None:
        """The first piece that makes letters of what may hold a node."""
        made = (node for node in self.nodes if self._makes_letters(node) and self._any(node))
        return next(map(words_of, made), None)

    def _makes_letters(self, node: Any) -> bool:
        g = self.g
        if isinstance(node, g.Expression6Context):
            return bool(_signs(node) & {"+", "||"})
        if isinstance(node, g.Expression7Context):
            last = node.getChild(node.getChildCount() - 1)
            return isinstance(last, g.StringAndListComparisonContext) and bool(_signs(last) & _LETTERS)
        if isinstance(node, g.FunctionInvocationContext):
            return _function(node) not in _COUNTED | _HANDED_ON | _NODES
        others = (g.TrimFunctionContext, g.NormalizeFunctionContext, g.VectorFunctionContext)
        return isinstance(node, (*others, g.RangePostfixContext))

    # -- what may hold a node ----------------------------------------------------------------------

    def _grown(self) -> bool:
        before = (len(self.holding), len(self.keys))
        for node in self.nodes:
            if isinstance(node, self.g.VariableContext) and self._is_bound_to_one(node):
                self.holding.add(name_of(node))
            elif isinstance(node, self.g.MapContext) and not isinstance(
                node.parentCtx, self.g.PropertiesContext
            ):
                pairs = zip(node.propertyKeyName(), node.expression(), strict=True)
                self.keys |= {name_of(key) for key, value in pairs if self.holds(value)}
            elif isinstance(node, self.g.MapProjectionElementContext):
                self.keys |= self._projected(node)
        return before != (len(self.holding), len(self.keys))

    def _projected(self, element: Any) -> set[str]:
        """The key that an element of `p {…}` has, where it may hold a node."""
        if element.variable() is not None:
            name = name_of(element.variable())
            return {name} & self.holding
        value = element.expression()
        return {name_of(element.propertyKeyName())} if value is not None and self.holds(value) else set()

    def _is_bound_to_one(self, variable: Any) -> bool:
        """Whether a variable is bound here, to what may hold a node."""
        parent, g = variable.parentCtx, self.g
        if isinstance(parent, self.uses):
            return False
        parts = _expressions(parent)
        if isinstance(parent, g.ReduceExpressionContext):
            first = parent.getChild(2) is variable
            return any(self.holds(part) for part in (parts[::2] if first else parts[1:2]))
        named = (g.ReturnItemContext, g.UnwindClauseContext, g.LetItemContext, g.ForListClauseContext)
        listed = (g.ListComprehensionContext, g.ListItemsPredicateContext, g.MapComprehensionForListContext)
        if isinstance(parent, (*named, *listed)) and parts:
            return self.holds(parts[0])
        # of a pattern, a path, or of a kind that is not known here
        return True

    def holds(self, node: Any) -> bool:
        """Whether the value of an expression may be a node, or hold one."""
        g = self.g
        if isinstance(node, g.VariableContext):
            # what is taken of a node is its properties, of a map whatever it holds
            of_map = isinstance(node.parentCtx, g.MapProjectionContext) and name_of(node) not in self.steady
            used = isinstance(node.parentCtx, (g.Expression1Context, g.MapProjectionElementContext))
            return (used or of_map) and name_of(node) in self.holding
        if self._is_plain(node):
            return False
        parts = _expressions(node)
        if isinstance(node, (g.ListComprehensionContext, g.PatternComprehensionContext)):
            return self.holds(parts[-1 if "|" in _signs(node) else 0])
        if isinstance(node, g.ReduceExpressionContext):
            return any(self.holds(part) for part in parts[::2])
        return (isinstance(node, g.FunctionInvocationContext) and _function(node) in _NODES) or self._any(
            node
        )

    def _any(self, node: Any) -> bool:
        return any(self.holds(child) for child in getattr(node, "children", None) or ())

    def _is_plain(self, node: Any) -> bool:
        """Whether an expression is a truth, a number or a property, whatever it is made of."""
        g = self.g
        if isinstance(node, g.FunctionInvocationContext):
            return _function(node) in _COUNTED
        if isinstance(node, g.Expression2Context):
            return self._is_property(node)
        several = (
            *(g.ExpressionContext, g.Expression11Context, g.Expression10Context, g.Expression9Context),
            *(g.Expression8Context, g.Expression7Context, g.Expression5Context, g.Expression4Context),
            g.Expression3Context,
        )
        if isinstance(node, several):
            return bool(node.getChildCount() > 1)
        truths = (
            *(g.ExistsExpressionContext, g.CountExpressionContext, g.ListItemsPredicateContext),
            *(g.PatternExpressionContext, g.CountStarContext, g.PropertyExistsPredicateContext),
        )
        return isinstance(node, truths)

    def _is_property(self, node: Any) -> bool:
        """Whether it looks into a parameter, or is `p.name` and no key of a map that may hold a node."""
        owner = node.getChild(0)
        if str(owner.getText()).startswith("$"):
            return True
        first = node.getChild(1)
        if not isinstance(first, self.g.PropertyPostfixContext):
            return False
        keys = [one for one in walk(first) if isinstance(one, self.g.PropertyKeyNameContext)]
        if not {name_of(key) for key in keys} & self.keys:
            return True
        variable = owner.variable() if isinstance(owner, self.g.Expression1Context) else None
        return variable is not None and name_of(variable) in self.steady

    def _of_patterns(self) -> set[str]:
        """The variables that only patterns of nodes and arrows bind."""
        bound = (self.g.NodePatternContext, self.g.RelationshipPatternContext)
        found: set[str] = set()
        others: set[str] = set()
        for node in self.nodes:
            if isinstance(node, self.g.VariableContext) and not isinstance(node.parentCtx, self.uses):
                (found if isinstance(node.parentCtx, bound) else others).add(name_of(node))
        return found - others


def _expressions(node: Any) -> list[Any]:
    """The expressions that a node of the tree has as parts, in order."""
    parts = getattr(node, "children", None) or ()
    return [part for part in parts if type(part).__name__.startswith("Expression")]


def _signs(node: Any) -> set[str]:
    """The signs and words that stand between the parts."""
    return {str(part.getText()).upper() for part in node.children or () if not hasattr(part, "children")}


def _function(node: Any) -> str:
    return str(node.functionName().getText()).replace("`", "").casefold()

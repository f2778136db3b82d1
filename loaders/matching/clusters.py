"""From pairs to groups, without ever putting two ids into one group that must stay apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

Pair = tuple[str, str]


@dataclass
class Groups:
    """Groups of ids under constraints.

    `spaces` of an id are sets of ids of which no two are one person (a source's own ids); `different` are
    pairs that people told apart; no group ever holds one.
    """

    spaces: Mapping[str, AbstractSet[str]]
    different: AbstractSet[Pair]
    _parent: dict[str, str] = field(default_factory=dict)
    _members: dict[str, list[str]] = field(default_factory=dict)
    _spaces: dict[str, set[str]] = field(default_factory=dict)

    def of(self, one: str) -> str:
        """The id by which the group of an id is kept."""
        root = one
        while (above := self._parent.get(root, root)) != root:
            root = above
        while (above := self._parent.get(one, one)) != root:
            self._parent[one], one = root, above
        return root

    def members(self, one: str) -> list[str]:
        return self._members.get(self.of(one), [one])

    def may_join(self, a: str, b: str) -> bool:
        """Whether nobody in the one group was told apart from anybody in the other."""
        left, right = sorted((self.members(a), self.members(b)), key=len)
        return not self.different or not any(
            ((x, y) if x < y else (y, x)) in self.different for x in left for y in right
        )

    def share_a_space(self, a: str, b: str) -> bool:
        return not self._known_from(self.of(a)).isdisjoint(self._known_from(self.of(b)))

    def join(self, a: str, b: str) -> None:
        """Make one group of two."""
        one, other = self.of(a), self.of(b)
        if one == other:
            return
        if len(self._members.get(one, ())) < len(self._members.get(other, ())):
            one, other = other, one
        together = self._known_from(one) | self._known_from(other)
        members = self._members.setdefault(one, [one])
        members += self._members.pop(other, [other])
        self._parent[other] = one
        self._spaces.pop(other, None)
        self._spaces[one] = together

    def groups(self) -> list[list[str]]:
        """Groups of two or more, each sorted, in order."""
        return sorted(sorted(members) for members in self._members.values() if len(members) > 1)

    def _known_from(self, root: str) -> set[str]:
        return self._spaces.get(root) or set(self.spaces.get(root, ()))


def grouped(
    linked: Sequence[tuple[float, str, str]],
    *,
    spaces: Mapping[str, AbstractSet[str]],
    same: Iterable[Pair] = (),
    different: AbstractSet[Pair] = frozenset(),
    one_to_one: bool = True,
) -> tuple[Groups, list[Pair]]:
    """Groups of ids, and the linked pairs that could not join them.

    First what people said is one, then `linked` (probability, a, b) from the most probable down: so of a
    circle that holds a forbidden pair the weakest link gives way. A decision `different` beats everything;
    with `one_to_one` no two ids of one space come together unless somebody said so.
    """
    found, refused = Groups(spaces, different), []
    for a, b in sorted(same):
        if found.may_join(a, b):
            found.join(a, b)
        else:
            refused.append((a, b))
    for _, a, b in sorted(linked, key=lambda one: (-one[0], one[1], one[2])):
        if found.of(a) == found.of(b):
            continue
        if (one_to_one and found.share_a_space(a, b)) or not found.may_join(a, b):
            refused.append((a, b))
        else:
            found.join(a, b)
    return found, refused


def representatives(
    groups: Iterable[Sequence[str]], standing: Mapping[str, str], rank: Mapping[str, int]
) -> dict[str, str]:
    """Who stands for each id of a group.

    Whoever stood for others before still does, so that ids do not change when others join; else the id of
    the source that ranks first, then the least id. Two groups that become one: the same order decides.
    """
    stood = set(standing.values())
    unranked = max(rank.values(), default=0) + 1
    found: dict[str, str] = {}
    for group in groups:
        first = min(group, key=lambda one: (one not in stood, rank.get(one, unranked), one))
        found.update(dict.fromkeys(group, first))
    return found

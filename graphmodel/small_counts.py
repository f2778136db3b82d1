"""Which counts are too small to be shown, and which others would give them away."""

from __future__ import annotations

from collections.abc import Sequence


def suppressed(counts: Sequence[int], *, up_to: int, total_shown: bool = True) -> list[bool]:
    """Which of these counts must not be shown: those from 1 to `up_to`, and what would give them away.

    With the total shown, one hidden count could be worked out as the rest, so the smallest other count
    above 0 is hidden too, until at least two are and together they hide more than `up_to` (else their
    sum alone says that all are small). Where no other count is left to hide, the hidden ones stay
    alone: then the caller must not show the total. Zeros are shown (the rule of
    the Department for Education's children-in-need statistics).
    """
    hidden = [1 <= count <= up_to for count in counts]
    if not total_shown or not any(hidden):
        return hidden
    others = sorted((c, i) for i, c in enumerate(counts) if c > 0 and not hidden[i])
    while others and (sum(hidden) == 1 or sum(c for c, h in zip(counts, hidden, strict=True) if h) <= up_to):
        _, index = others.pop(0)
        hidden[index] = True
    return hidden

"""The pages people read, as data: links, anchors, shell lines and inline code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
_FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK: Final = re.compile(r"!?\[(?:[^\[\]]|!?\[[^\]]*\]\([^)]*\))*\]\(([^)\s]+)\)")
_INLINE: Final = re.compile(r"`([^`\n]+)`")
_HEADING: Final = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def pages() -> list[Path]:
    """Every Markdown page of the front door and of `docs/`."""
    front = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    return [*front, *sorted((ROOT / "docs").rglob("*.md"))]


def prose(text: str) -> str:
    """The text without its code blocks."""
    return _FENCE.sub("", text)


def links(text: str) -> list[str]:
    """Targets of all links and pictures, pictures within links too."""
    plain = _INLINE.sub(lambda found: "" if "](" in found[1] else found[0], prose(text))
    return [*_LINK.findall(plain), *re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", plain)]


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found = set()
    for heading in _HEADING.findall(prose(text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-"))
    return found


def code(text: str) -> Iterator[str]:
    """Each line of the shell blocks without its comment, then each piece of inline code."""
    for language, block in _FENCE.findall(text):
        if language == "sh":
            for line in block.replace("\\\n", " ").splitlines():
                yield re.sub(r"(^|\s)#.*", "", line).strip()
    yield from _INLINE.findall(prose(text))


def commands(text: str, program: str) -> list[str]:
    """What a page tells the reader to run with `program`, the name left out; each once, in order."""
    found = []
    for piece in code(text):
        bare = piece.removeprefix(".venv/bin/")
        bare = re.sub(r"^(?:[A-Z_]+=\S+ )*", "", bare)
        # where its output goes is the shell's
        bare = re.split(r" (?:2>&1|\||>>?)(?: |$)", bare)[0]
        if bare.startswith(program + " "):
            found.append(bare.removeprefix(program + " ").strip())
    return list(dict.fromkeys(found))

"""Returns in XML: one record after the other, in bounded memory, with the line that each element stands in.

Nothing outside the file is ever fetched and no entity is expanded (defusedxml); a document type, which no
return has, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from graphmodel.errors import SourceError
from loaders.sources.xml_feed import fed, parser_for

DEEPEST: Final = 40
LONGEST_TEXT: Final = 1 << 16
LARGEST_RECORD: Final = 50_000
"""Elements within elements, letters in one element, elements in one record: beyond these it is no return."""

_HEAD: Final = 1 << 15


class Element:
    """One element of a record: its name without namespace, its line, its own text and what stands in it."""

    __slots__ = ("line", "parts", "tag", "text")

    def __init__(self, tag: str, line: int) -> None:
        self.tag, self.line = tag, line
        self.text = ""
        self.parts: list[Element] = []

    def all(self, tag: str) -> list[Element]:
        """The elements of this name that stand directly in it."""
        return [part for part in self.parts if part.tag == tag]

    def one(self, *path: str) -> Element | None:
        """The first element at a path of names."""
        found: Element | None = self
        for tag in path:
            found = next((p for p in found.parts if p.tag == tag), None) if found is not None else None
        return found

    def get(self, *path: str) -> str | None:
        """The text at a path of names; None where there is none."""
        found = self.one(*path)
        return found.text.strip() or None if found is not None else None


class _Target:
    """Takes what the parser meets and keeps the records asked for, each until it is taken."""

    def __init__(self, name: str, wanted: frozenset[str]) -> None:
        self.name, self.wanted = name, wanted
        self.done: list[Element] = []
        self.line: Callable[[], int] = int
        self._open: list[Element] = []
        self._depth = self._size = 0

    def start(self, tag: str, _: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            self._refuse(f"has more than {DEEPEST} elements within one another")
        plain = tag.rpartition("}")[2]
        if not self._open and plain not in self.wanted:
            return
        self._size += 1
        if self._size > LARGEST_RECORD:
            self._refuse(f"has a record of more than {LARGEST_RECORD} elements")
        element = Element(plain, self.line())
        if self._open:
            self._open[-1].parts.append(element)
        self._open.append(element)

    def end(self, _: str) -> None:
        self._depth -= 1
        if self._open:
            element = self._open.pop()
            if not self._open:
                self.done.append(element)
                self._size = 0

    def data(self, text: str) -> None:
        if self._open:
            element = self._open[-1]
            if len(element.text) + len(text) > LONGEST_TEXT:
                self._refuse(f"has a text of more than {LONGEST_TEXT} letters in {element.tag}")
            element.text += text

    def close(self) -> None:
        """The parser asks for it; there is nothing to close."""

    def _refuse(self, fault: str) -> None:
        raise SourceError(f"{self.name}, line {self.line()}", fault, "Export the return again.")


def records(path: Path, *tags: str) -> Iterator[Element]:
    """The elements of these names in order, each with all that stands in it.

    Raises `SourceError` where the file is no XML, breaks off, has a document type or is beyond all measure.
    """
    target = _Target(path.name, frozenset(tags))
    parser = parser_for(target)
    target.line = lambda: int(parser.parser.CurrentLineNumber)
    yield from fed(path, parser, target.done, "return")


def xml_head(path: Path) -> str:
    """The beginning of a file as text, without NULs; empty where it cannot be opened."""
    try:
        with path.open("rb") as file:
            return file.read(_HEAD).replace(b"\0", b"").decode("utf-8", "replace")
    except OSError:
        return ""


def xml_files(path: Path, shape: re.Pattern[str]) -> list[Path]:
    """The XML files at a path, itself or in the folder, whose beginning has `shape`."""
    if path.is_dir():
        try:
            found = sorted(p for p in path.iterdir() if p.suffix.lower() == ".xml" and p.is_file())
        except OSError:
            return []
    else:
        found = [path] if path.suffix.lower() == ".xml" and path.is_file() else []
    return [file for file in found if shape.search(xml_head(file))]


def folder_notes(path: Path, files: list[Path]) -> list[str]:
    """What of a folder was left out."""
    if not path.is_dir():
        return []
    others = sorted(p.name for p in path.iterdir() if p not in files and not p.name.startswith("."))
    return [f"left out, no such return: {', '.join(others)}"] if others else []


def year_of(header: Element | None) -> str:
    """The day that a return is about, else its year, else nothing: later ones say it last."""
    if header is None:
        return ""
    return header.get("CollectionDetails", "ReferenceDate") or header.get("CollectionDetails", "Year") or ""

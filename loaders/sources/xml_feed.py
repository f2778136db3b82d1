"""XML from a file to a parser's target, part by part: nothing is fetched, no entity expanded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from graphmodel.errors import SourceError

_PART: Final = 1 << 16


def parser_for(target: Any) -> Any:
    """A parser that refuses document types, and with them entities and other files."""
    return DefusedXMLParser(target=target, forbid_dtd=True)


def fed(path: Path, parser: Any, done: list[Any], what: str) -> Iterator[Any]:
    """What the parser's target leaves in `done`, as soon as it is there; `what` a file is, for the mend.

    Raises `SourceError` where the file is no XML, breaks off, or has a document type.
    """
    try:
        with path.open("rb") as file:
            while part := file.read(_PART):
                parser.feed(part)
                yield from done
                done.clear()
            parser.close()
    except ParseError as fault:
        why = f"is no complete XML ({fault})"
        raise SourceError(path.name, why, f"It may have been cut off: export the {what} again.") from None
    except DefusedXmlException:
        why = f"declares a document type or entities, which no {what} does, and which can hide other files"
        raise SourceError(path.name, why, f"Ask where it comes from; export the {what} again.") from None
    except (ValueError, LookupError) as fault:
        why = f"is in an encoding that cannot be read ({fault})"
        raise SourceError(path.name, why, f"Export the {what} as UTF-8.") from None
    yield from done

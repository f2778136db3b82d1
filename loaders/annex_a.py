"""The Annex A workbook of an Ofsted inspection (to come): child-level lists of one local authority."""

from __future__ import annotations

from pathlib import Path

from graphmodel.errors import SourceError
from loaders.raw import Source


def looks_like_annex_a(path: Path) -> bool:
    return path.stem.lower().startswith("annex_a")


def read_annex_a(path: Path) -> Source:
    raise SourceError(path.name, "cannot be read yet", "Use the canonical format.")

"""Registries of agencies: schools (GIAS) and NHS organisations (ODS), and whom of the graph they know."""

from loaders.registries.files import read_registry
from loaders.registries.kept import keep, known, school_names
from loaders.registries.record import Establishment, Succession
from loaders.registries.resolve import Match, Resolved, resolve

__all__ = [
    "Establishment",
    "Match",
    "Resolved",
    "Succession",
    "keep",
    "known",
    "read_registry",
    "resolve",
    "school_names",
]

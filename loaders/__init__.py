"""Read, check, shape, load: from somebody's files to the graph."""

from loaders.load import load
from loaders.report import LoadReport, Progress, TableCounts
from loaders.sources import FORMATS

__all__ = ["FORMATS", "LoadReport", "Progress", "TableCounts", "load"]

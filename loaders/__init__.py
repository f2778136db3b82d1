"""Read, check, shape, load: from somebody's files to the graph."""

from loaders.load import READERS, load
from loaders.report import LoadReport, Progress, TableCounts

__all__ = ["READERS", "LoadReport", "Progress", "TableCounts", "load"]

"""The SSDA903 return: looked after children, their episodes of care and their social workers."""

from loaders.sources.ssda903.files import looks_like_ssda903
from loaders.sources.ssda903.reading import read_ssda903

__all__ = ["looks_like_ssda903", "read_ssda903"]

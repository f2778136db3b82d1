"""The Standard Safeguarding Dataset of an authority's case system."""

from loaders.sources.ssd.reading import looks_like_ssd, read_ssd

__all__ = ["looks_like_ssd", "read_ssd"]

"""The children's social work workforce census: the social workers of one authority, their FTE and cases."""

from loaders.sources.csww.census import looks_like_csww, read_csww

__all__ = ["looks_like_csww", "read_csww"]

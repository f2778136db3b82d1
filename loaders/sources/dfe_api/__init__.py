"""The Department for Education's daily children's social care payloads, JSON."""

from loaders.sources.dfe_api.payloads import looks_like_dfe_api
from loaders.sources.dfe_api.reading import read_dfe_api

__all__ = ["looks_like_dfe_api", "read_dfe_api"]

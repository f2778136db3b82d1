"""The children in need census: statuses of children, without anybody who works with them."""

from loaders.sources.cin.census import looks_like_cin, read_cin

__all__ = ["looks_like_cin", "read_cin"]

"""The Annex A workbook of an Ofsted inspection."""

from loaders.sources.annex_a.lists import looks_like_annex_a, read_annex_a

__all__ = ["looks_like_annex_a", "read_annex_a"]

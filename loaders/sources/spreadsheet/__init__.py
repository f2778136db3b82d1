"""Partners' own spreadsheets, whatever their headings, by a mapping that people correct."""

from loaders.sources.spreadsheet.read import is_mapping, looks_like_spreadsheet, read_spreadsheet

__all__ = ["is_mapping", "looks_like_spreadsheet", "read_spreadsheet"]

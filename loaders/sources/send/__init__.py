"""The SEND inspection's Annex A: children with an education, health and care plan, and with SEN support."""

from loaders.sources.send.read import looks_like_send, read_send

__all__ = ["looks_like_send", "read_send"]

"""Backup and restore in one step, the same on both engines, and from one to the other.

The graph goes as rows (`loaders.backup.graph`), the data folder's own files as they are: the audit record,
the identity key, the records of loads, whatever else lies there. Left out is what can be made again or must
not travel: the engine's files and passwords, the slice, the sign-in's secrets. No load runs meanwhile.
"""

from __future__ import annotations

from loaders.backup.archive import Manifest, read_manifest
from loaders.backup.restoring import restore
from loaders.backup.saving import back_up

__all__ = ["Manifest", "back_up", "read_manifest", "restore"]

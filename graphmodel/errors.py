"""The one small tree of program faults.

Faults in somebody's data are collected rows (rejects and findings), never exceptions; what is raised
here is a fault of the set-up, of a call or of the program, and always names the thing, the fault and
the mend, because whoever reads it did not write the code.
"""

from __future__ import annotations


class TacgraphError(Exception):
    """A fault a person can act on: `thing` (what), `fault` (what is wrong), `mend` (what to do)."""

    exit_code = 1
    on_record = False
    """Whether the audit record holds this refusal."""

    def __init__(self, thing: str, fault: str, mend: str) -> None:
        self.thing, self.fault, self.mend = thing, fault, mend
        super().__init__(f"{thing}: {fault}. {mend}")


class DeclarationError(TacgraphError):
    """The model, a query or a settings file declares something that cannot be."""


class SettingsError(TacgraphError):
    """A settings file or an environment variable has a name or a value that is not known."""

    exit_code = 2


class EngineError(TacgraphError):
    """A database cannot be started, found, reached or signed in to."""

    exit_code = 3


class CopyLags(EngineError):
    """A copy of the database in a cluster has not yet come as far as what was read or loaded before."""


class QueryError(TacgraphError):
    """A query is unknown, was called with wrong parameters, or failed in the database."""

    exit_code = 4


class TextRefused(QueryError):
    """A text is no single plain read, or asks for what nobody may read."""


class WriteRefused(TextRefused):
    """Something that only reads tried to write."""


class AccessRefused(TacgraphError):
    """The viewer may not see this."""

    exit_code = 5


class SourceError(TacgraphError):
    """A file or folder to load is not there, is empty or is not in the format named."""

    exit_code = 6


class DiskError(TacgraphError):
    """A disk or a folder is full, read-only, closed to us, gone or in use."""

    exit_code = 8


class LoadRefused(TacgraphError):
    """A strict load found rejects, so nothing was loaded."""

    exit_code = 7

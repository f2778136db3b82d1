"""How fast it is, measured: `make bench` runs every group and writes the figures with the machine."""

from datetime import date
from typing import Final

AS_OF: Final = date(2026, 10, 31)
"""The day that is asked about; made-up authorities reach up to it."""

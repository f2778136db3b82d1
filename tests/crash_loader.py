"""A loader to be killed: loads in small batches and says each step it has done. Run as a program."""

from __future__ import annotations

import sys
from pathlib import Path

from graphmodel.errors import TacgraphError
from loaders import load, shape


class Speaking:
    """Progress as lines, so that whoever reads them can strike at one."""

    def begin(self, name: str, total: int | None) -> None:
        print("begin", name, total, flush=True)

    def advance(self, count: int) -> None:
        print("advance", count, flush=True)

    def close(self) -> None:
        print("close", flush=True)


if __name__ == "__main__":
    vars(shape)["BATCH_ROWS"] = 100
    try:
        load(Path(sys.argv[1]), home=Path(sys.argv[2]), replace="replace" in sys.argv, progress=Speaking())
    except TacgraphError as fault:
        print(fault, file=sys.stderr)
        sys.exit(fault.exit_code)

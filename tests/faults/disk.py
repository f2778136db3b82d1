"""A small disk for a child process: a tmpfs of its own where that is allowed, else a limit of file sizes.

The child is `python -m tests.faults.full SCENARIO FOLDER`; nothing of its disk outlives it.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
OWN_MOUNT = "TACGRAPH_TEST_DISK_IS_SMALL"
_PIECE = bytes(65_536)


@cache
def may_mount() -> bool:
    """Whether this user may mount a disk that only its own child sees."""
    tried = 'mount -t tmpfs -o size=1m tacgraph "$1"'
    with_folder = ["unshare", "-rm", "sh", "-c", tried, "sh", "/tmp"]
    try:
        return subprocess.run(with_folder, capture_output=True, check=False, timeout=20).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def on_small_disk(scenario: str, folder: Path, *, megabytes: int, timeout: float = 400) -> str:
    """Run a scenario of `tests.faults.full` with `folder` on a disk of this size; what it printed."""
    command = [sys.executable, "-m", "tests.faults.full", scenario, str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), OWN_MOUNT: "yes" if may_mount() else "no"}
    if may_mount():
        mount = f'mount -t tmpfs -o size={megabytes}m,mode=700 tacgraph "$0" && exec "$@"'
        command = ["unshare", "-rm", "sh", "-c", mount, str(folder), *command]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=timeout
    )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    return done.stdout


class Disk:
    """In the child: the disk, to be filled and emptied again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"
        self._mounted = os.environ[OWN_MOUNT] == "yes"

    @property
    def limits(self) -> bool:
        """Whether it only limits how large a file may be."""
        return not self._mounted

    def fill(self, leave: int = 0, pids: tuple[int, ...] = ()) -> None:
        """Leave so many bytes free; where no disk could be mounted, no file grows beyond them.

        `pids`: other processes of ours that write there.
        """
        self.free(pids)
        if not self._mounted:
            # else the system ends who writes too much
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            for pid in (0, *pids):
                _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (leave, hard))
            return
        with self._ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(_PIECE)
            except OSError:
                size = file.tell()
            file.truncate(max(0, size - leave))

    def read_only(self, *, on: bool) -> None:
        """Let nobody write there, or again whoever may."""
        if self._mounted:
            mode = "ro" if on else "rw"
            subprocess.run(["mount", "-o", f"remount,{mode}", str(self.folder)], check=True)
            return
        for path in (self.folder, *self.folder.rglob("*")):
            path.chmod((0o500 if path.is_dir() else 0o400) if on else 0o700)

    def free(self, pids: tuple[int, ...] = ()) -> None:
        if not self._mounted:
            for pid in (0, *pids):
                _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        self._ballast.unlink(missing_ok=True)

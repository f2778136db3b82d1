"""One load in a process of its own, so that its memory is the loader's alone: `python -m benchmarks.child`.

Prints one line of JSON: seconds of the load, seconds by stage, rows by outcome, peak memory in MB, and the
processor time of the load, which a busy machine disturbs less than the clock.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.engines import Engine
from benchmarks.timing import Figures
from loaders import LoadReport, load


def measure(folder: Path, made: Engine, *, dry_run: bool = False) -> Figures:
    """Load `folder` into an engine, by a child process; what it measured of itself."""
    command = [sys.executable, "-m", "benchmarks.child", str(folder), str(made.home)]
    begun, used = time.perf_counter(), made.processor_seconds()
    done = subprocess.run(
        command + ["--dry-run"] * dry_run,
        env=made.environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=Path(__file__).parents[1],
    )
    found: Figures = json.loads(done.stdout)
    after = made.processor_seconds()
    server = None if used is None or after is None else round(after - used, 2)
    process = round(time.perf_counter() - begun, 3)
    return {**found, "process_seconds": process, "engine_processor_seconds": server}


def peak_mb() -> float:
    """The most memory that this process ever had resident, in MB (2**20 bytes).

    From the kernel's high-water mark of this program where there is one: `getrusage` on Linux also counts
    the starter's memory from before the program was run.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 1024, 1)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (2**20 if sys.platform == "darwin" else 1024), 1)


def summary(report: LoadReport) -> Figures:
    """What of a load's report the benchmark keeps."""
    outcomes = ("read", "created", "updated", "unchanged", "rejected")
    return {
        "seconds": round(report.seconds, 3),
        "stages": {name: round(seconds, 3) for name, seconds in report.stages.items()},
        "rows": {what: report.total(what) for what in outcomes},
    }


def main() -> int:
    """Load by arguments: FOLDER HOME [--dry-run]; the environment names the engine."""
    begun = time.process_time()
    report = load(Path(sys.argv[1]), home=Path(sys.argv[2]), dry_run="--dry-run" in sys.argv)
    used = round(time.process_time() - begun, 2)
    print(json.dumps({**summary(report), "peak_mb": peak_mb(), "processor_seconds": used}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

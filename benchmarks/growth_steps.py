"""One step of the growth curve in a process of its own: `python -m benchmarks.growth_steps STEP …`.

So its memory and processor time are the step's alone. Prints one line of JSON.
"""

from __future__ import annotations

import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks import AS_OF
from benchmarks.child import peak_mb
from benchmarks.timing import Figures

if TYPE_CHECKING:
    from analysis.tables import Slice

SEED: Final = 1
ROOT: Final = Path(__file__).resolve().parents[1]
PAGES: Final = (
    *("overview", "fairness", "overload", "coverage", "duplication", "trends", "certainty", "what_if"),
    *("advice", "network"),
)
VISIT_SECONDS: Final = 900.0


def example(folder: Path, children: int) -> Figures:
    """Write the made-up authority."""
    from tacgraph.example import write_example  # noqa: PLC0415  (each step pays for what it uses)

    made = write_example(folder, children=children, seed=SEED, until=AS_OF)
    held = sum(file.stat().st_size for file in folder.iterdir())
    return {"rows": sum(made.tables.values()), "tables": made.tables, "bytes": held}


def read_slice(home: Path) -> Figures:
    """Bring the slice up to the graph; rows and questions counted as they come from the database."""
    from analysis.tables import Slice  # noqa: PLC0415
    from graphmodel.store import Store  # noqa: PLC0415
    from tests.counting import counted  # noqa: PLC0415

    with Store.open(home) as store, counted() as work:
        held = Slice.current(store, home)
    rows = sum(table.num_rows for table in held.arrow.values())
    latest = max((x for x in (home / "slice").iterdir() if x.is_dir()), key=lambda x: x.stat().st_mtime)
    kept = sum(file.stat().st_size for file in latest.iterdir())
    return {"rows": rows, "rows_read": work.rows, "reads": len(work.reads), "bytes": kept}


def page(home: Path) -> Figures:
    """What the Overview shows on its first visit, from a slice that is kept: figures and findings."""
    from dashboards import data, overview  # noqa: PLC0415
    from graphmodel.settings import settings  # noqa: PLC0415

    held = data.Held(_kept(home), settings(), "growth")
    figures = overview.figures(held, AS_OF)
    found = overview.month_findings(held, AS_OF)
    return {"figures": len(figures), "findings": len(found)}


def headlines(home: Path) -> Figures:
    """The eight headline figures, from the slice that is kept."""
    from analysis import SECOND_ROADS  # noqa: PLC0415
    from benchmarks.plain_pandas import FIGURES  # noqa: PLC0415
    from graphmodel.settings import settings  # noqa: PLC0415

    held = _kept(home)
    rows = {name: len(SECOND_ROADS[name](held, AS_OF, settings())) for name in FIGURES}
    return {"figures": len(rows), "rows": sum(rows.values())}


def report(home: Path) -> Figures:
    """The monthly report, written."""
    from graphmodel.settings import settings  # noqa: PLC0415
    from reports.monthly import write_report  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as out:
        files = write_report(_kept(home), AS_OF.replace(day=1), Path(out), settings())
        return {"bytes": sum(file.stat().st_size for file in files if file.is_file())}


def network(home: Path) -> Figures:
    """The network of the day with all its measures, as the page Network asks for it."""
    from analysis import network_day  # noqa: PLC0415
    from graphmodel.settings import settings  # noqa: PLC0415

    return {"practitioners": len(network_day.network(_kept(home), AS_OF, settings()).nodes)}


def advice(home: Path) -> Figures:
    """Every point of the curve of advice, as the page Advice asks for it."""
    from analysis.advice import advise  # noqa: PLC0415
    from graphmodel.settings import settings  # noqa: PLC0415

    return {"points": len(advise(_kept(home), AS_OF, settings()).points)}


def visits(home: Path, seconds: float = VISIT_SECONDS) -> Figures:
    """Processor seconds of each page's whole run, first and again, without a browser.

    One session of one process, as a dashboard has them: a page also profits from what those before it kept.
    The slice that is kept is taken as it is, without the small question after a newer load. Pages that are
    not reached within so many seconds are left out.
    """
    from streamlit.testing.v1 import AppTest  # noqa: PLC0415

    from dashboards import data  # noqa: PLC0415
    from dashboards.launch import AS_OF_VARIABLE  # noqa: PLC0415
    from graphmodel.settings import data_folder, settings  # noqa: PLC0415

    os.environ |= {"TACGRAPH_HOME": str(home), AS_OF_VARIABLE: AS_OF.isoformat()}
    keeper = data._keeper(str(data_folder()))  # noqa: SLF001  (the one place that pages have their slice from)
    keeper.held, keeper.ask_at = data.Held(_kept(home), settings(), "growth"), math.inf
    test = AppTest.from_file(str(ROOT / "dashboards" / "entry" / "run.py"), default_timeout=max(seconds, 1))
    begun = time.perf_counter()
    found: Figures = {}
    for name in PAGES:
        if time.perf_counter() - begun > seconds:
            break
        times = []
        for _ in range(2):
            used = time.process_time()
            test.run() if name == "overview" else test.switch_page(f"../pages/{name}.py").run()
            times.append(round(time.process_time() - used, 2))
            if test.exception:
                raise RuntimeError(f"{name}: {test.exception[0].message}")
        found[name] = {"first": times[0], "again": times[1]}
    return {"pages": found}


def _kept(home: Path) -> Slice:
    from analysis.tables import Slice  # noqa: PLC0415

    folders = [x for x in (home / "slice").iterdir() if (x / "slice.json").exists()]
    return Slice.open(max(folders, key=lambda x: x.stat().st_mtime))


STEPS: Final[dict[str, Callable[..., Figures]]] = {
    step.__name__: step for step in (read_slice, headlines, page, report, network, advice, visits)
}
"""The steps that a data folder is enough for."""


def main(arguments: list[str]) -> int:
    """Run one step by its name; the environment names the engine."""
    name, folder, *rest = arguments
    begun, used = time.perf_counter(), time.process_time()
    found = example(Path(folder), int(rest[0])) if name == "example" else STEPS[name](Path(folder))
    found |= {
        "seconds": round(time.perf_counter() - begun, 3),
        "processor_seconds": round(time.process_time() - used, 2),
        "peak_mb": peak_mb(),
    }
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

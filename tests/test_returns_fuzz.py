"""Statutory returns, damaged at random: a source, rejects, or a fault with its mend; nothing else."""

from __future__ import annotations

import json
import random
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphmodel.errors import SourceError, TacgraphError
from loaders.raw import Source
from loaders.sources import FORMATS, Reading, guess_format
from tests.fuzzing import BILLION_LAUGHS, CELLS, EXTERNAL_ENTITY, damages, mangled, survives
from tests.loading import KEY, check_only, write_book, write_texts
from tests.partnerships import Size, random_partnership
from tests.returns_files import (
    EPISODES,
    WORKERS,
    episode_rows,
    payloads_of,
    spans,
    write_cin,
    write_csww,
    write_payloads,
)

MUCH = settings(
    deadline=None,
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PARTNERSHIP = random_partnership(1, Size(statuses=40))
CHANCE = random.Random(1)


def attempt(reader: str, path: Path) -> Source | TacgraphError:
    """Guess, read and drain: no step may raise anything but a fault that names its mend."""
    guess_format(path)
    return survives(lambda: FORMATS[reader].read(path, Reading(KEY)))


def good(name: str, folder: Path) -> bytes:
    """A good file of each form, as bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    match name:
        case "cin.xml":
            return write_cin(folder / name, PARTNERSHIP).read_bytes()
        case "csww.xml":
            workers: list[dict[str, str | None]] = [
                {"SWENo": f"SW{n}", "FTE": "0.5", "RoleStartDate": "2020-01-01"} for n in range(5)
            ]
            return write_csww(folder / name, workers).read_bytes()
        case "episodes.csv":
            rows = episode_rows(spans(PARTNERSHIP, "LAC"), random.Random(1))
            lines = [",".join(EPISODES), *(",".join(r.get(c, "") for c in EPISODES) for r in rows)]
            return "\n".join(lines).encode()
        case "episodes.xlsx":
            rows = episode_rows(spans(PARTNERSHIP, "LAC"), random.Random(1))
            cells = [EPISODES, *([r.get(c, "") for c in EPISODES] for r in rows)]
            return write_book(folder / name, {"Episodes": cells}).read_bytes()
    form = {".json": "list", ".jsonl": "lines", ".csv": "csv", ".parquet": "parquet"}[Path(name).suffix]
    return write_payloads(folder / "made", payloads_of(PARTNERSHIP, random.Random(1))[:3], form).read_bytes()


FILES = (
    ("cin", "cin.xml"),
    ("csww", "csww.xml"),
    ("ssda903", "episodes.csv"),
    ("ssda903", "episodes.xlsx"),
    ("dfe_api", "payloads.json"),
    ("dfe_api", "payloads.jsonl"),
    ("dfe_api", "staging.csv"),
    ("dfe_api", "staging.parquet"),
)


@pytest.mark.parametrize(("reader", "name"), FILES)
def test_damaged_bytes(reader: str, name: str, tmp_path: Path) -> None:
    whole = good(name, tmp_path / "good")
    path = tmp_path / name

    @MUCH
    @given(data=damages(whole))
    def damaged_file(data: bytes) -> None:
        path.write_bytes(data)
        attempt(reader, path)

    damaged_file()
    path.write_bytes(whole)
    assert isinstance(attempt(reader, path), Source)


@pytest.mark.parametrize(("reader", "name"), FILES)
def test_a_file_cut_anywhere_is_never_half_the_truth_unsaid(reader: str, name: str, tmp_path: Path) -> None:
    """XML, JSON, Parquet, workbooks that break off are refused; of CSV or lines the torn row is a reject."""
    whole = good(name, tmp_path / "good")
    path = tmp_path / name
    for at in sorted(random.Random(2).sample(range(len(whole) - 2), 25)):
        path.write_bytes(whole[:at])
        found = attempt(reader, path)
        if path.suffix in (".xml", ".json", ".parquet", ".xlsx"):
            assert isinstance(found, TacgraphError)
    path.write_bytes(b"")
    assert isinstance(attempt(reader, path), TacgraphError)


@pytest.mark.parametrize("table", [(EPISODES, "LAC"), (WORKERS, "SW")])
def test_mangled_tables(table: tuple[list[str], str], tmp_path: Path) -> None:
    header, _ = table
    rows = [["1", "01/01/2020", "S", "C2", "N1", "U1", "PR1", "01/02/2020", "X1", "", "", "", ""]] * 3

    @MUCH
    @given(grid=mangled(header, rows), as_book=st.booleans())
    def mangled_table(grid: list[list[Any]], as_book: bool) -> None:
        if as_book and all("\ud7ff" not in str(c) and len(str(c)) < 32_000 for row in grid for c in row):
            path = write_book(tmp_path / "t.xlsx", {"Episodes": grid})
        else:
            lines = [",".join('"' + str(cell).replace('"', '""') + '"' for cell in row) for row in grid]
            path = write_texts(tmp_path, {"t.csv": "\n".join(lines)}) / "t.csv"
        attempt("ssda903", path)

    mangled_table()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(CELLS[:-10]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    *("la_child_id", "purge", "child_details", "date_of_birth", "social_care_episodes"),
                    *("referral_date", "closure_date", "child_protection_plans", "start_date", "end_date"),
                    *(
                        "care_worker_details",
                        "worker_id",
                        "adoption",
                        "initial_decision_date",
                        "care_leavers",
                    ),
                    *("child_looked_after_placements", "placement_type", "disabilities", "children"),
                )
            ),
            inner,
            max_size=8,
        )
    ),
    max_leaves=40,
)


@MUCH
@given(values=st.lists(JSON, max_size=4))
def test_payloads_of_any_types(values: list[Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("types") / "p.json"
    path.write_text(json.dumps(values), encoding="utf-8", errors="surrogatepass")
    found = attempt("dfe_api", path)
    assert isinstance(found, Source)


@pytest.mark.parametrize("reader", ["cin", "csww"])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BILLION_LAUGHS, "declares a document type or entities"),
        (EXTERNAL_ENTITY, "declares a document type or entities"),
        ("<Message>" + "<a>" * 100 + "</a>" * 100 + "</Message>", "within one another"),
        ("<Message><Header>" + "<a/>" * 60_000 + "</Header></Message>", "a record of more than"),
        ("<Message><Header>" + "x" * 70_000 + "</Header></Message>", "a text of more than"),
        ("<Message><Child></Message>", "is no complete XML"),
        ('<?xml version="1.0" encoding="no-such"?><Message/>', "cannot be read|is no complete XML"),
    ],
    ids=["laughs", "external", "deep", "wide", "long", "crossed", "encoding"],
)
def test_hostile_xml_is_refused(reader: str, text: str, words: str, tmp_path: Path) -> None:
    # a comment in front makes each look like the return
    mark = "<!--<CINdetails><CSWWWorker>-->"
    at = text.index("<Message>") if "<Message>" in text else text.index("<Message")
    path = tmp_path / "r.xml"
    path.write_text(
        text[:at] + mark + text[at:] if "<!DOCTYPE" not in text else text + mark, encoding="utf-8"
    )
    with pytest.raises(SourceError, match=words):
        FORMATS[reader].read(path, Reading(KEY))


def test_formulas_stay_text(tmp_path: Path) -> None:
    """A formula in an id is an id; in a day it is rejected as what it is."""
    text = "CHILD,DECOM,DEC,LS\n=cmd|'/C calc'!A0,01/01/2020,,C2\nc2,=1+1,,C2\n"
    folder = write_texts(tmp_path / "f", {"episodes.csv": text})
    run, rejects = check_only(folder, tmp_path / "home", "ssda903")
    assert [(r[2], r[3], r[4]) for r in rejects] == [
        ("started_on", "=1+1", "is a formula, not a value: save its value")
    ]
    assert run.counts["statuses"].read == 2


def test_a_large_census_stays_within_its_bound(tmp_path: Path) -> None:
    """What is kept is the rows, not the XML: some two thousand bytes a child with its statuses."""
    whole = write_cin(tmp_path / "one.xml", random_partnership(1, Size(statuses=40))).read_text("utf-8")
    head, _, rest = whole.partition("<Children>")
    body, _, tail = rest.partition("</Children>")
    path = tmp_path / "many.xml"
    with path.open("w", encoding="utf-8") as file:
        file.write(head + "<Children>")
        for number in range(250):
            file.write(body.replace("<LAchildID>", f"<LAchildID>{number}-"))
        file.write("</Children>" + tail)
    tracemalloc.start()
    source = FORMATS["cin"].read(path, Reading(KEY))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    table = source.table("children")
    assert table is not None
    assert sum(len(chunk.rows) for chunk in table.chunks()) == 2_000
    assert peak < 15 << 20

"""What the workbench gives away of a result: its files say where they come from, its bars need names."""

from __future__ import annotations

import csv
import io
import json

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

import queries
from dashboards import answer, data
from queries import Result
from tests.dashboard.conftest import LAST, Partnership
from tests.dashboard.test_workbench import ANALYST


@pytest.fixture
def result(at_home: Partnership) -> Result:
    assert at_home.home.exists()
    data.held()
    return queries.answer(
        "service_directory", as_of=LAST, store=data.store(), viewer=ANALYST, category="", row_limit=4
    )


def test_every_file_holds_where_it_comes_from(result: Result) -> None:
    wanted = {"query": "service_directory", "as_of": LAST.isoformat(), "rows": 4, "complete": False,
              "parameters": {"category": ""}, "load_id": data.held().slice.load_id}  # fmt: skip
    assert wanted["load_id"]

    text = answer.comma_separated(result).decode("utf-8-sig")
    lines = text.splitlines()
    skipped = int(lines[0].rpartition(": ")[2])
    told = dict(line.removeprefix("# ").split(": ", 1) for line in lines[1:skipped])
    assert {name: json.loads(told[name]) for name in wanted} == wanted
    plain = io.StringIO()
    result.to_csv(plain)
    assert lines[skipped:] == plain.getvalue().splitlines()
    assert len(list(csv.reader(lines[skipped:]))) == 5

    book = openpyxl.load_workbook(io.BytesIO(answer.workbook(result)))
    about = {row[0].value: row[1].value for row in book["about"].iter_rows()}
    assert about["load_id"] == wanted["load_id"]
    assert about["as_of"] == LAST.isoformat()
    assert about["rows"] == 4
    assert "parameter category" in about
    assert book["rows"].max_row == 5

    table = pq.read_table(io.BytesIO(answer.parquet(result)))
    told = json.loads(table.schema.metadata[b"tacgraph"])
    assert {name: told[name] for name in wanted} == wanted
    assert table.num_rows == 4


def test_bars_need_names_of_rows_and_a_figure(result: Result) -> None:
    assert answer.labels(result) == ["category", "service_id"]
    assert answer.figures(result)
    frame = result.frame()
    for name in answer.figures(result):
        assert pd.api.types.is_numeric_dtype(frame[name])
        assert not (frame[name] < 0).any()

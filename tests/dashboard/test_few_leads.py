"""A partnership with few leads above capacity: no page of figures tells how many, and many are told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from analysis.workload import load_by_practitioner
from dashboards import data
from graphmodel.settings import settings
from reports.masking import hidden_counts
from reports.masking_overload import curve_shown, hidden_beside, unhelped_shown, weights_shown
from reports.words import SUPPRESSED
from tests.dashboard.conftest import LAST, Partnership
from tests.dashboard.roles import page_for, signed
from tests.dashboard.test_dashboard import title, words

PAGES = {"certainty": {}, "advice": {}, "what_if": {"close_schools": "true", "grow": "40"}}
FEW, MANY = 3, 30
COUNTED = (
    *("Leads above capacity then", "Leave the list", "Enter it", "Overloaded leads", "Severely overloaded"),
    *("Brought within capacity", "Newly above capacity", "Fewest above capacity", "Most above capacity"),
    *("Leads above capacity, today", "Leads above capacity, then"),
)


def with_above(home: Partnership, count: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings by which so many leads of the partnership are above capacity."""
    load = load_by_practitioner(home.tables, LAST, settings())
    used = load[load["tacs_led"] > 0]["utilisation"].sort_values(ascending=False).to_numpy()
    line = float(used[count - 1] + used[count]) / 2
    file = folder / "few.toml"
    text = f"[workload]\noverload_threshold = {line}\nsevere_threshold = {line + 1}\n"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("TACGRAPH_SETTINGS", str(file))
    settings.cache_clear()
    data.forget()
    assert int(load_by_practitioner(home.tables, LAST, settings())["overloaded"].sum()) == count


@pytest.fixture(autouse=True)
def as_agreed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The settings that other tests have, before and after."""
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture(params=["strategic_manager", "analyst"])
def role(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    signed(monkeypatch, roles=request.param)
    return str(request.param)


def said(test: AppTest) -> str:
    """All texts of the page, the tables' columns that count leads, choices, and words of the charts."""
    cells = [
        str(cell)
        for t in test.dataframe
        for name in t.value.columns
        if name in COUNTED
        for cell in t.value[name]
    ]
    cells += [f"{m.label}: {m.value} leads" for m in test.metric if "verload" in m.label]
    cells += [str(option) for box in test.selectbox for option in box.options]
    for t in test.dataframe:
        if "Figure" in t.value.columns:
            rows = t.value[t.value["Figure"].str.startswith("Leads ")]
            cells += [f"{cell} leads" for cell in rows[["Today", "Then", "Change"]].to_numpy().ravel()]
    return "\n".join([words(test), *cells])


@pytest.mark.parametrize("page", list(PAGES))
def test_no_page_tells_how_many_few_leads_above_capacity_are(
    at_home: Partnership, role: str, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_above(at_home, FEW, tmp_path, monkeypatch)
    test = page_for(page, **PAGES[page])
    assert not test.exception
    told = said(test)
    of_leads = re.findall(
        r"\b([1-5])(?: more| fewer| of the \d+)?,? (?:overloaded |severely )*lead(?:s|er)?\b(?! work| point)",
        told,
    )
    assert not of_leads, told
    assert not re.search(r"\b[1-5] (?:stay|need|have|could be helped|depend)", told)
    assert SUPPRESSED in re.findall(r"\bc\b", told)
    for t in test.dataframe:
        for name in set(COUNTED) & set(t.value.columns):
            numbers = [
                n for cell in t.value[name] for n in re.findall(r"\d+", str(cell).replace("within 5", ""))
            ]
            assert not [n for n in numbers if 1 <= int(n) <= 5], (name, list(t.value[name]))
    assert f"{FEW} newly" not in told
    if role == "strategic_manager":
        assert not [x for x in re.findall(r"Left out for your role: (\d+)", told) if 1 <= int(x) <= 5]


def test_warnings_of_all_agencies_are_for_who_sees_all(
    at_home: Partnership, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busiest = str(at_home.tables.table("posts")["agency_id"].mode()[0])
    with_above(at_home, FEW, tmp_path, monkeypatch)
    months = {}
    for name in ("agency_manager", "analyst"):
        signed(monkeypatch, roles=name, agency_id=busiest)
        test = page_for("overload")
        assert not test.exception
        heads = {column for t in test.dataframe for column in t.value.columns}
        months[name] = {"Leads below the line", "Crossed it"} <= heads
        if name == "agency_manager":
            # with those who lead, those below the line tell how many are above it
            assert not re.search(r"\d warnings|such warnings in past|crossings", words(test))
    assert months == {"agency_manager": False, "analyst": True}


def test_where_they_are_many_every_page_says_how_many(
    at_home: Partnership, role: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_above(at_home, MANY, tmp_path, monkeypatch)
    assert role
    assert f"{MANY} leads above capacity" in title(page_for("certainty"))
    advice = page_for("advice")
    assert f"overloaded leads: {MANY}," in words(advice)
    assert re.search(rf"\b{MANY}\b", title(advice))
    rows = next(t.value for t in page_for("what_if", grow="40").dataframe if "Figure" in t.value.columns)
    assert rows.set_index("Figure").loc["Leads above capacity", "Today"] == f"{MANY}"


# -- the rule itself ---------------------------------------------------------------------------------

COUNT = st.integers(0, 40)


@st.composite
def states(draw: st.DrawFn) -> dict[str, float]:
    over = draw(COUNT)
    return {
        "leading": float(over + draw(COUNT)),
        "overloaded": float(over),
        "severe": float(draw(st.integers(0, over))),
    }


@given(states(), states(), st.integers(1, 7), st.booleans())
def test_of_two_states_no_small_count_and_no_small_difference_is_shown(
    today: dict[str, float], then: dict[str, float], up_to: int, changes: bool
) -> None:
    now, later = hidden_counts(today, up_to), hidden_beside(today, then, up_to, changes=changes)
    for name in ("overloaded", "severe"):
        if name in now:
            assert name in later, "which are hidden must not hang on what is hidden"
        elif name not in later:
            assert not 1 <= then[name] <= up_to
            assert changes or not 1 <= abs(then[name] - today[name]) <= up_to


@given(st.lists(st.tuples(COUNT, COUNT, COUNT, COUNT), min_size=1, max_size=6), states(), st.integers(1, 6))
def test_who_leaves_and_enters_is_shown_only_where_nothing_small_adds_up(
    ends: list[tuple[int, int, int, int]], today: dict[str, float], up_to: int
) -> None:
    columns = ["overloaded_low", "overloaded_high", "no_longer", "newly"]
    safe = weights_shown(pd.DataFrame(ends, columns=columns), today, up_to)
    for row in safe.to_dict(orient="records"):
        shown = {name: row[name] for name in columns if not np.isnan(row[name])}
        assert not [n for n in shown.values() if 1 <= n <= up_to]
        if {"no_longer", "newly"} & shown.keys():
            assert set(columns) == shown.keys()
        if "overloaded" in hidden_counts(today, up_to):
            assert not shown
            assert not row["near_low"]
            assert not row["near_high"]


@given(st.lists(states(), min_size=2, max_size=5), st.integers(1, 6))
def test_a_curve_tells_nothing_of_hidden_leads(rows: list[dict[str, float]], up_to: int) -> None:
    first = rows[0]
    curve = (
        pd.DataFrame(rows)
        .drop(columns="leading")
        .assign(
            newly_overloaded=[max(0.0, row["overloaded"] - first["overloaded"]) for row in rows],
            helped=[max(0.0, first["overloaded"] - row["overloaded"]) for row in rows],
        )
    )
    safe = curve_shown(curve, first["leading"], up_to)
    names = ["overloaded", "severe", "helped", "newly_overloaded"]
    values = safe[names].to_numpy().ravel()
    assert not ((values >= 1) & (values <= up_to)).any()
    if "overloaded" in hidden_counts(first, up_to):
        assert safe[names].isna().all(axis=None)
        assert not safe["near"].any()
    both = safe["overloaded"].dropna() - first["overloaded"]
    assert not both.abs().between(1, up_to).any()
    assert safe.loc[safe["overloaded"].isna(), ["helped", "newly_overloaded"]].isna().all(axis=None)


@given(st.lists(st.sampled_from(["fte", "kept", "training"]), max_size=25), COUNT, st.integers(1, 6))
def test_reasons_never_tell_a_small_one(verdicts: list[str], over: int, up_to: int) -> None:
    hidden = hidden_counts({"overloaded": float(over)}, up_to)
    whole, parts = unhelped_shown(
        pd.Series(verdicts, dtype=object), np.nan if "overloaded" in hidden else float(over), up_to
    )
    shown = [n for n in parts.values() if not np.isnan(n)]
    assert not [n for n in shown if 1 <= n <= up_to]
    if not np.isnan(whole):
        rest = whole - sum(shown)
        assert not 1 <= rest <= up_to
        assert len(parts) - len(shown) != 1
    if np.isnan(whole) and len(parts) == 1:
        assert not shown

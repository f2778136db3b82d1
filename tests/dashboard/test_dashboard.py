"""The pages as Streamlit runs them, without a browser: what they say, hide, refuse and keep."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from analysis import SECOND_ROADS, workload
from analysis.tables import Slice
from dashboards import asked, data, widgets
from dashboards.app import MENU
from dashboards.data import Held
from dashboards.duplication import BETWEEN_AGENCIES, GROUPS, WHAT_TO_DO, between_agencies, by_group, counts
from dashboards.overview import GUIDE, Figure, figures
from dashboards.shown import agencies
from graphmodel import engine
from graphmodel.audit_log import AuditLog
from graphmodel.settings import settings
from reports import findings
from tests.dashboard.conftest import FIGURES, LAST, Partnership

APP = Path(__file__).parents[2] / "dashboards" / "entry" / "run.py"
PAGES = (*FIGURES, "workbench")


def opened(page: str, **asked: str | list[str]) -> AppTest:
    """The page asked for with an address, run once."""
    test = AppTest.from_file(str(APP), default_timeout=120)
    for name, value in asked.items():
        test.query_params[name] = value
    test.run()
    return test if page == "overview" else test.switch_page(f"../pages/{page}.py").run()


def words(test: AppTest) -> str:
    """Everything that was sent to the browser, tables and charts included."""
    return "\n".join(str(getattr(block, "proto", "")) for block in _walk(test.main))


def _walk(block: object) -> list[object]:
    children = getattr(block, "children", {})
    return [block, *(found for child in children.values() for found in _walk(child))]


def address(test: AppTest, name: str) -> list[str]:
    """The values of one name in the address."""
    values = test.query_params.get(name, [])
    return [values] if isinstance(values, str) else list(values)


def title(test: AppTest) -> str:
    return str(test.title[0].value)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_and_names_no_child(at_home: Partnership, page: str) -> None:
    test = opened(page)
    assert not test.exception
    assert not test.error
    said = words(test)
    assert "31 October 2026" in said
    assert "plotly" in said.lower() or "arrow" in said.lower()
    children = at_home.tables.table("children")
    for ids in (children["child_id"], children["family_id"].dropna(), at_home.tables.table("tacs")["tac_id"]):
        assert not [one for one in ids if f'"{one}"' in said or f"{one} " in said or f" {one}" in said]
    names = at_home.tables.table("practitioners")["name"].dropna()
    assert not [name for name in names if name in said]


@pytest.mark.parametrize("page", FIGURES)
def test_a_page_says_day_load_weights_and_query(at_home: Partnership, page: str) -> None:
    test = opened(page)
    load_id = data.held().slice.load_id
    assert load_id is not None
    head = next(str(c.value) for c in test.caption if "As of" in str(c.value))
    assert load_id in head
    assert settings().version in head
    assert [x.label for x in test.expander][-3:] == [
        "What these figures are, how they are computed, and where the guidance says so",
        "Weights and thresholds behind these figures",
        "The query behind the figures (Cypher)",
    ]
    assert "MATCH" in " ".join(str(code.value) for code in test.code)
    assert at_home.home.exists()


def test_overload_lists_whom_the_measure_lists(at_home: Partnership) -> None:
    test = opened("overload")
    wanted = SECOND_ROADS["overloaded_leads"](at_home.tables, LAST, settings())
    assert len(wanted) > 5
    table = next(t.value for t in test.dataframe if "Since" in t.value.columns)
    assert list(table["Practitioner"]) == list(wanted["practitioner_id"])
    assert title(test).startswith(f"{len(wanted)} of ")


def test_the_filter_narrows_overload_to_an_agency(at_home: Partnership) -> None:
    wanted = SECOND_ROADS["overloaded_leads"](at_home.tables, LAST, settings())
    agency = wanted["home_agency_id"].iloc[0]
    test = opened("overload", agency=[agency])
    table = next(t.value for t in test.dataframe if "Since" in t.value.columns)
    assert set(table["Practitioner"]) == set(
        wanted.loc[wanted["home_agency_id"] == agency, "practitioner_id"]
    )
    assert address(test, "agency") == [agency]


def test_the_address_carries_the_day_and_month_over_pages(at_home: Partnership) -> None:
    test = opened("overview", as_of="2026-07-15")
    assert "15 July 2026" in words(test)
    test.selectbox(key="month").set_value(date(2026, 6, 30)).run()
    assert address(test, "as_of") == ["2026-06-30"]
    test.switch_page("../pages/duplication.py").run()
    assert "30 June 2026" in words(test)
    assert not test.exception
    assert at_home.tables.data_date == LAST


class _Params(dict[str, str | list[str]]):
    def get_all(self, name: str) -> list[str]:
        found = self.get(name, [])
        return [found] if isinstance(found, str) else found


def test_a_page_left_before_its_pickers_were_drawn_loses_no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The menu clears the address then, and the pickers' values go with those that were not drawn."""
    last = date(2026, 10, 31)
    held: Any = SimpleNamespace(default_day=lambda: last, last_day=last)
    state: dict[str, Any] = {}
    shown = SimpleNamespace(session_state=state, query_params=_Params(), warning=pytest.fail)
    monkeypatch.setattr(asked, "st", shown)
    monkeypatch.setattr(asked, "_months", lambda _: [])

    def turned() -> tuple[Any, ...]:
        asked._take_address(held, {"A1": "One", "A2": "Two"}, ["North"], only_ends=False)
        return state["as_of"], state["agency"], state["locality"]

    shown.query_params |= {"as_of": "2026-08-31", "agency": ["A2"], "locality": "North"}
    theirs = (date(2026, 8, 31), ["A2"], "North")
    assert turned() == theirs
    asked._put_address(asked.Asked(theirs[0], ("A2",), "North"))
    assert shown.query_params["as_of"] == "2026-08-31"
    shown.query_params.clear()
    for name in ("as_of", "agency", "locality", "month"):
        del state[name]
    assert turned() == theirs
    shown.query_params |= {"as_of": "2026-07-31"}
    assert turned() == (date(2026, 7, 31), [], None), "another address counts more"


def test_an_address_that_is_no_date_is_said(at_home: Partnership) -> None:
    test = opened("overview", as_of="31.10.26", agency=["nobody"])
    assert [w for w in test.warning if "no date" in str(w.value)]
    assert [w for w in test.warning if "nobody" in str(w.value)]
    assert address(test, "as_of") == [LAST.isoformat()]
    assert not at_home.tables.table("tacs").empty


@pytest.mark.parametrize("page", PAGES)
def test_a_day_before_the_data_is_said_in_words(at_home: Partnership, page: str) -> None:
    test = opened(page, as_of="1999-01-01")
    assert not test.exception
    assert title(test) == "No team had opened by this day"
    assert at_home.home.exists()


@pytest.mark.parametrize("page", PAGES)
def test_the_first_day_of_the_data_has_pages(at_home: Partnership, page: str) -> None:
    first = at_home.tables.table("tacs")["opened_on"].min().date()
    test = opened(page, as_of=first.isoformat())
    assert not test.exception
    assert not test.error


def test_names_need_a_role_and_a_reason_and_leave_a_record(at_home: Partnership) -> None:
    log = AuditLog(at_home.home)
    before = len(log.entries())
    test = opened("overload")

    def ask(role: str | None, reason: str) -> str:
        test.selectbox(key="names-role").set_value(role)
        test.text_input(key="names-reason").set_value(reason)
        next(b for b in test.button if b.label == "Show names").click().run()
        return " ".join(str(e.value) for e in test.error)

    assert "role" in ask(None, "cover for sickness")
    assert "may not see named practitioners" in ask("strategic_manager", "cover for sickness")
    assert "no reason was stated" in ask("agency_manager", "  ")
    (attempt,) = log.entries()[before:]
    assert (attempt["role"], attempt["rows"]) == ("strategic_manager", 0)
    assert "may not see named practitioners" in attempt["refused"]
    assert not [t for t in test.dataframe if "Name" in t.value.columns]

    assert not ask("agency_manager", "cover for sickness")
    table = next(t.value for t in test.dataframe if "Name" in t.value.columns)
    people = at_home.tables.table("practitioners").set_index("practitioner_id")["name"]
    assert list(table["Name"]) == [people[who] for who in table["Practitioner"]]
    entries = log.entries()
    assert len(entries) == before + 2
    assert (entries[-1]["role"], entries[-1]["reason"]) == ("agency_manager", "cover for sickness")
    assert set(entries[-1]["about"].split(", ")) == set(table["Practitioner"])
    assert log.verify() == []


def test_the_working_adds_up(at_home: Partnership) -> None:
    test = opened("overload")
    table = next(t.value for t in test.dataframe if list(t.value.columns) == ["Part", "Points"])
    parts = {str(k): float(v.replace(",", "")) for k, v in zip(table["Part"], table["Points"], strict=True)}
    row = workload.overloaded_leads(at_home.tables, LAST, settings()).iloc[0]
    together = parts["Points together"]
    assert together == pytest.approx(row["points"], abs=0.006)
    names = list(parts)
    earned = [parts[name] for name in names[: names.index("Points together")]]
    assert len(earned) == 5
    assert sum(earned) == pytest.approx(together, abs=0.006 * 5)
    assert parts["Capacity"] == pytest.approx(row["capacity"], abs=0.006)
    room = parts["Posts, were all of them case work"] + parts["Other work of the posts"]
    assert room == pytest.approx(parts["Capacity"], abs=0.02)
    posts = next(t.value for t in test.table if "Full time" in t.value.columns)
    capacity = sum(float(str(x).replace(",", "")) for x in posts["Points"])
    assert capacity == pytest.approx(row["capacity"], abs=0.06 * len(posts))


def held(tables: Slice) -> Held:
    return Held(tables, settings(), "test")


def test_the_six_figures_are_the_measures(at_home: Partnership) -> None:
    shown = figures(data.held(), LAST)
    assert len(shown) == 6
    months = workload.trend(at_home.tables, LAST, settings(), months=0).iloc[-1]
    assert shown["active"].value == months["active_tacs"]
    assert shown["overloaded"].value == months["overloaded"]
    without = int(months["tacs_without_lead"])
    assert shown["without"].hidden == (1 <= without <= 5)
    assert shown["without"].value == (None if 1 <= without <= 5 else without)


@pytest.mark.parametrize("back", [0, 91, 365])
def test_small_counts_are_hidden_everywhere(at_home: Partnership, back: int) -> None:
    found, day = data.held(), LAST - timedelta(days=back)
    frames = [counts(found, day)]
    frames += [between_agencies(found, kind, day) for kind in sorted(BETWEEN_AGENCIES)]
    frames += [by_group(found, kind, column, day) for kind, (column, _) in GROUPS.items()]
    for frame in frames:
        assert not ((frame["cases"] >= 1) & (frame["cases"] <= 5)).any()
        assert (frame["cases"].isna() == frame["suppressed"]).all()
    for discretionary in (False, True):
        rows = agencies(found, day, discretionary=discretionary)
        small = data.fair(found, day, discretionary=discretionary).agencies["tacs_led"].between(1, 5)
        assert (
            rows.loc[small.to_numpy(), ["tacs_led", "lead_points", "load_share", "disparity"]]
            .isna()
            .all(axis=None)
        )
    assert set(WHAT_TO_DO) == set(counts(found, day)["kind"])
    assert not at_home.tables.table("tacs").empty


def test_the_two_views_of_fairness_do_not_differ_by_a_small_count(at_home: Partnership) -> None:
    found = data.held()
    every, free = agencies(found, LAST), agencies(found, LAST, discretionary=True)
    gap = every["tacs_led"] - free["tacs_led"]
    assert not gap.between(1, 5).any()
    assert gap.notna().any()
    assert at_home.home.exists()


def test_an_engine_that_cannot_be_reached_is_said(
    at_home: Partnership, monkeypatch: pytest.MonkeyPatch
) -> None:
    data.forget()
    monkeypatch.setenv("NEO4J_URI", "bolt://127.0.0.1:9")
    monkeypatch.setenv("NEO4J_PASSWORD", "not used")
    test = opened("overview")
    assert title(test) == "The database cannot be reached"
    assert "bolt://127.0.0.1:9" in str(test.error[0].value)
    assert "What to do" in words(test)
    assert not test.exception
    monkeypatch.delenv("NEO4J_URI")
    data.forget()
    assert at_home.home.exists()


def test_an_engine_lost_later_leaves_the_figures_with_a_warning(
    at_home: Partnership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "CHECK_SECONDS", 0.0)
    data.ask_again()
    assert not data.held().warning
    monkeypatch.setenv("NEO4J_URI", "bolt://127.0.0.1:9")
    monkeypatch.setenv("NEO4J_PASSWORD", "not used")
    data.store().close()
    test = opened("overload")
    assert [w for w in test.warning if "Not up to date" in str(w.value)]
    assert " leads " in title(test)
    assert at_home.home.exists()


def test_an_empty_installation_explains_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.delenv("NEO4J_URI", raising=False)
    monkeypatch.setenv("TACGRAPH_HOME", str(home))
    try:
        test = opened("overview")
        assert title(test) == "Nothing has been loaded yet"
        assert "tacgraph load" in words(test)
        assert not test.exception
    finally:
        data.forget()
        engine.stop(home)


days = st.dates(min_value=date(2000, 1, 1), max_value=date(2040, 12, 31))


@given(days)
def test_a_month_before_is_in_the_month_before(day: date) -> None:
    before = asked.month_before(day)
    assert (before.year * 12 + before.month) + 1 == day.year * 12 + day.month
    assert before.day <= day.day or day == asked.month_end(day)
    if day == asked.month_end(day):
        assert before == asked.month_end(before)


def test_findings_are_ranked_most_serious_first(at_home: Partnership) -> None:
    test = opened("overview")
    listed = [str(m.value) for m in test.markdown if "-badge[" in str(m.value)]
    order = [findings.SEVERITIES.index(_severity(line)) for line in listed]
    assert order == sorted(order)
    assert len(order) >= 5
    assert at_home.home.exists()


def _severity(line: str) -> findings.Severity:
    return next(s for s in findings.SEVERITIES if widgets.SEVERITY_WORDS[s] in line)


def test_the_guide_names_pages_there_are(at_home: Partnership) -> None:
    titles = {title for title, _ in MENU.values()}
    assert set(GUIDE.values()) <= titles
    assert len(set(GUIDE.values())) == len(GUIDE)
    said = words(opened("overview"))
    assert all(question in said for question in GUIDE)
    assert at_home.home.exists()


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [(30, 24, "+6"), (30, 25, "within 5"), (25, 30, "within 5"), (30, 30, "no change"), (24, 30, "-6")],
)
def test_a_little_change_of_a_count_is_not_said_to_the_unit(now: float, before: float, said: str) -> None:
    figure = Figure("TACs", now, "", little=5)
    assert figure.change(Figure("TACs", before, "", little=5)) == said
    assert figure.change(Figure("TACs", None, "", hidden=True, little=5)) is None

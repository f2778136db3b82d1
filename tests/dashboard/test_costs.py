"""Costs and expected leads on the Fairness page: shown as measured, and no small count to be worked out."""

from __future__ import annotations

import pandas as pd

from analysis.costs import by_sector, costs, payers
from analysis.fairness import expected_by_sector
from dashboards import data
from dashboards.costs import safe_costs
from dashboards.shown import agencies, sectors
from graphmodel.settings import settings
from tests.dashboard.conftest import LAST, Partnership
from tests.dashboard.test_dashboard import opened


def nothing_to_work_out(shown: pd.Series, real: pd.Series, hidden: pd.Series, group_of: pd.Series) -> None:
    """Beside the agencies shown, no group that is shown leaves one hidden agency, or a few leads, bare."""
    for group, seen in shown.items():
        if not seen:
            continue
        rest = hidden.index[group_of.reindex(hidden.index) == group]
        if len(rest):
            assert len(rest) > 1, group
            assert real.reindex(rest).sum() > 5, group


def test_the_page_shows_costs_as_measured(at_home: Partnership) -> None:
    test = opened("fairness")
    assert not test.exception
    table = next(t.value for t in test.dataframe if "Agency that pays" in t.value.columns)
    real = costs(at_home.tables, LAST, settings())
    assert len(table) == len(real)
    names = at_home.tables.table("agencies").set_index("agency_id")["name"]
    rows = dict(zip(table["Agency that pays"], table["Hours a year"], strict=True))
    open_ = {name: hours for name, hours in rows.items() if hours != "c"}
    assert open_, "some are shown"
    wanted = dict(zip(real["agency_id"].map(names), real["hours"], strict=True))
    assert open_ == {name: f"{wanted[name]:,.0f}" for name in open_}
    assert any("Pays a year" in t.value.columns and "Sector" in t.value.columns for t in test.dataframe)


def test_no_hidden_count_can_be_worked_out(at_home: Partnership) -> None:
    found = data.held()
    fair = data.fair(found, LAST).agencies.set_index("agency_id")["tacs_led"]
    on_page = agencies(found, LAST).set_index("agency_id")["suppressed"]
    hidden = fair[on_page.reindex(fair.index)]
    assert len(hidden), "some are hidden in the example"
    rows, by_sectors = safe_costs(found, LAST)
    real = costs(at_home.tables, LAST, settings())
    small = real["tacs_led"].between(1, 5).to_numpy()
    assert rows.loc[small, ["tacs_led", "pounds", "hours", "share", "difference"]].isna().all(axis=None)
    shown = (~rows.set_index("agency_id")["suppressed"]).astype(bool)
    nothing_to_work_out(shown, fair, hidden, pd.Series(payers(at_home.tables)))
    sector = at_home.tables.table("agencies").set_index("agency_id")["sector"]
    lost = real.set_index("agency_id")["tacs_led"][~shown]
    shown_sectors = (~by_sectors.set_index("sector")["suppressed"]).astype(bool)
    nothing_to_work_out(shown_sectors, real.set_index("agency_id")["tacs_led"], lost, sector)
    sums = by_sector(at_home.tables, real)
    assert list(sums["sector"]) == list(by_sectors["sector"])


def test_sectors_of_expected_leads_are_shown_as_measured_or_hidden(at_home: Partnership) -> None:
    found = data.held()
    for discretionary in (False, True):
        shown = sectors(found, LAST, discretionary=discretionary)
        real = expected_by_sector(at_home.tables, LAST, settings(), discretionary=discretionary)
        open_ = ~shown["suppressed"].astype(bool)
        assert shown.loc[open_, "observed"].tolist() == real.loc[open_, "observed"].tolist()
        assert not shown["observed"].between(1, 5).any()
        assert shown.loc[~open_, ["observed", "expected", "p", "expected_low"]].isna().all(axis=None)
        assert (~open_).sum() != 1, "one hidden alone is what the rest leaves of the total"

"""Who should lead: each criterion against plain loops over the rows, the order, and the command line."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as how

from analysis.advice_lead import CRITERIA, Candidates, who_should_lead
from analysis.tables import Slice
from graphmodel.audit_log import AuditLog
from graphmodel.errors import QueryError
from graphmodel.settings import settings
from loaders import load
from tests.advising import AS_OF, SEEDS, SPARSE, crowded, rule_of, slice_of
from tests.loading import SMALL
from tests.naive import Naive
from tests.naive_day import active, day
from tests.partnerships import Partnership, Row
from tests.test_advice import by_hand
from tests.test_cli import tacgraph

CLOSE = 1e-9


def rows_of(found: Candidates) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = found.record()["members"]
    return rows


def shown_services(naive: Naive, child: str) -> list[Row]:
    """The child's active interventions that may be shown."""
    found = []
    for row in naive.rows["interventions"]:
        service = naive.services[row["service_id"]]
        private = service["category"] in ("mental_health", "sexual_health", "substance_misuse")
        sensitive = service["sensitive"] == "true" or (service["sensitive"] == "" and private)
        if row["child_id"] == child and active(row, naive.d) and (row["consent"] == "true" or not sensitive):
            found.append(row)
    return found


def criteria(naive: Naive, tac: str, person: str) -> dict[str, Any]:
    """One member against each criterion, straight from the rows."""
    child, d = naive.tacs[tac]["child_id"], naive.d
    rule, services = rule_of(naive, child), shown_services(naive, child)
    agencies = {post["agency_id"] for post in naive.posts(person, d)}
    own = [row for row in services if naive.services[row["service_id"]]["agency_id"] in agencies]
    began = [
        day(row["started_on"])
        for name in ("leads", "memberships")
        for row in naive.rows[name]
        if (row["tac_id"], row["practitioner_id"]) == (tac, person)
        and day(row["started_on"]) <= d
        and row["started_on"] != row["ended_on"]
    ]
    capacity = naive.capacity(person)
    weight = naive.s.workload.need_weight[naive.level(child)]
    early = (d - day(naive.tacs[tac]["opened_on"])).days < 42
    leading = weight * (1 + 0.1 * max(0, len(naive.team[tac]) - 3)) * (1.25 if early else 1.0)
    points = naive.points(person) - naive.points_from(person, tac) + leading
    trained = naive.people[person]["lead_trained_on"]
    return {
        "leads_now": person in naive.leads[tac],
        "statutory": None if rule is None else naive.people[person]["role"] in list(_roles(rule)),
        "family_choice": any(
            (row["tac_id"], row["practitioner_id"], row["reason"]) == (tac, person, "family_choice")
            and active(row, d)
            for row in naive.rows["leads"]
        ),
        "has_post": capacity > 0,
        "predominant_need": len(own) / len(services) if services else None,
        "delivers": sum(row["practitioner_id"] == person for row in services),
        "days_in_team": (d - min(began)).days,
        "trained": bool(trained) and day(trained) <= d,
        "utilisation_as_lead": points / capacity if capacity > 0 else None,
        "all_year": naive.people[person]["term_time_only"] != "true",
    }


def _roles(rule: dict[str, object]) -> list[str]:
    roles = rule["roles"]
    assert isinstance(roles, list)
    return roles


def grades(naive: Naive, tac: str, row: dict[str, Any]) -> tuple[Any, ...]:
    """What a row is put in order by, smaller first."""
    rule = rule_of(naive, naive.tacs[tac]["child_id"])
    binding = rule is not None and rule["strength"] in ("required", "expected")
    need, used = row["predominant_need"] or 0, row["utilisation_as_lead"]
    used = float("inf") if used is None else round(used, 9)
    close = row["days_in_team"] >= 182 or row["delivers"] > 0
    return (
        not (binding and row["statutory"]),
        not row["family_choice"],
        not row["has_post"],
        0 if need >= 0.5 else 1 if need > 0 else 2,
        0 if close else 1 if row["days_in_team"] >= 42 else 2,
        not row["trained"],
        0 if used <= 1 + CLOSE else 1 if used <= 1.5 + CLOSE else 2,
        not row["all_year"],
        used,
        row["practitioner_id"],
    )


@given(SEEDS)
@how(max_examples=30, deadline=None)
def test_each_criterion_and_the_order(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    partnership = crowded(seed, SPARSE)
    tables = slice_of(partnership, tmp_path_factory.mktemp("p"))
    naive = Naive(partnership, AS_OF, settings())
    for tac in naive.tacs:
        found = who_should_lead(tables, tac, AS_OF, settings())
        rows = rows_of(found)
        assert {row["practitioner_id"] for row in rows} == naive.team[tac]
        for row in rows:
            for name, value in criteria(naive, tac, row["practitioner_id"]).items():
                near = pytest.approx(value, abs=CLOSE) if isinstance(value, float) else value
                assert row[name] == near, (tac, row["practitioner_id"], name)
        keys = [grades(naive, tac, row) for row in rows]
        assert keys == sorted(keys)
        rule = rule_of(naive, naive.tacs[tac]["child_id"])
        assert found.strength == ("" if rule is None else rule["strength"])


def test_the_statutory_answer_comes_first(tmp_path: Path) -> None:
    tables = by_hand().tables
    tables["statuses"] = [{"child_id": "ct3", "status": "CP", "started_on": "2025-09-01", "ended_on": ""}]
    tables["practitioners"][2]["role"] = "social_worker"
    found = who_should_lead(slice_of(Partnership(tables), tmp_path / "p"), "t3", AS_OF, settings())
    assert (found.strength, found.required_roles) == ("required", ("social_worker",))
    first = found.members.iloc[0]
    # untrained, and still first: the law asks for this role, and the column says what is missing
    assert (first["practitioner_id"], first["statutory"], first["trained"]) == ("N", True, False)


def test_a_team_that_is_not_there_is_named(tmp_path: Path) -> None:
    tables = slice_of(by_hand(), tmp_path / "p")
    with pytest.raises(QueryError, match="not known"):
        who_should_lead(tables, "t9", AS_OF, settings())
    with pytest.raises(QueryError, match="not active on 2020-01-01"):
        who_should_lead(tables, "t1", date(2020, 1, 1), settings())


def test_the_commands(on_engine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load(by_hand().write(tmp_path / "p"), home=on_engine)
    day_ = ("--as-of", AS_OF.isoformat())
    assert tacgraph("advise", *day_, "--format", "json", "--out", str(tmp_path / "moves")) == 0
    record = json.loads(capsys.readouterr().out)
    assert [point["handovers"] for point in record["curve"]] == [0, 1, 2]
    assert (tmp_path / "moves" / "leads.csv").read_text().count("handover") == 2
    assert tacgraph("advise", *day_, "--max-moves", "1") == 0
    out = capsys.readouterr().out
    assert "1 handovers" not in out
    assert "at 200% of capacity" in out
    assert tacgraph("advise", *day_, "--max-moves", "-1") == 2
    assert tacgraph("who-should-lead", "t1", *day_) == 5
    assert "--reason" in capsys.readouterr().err
    assert tacgraph("who-should-lead", "t1", *day_, "--reason", "the lead is leaving") == 0
    assert "no rule asks for a role" in capsys.readouterr().out
    asked = ("who-should-lead", "t1", *day_, "--reason", "x", "--format", "json")
    assert tacgraph(*asked) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["practitioner_id"] for row in found["members"]] == ["M", "L"]
    assert found["criteria"] == CRITERIA
    log = AuditLog(on_engine)
    last = log.entries()[-2:]
    assert [(e["reason"], e["about"], e["rows"]) for e in last] == [
        ("the lead is leaving", "tac_id=t1", 2),
        ("x", "tac_id=t1", 2),
    ]
    assert log.verify() == []


def test_the_small_partnership_by_hand() -> None:
    # t01 on 2026-10-31: p02 leads; the team is p01, p02, p03, p05, p07
    found = who_should_lead(Slice.from_folder(SMALL), "t01", date(2026, 10, 31), settings())
    assert set(found.members["practitioner_id"]) == {"p01", "p02", "p03", "p05", "p07"}
    assert found.members.set_index("practitioner_id")["leads_now"].to_dict() == {
        "p01": False,
        "p02": True,
        "p03": False,
        "p05": False,
        "p07": False,
    }
    joined = found.members.set_index("practitioner_id")["days_in_team"]
    assert (joined["p03"], joined["p07"]) == (236, 199)

"""The caseload columns against a plain count, and an attack on what of them is shown."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import count
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from analysis.caseload import CATEGORIES, REST, cases, counted
from graphmodel.settings import settings
from reports.caseload import PARTS, PRINTED, teams, workers
from reports.masking import Shown, shown
from reports.suppress import Masked
from tests.naive import Naive
from tests.naive_day import active
from tests.partnerships import Partnership, Size, random_partnership
from tests.test_analysis_catalogue import as_slice
from tests.test_suppression_attack import Attack, month_of

DAY = date(2026, 3, 31)
DENSE = Size(statuses=30, children=20, tacs=24, leads=30)
LIMIT = 5


def plainly(partnership: Partnership) -> list[tuple[str, str, str, str]]:
    """Each (worker, home agency, child, category), by loops over rows."""
    tables, naive = partnership.tables, Naive(partnership, DAY, settings())
    found = set()
    for lead in tables["leads"]:
        if not active(lead, DAY):
            continue
        for tac in tables["tacs"]:
            if tac["tac_id"] != lead["tac_id"] or not active(tac, DAY, "opened_on", "closed_on"):
                continue
            child, worker = tac["child_id"], lead["practitioner_id"]
            held = {s["status"] for s in tables["statuses"] if s["child_id"] == child and active(s, DAY)}
            if "LAC" in held and "CP" in held:
                kind = "LACwithCP"
            elif "LAC" in held:
                kind = "LACnoCP"
            elif "CP" in held:
                kind = REST
            elif "CARE_LEAVER" in held:
                kind = "CareLeaversNoCLACP"
            elif "CIN" in held:
                kind = "CiNwithActivePlan"
            else:
                kind = "CiNnoActivePlan" if "CIN_ASSESSMENT" in held else REST
            found.add((worker, naive.home(worker, DAY) or "", child, kind))
    return sorted(found)


@pytest.mark.parametrize("seed", range(12))
def test_cases_are_those_of_the_plain_count(seed: int) -> None:
    partnership = random_partnership(seed, DENSE)
    frame = cases(as_slice(partnership), DAY, settings())
    columns = ["practitioner_id", "home_agency_id", "child_id", "category"]
    rows = frame[columns].astype(object).where(frame[columns].notna(), "")
    assert sorted(map(tuple, rows.to_numpy().tolist())) == plainly(partnership)


@pytest.mark.parametrize("seed", range(6))
def test_a_child_counts_once_a_worker_and_once_a_team(seed: int) -> None:
    partnership = random_partnership(seed, DENSE)
    frame = cases(as_slice(partnership), DAY, settings())
    rows = plainly(partnership)
    for by, at in (("practitioner_id", 0), ("home_agency_id", 1)):
        table = counted(frame.assign(home_agency_id=frame["home_agency_id"].fillna("")), [by])
        expected = Counter(key for key, _ in {(r[at], r[2]) for r in rows})
        assert dict(zip(table[by], table["InvolvementCaseload"], strict=True)) == dict(expected)
        assert (table["OpenCLAEpisodeCount"] == table["LACwithCP"] + table["LACnoCP"]).all()
        assert (table[[*CATEGORIES, REST]].sum(axis=1) == table["InvolvementCaseload"]).all()


# -- what is shown -------------------------------------------------------------------------------------

worker = st.tuples(*(st.sampled_from([0, 0, 0, 1, 2, 4, 6, 9]) for _ in PARTS)).filter(any)
team_lists = st.lists(
    st.tuples(st.lists(worker, min_size=1, max_size=5), st.sampled_from([0, 0, 2, 9])), min_size=1, max_size=4
)
rests = st.fixed_dictionaries(
    dict.fromkeys(("without", "beyond", "siblings", "severe"), st.sampled_from([0, 0, 0, 3, 9]))
)
Given = list[tuple[list[tuple[int, ...]], int]]


def made(found: Given, more: dict[str, int]) -> tuple[pd.DataFrame, Shown, Masked, Masked]:
    """Cases of these workers, and what may be shown of them beside the leads of their agencies."""
    child = count()
    rows = [
        {
            "practitioner_id": f"w{t}-{n}",
            "home_agency_id": f"agency {t}",
            "child_id": next(child),
            "category": part,
        }
        for t, (people, _) in enumerate(found)
        for n, parts in enumerate(people)
        for part, times in zip(PARTS, parts, strict=True)
        for _ in range(times)
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    led = [sum(map(sum, people)) + extra for people, extra in found]
    agencies = [(len(people), led[t] - len(people), 0) for t, (people, _) in enumerate(found)]
    month = month_of(agencies, [0], more)
    seen = shown(month, settings())
    by_team = teams(frame, seen, month.end, LIMIT)
    return frame, seen, by_team, workers(frame, by_team, seen, LIMIT)


def attack_on(
    found: Given, seen: Shown, by_team: Masked, by_worker: Masked
) -> dict[str, tuple[float, float, float]]:
    """Each hidden small count, and the least and most that somebody is left with who knows the teams."""
    attack, truth = Attack(), {}
    team_rows: dict[Any, Any] = by_team.numbers.set_index("team").T.to_dict()
    worker_rows: dict[Any, Any] = by_worker.numbers.set_index("practitioner_id").T.to_dict()
    led = seen.agencies.numbers.set_index("agency_id")["tacs_led"]
    for t, (people, _) in enumerate(found):
        for n, parts in enumerate(people):
            who = f"w{t}-{n}"
            for part, value in zip(PARTS, parts, strict=True):
                truth[attack.unknown(f"{who} {part}")] = float(value)
            whole = {f"{who} {part}": 1.0 for part in PARTS}
            attack.know(whole, 1, 10_000)
            if who in worker_rows:
                _state(attack, whole, who, worker_rows[who])
        sums = {part: {f"w{t}-{n} {part}": 1.0 for n in range(len(people))} for part in PARTS}
        every = {name: 1.0 for terms in sums.values() for name in terms}
        row = team_rows[f"agency {t}"]
        for part in PARTS[:-1]:
            if not np.isnan(row[part]):
                attack.know(sums[part], round(row[part]))
        if not np.isnan(row["OpenCLAEpisodeCount"]):
            attack.know({**sums["LACwithCP"], **sums["LACnoCP"]}, round(row["OpenCLAEpisodeCount"]))
        if not np.isnan(row["InvolvementCaseload"]):
            attack.know(every, round(row["InvolvementCaseload"]))
        elif not np.isnan(led[f"agency {t}"]):
            attack.know(every, 1, round(led[f"agency {t}"]))
    hidden = [name for name in attack.names if 1 <= truth[name] <= LIMIT]
    return {name: (truth[name], *attack.range(name)) for name in hidden}


def _state(attack: Attack, whole: dict[str, float], who: str, row: dict[str, float]) -> None:
    for part in PARTS[:-1]:
        if not np.isnan(row[part]):
            attack.know({f"{who} {part}": 1.0}, round(row[part]))
    if not np.isnan(row["InvolvementCaseload"]):
        attack.know(whole, round(row["InvolvementCaseload"]))


@effort(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(team_lists, rests)
@example(
    # neither team may be named, and still each worker's colleagues know which one it is
    [
        ([(0, 0, 1, 0, 0, 0), (0, 0, 6, 6, 0, 0)], 0),
        ([(0, 0, 0, 0, 0, 1)] * 3 + [(0, 0, 6, 0, 0, 0)], 0),
    ],
    {"without": 0, "beyond": 0, "siblings": 0, "severe": 0},
)
def test_no_small_caseload_can_be_worked_out(found: Given, more: dict[str, int]) -> None:
    _, seen, by_team, by_worker = made(found, more)
    for name, (value, low, high) in attack_on(found, seen, by_team, by_worker).items():
        assert low <= value <= high
        assert high > low, f"{name} is {value:.0f}: worked out exactly"


def test_the_attack_finds_what_is_given_away() -> None:
    others = [(0, 0, 0, 0, 0, 9)] * 6
    found: Given = [([(3, 9, 0, 0, 0, 0), (9, 9, 0, 0, 0, 0), *others], 9)]
    _, seen, by_team, by_worker = made(found, dict.fromkeys(("without", "beyond", "siblings", "severe"), 0))
    assert attack_on(found, seen, by_team, by_worker)["w0-0 LACwithCP"][1:] != (3, 3)
    by_worker.numbers.loc[by_worker.numbers["practitioner_id"] == "w0-1", "LACwithCP"] = 9
    by_team.numbers.loc[0, "LACwithCP"] = 12
    assert attack_on(found, seen, by_team, by_worker)["w0-0 LACwithCP"] == (3, 3, 3)


@effort(max_examples=80, deadline=None)
@given(team_lists, rests)
def test_no_small_count_is_printed_and_rows_count_nobody_hidden(found: Given, more: dict[str, int]) -> None:
    _, seen, by_team, by_worker = made(found, more)
    for frame in (by_team.numbers, by_worker.numbers):
        values = frame[list(PRINTED)].to_numpy(dtype=float)
        assert not ((values >= 1) & (values <= LIMIT)).any()
    hidden = seen.agencies.hidden.set_axis(list(seen.agencies.numbers["agency_id"]))["leading"]
    assert not [team for team in by_worker.numbers["team"] if team in hidden.index and hidden[team]]


def test_with_suppression_off_every_count_is_there() -> None:
    partnership = random_partnership(3, DENSE)
    held = as_slice(partnership)
    frame = cases(held, DAY, settings())
    from reports.figures import gather  # noqa: PLC0415

    open_ = settings().model_copy(
        update={"disclosure": settings().disclosure.model_copy(update={"suppress_up_to": 0})}
    )
    month = gather(held, DAY, open_)
    seen = shown(month, open_)
    by_team = teams(frame, seen, month.end, 0)
    assert not by_team.hidden.to_numpy().any()
    assert by_team.numbers["InvolvementCaseload"].sum() > 0
    assert not workers(frame, by_team, seen, 0).hidden.to_numpy().any()

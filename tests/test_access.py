"""The audit record, the viewer's rights and the suppression of small counts."""

from __future__ import annotations

import json
import stat
from itertools import product
from multiprocessing import Process
from pathlib import Path
from typing import cast, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmodel.access import RIGHTS, Right, Role, Viewer, audited_kind
from graphmodel.audit_log import AuditLog
from graphmodel.errors import AccessRefused
from graphmodel.small_counts import suppressed

LOOKER = Viewer("jo", "safeguarding_lead", "review of the plan")


def test_each_look_leaves_who_when_what_and_why(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    log.record(LOOKER, "who_works_with", about="c1", rows=3)
    (entry,) = log.entries()
    found = {k: entry[k] for k in ("who", "role", "reason", "what", "about", "rows")}
    assert found == {
        "who": "jo",
        "role": "safeguarding_lead",
        "reason": "review of the plan",
        "what": "who_works_with",
        "about": "c1",
        "rows": 3,
    }
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("fault", ["changed", "taken out", "reordered", "last line changed"])
def test_a_tampered_record_is_found(tmp_path: Path, fault: str) -> None:
    log = AuditLog(tmp_path)
    for number in range(5):
        log.record(LOOKER, "look", about=f"c{number} ü", rows=number)
    assert log.verify() == []
    lines = log.path.read_text(encoding="utf-8").splitlines()
    if fault == "changed":
        lines[2] = lines[2].replace('"rows": 2', '"rows": 9')
    elif fault == "taken out":
        del lines[2]
    elif fault == "reordered":
        lines[1], lines[2] = lines[2], lines[1]
    else:
        lines[4] = lines[4].replace('"who": "jo"', '"who": "al"')
    log.path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert log.verify() != []


def test_a_long_line_does_not_break_the_chain(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    for size in (10, 50_000, 3, 9_000):
        log.record(LOOKER, "look", about="é" * size, rows=1)
    assert log.verify() == []


def _look(home: Path) -> None:
    for number in range(20):
        AuditLog(home).record(LOOKER, "look", about=str(number), rows=1)


def test_two_processes_write_one_unbroken_chain(tmp_path: Path) -> None:
    lookers = [Process(target=_look, args=(tmp_path,)) for _ in range(3)]
    for looker in lookers:
        looker.start()
    for looker in lookers:
        looker.join()
    assert len(AuditLog(tmp_path).entries()) == 60
    assert AuditLog(tmp_path).verify() == []


def test_the_record_is_one_json_object_a_line(tmp_path: Path) -> None:
    AuditLog(tmp_path).record(LOOKER, "look", about="line\nbreak", rows=1)
    (line,) = (tmp_path / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["about"] == "line\nbreak"


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        (("tac_id", "child_id"), "child"),
        (("child_ids",), "child"),
        (("practitioner_id", "name"), "named practitioner"),
        (("practitioner_id", "points"), None),
    ],
)
def test_which_rows_leave_a_record(columns: tuple[str, ...], kind: str | None) -> None:
    assert audited_kind(columns) == kind


@pytest.mark.parametrize(
    ("role", "children", "names"),
    [
        ("strategic_manager", False, False),
        ("agency_manager", False, True),
        ("practitioner", False, False),
        ("analyst", True, False),
        ("safeguarding_lead", True, True),
        ("administrator", False, False),
        ("local_user", True, True),
    ],
)
def test_each_role_sees_what_it_may(role: Role, children: bool, names: bool) -> None:
    viewer = Viewer("jo", role, "supervision")
    for may, look in ((children, viewer.must_see_children), (names, viewer.must_see_names)):
        if may:
            look()
        else:
            with pytest.raises(AccessRefused, match=role):
                look()


def test_names_need_a_reason() -> None:
    with pytest.raises(AccessRefused, match="no reason"):
        Viewer("jo", "safeguarding_lead", "  ").must_see_names()


COUNTS = st.lists(st.integers(0, 60), max_size=8)


@given(COUNTS)
def test_small_counts_are_hidden_and_zeros_shown(counts: list[int]) -> None:
    hidden = suppressed(counts, up_to=5)
    assert all(h for c, h in zip(counts, hidden, strict=True) if 1 <= c <= 5)
    assert not any(h for c, h in zip(counts, hidden, strict=True) if c == 0)
    if not any(1 <= c <= 5 for c in counts):
        assert not any(hidden)


@given(st.lists(st.integers(0, 14), min_size=2, max_size=5))
def test_no_hidden_small_count_can_be_worked_out_from_the_total(counts: list[int]) -> None:
    """An attacker tries every way of filling the hidden cells that gives the published total."""
    hidden = suppressed(counts, up_to=5)
    places = [i for i, h in enumerate(hidden) if h]
    others = sum(1 for i, c in enumerate(counts) if c > 0 and i not in places)
    if not places or (len(places) == 1 and not others):
        return
    rest = sum(counts[i] for i in places)
    fillings = [f for f in product(range(1, rest + 1), repeat=len(places)) if sum(f) == rest]
    for position, place in enumerate(places):
        if 1 <= counts[place] <= 5 and rest > len(places):
            assert len({f[position] for f in fillings}) > 1


OWN = Viewer("mo", "agency_manager", "supervision", agency_id="A1")
ME = Viewer("pat", "practitioner", practitioner_id="P1")


@pytest.mark.parametrize("role", get_args(Role))
@pytest.mark.parametrize("right", get_args(Right))
def test_a_right_is_held_or_refused_in_words_that_name_who_holds_it(role: Role, right: Right) -> None:
    viewer = Viewer("jo", role, "why")
    if right in RIGHTS[role]:
        viewer.must(right)
        return
    with pytest.raises(AccessRefused, match=role) as refused:
        viewer.must(right)
    holders = [name for name in get_args(Role) if right in RIGHTS[name]]
    assert holders
    assert all(name.replace("_", " ") in refused.value.mend for name in holders)


def test_no_role_holds_more_than_the_issue_says() -> None:
    holders = {right: {role for role in get_args(Role) if right in RIGHTS[role]} for right in get_args(Right)}
    assert holders["children"] == {"safeguarding_lead", "analyst"}
    assert holders["names"] == {"agency_manager", "safeguarding_lead"}
    assert holders["workbench"] == {"analyst"}
    assert holders["audit"] == holders["agree_settings"] == {"administrator"}
    assert holders["own_view"] == {"practitioner"}
    assert "strategic_manager" not in holders["practitioners"]


def test_a_role_that_is_not_known_may_nothing() -> None:
    stranger = Viewer("jo", cast("Role", "director"), "why")
    assert not any(stranger.may(right) for right in get_args(Right))


def test_an_agency_manager_sees_the_own_agency_and_a_practitioner_themselves() -> None:
    assert OWN.sees_practitioner("P1", ["A1"])
    assert OWN.sees_practitioner("P1", ["A2", "A1"])
    assert not OWN.sees_practitioner("P1", ["A2"])
    assert not OWN.sees_practitioner("P1", [])
    assert not OWN.sees_practitioner("P1", [float("nan")])
    assert ME.sees_practitioner("P1", ["A2"])
    assert not ME.sees_practitioner("P2", ["A2"])
    assert not Viewer("di", "strategic_manager").sees_practitioner("P1", ["A1"])
    assert Viewer("al", "analyst").sees_practitioner("P1", ["A2"])
    with pytest.raises(AccessRefused, match="practitioners of A1 only"):
        OWN.must_see_practitioners()


def test_children_need_a_reason_from_whoever_states_or_signed_in_with_a_role() -> None:
    with pytest.raises(AccessRefused, match="no reason"):
        Viewer("jo", "safeguarding_lead", " ").must_see_children()

"""Sentences and charts on overload and on certainty: what they say of hand-made rows."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from graphmodel.settings import settings
from reports import charts, findings_certainty, findings_overload
from reports.findings_overload import beside, capacity_of, judged, made_of, split, tipped, warned
from reports.theme import DARK, LIGHT, Theme

ROW: dict[str, Any] = {
    "practitioner_id": "P<1>",
    "tacs_led": 11,
    "tacs_supported": 1,
    "points": 18.15,
    "capacity": 15.0,
    "utilisation": 1.21,
    "base": 11.0,
    "need": 3.5,
    "team_size": 2.0,
    "set_up": 1.25,
    "supporting": 0.4,
    "full_time": 15.0,
    "share_of_post": 0.0,
    "newly_qualified": 0.0,
    "since": date(2026, 9, 3),
    "days": 59,
    "longer": False,
    "peers": 3,
    "carry_less": 1,
    "role_median": 0.8,
    "with_room": 1,
    "room_in_agency": 0,
    "room_in_locality": 1,
}
RULES = pd.DataFrame(
    {
        "rule": ["trend", "one_more"],
        "candidates": [100, 100],
        "crossed": [20, 20],
        "base_rate": [0.2, 0.2],
        "warned": [10, 40],
        "hits": [2, 16],
        "precision": [0.2, 0.4],
        "precision_low": [0.05, 0.27],
        "precision_high": [0.5, 0.56],
        "recall": [0.1, 0.8],
        "naive_precision": [0.5, 0.3],
        "naive_recall": [0.25, 0.6],
    }
)


def change(kind: str, points: float, tac: str | None = "T7") -> dict[str, Any]:
    return {"change": kind, "points": points, "tac_id": tac, "agency_id": None}


def test_points_and_capacity_in_words() -> None:
    assert made_of(ROW) == (
        "18.15 points, 121% of capacity: 11 leads at level 2 weigh 11, +3.5 for higher needs, +2 for large "
        "teams, +1.25 for teams in their set-up phase, +0.4 for supporting 1 TAC."
    )
    assert "-0.5 for lower needs" in made_of({**ROW, "need": -0.5})
    assert "other work" not in capacity_of(ROW)
    assert "newly qualified" not in capacity_of(ROW)
    assert capacity_of({**ROW, "capacity": 13.5, "newly_qualified": -1.5}) == (
        "Capacity 13.5 points: the posts are there for case work as a whole; 1.5 points are taken off while "
        "newly qualified."
    )
    assert capacity_of({**ROW, "capacity": 4.5, "share_of_post": -10.5}).endswith(
        "the posts are worth 15, of which 10.5 are for other work."
    )


def test_what_tipped_in_words_and_a_tac_only_where_asked_for() -> None:
    rows = [change("need_rose", 0.5), change("set_up_ended", -0.25), change("lead_of_new_team", 1.25)]
    assert tipped(ROW, rows) == (
        "Above capacity since 3 September 2026 (59 days), tipped by the lead of a new TAC (+1.25) and a "
        "child's higher level of need (+0.5)."
    )
    assert "(T7, +1.25)" in tipped(ROW, rows, tacs=True)
    many = [change("team_grew", 0.1)] * 5
    assert tipped(ROW, many).endswith("and 2 more.")
    assert tipped({**ROW, "longer": True}, []) == (
        "Above capacity without a break since before 3 September 2026."
    )
    assert "first post" in tipped(ROW, [change("first_post", -1.5, None)])


def test_every_change_has_words() -> None:
    from analysis.overload_changes import CHANGES  # noqa: PLC0415
    from analysis.warning import RULES as rules  # noqa: N811, PLC0415

    assert set(findings_overload.CHANGE_WORDS) == set(CHANGES)
    assert set(findings_overload.RULE_WORDS) == set(rules)


def test_peers_and_split_posts_in_words() -> None:
    assert "1 carries less" in beside(ROW, "Teacher")
    assert "capacity is short in the whole role" in beside({**ROW, "with_room": 0}, "Teacher")
    assert beside({**ROW, "peers": 0}, "Teacher").startswith("Nobody else")
    posts = pd.DataFrame(
        {
            "agency_id": ["A", "B"],
            "part": [0.75, 0.25],
            "alone": [1.6, float("nan")],
            "home": [True, False],
        }
    )
    said = split(posts, {"A": "School"})
    assert "School holds 75% of the capacity, where the leads are counted (alone: 160%)" in said
    assert "B holds 25% of the capacity (alone: no capacity)" in said


def test_a_warning_says_how_it_did() -> None:
    rows = pd.DataFrame({"by_trend": [True, False], "by_one_more": [True, True]})
    assert str(warned(rows, RULES, "one_more", 60)) == (
        "2 leads may be above capacity within 60 days: of 40 such warnings in past months 40% came true."
    )
    assert warned(rows, RULES, None, 60).severity == "unknown"
    better = judged(RULES, "one_more", better=True)
    assert "more than chance" in better
    assert "would have done less well (30%)" in better
    worse = judged(RULES, "trend", better=False)
    assert "**the warning is no better than that.**" in worse
    assert "would have done better (50%)" in worse
    nothing = RULES.assign(warned=0)
    assert "no warning in past months" in judged(nothing, "trend", better=False)


def test_marks_follow_the_draws() -> None:
    draws = pd.DataFrame(
        {"leading": [100] * 4, "overloaded": [5, 12, 13, 14], "gini": [0.3, 0.41, 0.42, 0.45]}
    )
    word, reason = findings_certainty.overload_mark(draws, 100, 12, settings())
    assert word == "depends on the weights"
    assert "as serious in 75% of the draws" in reason
    assert findings_certainty.inequality_mark(draws, 0.41, settings())[0] == "depends on the weights"
    assert findings_certainty.overload_mark(draws.iloc[1:], 100, 12, settings())[0] == "robust"
    rows = pd.DataFrame(
        {
            "agency_id": ["A", "B"],
            "same_side": [0.85, float("nan")],
            "side": ["above", "even"],
            "low": [0.9, 1.0],
            "high": [1.4, 1.0],
            "verdict": ["leaning", None],
        }
    )
    assert findings_certainty.agency_mark(rows, "A") == (
        "leaning",
        "above its fair share in 85% of the draws, 0.90 to 1.40 times in 90% of them",
    )
    assert findings_certainty.agency_mark(rows, "B") is None


def test_the_agency_marked_is_the_one_that_the_sentence_names() -> None:
    rows = pd.DataFrame(
        {
            "agency_id": ["A", "B", "C"],
            "disparity": [1.2, 1.9, 0.5],
            "disparity_low": [1.1, 1.2, 0.4],
            "disparity_high": [1.4, 2.9, 0.6],
            "load_share": [0.5, 0.2, 0.3],
            "capacity_share": [0.4, 0.12, 0.48],
        }
    )
    from reports import findings  # noqa: PLC0415

    above, gap = findings_certainty.clearly_above(rows), findings_certainty.widest_gap(rows)
    assert (above, gap) == ("B", "A")
    assert f": {above} most" in str(findings.disparity(rows))
    assert str(findings.load_share(rows)).startswith(f"{gap} does")
    assert findings_certainty.clearly_above(rows.iloc[2:]) is None
    assert findings_certainty.widest_gap(rows.iloc[:1]) is None


def test_weights_have_names() -> None:
    assert findings_certainty.weight_name("need_weight.3") == "Lead at needs level 3"
    assert findings_certainty.weight_name("tac_share.gp") == "Case work in a post: GP"
    many = ["need_weight.1", "need_weight.2", "need_weight.3", "need_weight.4"]
    assert findings_certainty.tipping(many).endswith("; 1 more")
    assert findings_certainty.tipping([]) == "none alone"


PEOPLE = pd.DataFrame(
    {
        "practitioner_id": ["P1", "P2", "P<3>"],
        "share": [1.0, 0.85, 0.5],
        "utilisation": [2.0, 1.2, 1.01],
        "verdict": ["robust", "leaning", "depends on the weights"],
    }
)
WEIGHTS = pd.DataFrame(
    {
        "weight": ["points_per_fte", "need_weight.3"],
        # as the page gives them, where a hidden count is NaN
        "overloaded_low": [9.0, 3.0],
        "overloaded_high": [1.0, 5.0],
    }
)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_charts_say_their_finding_and_hold_their_data(theme: Theme) -> None:
    made = [
        charts.overload_parts(ROW, source="as of a day", theme=theme),
        charts.overload_parts(
            {**ROW, "need": -2.0, "share_of_post": -3.0, "full_time": 18.0}, source="x", theme=theme
        ),
        charts.certainty_of_leads(PEOPLE, source="as of a day", theme=theme),
        charts.weights_alone(WEIGHTS, 4, source="as of a day", theme=theme),
        charts.utilisation_bars(PEOPLE, threshold=1.0, severe=1.5, source="x", theme=theme),
    ]
    for chart in made:
        assert chart.title.endswith(".")
        assert chart.title in chart.summary
        assert chart.figure.layout.font.color == theme.ink
        assert "<3>" not in charts.fragment(chart)
        assert "<1>" not in charts.fragment(chart)
    parts = made[0].table.set_index("Part")["Points"]
    assert parts["Points together"] == "18.15"
    assert list(made[2].table["How sure"]) == list(PEOPLE["verdict"])
    assert "1 to 9 leads" in made[3].title
    assert list(made[3].figure.data[0].text) == ["1 to 9", "3 to 5"]
    said = made[4].figure.to_json()
    assert "P2 (leaning)" in said
    assert "P1 (" not in said


def test_charts_without_rows() -> None:
    for chart in (
        charts.certainty_of_leads(PEOPLE.iloc[:0], source="x"),
        charts.weights_alone(WEIGHTS.iloc[:0], 0, source="x"),
    ):
        assert "Nothing to show" in chart.figure.to_json()
        assert len(chart.table) == 0

"""Cases put in on purpose, each listed in planted.csv, so that a query's finds can be checked.

Every plant has children of its own, whom the background never touches. Helpers in a planted team are
practitioners with a post that never ends; who must be overloaded or without a post is hired for it.
"""

from __future__ import annotations

from typing import Final

from tacgraph.example import sizes
from tacgraph.example.activity import Directory
from tacgraph.example.people import Children
from tacgraph.example.planting import Bed, Ids
from tacgraph.example.workforce import Workforce
from tacgraph.example.world import World

PAIRS: Final = 1
SINGLES: Final = 26
"""Children that one round of plants uses: in families of two, and alone."""
UNFAIR_TEAMS: Final = 3


def families(world: World) -> list[int]:
    """Sizes of the families that the plants need."""
    return [2] * (PAIRS * world.plants) + [1] * (SINGLES * world.plants + unfair_teams(world))


def unfair_teams(world: World) -> int:
    """Teams that the favoured early help team leads besides those that fall to it."""
    return UNFAIR_TEAMS * world.plants


def plant_all(world: World, force: Workforce, children: Children, directory: Directory) -> None:
    """Plants every kind `world.plants` times, and writes the extra rows."""
    bed = Bed(world, force, children, directory)
    for nth in range(world.plants):
        for plant in PLANTS:
            plant(bed, nth)
    favoured_team(bed, unfair_teams(world))
    spared_team(bed)
    bed.write()


def duplicate_services(bed: Bed, _: int) -> None:
    child, start = bed.child(), bed.day(60, 100)
    found = [bed.intervention(child, group, "parenting", start) for group in ("eh", "voluntary")]
    bed.record(
        "duplicate_services",
        {
            "child_id": child,
            "category": "parenting",
            "agency_ids": sorted(agency for _, agency in found),
            "intervention_ids": sorted(which for which, _ in found),
        },
        "one category of service from two agencies at once",
        start,
    )


def multi_agency_without_tac(bed: Bed, _: int) -> None:
    child, start = bed.child(), bed.day(60, 100)
    found = [
        bed.intervention(child, *offer, start)
        for offer in (("eh", "parenting"), ("housing", "housing_support"))
    ]
    bed.record(
        "multi_agency_without_tac",
        {"child_id": child, "agency_ids": sorted(agency for _, agency in found)},
        "services from two agencies and no team",
        start,
    )


def repeat_assessments(bed: Bed, _: int) -> None:
    child, first, second = bed.child(), bed.day(65, 75), bed.day(20, 30)
    one, other = bed.helper("school"), bed.helper("hv")
    ids = [bed.assessment(child, one, first), bed.assessment(child, other, second)]
    bed.record(
        "repeat_assessments",
        {
            "child_id": child,
            "kind": "early_help",
            "first_assessment_id": ids[0],
            "second_assessment_id": ids[1],
            "agency_ids": [bed.agency_of(one), bed.agency_of(other)],
        },
        "the same kind of assessment twice within ninety days by two agencies",
        first,
        second,
    )


def sibling_teams(bed: Bed, _: int) -> None:
    one, other = bed.pair()
    leads = bed.helpers(2)
    tacs = [bed.tac(child, lead) for child, lead in zip((one, other), leads, strict=True)]
    bed.record(
        "sibling_teams",
        {
            "family_id": bed.family_of(one),
            "child_ids": sorted((one, other)),
            "tac_ids": sorted(tacs),
            "lead_ids": sorted(leads),
        },
        "two siblings, each with a team and a lead of their own",
        bed.opened,
    )


def multiple_leads(bed: Bed, _: int) -> None:
    child, leads = bed.child(), bed.helpers(2)
    tac = bed.tac(child, leads[0])
    bed.join(tac, leads[1])
    bed.lead(tac, leads[1], bed.opened + 20, reason="other")
    bed.record(
        "multiple_leads",
        {"child_id": child, "tac_ids": [tac], "lead_ids": sorted(leads)},
        "two leads of one team at once",
        bed.opened + 20,
    )


def multiple_tacs(bed: Bed, _: int) -> None:
    child, lead = bed.child(), bed.helper()
    tacs = [bed.tac(child, lead), bed.tac(child, lead)]
    bed.record(
        "multiple_tacs",
        {"child_id": child, "tac_ids": sorted(tacs)},
        "a child with two teams at once",
        bed.opened,
    )


def tacs_without_lead(bed: Bed, _: int) -> None:
    """Two of them: one never had a lead, of the other the lead has left."""
    tac, child = bed.tac_of(None)
    bed.record("tacs_without_lead", {"tac_id": tac, "child_id": child}, "nobody ever led", bed.opened)
    child, left = bed.child(), bed.day(40, 60)
    tac = bed.tac(child, None)
    gone = bed.helper()
    bed.join(tac, gone, to=left)
    bed.lead(tac, gone, bed.opened, to=left)
    bed.record("tacs_without_lead", {"tac_id": tac, "child_id": child}, "the lead has left the team", left)


def overloaded_leads(bed: Bed, nth: int) -> None:
    """A SENCO of a small school with three teams, and a youth worker of one day a week with two."""
    for role, group, fte, count, kind in (
        ("senco", "school", 0.8, 3, "overloaded_leads"),
        ("youth_worker", "voluntary", 0.2, 2, "overloaded_leads_severe"),
    ):
        small = group == "school"
        agency = bed.small_school(nth) if small else bed.agency(group)
        who = bed.hire(role, agency, fte)
        tacs = [bed.tac_of(who)[0] for _ in range(count)]
        bed.record(
            kind,
            {"practitioner_id": who, "agency_id": agency, "tac_ids": sorted(tacs)},
            f"{fte:g} of a post as {role} and leads {count} teams",
            bed.opened,
        )
        if small:
            bed.record(
                "unfair_agency",
                {"agency_id": agency, "direction": "above"},
                "leads more than its share of capacity",
                bed.opened,
            )


def unsupported_leads(bed: Bed, _: int) -> None:
    left = bed.day(40, 80)
    gone = bed.hire("family_support_worker", bed.agency("voluntary"), 1.0, to=left)
    tac, _child = bed.tac_of(gone)
    ids: Ids = {"tac_id": tac, "practitioner_id": gone}
    bed.record("unsupported_leads", ids | {"problem": "no_post"}, "the lead's only post has ended", left)
    tac, _child = bed.tac_of(None)
    outside = bed.helper(apart_from=bed.members[tac])
    bed.lead(tac, outside, bed.opened)
    ids = {"tac_id": tac, "practitioner_id": outside}
    bed.record(
        "unsupported_leads", ids | {"problem": "not_member"}, "leads a team without being in it", bed.opened
    )


def lead_not_needed(bed: Bed, _: int) -> None:
    child, alone = bed.child(), bed.helper()
    tac = bed.tac(child, alone, others=0)
    ids: Ids = {"tac_id": tac, "child_id": child, "practitioner_id": alone}
    bed.record("lead_not_needed", ids, "a team of one", bed.opened)


def statutory_breaches(bed: Bed, _: int) -> None:
    lead = bed.helper("school")
    tac, child = bed.tac_of(lead)
    bed.rows["statuses"].append(bed.interval({"child_id": child, "status": "CP"}, bed.opened, None))
    bed.record(
        "statutory_breaches",
        {"tac_id": tac, "child_id": child, "status": "CP", "lead_ids": [lead]},
        "a child with a protection plan led from a school",
        bed.opened,
    )


def overdue_reviews(bed: Bed, _: int) -> None:
    tac, _child = bed.tac_of(bed.helper(), review_in=-30)
    bed.record(
        "overdue_reviews", {"tac_id": tac}, "the next review was due a month ago", bed.world.until - 30
    )


def overdue_actions(bed: Bed, _: int) -> None:
    owner = bed.helper()
    tac, _child = bed.tac_of(owner)
    due = bed.day(15, 30)
    action = bed.action(tac, owner, due)
    ids: Ids = {"action_id": action, "tac_id": tac, "practitioner_id": owner}
    bed.record("overdue_actions", ids, "an action that was due and is not done", due)


def transitions_due(bed: Bed, nth: int) -> None:
    child = bed.child()
    turns = bed.comes_of_age(child, 40 + nth % 100)
    tac = bed.tac(child, bed.helper())
    bed.record(
        "transitions_due",
        {"child_id": child, "tac_id": tac},
        "a child about to turn eighteen",
        bed.opened,
        turns,
    )


def untrained_leads(bed: Bed, _: int) -> None:
    who = bed.hire("family_support_worker", bed.agency("voluntary"), 1.0, trained=False)
    tac, _child = bed.tac_of(who)
    bed.record(
        "untrained_leads", {"practitioner_id": who, "tac_id": tac}, "leads without the training", bed.opened
    )


def crowded_children(bed: Bed, _: int) -> None:
    child = bed.child()
    tac = bed.tac(child, bed.helper(), others=8)
    bed.record(
        "crowded_children",
        {"child_id": child, "tac_id": tac},
        "nine practitioners around one child",
        bed.opened,
    )


def overlapping_teams(bed: Bed, _: int) -> None:
    lead = bed.helper()
    one, _child = bed.tac_of(lead)
    other = bed.tac(bed.child(), lead, others=bed.members[one][1:])
    ids: Ids = {"tac_ids": sorted((one, other)), "shared": sorted(bed.members[one])}
    bed.record("overlapping_teams", ids, "two teams of the same people", bed.opened)


def handover_gap(bed: Bed, _: int) -> None:
    child, (first, second) = bed.child(), bed.helpers(2)
    left, taken = bed.world.until - 100, bed.world.until - 70
    tac = bed.tac(child, None)
    for who, since, to, reason in (
        (first, bed.opened, left, "relationship"),
        (second, taken, None, "handover"),
    ):
        bed.join(tac, who, since, to)
        bed.lead(tac, who, since, to=to, reason=reason)
    bed.record(
        "lead_continuity",
        {"tac_id": tac, "lead_ids": [first, second]},
        "thirty days without a lead",
        left,
        taken,
    )


def membership_outlives_tac(bed: Bed, _: int) -> None:
    child, lead, closed = bed.child(), bed.helper(), bed.world.until - 50
    tac = bed.tac(child, lead, closed=closed)
    late = bed.helper(apart_from=bed.members[tac])
    bed.join(tac, late)
    ids: Ids = {"tac_id": tac, "practitioner_id": late}
    bed.record("membership_outlives_tac", ids, "a membership that goes on after its team closed", closed)


def two_needs_levels(bed: Bed, _: int) -> None:
    child = bed.child()
    for level in (2, 3):
        bed.need(child, level, bed.opened + level)
    bed.record(
        "two_needs_levels",
        {"child_id": child, "levels": ["2", "3"]},
        "two needs levels at once",
        bed.opened + 3,
    )


def odd_posts(bed: Bed, nth: int) -> None:
    """Two home posts at once; nobody's post."""
    who = bed.hire("family_support_worker", bed.agency("eh"), 0.5)
    bed.post(who, bed.agency("voluntary", nth), 0.5)
    bed.record("overlapping_home_posts", {"practitioner_id": who}, "two home posts at once", bed.hired)
    nobody = bed.practitioner("youth_worker", bed.agency("voluntary"))
    bed.record("practitioner_without_post", {"practitioner_id": nobody}, "no post at all", bed.hired)


PLANTS: Final = (
    duplicate_services,
    multi_agency_without_tac,
    repeat_assessments,
    sibling_teams,
    multiple_leads,
    multiple_tacs,
    tacs_without_lead,
    overloaded_leads,
    unsupported_leads,
    lead_not_needed,
    statutory_breaches,
    overdue_reviews,
    overdue_actions,
    transitions_due,
    untrained_leads,
    crowded_children,
    overlapping_teams,
    handover_gap,
    membership_outlives_tac,
    two_needs_levels,
    odd_posts,
)


def favoured_team(bed: Bed, count: int) -> None:
    """The first early help team: little time for case work and more teams to lead than anyone."""
    agency = bed.force.agencies.of("eh")[0]
    own = bed.steady_in(agency)
    for nth in range(count):
        bed.tac_of(own[nth % len(own)])
    bed.record(
        "unfair_agency",
        {"agency_id": bed.force.agencies.ids[agency], "direction": "above"},
        f"{sizes.FAVOURED_SHARE:g} of each post for case work, and leads as if it had all",
        bed.opened,
    )


def spared_team(bed: Bed) -> None:
    """The first health visiting team: in the teams, never leading one."""
    agency = bed.force.agencies.ids[bed.force.agencies.of("hv")[0]]
    ids: Ids = {"agency_id": agency, "direction": "below"}
    bed.record("unfair_agency", ids, "sits in teams and leads none", bed.world.run_up)

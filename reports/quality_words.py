"""What each kind of finding is and what to do about it, in words for whoever sees to the data."""

from __future__ import annotations

from typing import Final

FINDING_WORDS: Final[dict[str, tuple[str, str]]] = {
    # of the facts themselves
    "lead_not_member": ("A lead who is no member of the team", "Add the membership, or end the lead."),
    "two_leads": ("Two leads of one team at once", "End one of the two leads."),
    "overlapping_home_posts": ("Two home posts at once", "Say which post is the home one."),
    "membership_outlives_tac": ("A membership that outlives its TAC", "End it with the TAC."),
    "lead_outlives_tac": ("A lead that outlives its TAC", "End it with the TAC."),
    "practitioner_without_post": ("A practitioner without a post", "Add the post with its hours."),
    "two_needs_levels": ("Two needs levels of a child at once", "End the earlier one; the higher counts."),
    "school_of_another_sector": ("A school of another sector than education", "Correct the agency's sector."),
    "unknown_role": ("A role that the code list does not know", "Map it; until then it counts as full time."),
    "unknown_category": (
        "A category of service that is not known",
        "Map it; until then it stands for itself.",
    ),
    "overlapping_intervals": ("The same fact twice at once", "Join the two intervals."),
    "empty_interval": ("It ends on the day it begins, so it never holds", "Correct one of the two days."),
    # between sources
    "conflicting_sources": (
        "Two sources state it differently: the one that comes first in the settings counts",
        "Correct the other source, or change the order in [sources] precedence.",
    ),
    "same_fact_twice": ("Linked records state it differently: the last one counts", "Correct the source."),
    "link_to_itself": (
        "Its own line manager or parent agency, now that two records are one: left out",
        "Look at the link on the page Same child? or by tacgraph match.",
    ),
    # of a case system or a return
    "unmapped_role": ("A role of the case system without a meaning here", "Add it to the role map."),
    "team_without_worker": ("A team is involved but nobody of it", "Allocate somebody in the case system."),
    "referral_of_another_child": (
        "An involvement names another child's referral",
        "Correct the referral in the case system.",
    ),
    "professional_not_listed": ("Somebody involved is no listed professional", "Extract the table whole."),
    "conflicting_professional": ("A professional's rows differ: the last one counts", "Correct the extract."),
    "several_families": ("A child in several families: the first one is loaded", "Correct the family."),
    "cp_plan_of_other_authority": ("A protection plan of another authority", "Nothing, if that is so."),
    "status_without_date": ("A status without a day, not loaded", "Record the day it began."),
    "open_episode_not_carried_on": (
        "A time in care left open by an older return and not in a newer one",
        "Load all years in one folder with --replace, or record the end.",
    ),
    "post_ended_by_next_role": (
        "A post left open by one census, and another role in a later one: ended where that one begins",
        "Nothing, if that is so.",
    ),
    "conflicting_dates": ("Two days of ending: that of the latest return counts", "Correct the return."),
    "conflicting_birth_dates": ("Several dates of birth of one child", "Correct the wrong one."),
    "conflicting_child_facts": ("A child's rows differ", "Correct the wrong one."),
    "payload_twice": ("A child's payload twice: the last one counts", "Nothing, if they are updates."),
    "withdrawn": ("A record withdrawn by its source", "Load with --replace, so that it goes."),
    # of lists and spreadsheets
    "ambiguous_dates": ("Days that could be read month first", "Save the list with days first."),
    "dates_perhaps_swapped": ("Days and months perhaps swapped by a spreadsheet", "Export the list again."),
    "leading_zeros_differ": ("Ids that differ by leading zeros alone", "Export ids as text."),
    "list_without_end": ("A list without a column of ends", "Export it with its end dates."),
    "same_name_in_two_teams": ("One name in two teams: kept as two people", "Link them if they are one."),
    "same_name_in_two_agencies": (
        "One name in two agencies: kept as two people",
        "Link them if they are one.",
    ),
    "one_name_in_two_spellings": ("One name in two spellings", "Spell it one way."),
    "several_workers_for_child": ("Several allocated workers for one child: all are kept", "End those past."),
    "assessment_without_worker": (
        "An assessment without anybody who did it, not loaded",
        "Record the assessor.",
    ),
    "assessment_without_end": ("An assessment without an end, not loaded", "Record its end."),
    "status_before_birth": ("A status from before the birth", "Correct one of the two days."),
    "short_break": ("A short break, which is no being looked after", "Nothing."),
    "two_roles": ("Two roles for one practitioner", "Say which one it is."),
    "lead_not_clear": ("Which member leads is not clear, so nobody does", "Name the person or the role."),
    "plan_updated_before_issue": ("A plan updated before it was issued", "Correct one of the two days."),
    "unreadable_urn": ("A school number that is none", "Correct the URN."),
    # of FHIR bundles
    "post_without_fte": ("A post without hours: no capacity", "Add the FTE."),
    "reference_not_in_files": ("A reference to something that is in no file", "Export the bundle whole."),
    "imprecise_date": ("A date without its day, left out", "Record the whole date."),
    "practitioner_without_role": ("A practitioner without a known role", "Add the code to the code map."),
}

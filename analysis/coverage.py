"""Gaps: children without a lead, leads without backing, reviews, actions and handovers that slipped.

See the measures page, the query catalogue (MG 2.10, 2.18-2.19, 3.18, 4.9). Each function is the second road
to the query of its name.
"""

from __future__ import annotations

import calendar
from datetime import date

import numpy as np
import pandas as pd

from analysis import asof
from analysis.asof import Teams
from analysis.coded import FAR, Coded, Ids, Ints, coded, day_number, days, flags, to_date
from analysis.duplication import interventions
from analysis.rows import column, counted, distinct, lists, ordered
from analysis.tables import Slice
from graphmodel.settings import Settings


def dates(numbers: Ints) -> pd.Series:
    """Day numbers as dates."""
    return column(to_date(number) for number in numbers)


def lead_lists(data: Coded, state: Teams, tacs: Ints) -> pd.Series:
    """The active leads of some TACs, given in order of code."""
    return lists(state.tac[state.is_lead], state.practitioner[state.is_lead], data.practitioners, tacs)


def multi_agency_without_tac(tables: Slice, d: date, settings: Settings) -> pd.DataFrame:
    """A child with active interventions from two agencies or more and no active TAC.

    `since` is the day on which, of the active interventions, a second agency's had begun.
    """
    del settings
    data, day = coded(tables), day_number(d)
    used, state = interventions(tables, data, day), asof.teams(data, day)
    child, agency = distinct(used.child, used.agency)
    width = max(len(data.agencies), 1)
    known = (used.child >= 0) & (used.agency >= 0)
    first = np.full(len(child), FAR)
    place = np.searchsorted(child * width + agency, (used.child * width + used.agency)[known])
    np.minimum.at(first, place, used.start[known])
    order = np.lexsort((first, child))
    begin = np.searchsorted(child, np.arange(len(data.children)))
    many = np.bincount(child, minlength=len(data.children)) > 1
    many[np.unique(data.tac_child[state.active])] = False
    chosen = np.flatnonzero(many)
    frame = pd.DataFrame(
        {
            "child_id": column(data.children.texts[chosen]),
            "agency_ids": lists(child, agency, data.agencies, chosen),
            "since": dates(first[order][begin[chosen] + 1]),
        }
    )
    return ordered(frame)


def tacs_without_lead(tables: Slice, d: date, settings: Settings) -> pd.DataFrame:
    """An active TAC without an active lead, and the days since its opening or last lead, the later."""
    data, day = coded(tables), day_number(d)
    state = asof.teams(data, day)
    alone = state.active.copy()
    alone[state.tac[state.is_lead]] = False
    tac = np.flatnonzero(alone)
    since = data.opened.copy()
    past = (data.leads.end <= day) & (data.leads.right >= 0)
    np.maximum.at(since, data.leads.right[past], data.leads.end[past])
    level = np.append(asof.levels(data, day, settings), settings.workload.default_needs_level)
    frame = pd.DataFrame(
        {
            "tac_id": column(data.tacs.texts[tac]),
            "child_id": column(data.children.named(data.tac_child[tac])),
            "level": level[data.tac_child[tac]],
            "team_size": state.size[tac],
            "days_without_lead": day - since[tac],
        }
    )
    return ordered(frame)


def unsupported_leads(tables: Slice, d: date, settings: Settings) -> pd.DataFrame:
    """An active lead with no active post (`no_post`) or without an active membership (`not_member`)."""
    data, day = coded(tables), day_number(d)
    state, posts = asof.teams(data, day), asof.posts(data, day, settings)
    no_post = np.flatnonzero(state.is_lead & (posts.held[state.practitioner] == 0))
    outside = np.flatnonzero(state.is_lead & ~state.is_member)
    which = np.concatenate([no_post, outside])
    frame = pd.DataFrame(
        {
            "tac_id": column(data.tacs.texts[state.tac[which]]),
            "practitioner_id": column(data.practitioners.texts[state.practitioner[which]]),
            "problem": column(["no_post"] * len(no_post) + ["not_member"] * len(outside)),
        }
    )
    return ordered(frame)


def lead_not_needed(tables: Slice, d: date, settings: Settings) -> pd.DataFrame:
    """An active TAC whose team is one practitioner (MG 2.18)."""
    del settings
    data = coded(tables)
    state = asof.teams(data, day_number(d))
    one = state.size[state.tac] == 1
    frame = pd.DataFrame(
        {
            "tac_id": column(data.tacs.texts[state.tac[one]]),
            "child_id": column(data.children.named(data.tac_child[state.tac[one]])),
            "practitioner_id": column(data.practitioners.texts[state.practitioner[one]]),
        }
    )
    return ordered(frame)


def overdue_reviews(
    tables: Slice, d: date, settings: Settings, *, review_days: int | None = None
) -> pd.DataFrame:
    """An active TAC past its next review or, with none set, `review_days` past its last or its opening."""
    allowed = settings.queries.review_days if review_days is None else review_days
    data, day = coded(tables), day_number(d)
    state = asof.teams(data, day)
    reviews = tables.arrow["reviews"]
    reviewed, held = data.tacs.codes(reviews["tac_id"]), days(reviews["held_on"], FAR)
    last = np.full(len(data.tacs), -FAR)
    past = (held <= day) & (reviewed >= 0)
    np.maximum.at(last, reviewed[past], held[past])
    last = np.where(last == -FAR, data.opened, last)
    planned = days(tables.arrow["tacs"]["next_review_on"], FAR)
    due = np.where(planned == FAR, last + allowed, planned)
    late = np.flatnonzero(state.active & (due < day))
    frame = pd.DataFrame(
        {
            "tac_id": column(data.tacs.texts[late]),
            "child_id": column(data.children.named(data.tac_child[late])),
            "lead_ids": lead_lists(data, state, late),
            "due_on": dates(due[late]),
            "days_overdue": day - due[late],
        }
    )
    return ordered(frame)


def overdue_actions(tables: Slice, d: date, settings: Settings) -> pd.DataFrame:
    """Actions of active TACs due before `d` and not done by `d`."""
    data, day = coded(tables), day_number(d)
    active = np.append(asof.teams(data, day).active, False)
    home = np.append(asof.posts(data, day, settings).home, -1)
    table = tables.arrow["actions"]
    ids, tac = Ids.of(table["action_id"]), data.tacs.codes(table["tac_id"])
    due, who = days(table["due_on"], FAR), data.practitioners.codes(table["practitioner_id"])
    late = np.flatnonzero(active[tac] & (due < day) & (days(table["done_on"], FAR) > day))
    frame = pd.DataFrame(
        {
            "action_id": column(ids.named(ids.codes(table["action_id"])[late])),
            "tac_id": column(data.tacs.named(tac[late])),
            "practitioner_id": column(data.practitioners.named(who[late])),
            "home_agency_id": column(data.agencies.named(home[who[late]])),
            "due_on": dates(due[late]),
            "days_overdue": day - due[late],
        }
    )
    return ordered(frame)


def birthday(birth: date, age: int) -> date:
    """The day on which somebody turns `age`; born on 29 February: 1 March where the year has none."""
    year = birth.year + age
    if (birth.month, birth.day) == (2, 29) and not calendar.isleap(year):
        return date(year, 3, 1)
    return birth.replace(year=year)


def transitions_due(
    tables: Slice, d: date, settings: Settings, *, within_days: int | None = None
) -> pd.DataFrame:
    """Active TACs of children who turn 18 after `d` and within `within_days` (MG 3.18, 4.9)."""
    ahead = settings.queries.transition_days if within_days is None else within_days
    data, day = coded(tables), day_number(d)
    state = asof.teams(data, day)
    born = np.append(days(tables.arrow["children"]["birth_date"], FAR), FAR)[data.tac_child]
    tacs = np.flatnonzero(state.active & (born < FAR))
    adult = np.array([day_number(birthday(to_date(b), 18)) for b in born[tacs]], dtype=np.int64)
    soon = (adult > day) & (adult <= day + ahead)
    tacs, adult = tacs[soon], adult[soon]
    frame = pd.DataFrame(
        {
            "child_id": column(data.children.texts[data.tac_child[tacs]]),
            "tac_id": column(data.tacs.texts[tacs]),
            "lead_ids": lead_lists(data, state, tacs),
            "turns_18_on": dates(adult),
        }
    )
    return ordered(frame)


def months_before(d: date, months: int) -> date:
    """The same day so many calendar months earlier; the month's last day where that is too short."""
    year, month = divmod(d.year * 12 + d.month - 1 - months, 12)
    return date(year, month + 1, min(d.day, calendar.monthrange(year, month + 1)[1]))


def lead_continuity(tables: Slice, d: date, settings: Settings, *, months: int | None = None) -> pd.DataFrame:
    """Leads, handovers and days without a lead of every TAC active in the `months` calendar months to `d`.

    A handover is a lead interval that starts in the window, by another practitioner than the one before it
    in order of start and practitioner_id. Days count only while the TAC is active.
    """
    back = settings.queries.continuity_months if months is None else months
    data, last = coded(tables), day_number(d)
    first = day_number(months_before(d, back)) + 1
    begin, end = np.maximum(data.opened, first), np.minimum(data.closed, last + 1)
    tac, who, start = data.leads.right, data.leads.left, data.leads.start
    order = np.lexsort((who, start, tac))
    tac, who, start = tac[order], who[order], start[order]
    other = np.zeros(len(tac), dtype=np.bool_)
    other[1:] = (tac[1:] == tac[:-1]) & (who[1:] != who[:-1])
    other &= (start >= first) & (start <= last)
    led_from, led_to = np.maximum(start, begin[tac]), np.minimum(data.leads.end[order], end[tac])
    live = led_from < led_to
    count = len(data.tacs)
    led = _union(tac[live], led_from[live], led_to[live], count)
    shown = np.flatnonzero(begin < end)
    frame = pd.DataFrame(
        {
            "tac_id": column(data.tacs.texts[shown]),
            "leads": counted(tac[live], who[live], count)[shown],
            "handovers": np.bincount(tac[other], minlength=count)[shown].astype(np.int64),
            "days_without_lead": ((end - begin) - led)[shown],
        }
    )
    return ordered(frame)


def _union(group: Ints, start: Ints, end: Ints, count: int) -> Ints:
    """Days covered by the intervals of each group; the intervals come in order of group and start."""
    apart = group * 2**24
    far = np.maximum.accumulate(end + apart) if len(end) else end
    before = np.concatenate([np.full(min(1, len(far)), -FAR), far[:-1]])
    covered = np.maximum(0, end + apart - np.maximum(start + apart, before))
    return np.bincount(group, weights=covered, minlength=count).astype(np.int64)


def assessor_leads(tables: Slice, d: date, settings: Settings) -> pd.DataFrame:
    """How often the first lead of a TAC is who did the assessment (MG 3.15), by the assessor's home agency.

    TACs opened in the 365 days to `d` with an assessment, whose assessor had a post on the day the assessment
    began. The first lead is the earliest started by `d` (then the smaller practitioner_id).
    """
    del settings
    data, day = coded(tables), day_number(d)
    done, tacs = tables.arrow["assessments"], tables.arrow["tacs"]
    ids = Ids.of(done["assessment_id"])
    assessor = np.append(data.practitioners.codes(done["practitioner_id"]), -1)
    begun = np.append(days(done["started_on"], FAR), FAR)
    assessment = ids.codes(tacs["assessment_id"])
    chosen = np.flatnonzero((assessment >= 0) & (data.opened > day - 365) & (data.opened <= day))
    who = assessor[assessment[chosen]]
    agency = asof.homes(data, who, begun[assessment[chosen]])
    first = np.full(len(data.tacs), -1, dtype=np.int64)
    order = np.lexsort((data.leads.left, data.leads.start, data.leads.right))
    order = order[data.leads.start[order] <= day]
    led, place = np.unique(data.leads.right[order], return_index=True)
    first[led] = data.leads.left[order][place]
    known = agency >= 0
    agency, same = agency[known], (first[chosen] == who)[known]
    every = np.bincount(agency, minlength=len(data.agencies)).astype(np.int64)
    own = np.bincount(agency[same], minlength=len(data.agencies)).astype(np.int64)
    shown = np.flatnonzero(every)
    frame = pd.DataFrame(
        {
            "agency_id": column(data.agencies.texts[shown]),
            "tacs": every[shown],
            "assessor_led": own[shown],
            "share": own[shown] / every[shown],
        }
    )
    return ordered(frame)


def untrained_leads(tables: Slice, d: date, settings: Settings) -> pd.DataFrame:
    """Active leads not trained by `d`, or only there in term time (TG 3.6)."""
    data, day = coded(tables), day_number(d)
    state, people = asof.teams(data, day), tables.arrow["practitioners"]
    led = np.bincount(state.practitioner[state.is_lead], minlength=len(data.practitioners))
    untrained = days(people["lead_trained_on"], FAR) > day
    term_time = flags(people["term_time_only"])
    who = np.flatnonzero((led > 0) & (untrained | term_time))
    frame = pd.DataFrame(
        {
            "practitioner_id": column(data.practitioners.texts[who]),
            "home_agency_id": column(data.agencies.named(asof.posts(data, day, settings).home[who])),
            "tacs_led": led[who].astype(np.int64),
            "untrained": untrained[who],
            "term_time_only": term_time[who],
        }
    )
    return ordered(frame)

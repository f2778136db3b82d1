"""Children who are not covered as they should be, as counts that may be shown: by kind and by group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

import pandas as pd

from dashboards import data, places
from dashboards.data import Held
from dashboards.tallies import masked
from graphmodel.codes import STATUSES
from reports.gaps import KINDS
from reports.masking import hidden_coverage

NO_LEAD: Final = "no active lead"
LATE: Final = ((30, "up to 30 days"), (90, "31 to 90 days"), (180, "91 to 180 days"))
LATEST: Final = "more than 180 days"


GROUP_WORDS: Final[Mapping[str, str]] = {
    "status": "Status of the child, and how binding its rule is",
    "days_without_lead": "Without a lead for",
    "problem": "What is wrong",
    "home_agency_id": "Home agency",
    "days_overdue": "Overdue by",
    "agency": "Agency of the lead",
    "pair": "Agencies",
}
STATUS_WORDS: Final = {code.status: code.name[:1].upper() + code.name[1:] for code in STATUSES}
PROBLEMS: Final = {"no_post": "no active post", "not_member": "no member of the team"}


def counts(found: Held, day: date, locality: str | None = None) -> pd.DataFrame:
    """Cases of each kind: kind, cases (NaN where suppressed), suppressed.

    Hidden where small, and, where the cases are TACs, also where few of the active TACs are left over.
    """
    if locality is not None:
        known = places.counts(found, day, locality)
        cases = [known[name] for name in KINDS]
        return pd.DataFrame(
            {
                "kind": list(KINDS),
                "cases": [float("nan") if n is None else n for n in cases],
                "suppressed": [n is None for n in cases],
            }
        )
    plain = {name: float(len(data.query(found, name, day))) for name in KINDS}
    gone = hidden_coverage(plain, data.counts(found, day), found.settings.disclosure.suppress_up_to)
    return pd.DataFrame(
        {
            "kind": list(plain),
            "cases": [float("nan") if name in gone else value for name, value in plain.items()],
            "suppressed": [name in gone for name in plain],
        }
    )


def by_group(found: Held, kind: str, day: date) -> pd.DataFrame:
    """Cases of a kind by its group: group (in words), agencies (ids, for the filter), cases, suppressed.

    A case of several leads or agencies counts once for each. Where the count of all must not be shown, its
    groups are all hidden: together they would tell it.
    """
    rows, group = data.query(found, kind, day), KINDS[kind].group
    keys = _keys(found, rows, group, day)
    frame = masked(found, "group", Counter(keys))
    gone = hidden_coverage(
        {kind: float(len(rows))}, data.counts(found, day), found.settings.disclosure.suppress_up_to
    )
    if kind in gone:
        frame = frame.assign(cases=float("nan"), suppressed=True)
    frame["agencies"] = [_agencies(group, key) for key in frame["group"]]
    frame["group"] = [_words(found, group, key) for key in frame["group"]]
    return frame


def _keys(found: Held, rows: pd.DataFrame, group: str, day: date) -> list[str]:
    if group in {"days_without_lead", "days_overdue"}:
        return [_late(int(days)) for days in rows[group]]
    if group == "pair":
        return [";".join(sorted(set(ids))) for ids in rows["agency_ids"]]
    load = data.load(found, day)
    homes = dict(zip(load["practitioner_id"], load["home_agency_id"], strict=True))
    if group == "agency":
        leads = [list(ids) for ids in rows["lead_ids"]]
        return [agency for ids in leads for agency in _homes(homes, ids)]
    if group == "home_agency_id" and group not in rows:
        return [agency for who in rows["practitioner_id"] for agency in _homes(homes, [who])]
    if group == "status":
        return [f"{s};{b}" for s, b in zip(rows["status"], rows["strength"], strict=True)]
    return [str(value) if isinstance(value, str) else "" for value in rows[group]]


def _homes(homes: Mapping[str, object], ids: Iterable[str]) -> list[str]:
    """The home agencies of some practitioners, each once; empty text for no post, and for nobody at all."""
    found = {home if isinstance(home := homes.get(who), str) else "" for who in ids}
    return sorted(found) if found else [NO_LEAD]


def _late(days: int) -> str:
    return next((words for most, words in LATE if days <= most), LATEST)


def _agencies(group: str, key: str) -> tuple[str, ...]:
    return tuple(key.split(";")) if group in {"home_agency_id", "agency", "pair"} else ()


def _words(found: Held, group: str, key: str) -> str:
    if group == "status":
        status, strength = key.split(";")
        return f"{STATUS_WORDS.get(status, status)} ({strength})"
    if group == "problem":
        return PROBLEMS.get(key, key)
    if group in {"home_agency_id", "agency", "pair"} and key != NO_LEAD:
        return ", ".join(found.agency_names.get(a, a or "no post") for a in key.split(";"))
    return key

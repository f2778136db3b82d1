"""The dataset's second road: plain loops over the rows of a made dataset, sharing no code with the reader.

Written from the rules in the documentation. Everything is small, so every rule is applied the long way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from tests.ssd_files import ROLES, Cell, Dataset, Row, is_day

FAR: Final = "9999-12-31"
SHORT: Final = ("V1", "V3", "V4")
CARE: Final = ("C1", "C2", "D1", "E1", "V2", "L1", "L2", "L3", "J1", "J2", "J3")

Span = tuple[str, Cell]


class Naive:
    """One dataset mapped. `least` practitioners make a team; case holders lead where `holders`."""

    def __init__(self, data: Dataset, dialect: str, *, least: int = 2, holders: bool = True) -> None:
        self.data, self.dialect, self.least, self.holders = data, dialect, least, holders
        self.referred = self._referred()
        self.bad_rows: set[int] = set()
        self.episodes = self._episodes()
        self.parts = [*self._involved(), *self._early_help()]
        self.stays = self._stays()
        self.teams = self._teams()

    def rows(self, table: str) -> list[tuple[int, Row]]:
        """The rows with their numbers in a CSV file."""
        return list(enumerate(self.data.get(table, []), start=2))

    def _referred(self) -> dict[str, str]:
        children: dict[str, set[str]] = defaultdict(set)
        for _, row in self.rows("ssd_cin_episodes"):
            if row["referral"] and row["person"]:
                children[row["referral"]].add(row["person"])
        return {referral: min(found) for referral, found in children.items() if len(found) == 1}

    def child_of(self, row: Row) -> Cell:
        own = None if self.dialect == "mosaic" else row.get("person")
        return own or self.referred.get(row.get("referral") or "")

    def _episodes(self) -> dict[tuple[str, str, str], Span]:
        found: dict[tuple[str, str, str], list[Span]] = defaultdict(list)
        for kind, table, word in (
            ("ref", "ssd_cin_episodes", "referral"),
            ("eh", "ssd_early_help_episodes", "episode"),
        ):
            for _, row in self.rows(table):
                if row["person"] and row[word] and sound(row):
                    found[kind, str(row[word]), row["person"]].append((str(row["start"]), row["end"]))
        return {key: (min(s for s, _ in spans), latest(e for _, e in spans)) for key, spans in found.items()}

    # -- who took part in what ------------------------------------------------------------------------

    def _involved(self) -> list[dict[str, Any]]:
        found = []
        for number, row in self.rows("ssd_involvements"):
            part = ROLES.get(row["role"] or "")
            if part is None or row["id"] is None:
                continue
            child = self.child_of(row)
            if child is None or not sound(row):
                self.bad_rows.add(number)
                continue
            kind, episode = self._place(row, child)
            found.append(
                {"tac": tac_id(kind, episode, child), "kind": kind, "episode": episode, "child": child,
                 "who": row["id"], "part": part, "s": row["start"], "e": row["end"]}
            )  # fmt: skip
        return found

    def _place(self, row: Row, child: str) -> tuple[str, str]:
        if row["referral"]:
            return "ref", row["referral"]
        s, e = str(row["start"]), row["end"] or FAR
        ran, began = [], []
        for (kind, episode, person), (opens, closes) in self.episodes.items():
            if person != child:
                continue
            if opens <= s < (closes or FAR):
                ran.append((opens, kind, episode))
            elif s < opens < e:
                began.append((opens, kind, episode))
        order = {"ref": 0, "eh": 1}
        if ran:
            last = max(opens for opens, _, _ in ran)
            return min(((order[k], k, x) for o, k, x in ran if o == last))[1:]
        if began:
            first = min(opens for opens, _, _ in began)
            return min(((order[k], k, x) for o, k, x in began if o == first))[1:]
        return "child", ""

    def _early_help(self) -> list[dict[str, Any]]:
        return [
            {"tac": tac_id("eh", str(row["episode"]), row["person"]), "kind": "eh", "episode": row["episode"],
             "child": row["person"], "who": row["worker"], "part": "allocated_worker", "s": row["start"],
             "e": row["end"]}
            for _, row in self.rows("ssd_early_help_episodes")
            if row["worker"] and row["person"] and row["episode"] and sound(row)
        ]  # fmt: skip

    def _stays(self) -> dict[str, dict[str, list[Span]]]:
        found: dict[str, dict[str, list[Span]]] = defaultdict(lambda: defaultdict(list))
        for part in self.parts:
            found[part["tac"]][part["who"]].append((part["s"], part["e"]))
        return {tac: {who: merged(spans) for who, spans in team.items()} for tac, team in found.items()}

    def _teams(self) -> dict[str, tuple[str, str, Cell]]:
        """Teams by id: child, first day together, last day."""
        found = {}
        about = {p["tac"]: p for p in self.parts}
        for tac, people in self.stays.items():
            days = sorted({s for spans in people.values() for s, _ in spans})
            together = [
                d
                for d in days
                if sum(any(on(x, d) for x in spans) for spans in people.values()) >= self.least
            ]
            if not together:
                continue
            part = about[tac]
            last = latest(e for spans in people.values() for _, e in spans)
            key = (part["kind"], part["episode"], part["child"])
            closed = last
            if key in self.episodes and (self.episodes[key][1] or FAR) > together[0]:
                closed = self.episodes[key][1]
            found[tac] = (part["child"], together[0], closed)
        return found

    # -- the tables ------------------------------------------------------------------------------------

    def memberships(self) -> list[tuple[Any, ...]]:
        return [
            (tac, who, s, e) for tac in self.teams for who, spans in self.stays[tac].items() for s, e in spans
        ]

    def leads(self) -> list[tuple[Any, ...]]:
        found = []
        for tac in self.teams:
            here = [p for p in self.parts if p["tac"] == tac]
            named = [p for p in here if p["part"] == "lead"]
            by_rule = [p for p in here if p["part"] == "allocated_worker"] if self.holders else []
            reason = None if named else "other"
            spans: dict[str, list[Span]] = defaultdict(list)
            for p in named or by_rule:
                spans[p["who"]].append((p["s"], p["e"]))
            found += [(tac, who, s, e, reason) for who, own in spans.items() for s, e in merged(own)]
        return found

    def assessments(self) -> list[tuple[Any, ...]]:
        found = []
        for table, prefix, word, kind in (
            ("ssd_cin_assessments", "cina", "assessment", "core"),
            ("ssd_s47_enquiry", "s47", "enquiry", "other"),
            ("ssd_early_help_episodes", "earl", "episode", "early_help"),
        ):
            for _, row in self.rows(table):
                child = row["person"] or self.referred.get(row.get("referral") or "")
                if row["worker"]:
                    ident = f"ssd:{prefix}:{row[word]}"
                    found.append((ident, child, row["worker"], kind, row["start"], row["end"]))
        return found

    def statuses(self) -> list[tuple[Any, ...]]:
        return [*self._plans(), *self._care(), *self._need(), *self._adoption(), *self._leavers()]

    def _plans(self) -> Iterable[tuple[Any, ...]]:
        for _, row in self.rows("ssd_cp_plans"):
            yield row["person"], "CP", row["start"], row["end"]
        for _, row in self.rows("ssd_cin_assessments"):
            yield row["person"], "CIN_ASSESSMENT", row["start"], row["end"]

    def _care(self) -> Iterable[tuple[Any, ...]]:
        found = list(self._cared())
        kept = [row for row in found if row["person"] and sound(row)]
        yield from ((r["person"], "LAC", r["start"], r["end"]) for r in found if r not in kept)
        for child in {str(row["person"]) for row in kept}:
            own = [(str(row["start"]), row["end"]) for row in kept if row["person"] == child]
            yield from ((child, "LAC", s, e) for s, e in merged(own, touching=True))

    def _cared(self) -> Iterable[Row]:
        legal = [row for _, row in self.rows("ssd_legal_status")]
        cared = [row for _, row in self.rows("ssd_cla_episodes")]
        for row in cared:
            codes = [x["code"] for x in legal if x["person"] == row["person"] and meet(x, row)]
            if not codes or any(code not in SHORT for code in codes):
                yield row
        for x in legal:
            alone = not any(x["person"] == row["person"] and meet(x, row) for row in cared)
            if x["code"] in CARE and alone:
                yield x

    def _need(self) -> Iterable[tuple[Any, ...]]:
        cases = [row for _, row in self.rows("ssd_cin_episodes") if row["nfa"] != "Y"]
        for row in cases:
            yield row["person"], "CIN", row["start"], row["end"]
        for _, plan in self.rows("ssd_cin_plans"):
            s, e = plan["start"], plan["end"] or FAR
            if not any(
                c["person"] == plan["person"]
                and c["start"]
                and s
                and c["start"] <= s
                and e <= (c["end"] or FAR)
                for c in cases
            ):
                yield plan["person"], "CIN", plan["start"], plan["end"]

    def _adoption(self) -> Iterable[tuple[Any, ...]]:
        for _, row in self.rows("ssd_permanence"):
            begun = sorted(d for d in (row["decided"], row["order"]) if d)
            if begun:
                over = sorted(d for d in (row["made"], row["reversed"]) if d)
                yield row["person"], "ADOPTION", begun[0], over[0] if over else None

    def _leavers(self) -> Iterable[tuple[Any, ...]]:
        births = {row["person"]: row["birth"] for _, row in self.rows("ssd_person")}
        for _, row in self.rows("ssd_care_leavers"):
            born = births.get(row["person"])
            if row["eligibility"] == "Former Relevant" and born:
                year, rest = int(born[:4]) + 18, born[4:]
                day = f"{year}{rest}"
                yield row["person"], "CARE_LEAVER", day if is_day(day) else f"{year}-03-01", None

    def reviews(self) -> list[tuple[Any, ...]]:
        found = []
        for child, referral, held in self._held():
            there = [
                tac
                for tac, (person, opened, closed) in self.teams.items()
                if person == child and opened <= held <= (closed or FAR)
            ]
            own = tac_id("ref", referral, child) if referral and child else None
            if own in there:
                found.append((own, held))
            elif len(there) == 1:
                found.append((there[0], held))
        return found

    def _held(self) -> Iterable[tuple[Cell, Cell, str]]:
        plans = {r["plan"]: r for _, r in reversed(self.rows("ssd_cp_plans"))}
        periods = {r["period"]: r for _, r in reversed(self.rows("ssd_cla_episodes"))}
        for _, row in self.rows("ssd_cp_reviews"):
            plan = plans.get(row["plan"], {})
            if row["held"]:
                yield row["person"] or plan.get("person"), plan.get("referral"), row["held"]
        for _, row in self.rows("ssd_cla_reviews"):
            period = periods.get(row["period"], {})
            if row["held"] and row["cancelled"] != "Y":
                yield period.get("person"), period.get("referral"), row["held"]


def tac_id(kind: str, episode: str, child: str) -> str:
    def safe(text: str) -> str:
        return text.replace("%", "%25").replace(":", "%3A")

    return f"ssd:child:{safe(child)}" if kind == "child" else f"ssd:{kind}:{safe(episode)}:{safe(child)}"


def sound(row: Mapping[str, Cell]) -> bool:
    """Both ends are days, in order; the end may be open."""
    start, end = row["start"], row["end"]
    return start is not None and is_day(start) and (end is None or (is_day(end) and end >= start))


def latest(ends: Iterable[Cell]) -> Cell:
    found = list(ends)
    return None if None in found else max(str(e) for e in found)


def on(span: Span, day: str) -> bool:
    return span[0] <= day < (span[1] or FAR)


def meet(a: Row, b: Row) -> bool:
    """Two intervals share a day or begin on one, as far as texts compare."""
    if a["start"] is None or b["start"] is None:
        return False
    return a["start"] == b["start"] or (a["start"] < (b["end"] or FAR) and b["start"] < (a["end"] or FAR))


def merged(spans: Sequence[Span], *, touching: bool = False) -> list[Span]:
    """Intervals that overlap as one; those that only touch where `touching`."""
    found: list[Span] = []
    for start, end in sorted(spans, key=lambda x: (x[0], [-ord(c) for c in x[1] or FAR])):
        reach = (found[-1][1] or FAR) if found else ""
        if start < reach or (touching and start == reach):
            last = found[-1]
            found[-1] = (last[0], latest([last[1], end]))
        else:
            found.append((start, end))
    return found

"""Random datasets of the Standard Safeguarding Dataset, small and dense, with dirt where it is asked for."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from tests.ssd_files import ROLES, Cell, Dataset, Row


class _Maker:
    def __init__(self, chance: random.Random, dialect: str, *, dirt: bool) -> None:
        self.chance, self.dialect, self.dirt = chance, dialect, dirt
        self.children = [f"C{n}" for n in range(1, 7)]
        self.workers = [f"P{n}" for n in range(1, 8)]
        self.teams = ["T1", "T2", "40"]
        self.referrals = {
            child: [f"R{child}{n}" for n in range(chance.randint(0, 2))] for child in self.children
        }

    def day(self) -> str:
        return (date(2024, 1, 1) + timedelta(days=self.chance.randint(0, 60) * 7)).isoformat()

    def span(self) -> Row:
        """Often open, sometimes of no length; with dirt sometimes the wrong way round or no day at all."""
        start, end = sorted((self.day(), self.day()))
        found: Row = {"start": start, "end": None if self.chance.random() < 0.5 else end}
        if self.dirt and self.chance.random() < 0.06:
            found["end"] = self.chance.choice(("2023-12-31", "soon", "2024-02-30"))
        if self.dirt and self.chance.random() < 0.04:
            found["start"] = self.chance.choice((None, "45000", "=1+1"))
        return found

    def one(self, *values: Cell) -> Cell:
        return self.chance.choice(values)

    def child(self) -> Cell:
        return self.one(*self.children)

    def worker(self) -> Cell:
        return self.one(*self.workers, None)

    def nobody(self) -> Cell:
        return None

    def maybe_day(self) -> Cell:
        return self.one(self.day(), self.day(), None)

    def some(self, most: int, make: Callable[[int], Row]) -> list[Row]:
        return [make(n) for n in range(self.chance.randint(0, most))]

    def referral_of(self, child: str) -> Cell:
        own = self.referrals[child]
        return self.chance.choice([*own, *own, None, "R99"]) if own else self.one(None, None, "R99")

    def involvement(self, n: int) -> Row:
        child = self.chance.choice(self.children)
        other = self.chance.choice(self.children)
        referral = self.referral_of(other if self.dirt and self.chance.random() < 0.05 else child)
        return {
            "row": str(n),
            "id": self.one(*self.workers, *self.workers, "P99", None),
            "role": self.one(*ROLES, "CW", "KASCH", "KASCH", None),
            "team": self.one(*self.teams, None, "North Team"),
            "person": None if self.dirt and self.chance.random() < 0.03 else child,
            "referral": referral,
            **self.span(),
        }

    def people(self) -> Dataset:
        chance, thin = self.chance, self.dialect != "systemc"
        professionals: list[Row] = [
            {
                "id": worker,
                "staff": f"S{worker}",
                "name": None if self.dialect == "mosaic" else f"Name {worker}",
                "swe": self.one(f"SW{worker[1:]}", None),
                "title": None if thin else self.one("Senior Social Worker", "Family Support Worker", "Clown"),
                "department": None if thin else self.one("North Team", "South Team", None),
                "fte": None if thin else self.one("0.5", "1", "1.0", None),
            }
            for worker in self.workers
        ]
        if self.dialect == "eclipse":
            professionals += [dict(chance.choice(professionals)) for _ in range(4)]
        births = ("2008-02-29", "2010-05-04", "2006-01-31", None)
        return {
            "ssd_person": [
                {
                    "person": c,
                    "first": f"First {c}",
                    "last": "Last",
                    "birth": self.one(*births),
                    "upn": f"U{c}",
                }
                for c in self.children
            ],
            "ssd_family": self.some(
                8,
                lambda n: {"row": str(n), "family": self.one("F1", "F2"), "person": self.one(*self.children)},
            ),
            "ssd_department": [
                {"team": "T1", "name": "North Team", "parent": "T2", "parent_name": "South Team"},
                {"team": "T2", "name": "South Team", "parent": "T9", "parent_name": "Service"},
            ],
            "ssd_professionals": professionals,
        }

    def episodes(self) -> Dataset:
        every = [(c, r) for c, own in self.referrals.items() for r in own]
        cases: list[Row] = [
            {"referral": r, "person": c, "nfa": self.one("N", "Y", None), **self.span()} for c, r in every
        ]

        def owned() -> Row:
            c, r = self.chance.choice(every or [("C1", "R0")])
            return {"person": c, "referral": self.one(r, None)}

        helper = self.nobody if self.dialect == "systemc" else self.worker
        child, worker = self.child, self.worker
        return {
            "ssd_cin_episodes": cases,
            "ssd_early_help_episodes": self.some(
                5, lambda n: {"episode": f"E{n}", "person": child(), "worker": helper(), **self.span()}
            ),
            "ssd_cin_assessments": self.some(
                6, lambda n: {"assessment": f"A{n}", "worker": worker(), **owned(), **self.span()}
            ),
            "ssd_s47_enquiry": self.some(
                3, lambda n: {"enquiry": f"A{n}", "worker": worker(), **owned(), **self.span()}
            ),
            "ssd_cin_plans": self.some(4, lambda n: {"plan": f"L{n}", **owned(), **self.span()}),
            "ssd_cp_plans": self.some(
                5, lambda n: {"plan": f"L{n}", "ola": self.one("Y", "N"), **owned(), **self.span()}
            ),
            "ssd_cla_episodes": self.some(
                5, lambda n: {"episode": f"K{n}", "period": f"Q{n}", **owned(), **self.span()}
            ),
            "ssd_legal_status": self.some(
                6,
                lambda n: {
                    "row": str(n),
                    "person": child(),
                    "code": self.one("V2", "V3", "V4", "C2", "odd"),
                    **self.span(),
                },
            ),
        }

    def rest(self, plans: Sequence[Row], periods: Sequence[Row]) -> Dataset:
        nothing: Row = {"plan": None, "period": None, "person": None}
        child, day = self.child, self.maybe_day

        def plan_review(n: int) -> Row:
            plan = self.chance.choice([*plans, nothing])
            return {
                "review": f"V{n}",
                **{k: plan[k] for k in ("plan", "person")},
                "due": day(),
                "held": day(),
            }

        def care_review(n: int) -> Row:
            period = self.chance.choice([*periods, nothing])
            cancelled = self.one("Y", "N", None)
            said = {k: period[k] for k in ("period", "person")}
            return {"review": f"V{n}", **said, "due": day(), "held": day(), "cancelled": cancelled}

        return {
            "ssd_cp_reviews": self.some(8, plan_review),
            "ssd_cla_reviews": self.some(8, care_review),
            "ssd_care_leavers": self.some(
                3,
                lambda n: {
                    "row": str(n),
                    "person": child(),
                    "eligibility": self.one("Former Relevant", "Relevant"),
                },
            ),
            "ssd_disability": self.some(
                3, lambda n: {"row": str(n), "person": child(), "code": self.one("NONE", "LD")}
            ),
            "ssd_permanence": self.some(
                3,
                lambda n: {
                    "row": str(n),
                    "person": child(),
                    "decided": day(),
                    "order": day(),
                    "made": day(),
                    "reversed": None,
                },
            ),
            "ssd_linked_identifiers": [
                {"row": "1", "person": "C1", "type": "Unique Pupil Number", "value": "U1"},
                {"row": "2", "person": "C2", "type": "NHS Number", "value": "9434765919"},
            ],
        }


def random_dataset(seed: int, dialect: str = "systemc", *, dirt: bool = True) -> Dataset:
    """The same dataset for the same seed; dirt is days and children that are none."""
    maker = _Maker(random.Random(seed), dialect, dirt=dirt)
    found = {**maker.people(), **maker.episodes()}
    found["ssd_involvements"] = [maker.involvement(n) for n in range(maker.chance.randint(0, 40))]
    return {**found, **maker.rest(found["ssd_cp_plans"], found["ssd_cla_episodes"])}

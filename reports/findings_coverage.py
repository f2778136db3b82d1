"""The finding on coverage: which gap should be looked at first."""

from __future__ import annotations

from typing import Final

import pandas as pd

from reports.findings import Finding
from reports.words import COVERAGE_KINDS, count, listed

SENTENCES: Final = {
    "statutory_breaches": (
        "TAC has",
        "TACs have",
        "a lead who is not in the role that law or guidance asks for",
    ),
    "tacs_without_lead": ("TAC has", "TACs have", "nobody to lead"),
    "unsupported_leads": ("lead has", "leads have", "no post or no place in the team"),
}
"""The gaps that are serious however few, in order; the others are named by their count."""


def coverage(kinds: pd.DataFrame) -> Finding:
    """What is most serious of the gaps (columns kind, cases; NaN: suppressed)."""
    if kinds.empty:
        return Finding("coverage", "unknown", "No gap was looked for.")
    cases = dict(zip(kinds["kind"], kinds["cases"], strict=True))
    if kinds["cases"].notna().all() and kinds["cases"].sum() == 0:
        return Finding("coverage", "fine", "No child was found without the cover there should be.")
    serious = [
        f"{count(cases[kind], one, many)} {what}"
        for kind, (one, many, what) in SENTENCES.items()
        if kind in cases and cases[kind] != 0
    ]
    if serious:
        text = listed(serious)
        return Finding("coverage", "serious", f"{text[:1].upper()}{text[1:]}.", float(kinds["cases"].max()))
    known = kinds.dropna(subset=["cases"])
    if known.empty or known["cases"].max() == 0:
        return Finding("coverage", "watch", "A few gaps in cover (c: suppressed) were found.")
    row = known.iloc[int(known["cases"].to_numpy().argmax())]
    words = COVERAGE_KINDS[str(row["kind"])]
    text = f"Most frequent gap in cover: {words[:1].lower()}{words[1:]}, {row['cases']:,.0f} times."
    return Finding("coverage", "watch", text, float(row["cases"]))

"""How likely two records are of one child, by Splink's model (Fellegi and Sunter) on DuckDB.

Weights are trained on the records at hand (expectation maximisation); a weight that they cannot teach, and
all of them where there are too few records, is the default here. Weights of identity numbers are fixed:
a sample never holds two equal ones (docs/decisions/matching.md).
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import duckdb
import pyarrow as pa
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.internals.exceptions import EMTrainingException

from loaders.matching.words import A_LITTLE, AGREES, DIFFERS

SEED: Final = 20071
SAMPLED_PAIRS: Final = 1.2e6
TRAINED_PAIRS: Final = 300_000
FEWEST_RECORDS: Final = 400
FEWEST_SURE_PAIRS: Final = 50
ASSUMED_RECALL: Final = 0.8
LEAN: Final = 0.02
"""How far a trained weight leans on the default, so that none is 0."""
LEAST_AGREEMENT: Final = 0.3
RAREST: Final = 1e-5
PRIOR_ROUNDS: Final = 30
MEMORY: Final = "2GB"


@dataclass(frozen=True)
class Level:
    """One degree of agreement: its condition, what it is in words, and its default weights.

    `m`: how often records of one child agree so; `u`: how often those of two children do.
    """

    sql: str
    word: str
    m: float
    u: float
    frequency: str = ""
    """The column whose frequent values count for less, where there is one."""


def _name(column: str, other: str, m: Sequence[float], u: Sequence[float]) -> tuple[Level, ...]:
    left, right = f"{column}_l", f"{column}_r"
    part = (
        f"jaro_winkler_similarity({left}, {right}) >= 0.8 OR "
        f"(least(length({left}), length({right})) >= 3 AND "
        f"(starts_with({left}, {right}) OR starts_with({right}, {left}) OR ends_with({left}, ' ' || {right}) "
        f"OR ends_with({right}, ' ' || {left})))"
    )
    swapped = f"{left} = {other}_r AND {right} = {other}_l"
    tests = (
        (f"{left} = {right}", AGREES, column),
        (swapped, A_LITTLE, ""),
        (f"jaro_winkler_similarity({left}, {right}) >= 0.92", A_LITTLE, ""),
        (part, A_LITTLE, ""),
        ("ELSE", DIFFERS, ""),
    )
    return tuple(
        Level(sql, word, *weights, frequency)
        for (sql, word, frequency), weights in zip(tests, zip(m, u, strict=True), strict=True)
    )


_SWAPPED_DAY = (
    "birth_date_l = left(birth_date_r, 5) || right(birth_date_r, 2) || '-' || substr(birth_date_r, 6, 2)"
)
_DISTRICT = "left({0}_l, length({0}_l) - 3) = left({0}_r, length({0}_r) - 3)".format("postcode")
FIELDS: Final[dict[str, tuple[Level, ...]]] = {
    "first_name": _name(
        "first_name", "last_name", (0.84, 0.01, 0.07, 0.04, 0.04), (8e-3, 1e-5, 2e-3, 0.02, 0.97)
    ),
    "last_name": _name(
        "last_name", "first_name", (0.84, 0.01, 0.06, 0.03, 0.06), (4e-3, 1e-5, 2e-3, 0.01, 0.984)
    ),
    "birth_date": (
        Level("birth_date_l = birth_date_r", AGREES, 0.92, 1.6e-4),
        Level(
            f"damerau_levenshtein(birth_date_l, birth_date_r) <= 1 OR ({_SWAPPED_DAY})",
            A_LITTLE,
            0.05,
            2.5e-3,
        ),
        Level(
            "damerau_levenshtein(birth_date_l, birth_date_r) <= 2 "
            "OR left(birth_date_l, 7) = left(birth_date_r, 7)",
            A_LITTLE,
            0.015,
            0.03,
        ),
        Level("ELSE", DIFFERS, 0.015, 0.967),
    ),
    "postcode": (
        Level("postcode_l = postcode_r", AGREES, 0.72, 5e-4, "postcode"),
        Level("damerau_levenshtein(postcode_l, postcode_r) <= 1", A_LITTLE, 0.05, 8e-4),
        Level(f"least(length(postcode_l), length(postcode_r)) >= 5 AND {_DISTRICT}", A_LITTLE, 0.09, 0.03),
        Level("ELSE", DIFFERS, 0.14, 0.968),
    ),
}
"""The fields that are trained, from most to least alike."""

NUMBERS: Final[dict[str, tuple[str, float, float]]] = {
    "nhs_number": ("nhs_number_l = nhs_number_r", 0.995, 1e-6),
    "upn": (
        "upn_l = upn_r OR list_contains(former_upn_r, upn_l) OR list_contains(former_upn_l, upn_r)",
        0.98,
        1e-6,
    ),
    "uln": ("uln_l = uln_r", 0.99, 1e-6),
}
"""Identity numbers: when they agree, and the fixed m and u of that."""

COLUMNS: Final = (*FIELDS, *NUMBERS, "former_upn")

_BLOCKS: Final = (
    "l.nhs_number = r.nhs_number",
    "l.upn = r.upn",
    "l.upn = r.first_former_upn",
    "l.first_former_upn = r.upn",
    "l.uln = r.uln",
    "l.birth_date = r.birth_date AND left(l.first_name, 2) = left(r.first_name, 2)",
    "l.birth_date = r.birth_date AND left(l.last_name, 2) = left(r.last_name, 2)",
    "l.birth_date = r.birth_date AND l.postcode = r.postcode",
    "l.first_name = r.first_name AND l.last_name = r.last_name",
    "l.first_name = r.last_name AND l.last_name = r.first_name",
    "l.postcode = r.postcode AND left(l.first_name, 3) = left(r.first_name, 3)",
    "l.postcode = r.postcode AND left(l.birth_date, 7) = left(r.birth_date, 7)",
)
"""Which pairs are compared at all."""

_SURE: Final = (
    "l.nhs_number = r.nhs_number",
    "l.upn = r.upn",
    "l.first_name = r.first_name AND l.last_name = r.last_name AND l.birth_date = r.birth_date",
)
_TRAINING: Final = (
    ("birth_date",),
    ("first_name", "last_name"),
)


def _comparison(column: str, levels: Sequence[Level], weights: Sequence[tuple[float, float]]) -> Any:
    made: list[Any] = [cll.NullLevel(column)]
    for level, (m, u) in zip(levels, weights, strict=True):
        one: Any = cll.ElseLevel() if level.sql == "ELSE" else cll.CustomLevel(level.sql, level.word)
        one = one.configure(m_probability=m, u_probability=u)
        if level.frequency:
            one = one.configure(tf_adjustment_column=level.frequency, tf_minimum_u_value=RAREST)
        made.append(one)
    return cl.CustomComparison(output_column_name=column, comparison_levels=made)


def _number(column: str, condition: str, m: float, u: float) -> Any:
    fixed: dict[str, Any] = {"fix_m_probability": True, "fix_u_probability": True}
    return cl.CustomComparison(
        output_column_name=column,
        comparison_levels=[
            cll.NullLevel(column),
            cll.CustomLevel(condition, AGREES).configure(m_probability=m, u_probability=u, **fixed),
            cll.ElseLevel().configure(m_probability=1 - m, u_probability=1 - u, **fixed),
        ],
    )


def extra_levels(column: str) -> tuple[Level, ...]:
    """Comparison of a text column that the format does not know (`match_records`)."""
    return (
        Level(f"{column}_l = {column}_r", AGREES, 0.8, 0.01, column),
        Level(f"jaro_winkler_similarity({column}_l, {column}_r) >= 0.9", A_LITTLE, 0.08, 0.01),
        Level("ELSE", DIFFERS, 0.12, 0.98),
    )


Weights = dict[str, list[tuple[float, float]]]
"""By field, m and u of each level, in the order of the levels."""


def levels_of(field: str) -> tuple[str, ...]:
    """The words of a field's levels, from the least alike up: the level's number is its place."""
    return tuple(level.word for level in reversed(FIELDS.get(field) or extra_levels(field)))


@dataclass(frozen=True)
class Scored:
    """Pairs of records: `left`, `right` (row numbers), `probability`, and a level a field in `g_<field>`.

    A level is counted from 0 (differs) upwards, -1 is missing. `weights` are those used, `taught` names the
    fields whose weights the records taught; of the others they are the defaults.
    """

    pairs: pa.Table
    weights: Weights
    taught: tuple[str, ...]
    prior: float


def score(records: pa.Table, *, extra: Sequence[str] = (), at_least: float = 1e-3) -> Scored:
    """Every pair worth comparing of `records` (columns `row`, `COLUMNS`, `extra`), from `at_least` up.

    Equal records give equal pairs: samples are drawn by hash or seed, and weights are rounded before use.
    """
    fields = {**FIELDS, **{column: extra_levels(column) for column in extra}}
    defaults = {name: [(level.m, level.u) for level in levels] for name, levels in fields.items()}
    with _quiet(), duckdb.connect(config={"threads": 2, "memory_limit": MEMORY}) as db:
        api = DuckDBAPI(connection=db)
        source = api.register(records, dataset_display_name="records")
        db.register("records", records)
        prior, sure = _prior(db, records.num_rows)
        weights: Weights = defaults
        taught: tuple[str, ...] = ()
        if records.num_rows >= FEWEST_RECORDS and sure >= FEWEST_SURE_PAIRS:
            sampled = _sampled(
                Linker(source, _settings(fields, defaults, prior, ()), log_level=None), defaults
            )
            taught_by = Linker(source, _settings(fields, sampled, prior, extra, NUMBERS), log_level=None)
            weights, taught = _train(taught_by, sampled, defaults)
        linker = Linker(source, _settings(fields, weights, prior, extra, NUMBERS), log_level=None)
        found = linker.inference.predict(warning_mode="never")
        prior, shift = _settled(db, found.physical_name, prior, records.num_rows)
        gammas = ", ".join(f"gamma_{name} AS g_{name}" for name in (*fields, *NUMBERS))
        pairs = db.sql(
            'SELECT least(row_l, row_r) AS "left", greatest(row_l, row_r) AS "right", '
            f"round(1 / (1 + pow(2, -(match_weight + ({shift})))), 9) AS probability, {gammas} "
            f"FROM {found.physical_name} "
            f"WHERE probability >= {at_least} OR {' OR '.join(f'gamma_{name} = 1' for name in NUMBERS)} "
            'ORDER BY "left", "right"'
        ).to_arrow_table()
        return Scored(pairs, weights, taught, prior)


def _prior(db: duckdb.DuckDBPyConnection, records: int) -> tuple[float, int]:
    """How likely two records drawn at random are of one child, and the sure pairs it is worked out from."""
    unions = " UNION ".join(
        f"SELECT l.row, r.row FROM records l JOIN records r ON {rule} AND l.row < r.row" for rule in _SURE
    )
    sure = int(db.sql(f"SELECT count(*) FROM ({unions})").fetchall()[0][0])
    pairs = max(1.0, records * (records - 1) / 2)
    return min(0.5, max(sure, 1) / ASSUMED_RECALL / pairs), sure


def _settled(db: duckdb.DuckDBPyConnection, scored: str, prior: float, records: int) -> tuple[float, float]:
    """The prior by which as many pairs are one child as are found, and what that adds to a match weight."""
    rows = db.sql(
        f"SELECT round(match_weight, 2), count(*) FROM {scored} WHERE match_weight > -40 "
        "GROUP BY 1 ORDER BY 1"
    ).fetchall()
    start = math.log2(prior / (1 - prior))
    pairs = max(1.0, records * (records - 1) / 2)
    for _ in range(PRIOR_ROUNDS):
        shift = math.log2(prior / (1 - prior)) - start
        expected = sum(count / (1 + 2.0 ** -(weight + shift)) for weight, count in rows)
        prior = min(0.5, max(expected, 1.0) / pairs)
    return prior, _rounded(math.log2(prior / (1 - prior)) - start)


def _settings(
    fields: Mapping[str, tuple[Level, ...]],
    weights: Weights,
    prior: float,
    extra: Sequence[str],
    numbers: Mapping[str, tuple[str, float, float]] = MappingProxyType({}),
) -> SettingsCreator:
    blocks: list[Any] = [
        *_BLOCKS,
        *(f"l.{name} = r.{name} AND left(l.birth_date, 4) = left(r.birth_date, 4)" for name in extra),
    ]
    comparisons = [_comparison(name, levels, weights[name]) for name, levels in fields.items()]
    comparisons += [_number(name, *rule) for name, rule in numbers.items()]
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="row",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=blocks,
        probability_two_random_records_match=prior,
        retain_matching_columns=True,
        em_convergence=1e-3,
    )


def _sampled(linker: Linker, defaults: Weights) -> Weights:
    """How often records of two children agree, from pairs drawn at random; identity numbers take no part."""
    linker.training.estimate_u_using_random_sampling(SAMPLED_PAIRS, seed=SEED)
    found = dict(defaults)
    for name, levels in _levels(linker).items():
        found[name] = [
            (m, float(level.get("u_probability") or u))
            for level, (m, u) in zip(levels, defaults[name], strict=True)
        ]
    return found


def _train(linker: Linker, sampled: Weights, defaults: Weights) -> tuple[Weights, tuple[str, ...]]:
    """Weights that the records teach; of a field for which these make no sense, the defaults."""
    for columns in _TRAINING:
        with suppress(EMTrainingException):
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(*columns), max_pairs=TRAINED_PAIRS, record_sample_proportion=1.0
            )
    weights, taught = dict(defaults), []
    for name, levels in _levels(linker).items():
        if name in defaults and (found := _sensible(levels, sampled[name], defaults[name])) is not None:
            weights[name] = found
            taught.append(name)
    return weights, tuple(taught)


def _levels(linker: Linker) -> dict[str, list[dict[str, Any]]]:
    """What the model holds of each field's levels but the one for missing values."""
    model = linker.misc.save_model_to_json()
    return {one["output_column_name"]: one["comparison_levels"][1:] for one in model["comparisons"]}


def _sensible(
    levels: Sequence[Mapping[str, Any]],
    sampled: Sequence[tuple[float, float]],
    defaults: Sequence[tuple[float, float]],
) -> list[tuple[float, float]] | None:
    """Trained weights, leaning on the defaults where rare; None where likeness would speak against a pair."""
    found = [
        (
            _rounded((1 - LEAN) * float(level.get("m_probability") or m) + LEAN * m),
            _rounded((1 - LEAN) * drawn + LEAN * u),
        )
        for level, (_, drawn), (m, u) in zip(levels, sampled, defaults, strict=True)
    ]
    agrees, differs = found[0], found[-1]
    return (
        found if agrees[0] > LEAST_AGREEMENT and agrees[0] > agrees[1] and differs[0] < differs[1] else None
    )


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Splink tells of its training on its own log; what matters of it comes as notes."""
    log = logging.getLogger("splink")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(before)

"""Weights, thresholds and limits: one file of defaults, one of the authority's own.

Order, strongest first: the file named by `TACGRAPH_SETTINGS`, `settings.toml` in the working folder,
the defaults beside this module. A misspelt name is refused, never ignored.
"""

from __future__ import annotations

import os
import tomllib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from graphmodel.access import Role
from graphmodel.errors import SettingsError

DEFAULTS: Final = Path(__file__).with_name("settings.toml")
SCHEMES: Final = Path(__file__).with_name("schemes")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Workload(_Part):
    """Points and capacity (the measures page, Teams and load)."""

    need_weight: dict[int, float]
    default_needs_level: int = Field(ge=1, le=4)
    supporting_factor: float = Field(ge=0)
    team_size_free: int = Field(ge=0)
    team_size_step: float = Field(ge=0)
    set_up_days: int = Field(ge=0)
    set_up_factor: float = Field(ge=0)
    points_per_fte: float = Field(gt=0)
    overload_threshold: float = Field(gt=0)
    severe_threshold: float = Field(gt=0)
    outlier_z: float = Field(gt=0)
    outlier_minimum: int = Field(ge=2)
    default_tac_share: float = Field(ge=0, le=1)
    newly_qualified_share: float = Field(ge=0, le=1)
    tac_share: dict[str, float]


class Fairness(_Part):
    """Intervals around shares (the measures page, Fairness across agencies)."""

    bootstrap_draws: int = Field(ge=100)
    bootstrap_seed: int
    confidence: float = Field(gt=0, lt=1)


class Advice(_Part):
    """Which handovers of the lead role may be proposed, and how they weigh (docs/decisions/advice.md)."""

    keep_relationship_days: int = Field(ge=0)
    keep_from_level: int = Field(ge=1, le=5)
    keep_siblings_together: bool
    to_term_time_only: bool
    may_overload_takers: bool
    relationship_weight_days: int = Field(ge=1)
    curve: tuple[PositiveInt, ...]
    time_limit_seconds: float = Field(gt=0)


class Network(_Part):
    """What is drawn beside the collaboration network, and when a tie is weak (docs/decisions/network.md)."""

    runs: int = Field(ge=0)
    restarts: int = Field(ge=1)
    seed: int = Field(ge=0)
    weak_below: int = Field(ge=2)


class EarlyWarning(_Part):
    """Who will be above capacity soon (the measures page, Early warning)."""

    horizon_days: int = Field(ge=7, le=365)
    trend_days: int = Field(ge=14, le=1100)
    fewest_weeks: int = Field(ge=2)
    backtest_months: int = Field(ge=1, le=60)


class Certainty(_Part):
    """How far weights are varied, and what counts as robust (the measures page, How sure)."""

    variation: float = Field(gt=0, lt=1)
    draws: int = Field(ge=20, le=10_000)
    seed: int
    robust_from: float = Field(gt=0, le=1)
    leaning_from: float = Field(gt=0, le=1)


class Costs(_Part):
    """What lead work costs (the measures page, Costs)."""

    hours_per_point: float = Field(gt=0)
    hours_source: str
    pounds_per_hour: float = Field(ge=0)
    pounds_source: str
    pounds_per_hour_by_role: dict[str, NonNegativeFloat]


class Queries(_Part):
    """Defaults of the catalogue's parameters, and the limits that say when they bit."""

    repeat_window_days: int = Field(ge=0)
    review_days: int = Field(ge=0)
    transition_days: int = Field(ge=0)
    continuity_months: int = Field(ge=1)
    min_shared: int = Field(ge=1)
    min_practitioners_child: int = Field(ge=1)
    min_practitioners_school: int = Field(ge=1)
    time_limit_seconds: int = Field(ge=1)
    row_limit: int = Field(ge=1)
    result_mb: int = Field(default=512, ge=1)

    def limits(self, seconds: float | None, rows: int | None) -> tuple[float, int]:
        """Seconds and rows that one question may take: those given, else the ones here."""
        allowed = self.time_limit_seconds if seconds is None else seconds
        return allowed, self.row_limit if rows is None else rows


class Disclosure(_Part):
    """Small counts."""

    suppress_up_to: int = Field(ge=0)
    days: Literal["month_ends", "any"] = "month_ends"


class About(_Part):
    """Who runs this installation: for the accessibility statement."""

    body: str
    contact: str


class Audit(_Part):
    """Which looks are unusual, for whoever goes through the audit record."""

    opens_at: int = Field(ge=0, le=23)
    closes_at: int = Field(ge=1, le=24)
    burst_looks: int = Field(ge=1)
    burst_minutes: int = Field(ge=0)
    rare_from: int = Field(ge=0)


class Retention(_Part):
    """For how long people, lists and looks are kept (docs/decisions/data-protection.md)."""

    child_years: int = Field(ge=0)
    child_until_age: int = Field(ge=0, le=120)
    list_years: int = Field(ge=0)
    practitioner_years: int = Field(default=0, ge=0)
    agency_years: int = Field(default=0, ge=0)
    audit_years: int = Field(default=0, ge=0)


class SignIn(_Part):
    """What the claims of a sign-in (OpenID Connect) mean here; the first line of `roles` that fits counts."""

    name_claim: str = Field(min_length=1)
    role_claim: str = Field(min_length=1)
    agency_claim: str = Field(min_length=1)
    practitioner_claim: str = Field(min_length=1)
    hours: float = Field(gt=0)
    roles: dict[str, Role]


class Matching(_Part):
    """Which records are one person (docs/decisions/matching.md)."""

    upper: float = Field(gt=0.5, lt=1)
    lower: float = Field(gt=0, lt=1)
    keep_identities: bool

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.lower >= self.upper:
            raise ValueError("lower is not below upper")
        return self


class Engine(_Part):
    """The embedded engine."""

    idle_seconds: int = Field(ge=1)


class Database(_Part):
    """How long a database is waited for (docs/decisions/faults.md)."""

    connect_seconds: float = Field(gt=0)
    silence_seconds: float = Field(gt=0)
    retry_seconds: float = Field(ge=0)


class Sources(_Part):
    """Whose value stands where sources differ (docs/decisions/ledger.md)."""

    precedence: tuple[str, ...]


class Settings(_Part):
    """All settings of one run, frozen."""

    version: str
    agreed_by: str
    agreed_on: date | Literal[""]
    scheme: str
    lead_term: str
    allocation_profile: Literal["national", "plymouth"]
    workload: Workload
    fairness: Fairness
    early_warning: EarlyWarning
    certainty: Certainty
    advice: Advice
    costs: Costs
    network: Network
    queries: Queries
    disclosure: Disclosure
    about: About
    sign_in: SignIn
    audit: Audit
    matching: Matching
    retention: Retention
    engine: Engine
    database: Database
    sources: Sources

    @property
    def stamp(self) -> str:
        """Which weights: the version, who agreed them, and the day where there is one."""
        on = f", {self.agreed_on}" if self.agreed_on else ""
        return f"{self.version} ({self.agreed_by}{on})"


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in over.items():
        old = merged.get(name)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[name] = _merge(merged[name], value) if both else value
    return merged


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise SettingsError(
            f"settings file {path.name}", f"cannot be read: {fault}", "Mend or remove it."
        ) from fault


def own_file() -> Path | None:
    """The authority's own settings file, or None where there is none."""
    named = os.environ.get("TACGRAPH_SETTINGS")
    if named:
        return Path(named)
    here = Path("settings.toml")
    return here if here.is_file() else None


def load_settings(path: Path | None = None) -> Settings:
    """Read the defaults, over them the scheme that `path` (default: the authority's own file) names, then it.

    Raises `SettingsError` naming each unknown name and each value out of range.
    """
    own = path or own_file()
    stated = {} if own is None else _read(own)
    values = _merge(_merge(_read(DEFAULTS), scheme_values(str(stated.get("scheme", "")))), stated)
    return _validated(values, f"settings file {own.name if own else DEFAULTS.name}")


def changed_settings(base: Settings, *, scheme: str = "", weights: dict[str, Any] | None = None) -> Settings:
    """`base` under a published scheme, then with single values replaced; itself where neither is given."""
    if not (scheme or weights):
        return base
    values = _merge(base.model_dump(mode="json"), scheme_values(scheme))
    if weights:
        values = _merge({**values, "version": f"{values['version']}, changed"}, weights)
    return _validated(values, f"scheme {scheme}" if scheme else "the weights given")


def scheme_values(name: str) -> dict[str, Any]:
    """What a published scheme sets, with its name; nothing for the empty name.

    Raises `SettingsError` where there is no such scheme.
    """
    if not name:
        return {}
    values = {key: value for key, value in scheme_file(name).items() if key != "about"}
    return {**values, "scheme": name}


def scheme_file(name: str) -> dict[str, Any]:
    """All that a scheme's file says, `about` with its source included. Raises `SettingsError` likewise."""
    known = {file.stem: file for file in sorted(SCHEMES.glob("*.toml"))}
    if name not in known:
        raise SettingsError(f"scheme {name!r}", "is not known", f"Use one of: {', '.join(known)}.")
    return _read(known[name])


def _validated(values: dict[str, Any], what: str) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as fault:
        faults = "; ".join(
            f"{'.'.join(str(x) for x in e['loc'])}: {e['msg'].lower()}" for e in fault.errors()
        )
        raise SettingsError(what, faults, "Mend these lines.") from fault


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process."""
    return load_settings()


def data_folder() -> Path:
    """`TACGRAPH_HOME`, by default `.tacgraph/` in the working folder; made with mode 0700.

    Raises `SettingsError` where it cannot be made.
    """
    home = Path(os.environ.get("TACGRAPH_HOME") or ".tacgraph").resolve()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise SettingsError(
            f"data folder {home}",
            f"cannot be made ({fault.strerror or fault})",
            "Set TACGRAPH_HOME to a folder of your own.",
        ) from fault
    return home


def named_database() -> str | None:
    """The address in `NEO4J_URI`; None where the embedded engine of the data folder is the database."""
    return os.environ.get("NEO4J_URI") or None

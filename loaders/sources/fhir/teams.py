"""Care teams, episodes of care and posts of FHIR resources → teams, members, leads, services."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from loaders.raw import Seen
from loaders.sources.fhir.codes import SYSTEM, Concept, concepts
from loaders.sources.fhir.people import People, own_id, place_of
from loaders.sources.fhir.periods import imprecise, period_of
from loaders.sources.fhir.references import Target
from loaders.sources.fhir.resources import Resource, flag, many, objects, one, text

_SENSITIVE: Final = ("mental_health", "substance_misuse", "sexual_health")
_NOT_YET: Final = ("proposed", "planned", "waitlist")
_NEVER: Final = ("entered-in-error", "cancelled")
_OVER: Final = ("inactive", "finished")
_LEAD, _MEMBER = "lead", "member"

Days = tuple[str | None, str | None]


class Teams:
    """What binds people to children, on the way into tables."""

    def __init__(self, people: People) -> None:
        self.people, self.index, self.meanings = people, people.index, people.meanings
        self.teams: dict[int, tuple[str, Days]] = {}
        self._rows: set[tuple[Any, ...]] = set()
        self._services: set[str] = set()

    def _count(self, what: str) -> None:
        self.people.counts[what] += 1

    def _add(self, table: str, place: int, *cells: str | None) -> None:
        """Put a row into its table, once."""
        if (table, *cells) not in self._rows:
            self._rows.add((table, *cells))
            self.people.tables[table].add(place, *cells)

    def _usable(self, resource: Resource, table: str) -> bool:
        """Whether a team or episode is or was there; if it is over, also when it ended."""
        status = text(resource.data.get("status"))
        kind = resource.kind
        if status in _NEVER:
            self._count(f"{kind} {status}: left out")
            return False
        if status in _NOT_YET:
            self._count(f"{kind} {status}: not begun, left out")
            return False
        period = one(resource.data.get("period"))
        for value in (text(period.get("start")), text(period.get("end"))):
            if imprecise(value):
                self._count("dates that are a year or a month alone: their rows are rejected")
        if status in _OVER and text(period.get("end")) is None:
            reason = f"is {status} and has no period.end: when it ended is not known"
            self.people.fault(table, resource, f"{kind}.status", status, reason)
            return False
        return True

    # -- care teams ----------------------------------------------------------------------------------

    def care_team(self, team: Resource) -> None:
        if not self._usable(team, "tacs"):
            return
        subject = self.index.follow(team.data.get("subject"), team, "Patient")
        if subject is None or subject.kind != "Patient":
            reason = "has no patient as its subject, so the child is not known"
            self.people.fault("tacs", team, "CareTeam.subject", subject.kind if subject else None, reason)
            return
        tac, child = self.tac_id(team), self.people.child(subject, team)
        days = period_of(team.data.get("period"))
        categories = concepts(team.data.get("category"))
        model = next((code for c in categories if (code := c.own_code("model"))), None)
        self.teams[id(team)] = (tac, days)
        self._add("tacs", place_of(team), tac, child, *days, model)
        for organisation in many(team.data.get("managingOrganization")):
            self._organisation(organisation, team)
        for participant in objects(team.data.get("participant")):
            self._participant(team, tac, days, participant)

    def tac_id(self, team: Resource) -> str:
        return own_id(team.data, "tac-id") or f"fhir:{self.index.name(team)}"

    def _organisation(self, reference: Any, origin: Resource) -> str | None:
        target = self.index.follow(reference, origin, "Organization")
        if target is None or target.kind != "Organization":
            return None
        return self.people.agency(target, origin)

    def _participant(self, team: Resource, tac: str, days: Days, participant: dict[str, Any]) -> None:
        roles = concepts(participant.get("role"))
        member = self.index.follow(participant.get("member"), team, "Practitioner")
        self._organisation(participant.get("onBehalfOf"), team)
        if member is None:
            self._count("participants without a member, or whose member leads nowhere: left out")
            return
        if member.kind not in ("Practitioner", "PractitionerRole"):
            self._other_member(member, team)
            return
        if self.meanings.means("family", roles) and not self.meanings.means("lead", roles):
            self._count("participants who are family by their role: no members")
            return
        practitioner = self.people.practitioner(member, team, roles)
        if practitioner is None:
            return
        said = participant.get("period") or participant.get("coveragePeriod")
        said = said or one(one(participant.get("coverageTiming")).get("repeat")).get("boundsPeriod")
        part = next((code for c in roles if (code := c.own_code("part"))), None)
        if not one(said):
            self._count("members without a period of their own: members as long as the team")
        start, end = period_of(said)
        # a start or an end that is not given is the team's, but for those of tacgraph's own bundles
        row = (tac, practitioner, start or days[0], end if part else end or days[1])
        if part != _LEAD:
            self._add("memberships", place_of(team), *row)
        if part == _LEAD or (part is None and self.meanings.means("lead", roles)):
            self._add("leads", place_of(team), *row, _reason(roles))

    def _other_member(self, member: Target, team: Resource) -> None:
        """Organisations are agencies, not members; families and teams within teams are counted."""
        if member.kind == "Organization":
            self.people.agency(member, team)
        self._count(f"participants that are a {member.kind}: no practitioner, so no member")

    # -- episodes of care ----------------------------------------------------------------------------

    def episode(self, episode: Resource) -> None:
        """Its care manager leads the teams it names; with an organisation it is a service to the child."""
        if not self._usable(episode, "interventions"):
            return
        patient = self.index.follow(episode.data.get("patient"), episode, "Patient")
        if patient is None or patient.kind != "Patient":
            reason = "has no patient, so the child is not known"
            self.people.fault("interventions", episode, "EpisodeOfCare.patient", None, reason)
            return
        child = self.people.child(patient, episode)
        days = period_of(episode.data.get("period"))
        manager = self.index.follow(episode.data.get("careManager"), episode, "Practitioner")
        practitioner = (
            self.people.practitioner(manager, episode, []) if _is_person(manager) and manager else None
        )
        if practitioner:
            self._lead(episode, practitioner, days)
        agency = self._organisation(episode.data.get("managingOrganization"), episode)
        if agency is None:
            self._count("EpisodeOfCare without an organisation: no service to the child")
            return
        kinds = concepts(episode.data.get("type"))
        category = self.meanings.means("service", kinds)
        words = next((word for c in kinds for word in c.words), None)
        service = f"fhir:{agency}|{category or (words or 'unspecified').casefold()[:60]}"
        if service not in self._services:
            self._services.add(service)
            sensitive = "true" if category is None or category in _SENSITIVE else "false"
            cells = (agency, category or "unspecified", words, sensitive)
            self.people.tables["services"].add(place_of(episode), service, *cells)
        if category is None:
            self._count("episodes whose type is not known: their service is held as sensitive")
        ident = f"fhir:{self.index.name(episode)}"
        self._add("interventions", place_of(episode), ident, child, service, practitioner, *days)

    def _lead(self, episode: Resource, practitioner: str, days: Days) -> None:
        """The care manager of an episode leads its teams, as long as both run."""
        for reference in many(episode.data.get("team")):
            target = self.index.follow(reference, episode, "CareTeam")
            known = self.teams.get(id(target.resource)) if target and target.resource else None
            if known is None:
                self._count("EpisodeOfCare.team that leads to no team loaded")
                continue
            tac, (opened, closed) = known
            start = max((d for d in (opened, days[0]) if d), default=None)
            end = min((d for d in (closed, days[1]) if d), default=None)
            if start and end and end <= start:
                self._count("EpisodeOfCare that does not overlap with its team: no lead")
                continue
            self._add("memberships", place_of(episode), tac, practitioner, start, end)
            self._add("leads", place_of(episode), tac, practitioner, start, end, None)

    # -- posts ---------------------------------------------------------------------------------------

    def post(self, role: Resource) -> None:
        """A PractitionerRole: a post where it says the FTE, which FHIR itself has no place for."""
        target = Target("PractitionerRole", self.index.name(role), role)
        practitioner = self.people.practitioner(target, role, [])
        agency = self._organisation(role.data.get("organization"), role)
        if practitioner is None or agency is None:
            return
        extra = {text(e.get("url")) or "": e for e in objects(role.data.get("extension"))}
        fte = text(extra.get(f"{SYSTEM}fte", {}).get("valueDecimal"))
        if fte is None:
            self._count("PractitionerRole without FTE: no post, because a post has one")
            what = "works for the agency by a PractitionerRole without FTE: no post loaded"
            self.people.findings.append(Seen("post_without_fte", "posts", f"{practitioner} {agency}", what))
            return
        share = text(extra.get(f"{SYSTEM}tac-share", {}).get("valueDecimal"))
        home = flag(extra.get(f"{SYSTEM}home", {}).get("valueBoolean"))
        self._add(
            "posts",
            place_of(role),
            practitioner,
            agency,
            *period_of(role.data.get("period")),
            fte,
            home,
            share,
        )


def _is_person(target: Target | None) -> bool:
    return target is not None and target.kind in ("Practitioner", "PractitionerRole")


def _reason(roles: Iterable[Concept]) -> str | None:
    return next((code for c in roles if (code := c.own_code("lead-reason"))), None)

"""Teams and departments as agencies, professionals as practitioners, their posts, and children."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from loaders.checks import is_date
from loaders.raw import PLACE, Chunk, Identifier, RowFault, Seen
from loaders.sources.ssd.fields import IDENTITY, columns_of
from loaders.sources.ssd.files import SourceTable
from loaders.sources.ssd.roles import RoleMap, plain
from loaders.sources.ssd.teams import until
from loaders.sources.ssd.working import Working, cleaned

NOT_STATED: Final = "not_stated"
_NHS_DIGITS: Final = 10
_REGISTERED: Final = r"'(?i)^sw\d+$'"


def derive_agencies(w: Working) -> None:
    """`agency`: departments, parents that are only named, and teams that only an involvement names.

    `team_id` maps what the rows call a team onto them: an id, else a name that one department alone has.
    """
    w.run(
        """CREATE TABLE dept AS SELECT team, arg_min(name, place) AS name, arg_min(parent, place) AS parent,
        arg_min(parent_name, place) AS parent_name, min(place) AS place
        FROM w_ssd_department WHERE team IS NOT NULL GROUP BY team"""
    )
    w.run("CREATE MACRO agency_of(team) AS 'ssd:team:' || team")
    w.run(
        """CREATE TABLE agency AS
        SELECT place, agency_of(team) AS id, name,
          CASE WHEN parent = team OR (parent NOT IN (SELECT team FROM dept) AND parent_name IS NULL) THEN NULL
               ELSE agency_of(parent) END AS parent FROM dept
        UNION ALL SELECT min(place), agency_of(parent), arg_min(parent_name, place), NULL FROM dept
        WHERE parent_name IS NOT NULL AND parent NOT IN (SELECT team FROM dept) GROUP BY parent"""
    )
    w.run(
        """CREATE TABLE by_name AS SELECT lower(name) AS called, min(team) AS team FROM dept
        WHERE name IS NOT NULL GROUP BY lower(name) HAVING count(*) = 1"""
    )
    w.run(
        """CREATE TABLE called AS SELECT text, min(place) AS place FROM (
        SELECT team AS text, place FROM inv WHERE team IS NOT NULL UNION ALL
        SELECT department, place FROM w_ssd_professionals WHERE department IS NOT NULL) GROUP BY text"""
    )
    # a team that is only a number is a number that no department has: its name is not known
    w.run(
        r"""CREATE TABLE team_id AS SELECT text, called.place,
          CASE WHEN dept.team IS NOT NULL THEN agency_of(dept.team)
               WHEN by_name.team IS NOT NULL THEN agency_of(by_name.team)
               WHEN NOT regexp_full_match(text, '[-+.\d]*') THEN 'team ' || lower(text) END AS id,
          dept.team IS NULL AND by_name.team IS NULL AS unlisted
        FROM called LEFT JOIN dept ON dept.team = regexp_replace(text, '\.0+$', '')
        LEFT JOIN by_name ON by_name.called = lower(text)"""
    )
    w.run(
        "INSERT INTO agency SELECT min(place), id, arg_min(text, place), NULL FROM team_id "
        "WHERE unlisted AND id IS NOT NULL GROUP BY id"
    )


def derive_practitioners(w: Working, roles: RoleMap) -> None:
    """`practitioner`: everybody listed, and everybody whom a membership or an assessment names."""
    last = ", ".join(
        f"arg_max({c}, place) FILTER ({c} IS NOT NULL) AS {c}"
        for c in ("staff", "name", "registration", "title", "department", "fte")
    )
    w.run(
        f"""CREATE TABLE prof AS SELECT professional, {last}, min(place) AS place, count(*) AS listed,
        greatest(count(DISTINCT name), count(DISTINCT title), count(DISTINCT registration),
                 count(DISTINCT fte), count(DISTINCT department)) > 1 AS differs
        FROM w_ssd_professionals WHERE professional IS NOT NULL GROUP BY professional"""
    )
    w.run(
        """CREATE TABLE named AS SELECT professional, min(place) AS place FROM (
        SELECT professional, place FROM stay UNION ALL SELECT worker, place FROM assessed
        ) WHERE professional IS NOT NULL GROUP BY professional"""
    )
    _trades(w, roles)
    w.run(
        f"""CREATE TABLE practitioner AS
        SELECT coalesce(prof.place, named.place) AS place, professional AS id,
          coalesce(trades.trade, seen.trade,
            CASE WHEN regexp_full_match(registration, {_REGISTERED}) THEN 'social_worker' END,
            left(replace(lower(title), ' ', '_'), 200), seen.part, '{NOT_STATED}') AS role,
          name, prof.professional IS NULL AS unlisted
        FROM prof FULL JOIN named USING (professional)
        LEFT JOIN trades ON plain_title = title
        LEFT JOIN seen USING (professional)"""
    )


def _trades(w: Working, roles: RoleMap) -> None:
    """`trades`: what each job title means; `seen`: what their latest mapped involvement implies."""
    titles = [
        str(row[0]) for row in w.rows("SELECT DISTINCT title FROM prof WHERE title IS NOT NULL ORDER BY 1")
    ]
    w.run("CREATE TABLE trades (plain_title VARCHAR, trade VARCHAR)")
    known = [(title, trade) for title in titles if (trade := roles.trade_of(plain(title)))]
    if known:
        names, trades = zip(*known, strict=True)
        w.insert("trades", {"plain_title": list(names), "trade": list(trades)})
    latest = f"({until('e')}, s, place)"
    w.run(
        f"""CREATE TABLE seen AS SELECT professional,
        arg_max(trade, {latest}) FILTER (trade IS NOT NULL) AS trade,
        arg_max(part, {latest}) AS part FROM inv JOIN codes USING (code)
        WHERE professional IS NOT NULL AND part <> 'ignore' AND {is_date("s")} GROUP BY professional"""
    )


def derive_posts(w: Working) -> None:
    """`post`: where an FTE is given, from the first involvement on; open while any involvement is.

    The agency is the professional's department, else the team of their latest involvement.
    """
    w.run(
        f"""CREATE TABLE at_work AS SELECT professional, min(s) AS s,
          CASE WHEN bool_or(e IS NULL) THEN NULL ELSE max(e) END AS e,
          arg_max(team, ({until("e")}, s, place)) FILTER (team IS NOT NULL) AS team
        FROM inv WHERE professional IS NOT NULL AND {is_date("s")} AND (e IS NULL OR {is_date("e")})
        GROUP BY professional"""
    )
    w.run(
        """CREATE TABLE post AS SELECT prof.place, professional, coalesce(d.id, t.id) AS agency, s, e, fte
        FROM prof JOIN at_work USING (professional)
        LEFT JOIN team_id d ON d.text = prof.department LEFT JOIN team_id t ON t.text = at_work.team
        WHERE fte IS NOT NULL AND coalesce(d.id, t.id) IS NOT NULL"""
    )


def people_findings(w: Working) -> list[Seen]:
    """Professionals of whom the tables say too little, or two things."""
    found = [
        Seen("professional_not_listed", "practitioners", person, "ssd_professionals has no such professional")
        for (person,) in w.rows("SELECT id FROM practitioner WHERE unlisted ORDER BY place")
    ]
    found += [
        Seen("conflicting_professional", "practitioners", person, f"{n} rows differ: the last values count")
        for person, n in w.rows("SELECT professional, listed FROM prof WHERE differs ORDER BY place")
    ]
    found += [
        Seen("several_families", "children", person, f"{n} families: the first one is loaded")
        for person, n in w.rows(
            "SELECT person, count(DISTINCT family) AS n FROM w_ssd_family WHERE person IS NOT NULL "
            "GROUP BY person HAVING n > 1 ORDER BY person"
        )
    ]
    return found


def practitioner_identifiers(w: Working) -> list[Identifier]:
    """Registration and staff numbers, for matching."""
    found = [
        Identifier("practitioner", person, scheme, value)
        for scheme, column in (("swe_number", "registration"), ("staff_id", "staff"))
        for person, value in w.rows(
            f"SELECT DISTINCT professional, {column} FROM w_ssd_professionals WHERE {column} IS NOT NULL "
            "AND professional IS NOT NULL ORDER BY ALL"
        )
    ]
    return sorted(found, key=lambda i: (i.id, i.scheme, i.value))


def child_identifiers(person: SourceTable) -> list[Identifier]:
    """Earlier ids of the same child."""
    if "legacy" not in columns_of(IDENTITY["ssd_person"].values(), person.header):
        return []
    return [
        Identifier("child", str(row["person"]), "legacy_id", str(row["legacy"]))
        for _, row in identity_rows(person)
        if row.get("person") and row.get("legacy") and row["legacy"] != row["person"]
    ]


def is_nhs_number(text: str) -> bool:
    """Ten digits of which the last is the check digit (modulus 11)."""
    digits = text.replace(" ", "").replace("-", "")
    if len(digits) != _NHS_DIGITS or not (digits.isascii() and digits.isdigit()):
        return False
    weighed = sum(int(d) * w for d, w in zip(digits, range(10, 1, -1), strict=False))
    return (11 - weighed % 11) % 11 == int(digits[-1])


@dataclass
class Links:
    """What other tables know children by, for matching alone: in memory, never in the working database."""

    nhs_numbers: dict[str, str] = field(default_factory=dict)
    upns: dict[str, str] = field(default_factory=dict)
    postcodes: dict[str, str] = field(default_factory=dict)
    identifiers: list[Identifier] = field(default_factory=list)


def identity_rows(source: SourceTable) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a table that feeds matching, cleaned: row number and cells by field."""
    fields = IDENTITY[source.table]
    columns = columns_of(fields.values(), source.header)
    for part in source.parts(list(dict.fromkeys(columns.values()))):
        cells = {n: cleaned(fields[n], part.columns[c]).to_pylist() for n, c in columns.items()}
        for at, row in enumerate(part.rows):
            yield row, {name: column[at] for name, column in cells.items()}


def read_links(sources: dict[str, SourceTable]) -> Links:
    """NHS numbers and UPNs from the linked identifiers, postcodes from the addresses still lived at."""
    links = Links()
    if "ssd_linked_identifiers" in sources:
        for _, row in identity_rows(sources["ssd_linked_identifiers"]):
            person, value, kind = row.get("person"), row.get("value"), plain(row.get("type") or "")
            if person is None or value is None:
                continue
            if kind == "nhs number":
                links.nhs_numbers.setdefault(person, value)
            elif kind in ("unique pupil number", "upn"):
                links.upns.setdefault(person, value)
            elif kind in ("former unique pupil number", "former upn"):
                links.identifiers.append(Identifier("child", person, "former_upn", value))
    if "ssd_address" in sources:
        for _, row in identity_rows(sources["ssd_address"]):
            if row.get("person") and row.get("postcode") and row.get("ended") is None:
                links.postcodes[row["person"]] = row["postcode"]
    return links


@dataclass
class ChildTable:
    """`children`: the persons, with what feeds matching; without mothers of whom nothing else is told."""

    file: str
    source: SourceTable
    number: int
    working: Working
    links: Links
    faults: list[RowFault]
    columns: tuple[str, ...]
    name: str = "children"
    unknown: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)

    def chunks(self) -> Iterator[Chunk]:
        if self.faults:
            yield Chunk([], dict.fromkeys(self.columns, ()), self.faults)
        fields = IDENTITY["ssd_person"]
        columns = columns_of(fields.values(), self.source.header)
        wanted = list(dict.fromkeys(columns.values()))
        for part in self.source.parts(wanted):
            cells = {n: cleaned(fields[n], part.columns[c]).to_pylist() for n, c in columns.items()}
            if part.rows:
                yield self._chunk(part.rows, cells)

    def _chunk(self, rows: list[int], cells: dict[str, list[str | None]]) -> Chunk:
        places = [self.number * PLACE + row for row in rows]
        kept, births, families = self._known(places)
        at = [n for n, place in enumerate(places) if place in kept]
        nothing: list[str | None] = [None] * len(rows)
        persons = cells.get("person", nothing)
        unique = cells.get("unique_id", nothing)
        upns = cells.get("upn", nothing)
        first, last = cells.get("first_name", nothing), cells.get("last_name", nothing)
        numbers = [
            u if u and is_nhs_number(u) else self.links.nhs_numbers.get(p or "")
            for u, p in zip(unique, persons, strict=True)
        ]
        every: dict[str, list[str | None]] = {
            "child_id": [persons[n] for n in at],
            "family_id": [families.get(persons[n] or "") for n in at],
            "birth_date": [births.get(places[n]) for n in at],
            "upn": [upns[n] or self.links.upns.get(persons[n] or "") for n in at],
            "nhs_number": [numbers[n] for n in at],
            "first_name": [first[n] for n in at],
            "last_name": [last[n] for n in at],
            "postcode": [self.links.postcodes.get(persons[n] or "") for n in at],
        }
        return Chunk([places[n] for n in at], {name: every[name] for name in self.columns})

    def _known(self, places: list[int]) -> tuple[set[int], dict[int, str | None], dict[str, str | None]]:
        """Of these rows those that are loaded, their days of birth, and the persons' families."""
        low, high = min(places), max(places)
        found = self.working.rows(
            "SELECT p.place, p.birth, p.person, f.family FROM w_ssd_person p "
            "LEFT JOIN family_of f USING (person) "
            "WHERE p.place BETWEEN $low AND $high AND p.place NOT IN (SELECT place FROM only_mother)",
            {"low": low, "high": high},
        )
        births = {int(place): birth for place, birth, _, _ in found}
        return set(births), births, {str(person): family for _, _, person, family in found if person}


def child_columns(sources: dict[str, SourceTable]) -> tuple[str, ...]:
    """The columns of which the dataset says something: an empty one would wipe out what other sources say."""
    person = columns_of(IDENTITY["ssd_person"].values(), sources["ssd_person"].header)
    linked = "ssd_linked_identifiers" in sources
    said = {
        "family_id": "ssd_family" in sources,
        "birth_date": "birth" in person,
        "upn": "upn" in person or linked,
        "nhs_number": "unique_id" in person or linked,
        "first_name": "first_name" in person,
        "last_name": "last_name" in person,
        "postcode": "ssd_address" in sources,
    }
    return ("child_id", *(name for name, there in said.items() if there))


def derive_children(w: Working) -> None:
    """`family_of` each person, and `only_mother`: mothers of whom no other table tells anything."""
    w.run(
        "CREATE TABLE family_of AS SELECT person, arg_min(family, place) AS family FROM w_ssd_family "
        "WHERE person IS NOT NULL AND family IS NOT NULL GROUP BY person"
    )
    told = " UNION ALL ".join(
        f"SELECT person FROM w_{table}"
        for table in w.tallies
        if table
        not in ("ssd_person", "ssd_family", "ssd_department", "ssd_professionals", "ssd_involvements")
    )
    told = f"SELECT person FROM inv {'UNION ALL ' + told if told else ''}"
    w.run(
        "CREATE TABLE only_mother AS SELECT place FROM w_ssd_person "
        f"WHERE lower(is_mother) IN ('y', 'yes', '1') "
        f"AND person NOT IN (SELECT person FROM ({told}) WHERE person IS NOT NULL)"
    )

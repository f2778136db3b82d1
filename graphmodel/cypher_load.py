"""Declarations to Cypher text: look up, create, update and retire facts. Text only; no database here.

Rows travel as lists, smaller than maps. Dates travel as ISO text and become dates in the statement.
Properties stand written out in the CREATE pattern and nothing is MERGEd: on the embedded engine both were
measured to be several times faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from graphmodel.declare import Link, NodeType, Property, RelationshipType
from graphmodel.nodes import NODE_BY_LABEL, NODE_TYPES
from graphmodel.relationships import RELATIONSHIP_TYPES

DELETE_FOUND: Final = "WITH collect(DISTINCT r) AS found FOREACH (r IN found | DELETE r)"
"""Find all, then delete: the embedded engine, deleting while it searches, misses some."""


@dataclass(frozen=True)
class Layout:
    """Which position of a row holds what: `names` in order, the fingerprint last.

    `key` values come first, then properties, then (nodes only) the targets of `links`; `late` are links to
    the node's own type, whose targets may come later in the same table.
    """

    key: tuple[str, ...]
    properties: tuple[Property, ...]
    links: tuple[Link, ...] = ()
    late: tuple[Link, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        stored = tuple(p.stored_as for p in self.properties if p.stored_as is not None)
        columns = (*self.links, *self.late)
        return (*self.key, *stored, *(link.column for link in columns), "fingerprint")

    def at(self, name: str) -> int:
        return self.names.index(name)

    def value(self, prop: Property) -> str:
        """The expression that turns this row's value into the stored one."""
        cell = f"row[{self.at(prop.stored_as or prop.name)}]"
        return f"date({cell})" if prop.type == "date" else cell


def layout(declared: NodeType | RelationshipType) -> Layout:
    """How a table's rows are laid out for the statements below."""
    if isinstance(declared, RelationshipType):
        return Layout(
            (declared.start[1], declared.end[1], "started_on"),
            tuple(p for p in declared.all_properties if p.name != "started_on"),
        )
    stored = tuple(p for p in declared.properties if p.stored_as is not None)
    late = tuple(x for x in declared.links if x.target == declared.label)
    links = tuple(x for x in declared.links if x.target != declared.label)
    return Layout((declared.key,), stored, links, late)


def _arrow(link: Link, near: str, far: str) -> str:
    return f"({near})-[:{link.type}]->({far})" if link.outgoing else f"({near})<-[:{link.type}]-({far})"


def _target(link: Link, name: str, cell: str) -> str:
    node = NODE_BY_LABEL[link.target]
    return f"MATCH ({name}:{node.label} {{{node.key}: {cell}}})"


def _provenance(sources: str, fingerprint: str) -> str:
    return f"sources: {sources}, load_id: $load_id, fingerprint: {fingerprint}"


# -- nodes -----------------------------------------------------------------------------------------


def find_nodes(node: NodeType) -> str:
    """`$ids` → id, fingerprint, sources of those that are there."""
    return (
        f"UNWIND $ids AS id MATCH (n:{node.label} {{{node.key}: id}}) "
        "RETURN id AS id, n.fingerprint AS fingerprint, n.sources AS sources"
    )


def any_node(label: str) -> str:
    return f"MATCH (n:{label}) RETURN 1 AS one LIMIT 1"


def create_bare(node: NodeType) -> str:
    """`$ids`: nodes that no table states, for links to run to (families)."""
    return f"UNWIND $ids AS id CREATE (n:{node.label} {{{node.key}: id}})"


def create_nodes(node: NodeType, links: Sequence[Link], *, sealed: bool = True) -> str:
    """`$rows`, `$sources`, `$load_id`: nodes with those of their links that all these rows have.

    Not `sealed`: without fingerprint, because a late link is still to come; a load cut off before that
    then finds them unfinished. Gives back how many were made: fewer than rows means that a target is not
    there.
    """
    rows = layout(node)
    matches = [_target(x, f"t{i}", f"row[{rows.at(x.column)}]") for i, x in enumerate(links)]
    values = [f"{node.key}: row[0]", *(f"{p.stored_as}: {rows.value(p)}" for p in rows.properties)]
    seal = f"row[{rows.at('fingerprint')}]" if sealed else "null"
    pattern = f"(n:{node.label} {{{', '.join(values)}, {_provenance('$sources', seal)}}})"
    arrows = [_arrow(x, "n", f"t{i}") for i, x in enumerate(links)]
    head = "UNWIND $rows AS row " + "".join(f"{m} " for m in matches)
    return f"{head}CREATE {', '.join([pattern, *arrows])} RETURN count(*) AS made"


def update_nodes(node: NodeType) -> str:
    """`$rows` (with the new list of sources behind the fingerprint), `$load_id`: new property values."""
    rows = layout(node)
    seal = rows.at("fingerprint")
    values = [f"n.{p.stored_as} = {rows.value(p)}" for p in rows.properties]
    values += [f"n.sources = row[{seal + 1}]", "n.load_id = $load_id", f"n.fingerprint = row[{seal}]"]
    return f"UNWIND $rows AS row {_named(node, 'row[0]')} SET {', '.join(values)} RETURN count(*) AS made"


def _named(node: NodeType, cell: str) -> str:
    return f"MATCH (n:{node.label} {{{node.key}: {cell}}})"


def unlink_nodes(node: NodeType, link: Link) -> str:
    """`$ids`: take these nodes' link of one type off."""
    arrow = "-[r:{}]->()" if link.outgoing else "<-[r:{}]-()"
    return f"UNWIND $ids AS id {_named(node, 'id')}{arrow.format(link.type)} {DELETE_FOUND}"


def link_nodes(node: NodeType, link: Link) -> str:
    """`$pairs` of id and target id: make the links."""
    return (
        f"UNWIND $pairs AS pair {_named(node, 'pair[0]')} {_target(link, 't', 'pair[1]')} "
        f"CREATE {_arrow(link, 'n', 't')} RETURN count(*) AS made"
    )


def seal_nodes(node: NodeType) -> str:
    """`$pairs` of id and fingerprint, `$load_id`: these rows are wholly there now."""
    return (
        f"UNWIND $pairs AS pair {_named(node, 'pair[0]')} "
        "SET n.fingerprint = pair[1], n.load_id = $load_id RETURN count(*) AS made"
    )


def claim_nodes(node: NodeType) -> str:
    """`$pairs` of id and list of sources, `$load_id`."""
    return (
        f"UNWIND $pairs AS pair {_named(node, 'pair[0]')} "
        "SET n.sources = pair[1], n.load_id = $load_id RETURN count(*) AS made"
    )


# -- relationships ---------------------------------------------------------------------------------


def find_relationships(rel: RelationshipType) -> str:
    """`$ids` of the anchor's side → start, end, started_on (text), fingerprint, sources."""
    (start, _), (end, _) = rel.start, rel.end
    s, e = NODE_BY_LABEL[start], NODE_BY_LABEL[end]
    ends = {"s": f"(s:{start})", "e": f"(e:{end})"}
    side, node = ("s", s) if rel.anchor == "start" else ("e", e)
    ends[side] = f"({side})"
    arrow = f"{ends['s']}-[r:{rel.type}]->{ends['e']}"
    return (
        f"UNWIND $ids AS id MATCH ({side}:{node.label} {{{node.key}: id}}) MATCH {arrow} "
        f"RETURN s.{s.key} AS start, e.{e.key} AS end, toString(r.started_on) AS started_on, "
        "r.fingerprint AS fingerprint, r.sources AS sources"
    )


def any_relationship(rel: RelationshipType) -> str:
    return f"MATCH (:{rel.start[0]})-[r:{rel.type}]->() RETURN 1 AS one LIMIT 1"


def _ends(rel: RelationshipType) -> tuple[str, str]:
    s, e = NODE_BY_LABEL[rel.start[0]], NODE_BY_LABEL[rel.end[0]]
    return f"(s:{s.label} {{{s.key}: row[0]}})", f"(e:{e.label} {{{e.key}: row[1]}})"


def create_relationships(rel: RelationshipType, *, sources_in_row: bool = False) -> str:
    """`$rows`, `$load_id` and `$sources`, or the sources behind each row's fingerprint."""
    rows = layout(rel)
    start, end = _ends(rel)
    seal = rows.at("fingerprint")
    values = ["started_on: date(row[2])", *(f"{p.name}: {rows.value(p)}" for p in rows.properties)]
    sources = f"row[{seal + 1}]" if sources_in_row else "$sources"
    return (
        f"UNWIND $rows AS row MATCH {start} MATCH {end} CREATE (s)-[r:{rel.type} "
        f"{{{', '.join(values)}, {_provenance(sources, f'row[{seal}]')}}}]->(e) RETURN count(*) AS made"
    )


def _one(rel: RelationshipType, *, any_end: bool) -> str:
    start, end = _ends(rel)
    if any_end:
        return f"MATCH {start}-[r:{rel.type}]->(e:{rel.end[0]}) WHERE r.started_on = date(row[2])"
    return f"MATCH {start} MATCH {end} MATCH (s)-[r:{rel.type}]->(e) WHERE r.started_on = date(row[2])"


def delete_relationships(rel: RelationshipType) -> str:
    """`$rows` by their key: an update is this and then a create, in one transaction."""
    return f"UNWIND $rows AS row {_one(rel, any_end=not rel.end_in_key)} {DELETE_FOUND}"


def claim_relationships(rel: RelationshipType) -> str:
    """`$rows` of start, end, started_on and list of sources, `$load_id`."""
    return (
        f"UNWIND $rows AS row {_one(rel, any_end=False)} "
        "SET r.sources = row[3], r.load_id = $load_id RETURN count(*) AS made"
    )


# -- what the graph holds of columns that a file lacks --------------------------------------------------


def held_values(declared: NodeType | RelationshipType, names: Sequence[str]) -> str:
    """The key and these stored values of every fact of a table, dates as text, links as their target's id."""
    rows = layout(declared)
    dates = {p.stored_as for p in rows.properties if p.type == "date"}
    links = {link.column: link for link in (*rows.links, *rows.late)}
    if isinstance(declared, RelationshipType):
        s, e = NODE_BY_LABEL[declared.start[0]], NODE_BY_LABEL[declared.end[0]]
        key = [f"s.{s.key}", f"e.{e.key}", "toString(n.started_on)"]
        match = f"MATCH (s:{s.label})-[n:{declared.type}]->(e:{e.label})"
    else:
        key, match = [f"n.{declared.key}"], f"MATCH (n:{declared.label})"
    values = []
    for i, name in enumerate(names):
        if name in links:
            target = NODE_BY_LABEL[links[name].target]
            match += f" OPTIONAL MATCH {_arrow(links[name], 'n', f't{i}:{target.label}')}"
            values.append(f"t{i}.{target.key}")
        else:
            values.append(f"toString(n.{name})" if name in dates else f"n.{name}")
    return f"{match} RETURN {', '.join([*key, *values])}"


# -- retiring --------------------------------------------------------------------------------------


def stated_nodes(node: NodeType) -> str:
    """`$source` → id and sources of the nodes it states, and of those that nobody states any more."""
    return (
        f"MATCH (n:{node.label}) WHERE $source IN n.sources OR size(n.sources) = 0 "
        f"RETURN n.{node.key} AS id, n.sources AS sources"
    )


def stated_relationships(rel: RelationshipType) -> str:
    """`$source` → start, end, started_on (text) and sources of the relationships it states."""
    s, e = NODE_BY_LABEL[rel.start[0]], NODE_BY_LABEL[rel.end[0]]
    return (
        f"MATCH (s:{s.label})-[r:{rel.type}]->(e:{e.label}) WHERE $source IN r.sources "
        f"RETURN s.{s.key} AS start, e.{e.key} AS end, toString(r.started_on) AS started_on, "
        "r.sources AS sources"
    )


def retire_relationships(rel: RelationshipType) -> str:
    """`$rows` of start, end, started_on: gone."""
    return f"UNWIND $rows AS row {_one(rel, any_end=False)} {DELETE_FOUND}"


def retire_nodes(node: NodeType) -> str:
    """`$ids`: gone, with the links that their own rows stated."""
    return f"UNWIND $ids AS id {_named(node, 'id')} DETACH DELETE n"


def referenced_nodes(node: NodeType) -> str | None:
    """`$ids` → those that a fact of another row still needs, links within the own type apart."""
    label = node.label
    patterns = []
    for other in NODE_TYPES:
        links = [x for x in other.links if x.target == label and other.label != label]
        patterns += [_arrow(link, f":{other.label}", "n") for link in links]
    for rel in RELATIONSHIP_TYPES:
        if rel.start[0] == label:
            patterns.append(f"(n)-[:{rel.type}]->(:{rel.end[0]})")
        if rel.end[0] == label:
            patterns.append(f"(:{rel.start[0]})-[:{rel.type}]->(n)")
    if not patterns:
        return None
    asked = " OR ".join(f"EXISTS {{ {pattern} }}" for pattern in patterns)
    return f"UNWIND $ids AS id {_named(node, 'id')} WHERE {asked} RETURN id AS id"


def late_links(node: NodeType, link: Link) -> str:
    """`$ids` → id and the node of the same type that links to it."""
    return (
        f"UNWIND $ids AS id {_named(node, 'id')} MATCH (m:{node.label})-[:{link.type}]->(n) "
        f"RETURN id AS id, m.{node.key} AS other"
    )


def retire_childless(node: NodeType, link: Link, from_label: str) -> str:
    """Take out up to `$limit` targets that no link runs to any more (families without children)."""
    arrow = f"(:{from_label})-[:{link.type}]->(n)"
    return (
        f"MATCH (n:{node.label}) WHERE NOT EXISTS {{ {arrow} }} "
        "WITH n LIMIT $limit DETACH DELETE n RETURN count(*) AS gone"
    )

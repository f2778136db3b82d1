"""No text of an analyst leads from a child to a sensitive service without consent, on both engines."""

from __future__ import annotations

from typing import Final

import pytest

import queries
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import QueryError, TextRefused
from graphmodel.store import Store
from queries.own import save

ANALYST: Final = Viewer("ann", "analyst", "a question from the board")
LEAD: Final = Viewer("lea", "safeguarding_lead", "enquiry 7")
SECRET: Final = "child-without-consent"

# each leads from a child to an intervention, or counts a single child's
ATTACKS: Final = [
    "MATCH (c:Child)-[:RECEIVES]->(i:Intervention) RETURN c.child_id AS x",
    "MATCH (c:Child)-[:RECEIVES]->(i) RETURN c.child_id AS x",
    "MATCH (c:Child)-[:RECEIVES]->(i)-[:OF_SERVICE]->(s:Service) RETURN c.child_id AS x, s.category AS y",
    "MATCH (c:Child)-[:RECEIVES]->(i)-[:OF_SERVICE]->(s:Service {sensitive: true}) RETURN c.child_id AS x",
    "MATCH (s:Service {sensitive: true})<-[:OF_SERVICE]-(i)<-[:RECEIVES]-(c) RETURN c.child_id AS x",
    "MATCH (c:Child)-[r]->(i) RETURN c.child_id AS x, type(r) AS y",
    "MATCH (c:Child)--(i:Intervention) RETURN c.child_id AS x",
    "MATCH (c)--(i) RETURN c.child_id AS x",
    "MATCH (c:Child)-[:RECEIVES|IN_FAMILY]->(i) RETURN c.child_id AS x",
    "MATCH (c:Child)-[:`RECEIVES`]->(i) RETURN c.child_id AS x",
    "MATCH (c:Child)-[r:!IN_FAMILY]->(i) RETURN c.child_id AS x",
    "MATCH (c:Child)-[r:%]->(i) RETURN c.child_id AS x",
    "MATCH (c:Child)-[:RECEIVES*1..1]->(i) RETURN c.child_id AS x",
    "MATCH (c:Child)-[*2]-(s:Service) RETURN c.child_id AS x, s.category AS y",
    "MATCH (c:Child)-[:RECEIVES]->+(i) RETURN c.child_id AS x",
    "MATCH ((c:Child)-[:RECEIVES]->(i)){1,1} RETURN c AS x",
    "MATCH p = shortestPath((c:Child)-[*..2]-(s:Service)) RETURN p AS x",
    "MATCH (c:Child) WHERE EXISTS { (c)-[:RECEIVES]->() } RETURN c.child_id AS x",
    "MATCH (c:Child) RETURN c.child_id AS x, COUNT { (c)-[:RECEIVES]->(:Intervention) } AS y",
    "MATCH (c:Child) RETURN c.child_id AS x, [(c)-[:RECEIVES]->(i) | i.started_on] AS y",
    "MATCH (c:Child) WHERE (c)-[:RECEIVES]->() RETURN c.child_id AS x",
    "MATCH (c:Child) WHERE NOT (c)-[:RECEIVES]->() RETURN c.child_id AS x",
    "MATCH (c:Child) CALL (c) { MATCH (c)-[:RECEIVES]->(i) RETURN count(i) AS y } RETURN c.child_id AS x, y",
    "MATCH ()-[r:RECEIVES]->() RETURN startNode(r).child_id AS x",
    "MATCH (c:Child), (i:Intervention) WHERE (c)-[:RECEIVES]->(i) RETURN c.child_id AS x",
    "MATCH (i:Intervention {consent: true}) WITH 1 AS one MATCH (c:Child)-[:RECEIVES]->(i) "
    "RETURN c.child_id AS x",
    # it says so of another, of a parameter, twice, or the wrong way round
    "MATCH (c:Child {consent: true})-[:RECEIVES]->(i) RETURN c.child_id AS x",
    "MATCH (c)-[:RECEIVES]-(i {consent: true}) RETURN c.child_id AS x",
    "MATCH (c {consent: true})-[:RECEIVES]-(i) RETURN c.child_id AS x",
    "MATCH (c {consent: true})-[]->(i) RETURN c.child_id AS x",
    "MATCH (c {consent: true})<-[:RECEIVES|DELIVERS]-(i) RETURN c.child_id AS x",
    "MATCH (c {consent: true})-[:RECEIVES]->(i) RETURN c.child_id AS x",
    "MATCH (i {consent: true})-[:RECEIVES]->(c) RETURN c.child_id AS x",
    "MATCH (c:Child)-[:RECEIVES {consent: true}]->(i) RETURN c.child_id AS x",
    "MATCH (c:Child)-[:RECEIVES]->(i {consent: $yes}) RETURN c.child_id AS x",
    "MATCH (c:Child)-[:RECEIVES]->(i {consent: false}) RETURN c.child_id AS x",
    "MATCH (c:Child)-[:RECEIVES]->(i $map) RETURN c.child_id AS x",
    "MATCH (c:Child)-[:RECEIVES]->(i {consent: true, consent: false}) RETURN c.child_id AS x",
    "MATCH (c:Child)-[:RECEIVES]->(i WHERE i.consent = true OR true) RETURN c.child_id AS x",
    "MATCH (c:Child)-[:RECEIVES]->(i)-[:OF_SERVICE]->(s {sensitive: true}) RETURN c.child_id AS x",
    "MATCH (c:Child)-[:RECEIVES]->(i)<-[:DELIVERS]-(s {sensitive: false}) RETURN c.child_id AS x",
    "MATCH (c:Child)-[:RECEIVES]->(i)-[*0..1]->(s {sensitive: false}) RETURN c.child_id AS x",
    "MATCH (s:Service {sensitive: false}), (c:Child)-[:RECEIVES]->(i)-[:OF_SERVICE]->(t) "
    "RETURN c.child_id AS x",
    "MATCH (i:Agency) WITH 1 AS one MATCH (c)-[r]-(i) RETURN c.child_id AS x",
    "OPTIONAL MATCH (i:Agency {agency_id: 'none'}) MATCH (c:Child)-[r]-(i) RETURN c.child_id AS x",
    # the label was said of another variable, or of one that stands for something else here
    "MATCH (c:Child) MATCH (C:Tac) MATCH (c)-[:RECEIVES]->(i) RETURN c.child_id AS x",
    "MATCH (c:Child), (C:Tac), (c)-[:RECEIVES]->(i) RETURN c.child_id AS x",
    "MATCH (t:Tac), (c:Child) RETURN [t IN [c] | [(t)-[:RECEIVES]->(i) | i.started_on]] AS x",
    "MATCH (t:Tac), (c:Child) WHERE any(t IN [c] WHERE EXISTS { (t)-[:RECEIVES]->() }) RETURN c AS x",
    "MATCH (t:Tac), (c:Child) WHERE none(t IN [c] WHERE (t)-[:RECEIVES]->()) RETURN c.child_id AS x",
    "MATCH (t:Tac), (c:Child) RETURN reduce(n = 0, t IN [c] | n + COUNT { (t)-[:RECEIVES]->() }) AS x",
    "MATCH (t:Tac), (c:Child) UNWIND [c] AS t MATCH (t)-[:RECEIVES]->(i) RETURN t.child_id AS x",
    "MATCH (t:Tac), (c:Child) WITH *, c AS t MATCH (t)-[:RECEIVES]->(i) RETURN t.child_id AS x",
]
# nothing that the grammar can read, although an engine may
UNREAD: Final = [
    "MATCH (c:Child)-[:RECEIVES]->(i) RETURN " + "(" * 3_000 + "c.child_id" + ")" * 3_000 + " AS x",
    "MATCH (c:Child)-[:RECEIVES]->(i) RETURN c.child_id AS x WHAT ELSE",
    "MATCH (c:Child)\N{MINUS SIGN}[:RECEIVES]\N{MINUS SIGN}(i) RETURN c.child_id AS x WHAT ELSE",
]
HONEST: Final = [
    "MATCH (c:Child)-[:RECEIVES]->(i:Intervention {consent: true}) RETURN count(c) AS x",
    "MATCH (i:Intervention {consent: TRUE})<-[:RECEIVES]-(c:Child) RETURN count(c) AS x",
    "MATCH (c:Child)-[:RECEIVES]->(i)-[:OF_SERVICE]->(s:Service {sensitive: false}) RETURN count(c) AS x",
    "MATCH (s:Service {sensitive: false})<-[:OF_SERVICE]-(i)<-[:RECEIVES]-(c) RETURN count(c) AS x",
    "MATCH (i:Intervention)-[:OF_SERVICE]->(s:Service {sensitive: true}) RETURN s.category, count(i) AS x",
    "MATCH (p:Practitioner)-[:LEADS]->(t:Tac)-[:FOR_CHILD]->(c:Child) RETURN count(c) AS x",
    "MATCH (p:Practitioner)-[r]->(t:Tac) RETURN type(r) AS y, count(*) AS x",
    "MATCH (c:Child)-[:IN_FAMILY]->(f)<-[:IN_FAMILY]-(d) RETURN count(d) AS x",
    "MATCH (c:Child) MATCH (c)-[:HAS_NEED]->(n) RETURN count(n) AS x",
]
PLANTED: Final = """
CREATE (c:Child {child_id: $secret}), (d:Child {child_id: 'open'}),
  (c)-[:RECEIVES]->(:Intervention {intervention_id: 'i1', consent: false})-[:OF_SERVICE]->
    (:Service {service_id: 's1', category: 'sexual_health', sensitive: true}),
  (d)-[:RECEIVES]->(:Intervention {intervention_id: 'i2', consent: true})-[:OF_SERVICE]->
    (:Service {service_id: 's2', category: 'mental_health', sensitive: true}),
  (d)-[:RECEIVES]->(:Intervention {intervention_id: 'i3', consent: false})-[:OF_SERVICE]->
    (:Service {service_id: 's3', category: 'parenting', sensitive: false})
"""


@pytest.mark.parametrize("text", ATTACKS)
def test_a_text_that_could_show_it_is_refused(text: str) -> None:
    from graphmodel.consent import refuse_unconsented  # noqa: PLC0415

    with pytest.raises(TextRefused, match="without consent"):
        refuse_unconsented(text)


def test_no_attack_reaches_a_row_and_all_are_on_record(reader: Store, writer: Store) -> None:
    writer.write(PLANTED, secret=SECRET)
    before = len(AuditLog(reader.home).entries())
    for text in ATTACKS:
        for ask in (lambda t: reader.read(t, {"yes": False, "map": {}}, viewer=ANALYST), free):
            with pytest.raises(QueryError) as refused:
                ask(text)
            assert SECRET not in str(refused.value)
    looks = AuditLog(reader.home).entries()[before:]
    assert len(looks) == 2 * len(ATTACKS)
    assert all("refused" in look for look in looks)


def test_a_text_that_cannot_be_read_follows_no_arrow(reader: Store, writer: Store) -> None:
    writer.write(PLANTED, secret=SECRET)
    for text in UNREAD:
        with pytest.raises(TextRefused):
            reader.read(text, viewer=LEAD)


def free(text: str) -> None:
    """The same as an analyst's own text."""
    queries.answer_text(text, as_of="2026-10-31", parameters={"yes": False, "map": {}}, viewer=ANALYST)


@pytest.mark.parametrize("text", HONEST)
def test_an_honest_text_runs(reader: Store, writer: Store, text: str) -> None:
    writer.write(PLANTED, secret=SECRET)
    assert SECRET not in str(reader.read(text, viewer=ANALYST).rows)


def test_with_consent_or_nothing_sensitive_the_rows_come(reader: Store, writer: Store) -> None:
    writer.write(PLANTED, secret=SECRET)
    found = [reader.read(text, viewer=ANALYST).rows for text in HONEST[:4]]
    assert found == [[(1,)], [(1,)], [(1,)], [(1,)]]


def test_an_own_query_that_could_show_it_is_not_saved(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TACGRAPH_HOME", str(tmp_path_factory.mktemp("own")))
    header = (
        '// title = "a"\n// question = "b?"\n// grain = "c"\n// source = "d"\n// tags = []\n'
        '// identifying = "child"\n// sort = []\n// parameters = []\n'
        '// columns = [{name = "child_id", type = "text", meaning = "a child"}]\n'
    )
    body = "MATCH (c:Child)-[:RECEIVES]->(i) WHERE i.started_on <= $as_of RETURN c.child_id AS child_id"
    with pytest.raises(TextRefused, match="without consent"):
        save("who_receives", header + body)

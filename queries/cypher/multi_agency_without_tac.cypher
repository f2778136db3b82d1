// title = "Several agencies, no team"
// question = "Which children get services from two agencies or more without a team that brings them together?"
// grain = "a child"
// source = "MG 2.17 and 2.18; the measures page, the query catalogue"
// tags = ["coverage", "services"]
// identifying = "child"
// sort = ["child_id"]
// notes = ["An agency is the one that offers the service, not the home agency of who delivers it."]
// parameters = []
// columns = [
//   {name = "child_id", type = "text", meaning = "the child"},
//   {name = "agency_ids", type = "list", meaning = "agencies of its active interventions"},
//   {name = "since", type = "date", meaning = "day on which a second agency's intervention had begun"},
// ]

MATCH (c:Child)-[:RECEIVES]->(i:Intervention)-[:OF_SERVICE]->(:Service)<-[:OFFERS]-(a:Agency)
WHERE i.started_on <= $as_of AND (i.ended_on IS NULL OR $as_of < i.ended_on)
WITH c, a.agency_id AS agency_id, min(i.started_on) AS begun
ORDER BY begun, agency_id
WITH c, collect(agency_id) AS agencies, collect(begun) AS begun
WHERE size(agencies) >= 2 AND NOT EXISTS {
  MATCH (c)<-[:FOR_CHILD]-(t:Tac)
  WHERE t.opened_on <= $as_of AND (t.closed_on IS NULL OR $as_of < t.closed_on)
}
RETURN c.child_id AS child_id, COLLECT { UNWIND agencies AS x RETURN x ORDER BY x } AS agency_ids,
  begun[1] AS since
ORDER BY child_id

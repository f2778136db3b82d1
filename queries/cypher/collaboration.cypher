// title = "Which agencies work together"
// question = "Which pairs of agencies meet in the same teams, how often, and with how many people?"
// grain = "a pair of agencies with team members in a common active TAC"
// source = "MG 5.6, TG 1.5; the measures page, the query catalogue"
// tags = ["collaboration", "agencies"]
// identifying = "no"
// sort = ["agency_id_1", "agency_id_2"]
// notes = ["An agency is a member's home agency on the date; members without an active post belong to none."]
// parameters = []
// columns = [
//   {name = "agency_id_1", type = "text", meaning = "the agency with the smaller id"},
//   {name = "agency_id_2", type = "text", meaning = "the other agency"},
//   {name = "shared_tacs", type = "integer", meaning = "active TACs with team members of both"},
//   {name = "practitioners", type = "integer", meaning = "distinct team members of either in those TACs"},
// ]

MATCH (p:Practitioner)-[post:HOLDS_POST]->(a:Agency)
WHERE post.started_on <= $as_of AND (post.ended_on IS NULL OR $as_of < post.ended_on)
WITH p, post, a
ORDER BY CASE post.home WHEN false THEN 1 ELSE 0 END, post.started_on, a.agency_id
WITH p, head(collect(a.agency_id)) AS agency_id
MATCH (p)-[r:MEMBER_OF|LEADS]->(t:Tac)
WHERE r.started_on <= $as_of AND (r.ended_on IS NULL OR $as_of < r.ended_on)
  AND t.opened_on <= $as_of AND (t.closed_on IS NULL OR $as_of < t.closed_on)
WITH t, agency_id, collect(DISTINCT p.practitioner_id) AS members
ORDER BY agency_id
WITH t, collect({agency_id: agency_id, members: members}) AS sides
WHERE size(sides) >= 2
UNWIND range(0, size(sides) - 2) AS i
UNWIND sides[i + 1..] AS other
WITH t, head(sides[i..i + 1]) AS one, other
UNWIND one.members + other.members AS practitioner_id
RETURN one.agency_id AS agency_id_1, other.agency_id AS agency_id_2, count(DISTINCT t) AS shared_tacs,
  count(DISTINCT practitioner_id) AS practitioners
ORDER BY agency_id_1, agency_id_2

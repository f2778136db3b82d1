// title = "Brothers and sisters, each with another lead"
// question = "Which families have teams around several children under different lead professionals?"
// grain = "a family"
// source = "TG 1.5; the measures page, the query catalogue"
// tags = ["duplication", "families"]
// identifying = "child"
// sort = ["family_id"]
// notes = [
//   "child_ids and tac_ids are all the family's children with an active TAC and all those TACs, led or not.",
//   "A lead without an active post adds nothing to agency_ids.",
// ]
// parameters = []
// columns = [
//   {name = "family_id", type = "text", meaning = "the family"},
//   {name = "child_ids", type = "list", meaning = "its children with an active TAC"},
//   {name = "tac_ids", type = "list", meaning = "their active TACs"},
//   {name = "lead_ids", type = "list", meaning = "the practitioners who lead them"},
//   {name = "agency_ids", type = "list", meaning = "home agencies of the leads on the date"},
// ]

MATCH (f:Family)<-[:IN_FAMILY]-(c:Child)<-[:FOR_CHILD]-(t:Tac)
WHERE t.opened_on <= $as_of AND (t.closed_on IS NULL OR $as_of < t.closed_on)
WITH f, collect(DISTINCT c.child_id) AS child_ids, collect(DISTINCT t) AS tacs
WHERE size(child_ids) >= 2
UNWIND tacs AS t
MATCH (p:Practitioner)-[l:LEADS]->(t)
WHERE l.started_on <= $as_of AND (l.ended_on IS NULL OR $as_of < l.ended_on)
WITH f, child_ids, [x IN tacs | x.tac_id] AS tac_ids, collect(DISTINCT p) AS leads
WHERE size(leads) >= 2
UNWIND leads AS p
OPTIONAL MATCH (p)-[post:HOLDS_POST]->(a:Agency)
WHERE post.started_on <= $as_of AND (post.ended_on IS NULL OR $as_of < post.ended_on)
WITH f, child_ids, tac_ids, p, post, a
ORDER BY CASE post.home WHEN false THEN 1 ELSE 0 END, post.started_on, a.agency_id
WITH f, child_ids, tac_ids, p, head(collect(a.agency_id)) AS agency_id
WITH f, child_ids, tac_ids, collect(p.practitioner_id) AS lead_ids, collect(DISTINCT agency_id) AS agency_ids
RETURN f.family_id AS family_id,
  COLLECT { UNWIND child_ids AS x RETURN x ORDER BY x } AS child_ids,
  COLLECT { UNWIND tac_ids AS x RETURN x ORDER BY x } AS tac_ids,
  COLLECT { UNWIND lead_ids AS x RETURN x ORDER BY x } AS lead_ids,
  COLLECT { UNWIND agency_ids AS x RETURN x ORDER BY x } AS agency_ids
ORDER BY family_id

// title = "The line of accountability"
// question = "To whom is this practitioner accountable, from line manager to line manager?"
// grain = "a step of the line; step 0 is the practitioner"
// source = "MG 5.10, TG 3.9; the measures page, the query catalogue"
// tags = ["accountability"]
// identifying = "practitioner"
// sort = ["step"]
// notes = ["A line that comes back to somebody already in it is a fault of the data: an error that names the loop."]
// parameters = [
//   {name = "practitioner_id", type = "text", unit = "id", meaning = "the practitioner to start from"},
// ]
// columns = [
//   {name = "step", type = "integer", meaning = "line managers between: 0 the practitioner, 1 their line manager"},
//   {name = "practitioner_id", type = "text", meaning = "the practitioner at that step"},
//   {name = "role", type = "text", meaning = "what they are by trade"},
//   {name = "home_agency_id", type = "text", meaning = "home agency on the date; empty: no active post"},
// ]

MATCH line = (:Practitioner {practitioner_id: $practitioner_id})-[:MANAGED_BY*0..]->(p:Practitioner)
WITH length(line) AS step, p
OPTIONAL MATCH (p)-[post:HOLDS_POST]->(a:Agency)
WHERE post.started_on <= $as_of AND (post.ended_on IS NULL OR $as_of < post.ended_on)
WITH step, p, post, a
ORDER BY CASE post.home WHEN false THEN 1 ELSE 0 END, post.started_on, a.agency_id
WITH step, p, head(collect(a.agency_id)) AS home_agency_id
RETURN step, p.practitioner_id AS practitioner_id, p.role AS role, home_agency_id
ORDER BY step

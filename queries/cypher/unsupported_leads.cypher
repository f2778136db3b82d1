// title = "Leads without a post or outside the team"
// question = "Which lead professionals have left, or lead a team that they are not in?"
// grain = "an active lead of a TAC and a problem"
// source = "MG 2.19; the measures page, the query catalogue"
// tags = ["coverage", "leads"]
// identifying = "practitioner"
// sort = ["tac_id", "practitioner_id", "problem"]
// notes = ["A lead with both problems is two rows."]
// parameters = []
// columns = [
//   {name = "tac_id", type = "text", meaning = "the TAC"},
//   {name = "practitioner_id", type = "text", meaning = "who leads it"},
//   {name = "problem", type = "text", meaning = "no_post: no active post; not_member: no active membership of the TAC"},
// ]

MATCH (t:Tac)<-[l:LEADS]-(p:Practitioner)
WHERE t.opened_on <= $as_of AND (t.closed_on IS NULL OR $as_of < t.closed_on)
  AND l.started_on <= $as_of AND (l.ended_on IS NULL OR $as_of < l.ended_on)
WITH DISTINCT t, p
OPTIONAL MATCH (p)-[post:HOLDS_POST]->(:Agency)
WHERE post.started_on <= $as_of AND (post.ended_on IS NULL OR $as_of < post.ended_on)
WITH t, p, count(post) AS posts
OPTIONAL MATCH (p)-[m:MEMBER_OF]->(t)
WHERE m.started_on <= $as_of AND (m.ended_on IS NULL OR $as_of < m.ended_on)
WITH t, p, posts, count(m) AS memberships
UNWIND CASE WHEN posts = 0 THEN ['no_post'] ELSE [] END
  + CASE WHEN memberships = 0 THEN ['not_member'] ELSE [] END AS problem
RETURN t.tac_id AS tac_id, p.practitioner_id AS practitioner_id, problem
ORDER BY tac_id, practitioner_id, problem

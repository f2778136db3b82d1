// title = "Teams that nobody leads"
// question = "Which active teams have no lead professional, and for how long?"
// grain = "an active TAC without an active lead"
// source = "MG 2.10 and 2.19; the measures page, the query catalogue"
// tags = ["coverage", "leads"]
// identifying = "child"
// sort = ["tac_id"]
// notes = [
//   "The last lead's end is the latest ended_on of the TAC's lead intervals that is not after the date.",
//   "team_size 0: the TAC has no active member either.",
// ]
// parameters = [
//   {name = "default_needs_level", type = "integer", default = "settings:workload.default_needs_level", unit = "level", meaning = "level of a child without one"},
// ]
// columns = [
//   {name = "tac_id", type = "text", meaning = "the TAC"},
//   {name = "child_id", type = "text", meaning = "its child"},
//   {name = "level", type = "integer", meaning = "the child's highest needs level on the date"},
//   {name = "team_size", type = "integer", meaning = "practitioners in the team"},
//   {name = "days_without_lead", type = "integer", meaning = "days since the later of the opening and the last lead's end"},
// ]

MATCH (t:Tac)-[:FOR_CHILD]->(c:Child)
WHERE t.opened_on <= $as_of AND (t.closed_on IS NULL OR $as_of < t.closed_on)
OPTIONAL MATCH (:Practitioner)-[l:LEADS]->(t)
WHERE l.started_on <= $as_of
WITH t, c, sum(CASE WHEN l.ended_on IS NULL OR $as_of < l.ended_on THEN 1 ELSE 0 END) AS running,
  max(l.ended_on) AS last_end, count(l) AS begun
WHERE begun = 0 OR running = 0
OPTIONAL MATCH (c)-[h:HAS_NEED]->(n:NeedsLevel)
WHERE h.started_on <= $as_of AND (h.ended_on IS NULL OR $as_of < h.ended_on)
WITH t, c, last_end, coalesce(max(n.level), $default_needs_level) AS level
OPTIONAL MATCH (p:Practitioner)-[m:MEMBER_OF]->(t)
WHERE m.started_on <= $as_of AND (m.ended_on IS NULL OR $as_of < m.ended_on)
WITH t, c, last_end, level, count(DISTINCT p) AS team_size
RETURN t.tac_id AS tac_id, c.child_id AS child_id, level, team_size,
  duration.inDays(CASE WHEN last_end > t.opened_on THEN last_end ELSE t.opened_on END, $as_of).days
    AS days_without_lead
ORDER BY tac_id

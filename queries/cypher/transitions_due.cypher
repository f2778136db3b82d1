// title = "Soon eighteen"
// question = "Which young people with a team turn 18 soon, so that adult services must be brought in?"
// grain = "an active TAC of a young person"
// source = "MG 3.18 and 4.9; the measures page, the query catalogue"
// tags = ["coverage", "transitions"]
// identifying = "child"
// sort = ["child_id", "tac_id"]
// notes = ["Born on 29 February: 18 on 1 March. A birthday on the date itself has been; no birth date, no row."]
// parameters = [
//   {name = "within_days", type = "integer", default = "settings:queries.transition_days", unit = "days", meaning = "how far ahead to look", minimum = 0},
// ]
// columns = [
//   {name = "child_id", type = "text", meaning = "the young person"},
//   {name = "tac_id", type = "text", meaning = "the TAC"},
//   {name = "lead_ids", type = "list", meaning = "who leads it; empty: nobody"},
//   {name = "turns_18_on", type = "date", meaning = "18th birthday"},
// ]

MATCH (t:Tac)-[:FOR_CHILD]->(c:Child)
WHERE t.opened_on <= $as_of AND (t.closed_on IS NULL OR $as_of < t.closed_on) AND c.birth_date IS NOT NULL
// the first of the month plus days: 29 February of a year without one becomes 1 March
WITH t, c, date({year: c.birth_date.year + 18, month: c.birth_date.month, day: 1})
  + duration({days: c.birth_date.day - 1}) AS turns_18_on
WHERE $as_of < turns_18_on AND turns_18_on <= $as_of + duration({days: $within_days})
OPTIONAL MATCH (p:Practitioner)-[l:LEADS]->(t)
WHERE l.started_on <= $as_of AND (l.ended_on IS NULL OR $as_of < l.ended_on)
WITH t, c, turns_18_on, collect(DISTINCT p.practitioner_id) AS lead_ids
RETURN c.child_id AS child_id, t.tac_id AS tac_id,
  COLLECT { UNWIND lead_ids AS x RETURN x ORDER BY x } AS lead_ids, turns_18_on
ORDER BY child_id, tac_id

// title = "Leads not trained, or away out of term"
// question = "Which lead professionals lack the training, or cannot be reached out of term time?"
// grain = "a practitioner who leads an active TAC"
// source = "MG 3.14, TG 3.6; the measures page, the query catalogue"
// tags = ["coverage", "leads"]
// identifying = "practitioner"
// sort = ["practitioner_id"]
// notes = ["Training on the date itself counts as trained."]
// parameters = []
// columns = [
//   {name = "practitioner_id", type = "text", meaning = "who leads"},
//   {name = "home_agency_id", type = "text", meaning = "home agency on the date; empty: no active post"},
//   {name = "tacs_led", type = "integer", meaning = "active TACs they lead"},
//   {name = "untrained", type = "boolean", meaning = "not trained for the lead role by the date"},
//   {name = "term_time_only", type = "boolean", meaning = "not available out of term time"},
// ]

MATCH (p:Practitioner)-[l:LEADS]->(t:Tac)
WHERE l.started_on <= $as_of AND (l.ended_on IS NULL OR $as_of < l.ended_on)
  AND t.opened_on <= $as_of AND (t.closed_on IS NULL OR $as_of < t.closed_on)
WITH p, count(DISTINCT t) AS tacs_led, NOT coalesce(p.lead_trained_on <= $as_of, false) AS untrained,
  coalesce(p.term_time_only, false) AS term_time_only
WHERE untrained OR term_time_only
OPTIONAL MATCH (p)-[post:HOLDS_POST]->(a:Agency)
WHERE post.started_on <= $as_of AND (post.ended_on IS NULL OR $as_of < post.ended_on)
WITH p, tacs_led, untrained, term_time_only, post, a
ORDER BY CASE post.home WHEN false THEN 1 ELSE 0 END, post.started_on, a.agency_id
WITH p, tacs_led, untrained, term_time_only, head(collect(a.agency_id)) AS home_agency_id
RETURN p.practitioner_id AS practitioner_id, home_agency_id, tacs_led, untrained, term_time_only
ORDER BY practitioner_id

// title = "Actions overdue"
// question = "Which agreed actions are past their date, and who owns them?"
// grain = "an action of an active TAC"
// source = "TG 2.4 to 2.7; the measures page, the query catalogue"
// tags = ["coverage", "actions"]
// identifying = "practitioner"
// sort = ["action_id"]
// notes = ["Done on the date itself is done by it; due on the date itself is not overdue."]
// parameters = []
// columns = [
//   {name = "action_id", type = "text", meaning = "the action"},
//   {name = "tac_id", type = "text", meaning = "whose plan it is in"},
//   {name = "practitioner_id", type = "text", meaning = "who owns it"},
//   {name = "home_agency_id", type = "text", meaning = "the owner's home agency on the date; empty: no active post"},
//   {name = "due_on", type = "date", meaning = "day it was due"},
//   {name = "days_overdue", type = "integer", meaning = "days from then to the date"},
// ]

MATCH (t:Tac)-[:HAS_ACTION]->(x:Action)<-[:OWNS]-(p:Practitioner)
WHERE t.opened_on <= $as_of AND (t.closed_on IS NULL OR $as_of < t.closed_on)
  AND x.due_on < $as_of AND (x.done_on IS NULL OR $as_of < x.done_on)
OPTIONAL MATCH (p)-[post:HOLDS_POST]->(a:Agency)
WHERE post.started_on <= $as_of AND (post.ended_on IS NULL OR $as_of < post.ended_on)
WITH t, x, p, post, a
ORDER BY CASE post.home WHEN false THEN 1 ELSE 0 END, post.started_on, a.agency_id
WITH t, x, p, head(collect(a.agency_id)) AS home_agency_id
RETURN x.action_id AS action_id, t.tac_id AS tac_id, p.practitioner_id AS practitioner_id, home_agency_id,
  x.due_on AS due_on, duration.inDays(x.due_on, $as_of).days AS days_overdue
ORDER BY action_id

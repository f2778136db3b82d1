// title = "Whoever assesses, leads?"
// question = "How often does the practitioner who did the assessment become the lead?"
// grain = "an agency whose assessments led to TACs in the year to the date"
// source = "MG 3.15; the measures page, the query catalogue"
// tags = ["fairness", "assessments"]
// identifying = "no"
// sort = ["agency_id"]
// notes = [
//   "The year is the 365 days that end with the date; the TACs need not be active any more.",
//   "The first lead is that of the earliest lead interval begun by the date (equal starts: by practitioner_id).",
//   "A TAC that nobody has led yet counts in tacs, not in assessor_led.",
// ]
// parameters = []
// columns = [
//   {name = "agency_id", type = "text", meaning = "the assessor's home agency when the assessment began"},
//   {name = "tacs", type = "integer", meaning = "TACs opened after its assessments"},
//   {name = "assessor_led", type = "integer", meaning = "of these, those whose first lead is the assessor"},
//   {name = "share", type = "decimal", meaning = "assessor_led / tacs"},
// ]

MATCH (t:Tac)-[:OPENED_AFTER]->(x:Assessment)<-[:CARRIED_OUT]-(p:Practitioner)
WHERE t.opened_on <= $as_of AND $as_of - duration({days: 365}) < t.opened_on
MATCH (p)-[post:HOLDS_POST]->(a:Agency)
WHERE post.started_on <= x.started_on AND (post.ended_on IS NULL OR x.started_on < post.ended_on)
WITH t, p, post, a
ORDER BY CASE post.home WHEN false THEN 1 ELSE 0 END, post.started_on, a.agency_id
WITH t, p.practitioner_id AS assessor_id, head(collect(a.agency_id)) AS agency_id
OPTIONAL MATCH (q:Practitioner)-[l:LEADS]->(t)
WHERE l.started_on <= $as_of
WITH t, assessor_id, agency_id, q, l
ORDER BY l.started_on, q.practitioner_id
WITH t, assessor_id, agency_id, head(collect(q.practitioner_id)) AS first_lead_id
WITH agency_id, count(t) AS tacs, sum(CASE WHEN first_lead_id = assessor_id THEN 1 ELSE 0 END) AS assessor_led
RETURN agency_id, tacs, assessor_led, 1.0 * assessor_led / tacs AS share
ORDER BY agency_id

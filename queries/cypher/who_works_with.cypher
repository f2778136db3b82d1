// title = "Who works with this child"
// question = "Who is working with this child, in what way, and since when?"
// grain = "a practitioner and a way of working with the child"
// source = "TG 2.11 to 2.14, DU index fact sheet; the measures page, the query catalogue"
// tags = ["children", "index"]
// identifying = "child"
// sort = ["practitioner_id"]
// notes = [
//   "agency_id is the practitioner's home agency on the date, whatever the way of working.",
//   "A lead who is a member too is two rows; several intervals or TACs at once are one, since the earliest.",
//   "An assessment counts while it is under way on the date; an intervention without a practitioner is no row.",
//   "Interventions of a sensitive service are left out unless consent is recorded.",
// ]
// parameters = [
//   {name = "child_id", type = "text", unit = "id", meaning = "the child to ask about"},
// ]
// columns = [
//   {name = "practitioner_id", type = "text", meaning = "the practitioner"},
//   {name = "role", type = "text", meaning = "what they are by trade"},
//   {name = "agency_id", type = "text", meaning = "their home agency on the date; empty: no active post"},
//   {name = "via", type = "text", meaning = "lead, member, intervention or assessment"},
//   {name = "since", type = "date", meaning = "first day of the earliest that is still running"},
// ]

MATCH (c:Child {child_id: $child_id})
CALL (c) {
  MATCH (c)<-[:FOR_CHILD]-(t:Tac)<-[r:MEMBER_OF|LEADS]-(p:Practitioner)
  WHERE t.opened_on <= $as_of AND (t.closed_on IS NULL OR $as_of < t.closed_on)
    AND r.started_on <= $as_of AND (r.ended_on IS NULL OR $as_of < r.ended_on)
  RETURN p, CASE type(r) WHEN 'LEADS' THEN 'lead' ELSE 'member' END AS via, r.started_on AS started_on
  UNION ALL
  MATCH (c)-[:RECEIVES]->(i:Intervention)<-[:DELIVERS]-(p:Practitioner)
  MATCH (i)-[:OF_SERVICE]->(s:Service)
  WHERE i.started_on <= $as_of AND (i.ended_on IS NULL OR $as_of < i.ended_on)
    AND (s.sensitive = false OR i.consent = true)
  RETURN p, 'intervention' AS via, i.started_on AS started_on
  UNION ALL
  MATCH (c)-[:HAD_ASSESSMENT]->(x:Assessment)<-[:CARRIED_OUT]-(p:Practitioner)
  WHERE x.started_on <= $as_of AND (x.completed_on IS NULL OR $as_of < x.completed_on)
  RETURN p, 'assessment' AS via, x.started_on AS started_on
}
WITH p, via, min(started_on) AS since
OPTIONAL MATCH (p)-[post:HOLDS_POST]->(a:Agency)
WHERE post.started_on <= $as_of AND (post.ended_on IS NULL OR $as_of < post.ended_on)
WITH p, via, since, post, a
ORDER BY CASE post.home WHEN false THEN 1 ELSE 0 END, post.started_on, a.agency_id
WITH p, via, since, head(collect(a.agency_id)) AS agency_id
RETURN p.practitioner_id AS practitioner_id, p.role AS role, agency_id, via, since
ORDER BY practitioner_id, role, agency_id, via, since

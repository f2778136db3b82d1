// title = "Schools with many practitioners of other agencies"
// question = "Into which schools do so many practitioners of other agencies come that one link worker would be kinder?"
// grain = "a school (an agency that children attend)"
// source = "DU, Knowsley case; PL; the measures page, the query catalogue"
// tags = ["duplication", "schools", "agencies"]
// identifying = "no"
// sort = ["school_id"]
// notes = [
//   "Of another agency is a practitioner whose home agency on the date is known and is not the school itself.",
//   "children counts those of the school's children whom such practitioners are around, not all on roll.",
//   "school_id has no dates: a child counts for the school it is enrolled at now, whatever the date asked for.",
// ]
// parameters = [
//   {name = "min_practitioners", type = "integer", default = "settings:queries.min_practitioners_school", unit = "practitioners", meaning = "how many there must be at least", minimum = 1},
// ]
// columns = [
//   {name = "school_id", type = "text", meaning = "the school"},
//   {name = "children", type = "integer", meaning = "its children around whom they are"},
//   {name = "practitioners", type = "integer", meaning = "distinct practitioners of other agencies in these children's active teams and interventions"},
//   {name = "agencies", type = "integer", meaning = "their distinct home agencies on the date"},
//   {name = "roles", type = "list", meaning = "role:n, how many of them hold each role"},
// ]

CALL {
  MATCH (s:Agency)<-[:ATTENDS]-(c:Child)<-[:FOR_CHILD]-(t:Tac)<-[r:MEMBER_OF|LEADS]-(p:Practitioner)
  WHERE t.opened_on <= $as_of AND (t.closed_on IS NULL OR $as_of < t.closed_on)
    AND r.started_on <= $as_of AND (r.ended_on IS NULL OR $as_of < r.ended_on)
  RETURN s, c, p
  UNION
  MATCH (s:Agency)<-[:ATTENDS]-(c:Child)-[:RECEIVES]->(i:Intervention)<-[:DELIVERS]-(p:Practitioner)
  WHERE i.started_on <= $as_of AND (i.ended_on IS NULL OR $as_of < i.ended_on)
  RETURN s, c, p
}
WITH p, collect({school: s, child_id: c.child_id}) AS places
MATCH (p)-[post:HOLDS_POST]->(a:Agency)
WHERE post.started_on <= $as_of AND (post.ended_on IS NULL OR $as_of < post.ended_on)
WITH p, places, post, a
ORDER BY CASE post.home WHEN false THEN 1 ELSE 0 END, post.started_on, a.agency_id
WITH p, places, head(collect(a.agency_id)) AS home_agency_id
UNWIND places AS place
WITH place.school AS s, place.child_id AS child_id, p, home_agency_id
WHERE home_agency_id <> s.agency_id
WITH s, p, home_agency_id, collect(child_id) AS child_ids
WITH s, p.role AS role, count(p) AS holders, collect(home_agency_id) AS homes, collect(child_ids) AS around
WITH s, sum(holders) AS practitioners, collect(homes) AS homes, collect(around) AS around,
  collect(role + ':' + toString(holders)) AS roles
WHERE practitioners >= $min_practitioners
RETURN s.agency_id AS school_id,
  COUNT { UNWIND around AS one UNWIND one AS some UNWIND some AS x RETURN DISTINCT x } AS children, practitioners,
  COUNT { UNWIND homes AS some UNWIND some AS x RETURN DISTINCT x } AS agencies, roles
ORDER BY school_id

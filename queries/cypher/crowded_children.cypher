// title = "Children with many practitioners around them"
// question = "Around which children are so many practitioners that they may tell their story again and again?"
// grain = "a child"
// source = "DU, Knowsley case; the measures page, the query catalogue"
// tags = ["duplication", "children"]
// identifying = "child"
// sort = ["child_id"]
// notes = ["agencies is how many distinct home agencies the practitioners have; no active post, no agency."]
// parameters = [
//   {name = "min_practitioners", type = "integer", default = "settings:queries.min_practitioners_child", unit = "practitioners", meaning = "how many there must be at least", minimum = 1},
// ]
// columns = [
//   {name = "child_id", type = "text", meaning = "the child"},
//   {name = "practitioners", type = "integer", meaning = "distinct practitioners in its active teams and interventions"},
//   {name = "agencies", type = "integer", meaning = "their distinct home agencies on the date"},
//   {name = "roles_doubled", type = "list", meaning = "roles held by two of them or more"},
// ]

CALL {
  MATCH (c:Child)<-[:FOR_CHILD]-(t:Tac)<-[r:MEMBER_OF|LEADS]-(p:Practitioner)
  WHERE t.opened_on <= $as_of AND (t.closed_on IS NULL OR $as_of < t.closed_on)
    AND r.started_on <= $as_of AND (r.ended_on IS NULL OR $as_of < r.ended_on)
  RETURN c, p
  UNION
  MATCH (c:Child)-[:RECEIVES]->(i:Intervention)<-[:DELIVERS]-(p:Practitioner)
  WHERE i.started_on <= $as_of AND (i.ended_on IS NULL OR $as_of < i.ended_on)
  RETURN c, p
}
WITH c, collect(DISTINCT p) AS people
WHERE size(people) >= $min_practitioners
UNWIND people AS p
OPTIONAL MATCH (p)-[post:HOLDS_POST]->(a:Agency)
WHERE post.started_on <= $as_of AND (post.ended_on IS NULL OR $as_of < post.ended_on)
WITH c, p, post, a
ORDER BY CASE post.home WHEN false THEN 1 ELSE 0 END, post.started_on, a.agency_id
WITH c, p, head(collect(a.agency_id)) AS home_agency_id
WITH c, p.role AS role, count(p) AS holders, collect(DISTINCT home_agency_id) AS homes
ORDER BY role
WITH c, sum(holders) AS practitioners, collect(homes) AS homes,
  collect(CASE WHEN holders >= 2 THEN role END) AS roles_doubled
RETURN c.child_id AS child_id, practitioners,
  COUNT { UNWIND homes AS some UNWIND some AS x RETURN DISTINCT x } AS agencies, roles_doubled
ORDER BY child_id

// title = "The directory of services"
// question = "Which agency offers which service, and how many children use it?"
// grain = "a service"
// source = "DU 6; the measures page, the query catalogue"
// tags = ["services", "directory"]
// identifying = "no"
// sort = ["category", "service_id"]
// notes = ["Sensitive services are counted whether or not consent is recorded: a count shows nobody."]
// parameters = [
//   {name = "category", type = "text", default = "", unit = "code", meaning = "kind of service; empty: all"},
// ]
// columns = [
//   {name = "category", type = "text", meaning = "kind of service"},
//   {name = "service_id", type = "text", meaning = "the service"},
//   {name = "name", type = "text", meaning = "its name"},
//   {name = "agency_id", type = "text", meaning = "the agency that offers it"},
//   {name = "sensitive", type = "boolean", meaning = "shown against a child only with consent"},
//   {name = "active_children", type = "integer", meaning = "children with an active intervention of it"},
// ]

MATCH (a:Agency)-[:OFFERS]->(s:Service)
WHERE $category = '' OR s.category = $category
OPTIONAL MATCH (s)<-[:OF_SERVICE]-(i:Intervention)<-[:RECEIVES]-(c:Child)
WHERE i.started_on <= $as_of AND (i.ended_on IS NULL OR $as_of < i.ended_on)
WITH s, a, count(DISTINCT c) AS active_children
RETURN s.category AS category, s.service_id AS service_id, s.name AS name, a.agency_id AS agency_id,
  s.sensitive AS sensitive, active_children
ORDER BY category, service_id

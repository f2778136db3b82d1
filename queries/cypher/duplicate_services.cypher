// title = "The same service twice"
// question = "Which children get one kind of service from two agencies or more at once?"
// grain = "a child and a category of service"
// source = "DU, Knowsley case; the measures page, the query catalogue"
// tags = ["duplication", "services"]
// identifying = "child"
// sort = ["child_id", "category"]
// notes = ["interventions is how many of that category are active for the child, over all agencies."]
// parameters = []
// columns = [
//   {name = "child_id", type = "text", meaning = "the child"},
//   {name = "category", type = "text", meaning = "kind of service"},
//   {name = "agency_ids", type = "list", meaning = "agencies that offer the services used"},
//   {name = "interventions", type = "integer", meaning = "active interventions of that category"},
// ]

MATCH (c:Child)-[:RECEIVES]->(i:Intervention)-[:OF_SERVICE]->(s:Service)<-[:OFFERS]-(a:Agency)
WHERE i.started_on <= $as_of AND (i.ended_on IS NULL OR $as_of < i.ended_on)
WITH c, s.category AS category, a.agency_id AS agency_id, count(DISTINCT i) AS of_agency
ORDER BY agency_id
WITH c, category, collect(agency_id) AS agency_ids, sum(of_agency) AS interventions
WHERE size(agency_ids) >= 2
RETURN c.child_id AS child_id, category, agency_ids, interventions
ORDER BY child_id, category

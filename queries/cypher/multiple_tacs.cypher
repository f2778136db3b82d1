// title = "Children with several teams"
// question = "Which children have two Teams Around the Child or more at once?"
// grain = "a child"
// source = "TG 1.5; the measures page, the query catalogue"
// tags = ["duplication", "teams"]
// identifying = "child"
// sort = ["child_id"]
// parameters = []
// columns = [
//   {name = "child_id", type = "text", meaning = "the child"},
//   {name = "tac_ids", type = "list", meaning = "its active TACs"},
// ]

MATCH (c:Child)<-[:FOR_CHILD]-(t:Tac)
WHERE t.opened_on <= $as_of AND (t.closed_on IS NULL OR $as_of < t.closed_on)
WITH c.child_id AS child_id, t.tac_id AS tac_id
ORDER BY child_id, tac_id
WITH child_id, collect(tac_id) AS tac_ids
WHERE size(tac_ids) >= 2
RETURN child_id, tac_ids
ORDER BY child_id

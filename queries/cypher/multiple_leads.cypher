// title = "Children with several leads"
// question = "Which children have two lead professionals or more at once?"
// grain = "a child"
// source = "MG 2.7, TG 1.2; the measures page, the query catalogue"
// tags = ["duplication", "leads"]
// identifying = "child"
// sort = ["child_id"]
// notes = [
//   "Leads are distinct practitioners: one who leads two TACs of the child is one lead.",
//   "tac_ids are all active TACs of the child, also those without a lead.",
// ]
// parameters = []
// columns = [
//   {name = "child_id", type = "text", meaning = "the child"},
//   {name = "tac_ids", type = "list", meaning = "its active TACs"},
//   {name = "lead_ids", type = "list", meaning = "practitioners who lead any of them"},
// ]

MATCH (c:Child)<-[:FOR_CHILD]-(t:Tac)
WHERE t.opened_on <= $as_of AND (t.closed_on IS NULL OR $as_of < t.closed_on)
OPTIONAL MATCH (p:Practitioner)-[l:LEADS]->(t)
WHERE l.started_on <= $as_of AND (l.ended_on IS NULL OR $as_of < l.ended_on)
WITH c, collect(DISTINCT t.tac_id) AS tac_ids, collect(DISTINCT p.practitioner_id) AS lead_ids
WHERE size(lead_ids) >= 2
RETURN c.child_id AS child_id,
  COLLECT { UNWIND tac_ids AS x RETURN x ORDER BY x } AS tac_ids,
  COLLECT { UNWIND lead_ids AS x RETURN x ORDER BY x } AS lead_ids
ORDER BY child_id

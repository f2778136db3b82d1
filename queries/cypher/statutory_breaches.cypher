// title = "Another lead than law or guidance asks for"
// question = "For which children does somebody lead whose role is not the one that the child's status asks for?"
// grain = "an active TAC with a lead"
// source = "MG Box 1 and Annex C, TG Annex C, PL; the measures page, the query catalogue"
// tags = ["statute", "leads"]
// identifying = "child"
// sort = ["tac_id"]
// notes = [
//   "The ruling status is the strictest, by precedence, of those active on the date that the profile has a rule for.",
//   "Advisory rules count too; strength tells them apart. A TAC without a lead is in tacs_without_lead, not here.",
//   "lead_roles names each role once.",
// ]
// parameters = [
//   {name = "profile", type = "profile", default = "settings:allocation_profile", unit = "name", meaning = "allocation table: national or plymouth"},
// ]
// columns = [
//   {name = "tac_id", type = "text", meaning = "the TAC"},
//   {name = "child_id", type = "text", meaning = "its child"},
//   {name = "status", type = "text", meaning = "the child's ruling status"},
//   {name = "strength", type = "text", meaning = "required, expected or advisory"},
//   {name = "required_roles", type = "list", meaning = "roles of which one should lead"},
//   {name = "lead_ids", type = "list", meaning = "who leads"},
//   {name = "lead_roles", type = "list", meaning = "their roles"},
// ]

MATCH (t:Tac)<-[l:LEADS]-(p:Practitioner)
WHERE t.opened_on <= $as_of AND (t.closed_on IS NULL OR $as_of < t.closed_on)
  AND l.started_on <= $as_of AND (l.ended_on IS NULL OR $as_of < l.ended_on)
WITH t, collect(DISTINCT p.practitioner_id) AS lead_ids, collect(DISTINCT p.role) AS lead_roles
MATCH (t)-[:FOR_CHILD]->(c:Child)-[h:HAS_STATUS]->(s:Status)
WHERE h.started_on <= $as_of AND (h.ended_on IS NULL OR $as_of < h.ended_on)
WITH t, c, lead_ids, lead_roles, collect(DISTINCT s.status) AS statuses
WITH t, c, lead_ids, lead_roles, [x IN $profile WHERE x.status IN statuses] AS rules
WHERE size(rules) > 0
UNWIND rules AS candidate
WITH t, c, lead_ids, lead_roles, candidate
ORDER BY candidate.precedence
WITH t, c, lead_ids, lead_roles, head(collect(candidate)) AS rule
WHERE none(x IN lead_roles WHERE x IN rule.roles)
RETURN t.tac_id AS tac_id, c.child_id AS child_id, rule.status AS status, rule.strength AS strength,
  COLLECT { UNWIND rule.roles AS x RETURN x ORDER BY x } AS required_roles,
  COLLECT { UNWIND lead_ids AS x RETURN x ORDER BY x } AS lead_ids,
  COLLECT { UNWIND lead_roles AS x RETURN x ORDER BY x } AS lead_roles
ORDER BY tac_id

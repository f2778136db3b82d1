// title = "Teams of one"
// question = "Where does one practitioner work alone, so that no lead professional is needed?"
// grain = "an active TAC whose team is one practitioner"
// source = "MG 2.18; the measures page, the query catalogue"
// tags = ["coverage", "teams"]
// identifying = "child"
// sort = ["tac_id"]
// notes = ["Whether the one practitioner is called lead or not makes no difference."]
// parameters = []
// columns = [
//   {name = "tac_id", type = "text", meaning = "the TAC"},
//   {name = "child_id", type = "text", meaning = "its child"},
//   {name = "practitioner_id", type = "text", meaning = "the one in its team"},
// ]

MATCH (p:Practitioner)-[r:MEMBER_OF|LEADS]->(t:Tac)
WHERE r.started_on <= $as_of AND (r.ended_on IS NULL OR $as_of < r.ended_on)
  AND t.opened_on <= $as_of AND (t.closed_on IS NULL OR $as_of < t.closed_on)
WITH t, collect(DISTINCT p.practitioner_id) AS team
WHERE size(team) = 1
MATCH (t)-[:FOR_CHILD]->(c:Child)
RETURN t.tac_id AS tac_id, c.child_id AS child_id, team[0] AS practitioner_id
ORDER BY tac_id

// title = "Teams made of the same people"
// question = "Which active teams share so many members that they could meet as one?"
// grain = "a pair of active TACs"
// source = "DU, Knowsley case; the measures page, the query catalogue"
// tags = ["duplication", "teams"]
// identifying = "no"
// sort = ["tac_id_1", "tac_id_2"]
// notes = [
//   "same_family: both TACs are for one child, or for children of one known family; two unknown families are not one.",
//   "Two TACs of the same child are a pair like any other.",
// ]
// parameters = [
//   {name = "min_shared", type = "integer", default = "settings:queries.min_shared", unit = "practitioners", meaning = "team members that the two must share at least", minimum = 1},
// ]
// columns = [
//   {name = "tac_id_1", type = "text", meaning = "the TAC with the smaller id"},
//   {name = "tac_id_2", type = "text", meaning = "the other TAC"},
//   {name = "shared", type = "integer", meaning = "practitioners in both teams"},
//   {name = "jaccard", type = "decimal", meaning = "shared / practitioners in either team"},
//   {name = "same_family", type = "boolean", meaning = "whether the two are for children of one family"},
// ]

MATCH (p:Practitioner)-[r:MEMBER_OF|LEADS]->(t:Tac)
WHERE r.started_on <= $as_of AND (r.ended_on IS NULL OR $as_of < r.ended_on)
  AND t.opened_on <= $as_of AND (t.closed_on IS NULL OR $as_of < t.closed_on)
WITH DISTINCT p, t
WITH t, collect(p) AS team
UNWIND team AS p
WITH p, t.tac_id AS tac_id, size(team) AS members
ORDER BY tac_id
WITH p, collect({tac_id: tac_id, members: members}) AS tacs
WHERE size(tacs) >= 2
UNWIND range(0, size(tacs) - 2) AS i
WITH head(tacs[i..i + 1]) AS one, tacs[i + 1..] AS others
UNWIND others AS other
WITH one.tac_id AS tac_id_1, other.tac_id AS tac_id_2, one.members AS members_1, other.members AS members_2,
  count(*) AS shared
WHERE shared >= $min_shared
MATCH (t1:Tac {tac_id: tac_id_1})-[:FOR_CHILD]->(c1:Child)
OPTIONAL MATCH (c1)-[:IN_FAMILY]->(f1:Family)
WITH tac_id_1, tac_id_2, members_1, members_2, shared, c1.child_id AS child_id_1,
  f1.family_id AS family_id_1
MATCH (t2:Tac {tac_id: tac_id_2})-[:FOR_CHILD]->(c2:Child)
OPTIONAL MATCH (c2)-[:IN_FAMILY]->(f2:Family)
RETURN tac_id_1, tac_id_2, shared, 1.0 * shared / (members_1 + members_2 - shared) AS jaccard,
  child_id_1 = c2.child_id OR coalesce(family_id_1 = f2.family_id, false) AS same_family
ORDER BY tac_id_1, tac_id_2

// title = "Overloaded lead professionals"
// question = "Which lead professionals carry more than they have capacity for, and how far above?"
// grain = "a practitioner who leads an active TAC on the date, with utilisation above the threshold"
// source = "MG 5.18 and 5.21, TG 4.5; the measures page, Teams and load"
// tags = ["workload", "overload"]
// identifying = "practitioner"
// sort = ["utilisation desc"]
// notes = [
//   "A lead without capacity has no utilisation and is no row here: see unsupported_leads.",
//   "A utilisation within 1e-9 of the threshold is equal to it, so not above.",
//   "Two lead or membership intervals of one practitioner in one TAC at once count once; leading outranks membership.",
// ]
// parameters = [
//   {name = "threshold", type = "decimal", default = "settings:workload.overload_threshold", unit = "points / capacity", meaning = "utilisation above which a lead is overloaded"},
//   {name = "workload", type = "map", default = "settings:workload", unit = "points", meaning = "weights, shares and points of the settings"},
// ]
// columns = [
//   {name = "practitioner_id", type = "text", meaning = "the practitioner"},
//   {name = "role", type = "text", meaning = "what they are by trade"},
//   {name = "home_agency_id", type = "text", meaning = "home agency on the date; empty: no active post"},
//   {name = "tacs_led", type = "integer", meaning = "active TACs they lead"},
//   {name = "tacs_supported", type = "integer", meaning = "active TACs they are in without leading"},
//   {name = "points", type = "decimal", meaning = "workload points"},
//   {name = "capacity", type = "decimal", meaning = "points that their active posts have room for"},
//   {name = "utilisation", type = "decimal", meaning = "points / capacity"},
// ]

CALL {
  MATCH (t:Tac)-[:FOR_CHILD]->(c:Child)
  WHERE t.opened_on <= $as_of AND (t.closed_on IS NULL OR $as_of < t.closed_on)
  OPTIONAL MATCH (c)-[h:HAS_NEED]->(n:NeedsLevel)
  WHERE h.started_on <= $as_of AND (h.ended_on IS NULL OR $as_of < h.ended_on)
  WITH t, coalesce(max(n.level), $workload.default_needs_level) AS level
  MATCH (p:Practitioner)-[r:MEMBER_OF|LEADS]->(t)
  WHERE r.started_on <= $as_of AND (r.ended_on IS NULL OR $as_of < r.ended_on)
  WITH t, level, p, max(CASE type(r) WHEN 'LEADS' THEN 1 ELSE 0 END) AS leads
  WITH t, level, collect({practitioner: p, leads: leads}) AS team
  WITH team, $workload.need_weight[toString(level)] AS weight,
    CASE WHEN size(team) > $workload.team_size_free THEN size(team) - $workload.team_size_free ELSE 0 END AS extra,
    CASE WHEN duration.inDays(t.opened_on, $as_of).days < $workload.set_up_days
      THEN $workload.set_up_factor ELSE 1.0 END AS set_up
  UNWIND team AS member
  RETURN member.practitioner AS p, member.leads AS led, 1 - member.leads AS supported,
    CASE WHEN member.leads = 1 THEN weight * (1.0 + $workload.team_size_step * extra) * set_up
      ELSE weight * $workload.supporting_factor END AS tac_points
}
WITH p, sum(led) AS tacs_led, sum(supported) AS tacs_supported, sum(tac_points) AS points
WHERE tacs_led > 0
OPTIONAL MATCH (p)-[post:HOLDS_POST]->(a:Agency)
WHERE post.started_on <= $as_of AND (post.ended_on IS NULL OR $as_of < post.ended_on)
WITH p, tacs_led, tacs_supported, points, post, a
ORDER BY CASE post.home WHEN false THEN 1 ELSE 0 END, post.started_on, a.agency_id
WITH p, tacs_led, tacs_supported, points, head(collect(a.agency_id)) AS home_agency_id,
  1.0 * sum(post.fte * coalesce(post.tac_share, $workload.tac_share[p.role], $workload.default_tac_share)
    * $workload.points_per_fte
    * CASE WHEN $as_of < p.newly_qualified_until THEN $workload.newly_qualified_share ELSE 1.0 END) AS capacity
WITH p, home_agency_id, tacs_led, tacs_supported, points, capacity,
  CASE WHEN capacity > 0 THEN points / capacity END AS utilisation
WHERE utilisation - $threshold > 1e-9
RETURN p.practitioner_id AS practitioner_id, p.role AS role, home_agency_id, tacs_led, tacs_supported,
  points, capacity, utilisation
ORDER BY utilisation DESC, practitioner_id

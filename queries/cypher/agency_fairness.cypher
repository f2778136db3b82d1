// title = "Lead work of agencies against their capacity"
// question = "Is lead work fairly distributed between the partner agencies?"
// grain = "an agency with capacity on the date"
// source = "PL, fair distribution; the measures page, Fairness across agencies"
// tags = ["fairness", "agencies"]
// identifying = "no"
// sort = ["agency_id"]
// notes = [
//   "tacs_led counts leads (a practitioner, a TAC) of practitioners with capacity: two leads of a TAC count twice.",
//   "A TAC with exactly one lead enters the expectation whether or not that lead has capacity; one whose team has none does not.",
//   "A lead whose home agency has no capacity on the date counts for no row.",
//   "No lead points at all: load_share and disparity are empty.",
// ]
// parameters = [
//   {name = "workload", type = "map", default = "settings:workload", unit = "points", meaning = "weights, shares and points of the settings"},
// ]
// columns = [
//   {name = "agency_id", type = "text", meaning = "the agency"},
//   {name = "tacs_led", type = "integer", meaning = "leads held by its practitioners (home agency)"},
//   {name = "expected_tacs_led", type = "decimal", meaning = "leads to expect, were each lead drawn from its team by capacity"},
//   {name = "lead_points", type = "decimal", meaning = "points of leading, shared over a lead's posts by capacity"},
//   {name = "capacity", type = "decimal", meaning = "points that the agency's active posts have room for"},
//   {name = "load_share", type = "decimal", meaning = "its part of all lead points"},
//   {name = "capacity_share", type = "decimal", meaning = "its part of all capacity"},
//   {name = "disparity", type = "decimal", meaning = "load_share / capacity_share; 1 is its fair share"},
// ]

CALL {
  MATCH (p:Practitioner)-[post:HOLDS_POST]->(a:Agency)
  WHERE post.started_on <= $as_of AND (post.ended_on IS NULL OR $as_of < post.ended_on)
  RETURN a.agency_id AS agency_id, 0 AS led, 0.0 AS expected, 0.0 AS led_points,
    post.fte * coalesce(post.tac_share, $workload.tac_share[p.role], $workload.default_tac_share)
      * $workload.points_per_fte
      * CASE WHEN $as_of < p.newly_qualified_until THEN $workload.newly_qualified_share ELSE 1.0 END AS room
  UNION ALL
  MATCH (p:Practitioner)
  OPTIONAL MATCH (p)-[post:HOLDS_POST]->(a:Agency)
  WHERE post.started_on <= $as_of AND (post.ended_on IS NULL OR $as_of < post.ended_on)
  WITH p, post, a, post.fte * coalesce(post.tac_share, $workload.tac_share[p.role], $workload.default_tac_share)
    * $workload.points_per_fte
    * CASE WHEN $as_of < p.newly_qualified_until THEN $workload.newly_qualified_share ELSE 1.0 END AS room
  ORDER BY CASE post.home WHEN false THEN 1 ELSE 0 END, post.started_on, a.agency_id
  WITH p, collect(CASE WHEN a IS NOT NULL THEN {agency_id: a.agency_id, room: room} END) AS posts,
    1.0 * sum(room) AS room
  MATCH (p)-[r:MEMBER_OF|LEADS]->(t:Tac)
  WHERE r.started_on <= $as_of AND (r.ended_on IS NULL OR $as_of < r.ended_on)
    AND t.opened_on <= $as_of AND (t.closed_on IS NULL OR $as_of < t.closed_on)
  WITH t, p, posts, room, max(CASE type(r) WHEN 'LEADS' THEN 1 ELSE 0 END) AS leads
  WITH t, collect({posts: posts, room: room, leads: leads}) AS team, sum(leads) AS leads, sum(room) AS team_room
  MATCH (t)-[:FOR_CHILD]->(c:Child)
  OPTIONAL MATCH (c)-[h:HAS_NEED]->(n:NeedsLevel)
  WHERE h.started_on <= $as_of AND (h.ended_on IS NULL OR $as_of < h.ended_on)
  WITH t, team, leads, team_room, coalesce(max(n.level), $workload.default_needs_level) AS level
  WITH team, leads, team_room, $workload.need_weight[toString(level)] AS weight,
    CASE WHEN size(team) > $workload.team_size_free THEN size(team) - $workload.team_size_free ELSE 0 END AS extra,
    CASE WHEN duration.inDays(t.opened_on, $as_of).days < $workload.set_up_days
      THEN $workload.set_up_factor ELSE 1.0 END AS set_up
  UNWIND team AS member
  WITH member, member.room AS room, leads, team_room,
    CASE WHEN member.leads = 1 THEN weight * (1.0 + $workload.team_size_step * extra) * set_up ELSE 0.0 END AS points
  WHERE room > 0
  UNWIND [x IN member.posts | {agency_id: x.agency_id, led: 0, expected: 0.0, points: points * x.room / room}]
    + [{agency_id: member.posts[0].agency_id, led: member.leads, points: 0.0,
        expected: CASE WHEN leads = 1 THEN room / team_room ELSE 0.0 END}] AS part
  RETURN part.agency_id AS agency_id, part.led AS led, part.expected AS expected, part.points AS led_points,
    0.0 AS room
}
WITH agency_id, sum(led) AS tacs_led, sum(expected) AS expected_tacs_led, sum(led_points) AS lead_points,
  sum(room) AS capacity
WHERE capacity > 0
WITH collect({agency_id: agency_id, tacs_led: tacs_led, expected: expected_tacs_led, points: lead_points,
  capacity: capacity}) AS agencies, sum(lead_points) AS all_points, sum(capacity) AS all_capacity
UNWIND agencies AS x
WITH x, CASE WHEN all_points > 0 THEN x.points / all_points END AS load_share,
  x.capacity / all_capacity AS capacity_share
RETURN x.agency_id AS agency_id, x.tacs_led AS tacs_led, x.expected AS expected_tacs_led,
  x.points AS lead_points, x.capacity AS capacity, load_share, capacity_share,
  load_share / capacity_share AS disparity
ORDER BY agency_id

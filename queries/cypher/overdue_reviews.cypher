// title = "Reviews overdue"
// question = "Which teams should have met to review their plan and have not?"
// grain = "an active TAC with an overdue review"
// source = "TG 2.7; the measures page, the query catalogue"
// tags = ["coverage", "reviews"]
// identifying = "child"
// sort = ["tac_id"]
// notes = ["next_review_on, where there is one, decides alone: a review held since does not clear it."]
// parameters = [
//   {name = "review_days", type = "integer", default = "settings:queries.review_days", unit = "days", meaning = "longest time without a review where no date is set", minimum = 0},
// ]
// columns = [
//   {name = "tac_id", type = "text", meaning = "the TAC"},
//   {name = "child_id", type = "text", meaning = "its child"},
//   {name = "lead_ids", type = "list", meaning = "who leads it; empty: nobody"},
//   {name = "due_on", type = "date", meaning = "day by which the review was due"},
//   {name = "days_overdue", type = "integer", meaning = "days from then to the date"},
// ]

MATCH (t:Tac)-[:FOR_CHILD]->(c:Child)
WHERE t.opened_on <= $as_of AND (t.closed_on IS NULL OR $as_of < t.closed_on)
OPTIONAL MATCH (t)-[:HELD_REVIEW]->(v:Review)
WHERE v.held_on <= $as_of
WITH t, c, max(v.held_on) AS last_held
WITH t, c, coalesce(t.next_review_on, coalesce(last_held, t.opened_on) + duration({days: $review_days})) AS due_on
WHERE due_on < $as_of
OPTIONAL MATCH (p:Practitioner)-[l:LEADS]->(t)
WHERE l.started_on <= $as_of AND (l.ended_on IS NULL OR $as_of < l.ended_on)
WITH t, c, due_on, collect(DISTINCT p.practitioner_id) AS lead_ids
RETURN t.tac_id AS tac_id, c.child_id AS child_id,
  COLLECT { UNWIND lead_ids AS x RETURN x ORDER BY x } AS lead_ids,
  due_on, duration.inDays(due_on, $as_of).days AS days_overdue
ORDER BY tac_id

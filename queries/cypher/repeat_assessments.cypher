// title = "The story told again"
// question = "Which children were assessed again, in the same way, by another agency soon after?"
// grain = "a pair of assessments of one child and kind, by two agencies"
// source = "DU, CAF fact sheet; the measures page, the query catalogue"
// tags = ["duplication", "assessments"]
// identifying = "child"
// sort = ["child_id", "kind", "first_assessment_id", "first_agency_id", "second_assessment_id"]
// notes = [
//   "Every pair counts, not only neighbours: three assessments within the window can give three rows.",
//   "An agency is the assessor's home agency on the day the assessment began; where one is unknown there is no row.",
//   "One practitioner who moved between agencies counts like two: the agencies differ.",
// ]
// parameters = [
//   {name = "window_days", type = "integer", default = "settings:queries.repeat_window_days", unit = "days", meaning = "how far back the second may lie, and how far apart the two", minimum = 0},
// ]
// columns = [
//   {name = "child_id", type = "text", meaning = "the child"},
//   {name = "kind", type = "text", meaning = "kind of both assessments"},
//   {name = "first_assessment_id", type = "text", meaning = "the earlier assessment"},
//   {name = "first_agency_id", type = "text", meaning = "the earlier assessor's home agency then"},
//   {name = "second_assessment_id", type = "text", meaning = "the later assessment (on one day: by id)"},
//   {name = "second_agency_id", type = "text", meaning = "the later assessor's home agency then"},
//   {name = "days_between", type = "integer", meaning = "days from the one's beginning to the other's"},
// ]

MATCH (c:Child)-[:HAD_ASSESSMENT]->(b:Assessment)
WHERE b.started_on <= $as_of AND $as_of - duration({days: $window_days}) < b.started_on
MATCH (c)-[:HAD_ASSESSMENT]->(a:Assessment)
WHERE a.kind = b.kind AND b.started_on <= a.started_on + duration({days: $window_days})
  AND (a.started_on < b.started_on OR (a.started_on = b.started_on AND a.assessment_id < b.assessment_id))
CALL (a) {
  MATCH (a)<-[:CARRIED_OUT]-(:Practitioner)-[post:HOLDS_POST]->(g:Agency)
  WHERE post.started_on <= a.started_on AND (post.ended_on IS NULL OR a.started_on < post.ended_on)
  WITH post, g ORDER BY CASE post.home WHEN false THEN 1 ELSE 0 END, post.started_on, g.agency_id
  RETURN head(collect(g.agency_id)) AS first_agency_id
}
CALL (b) {
  MATCH (b)<-[:CARRIED_OUT]-(:Practitioner)-[post:HOLDS_POST]->(g:Agency)
  WHERE post.started_on <= b.started_on AND (post.ended_on IS NULL OR b.started_on < post.ended_on)
  WITH post, g ORDER BY CASE post.home WHEN false THEN 1 ELSE 0 END, post.started_on, g.agency_id
  RETURN head(collect(g.agency_id)) AS second_agency_id
}
WITH c, a, b, first_agency_id, second_agency_id
WHERE first_agency_id <> second_agency_id
RETURN c.child_id AS child_id, b.kind AS kind, a.assessment_id AS first_assessment_id, first_agency_id,
  b.assessment_id AS second_assessment_id, second_agency_id,
  duration.inDays(a.started_on, b.started_on).days AS days_between
ORDER BY child_id, kind, first_assessment_id, first_agency_id, second_assessment_id

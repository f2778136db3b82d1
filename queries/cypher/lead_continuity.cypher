// title = "How steadily teams are led"
// question = "In which teams did the lead change, or was missing, over the last months?"
// grain = "a TAC active on some day of the window"
// source = "MG 2.10 and 2.19; the measures page, the query catalogue"
// tags = ["coverage", "leads"]
// identifying = "no"
// sort = ["tac_id"]
// notes = [
//   "The window is the days after as_of less that many calendar months (29 February less 12 months: 28 February), to as_of.",
//   "leads and days_without_lead look at the days of the window on which the TAC was active.",
//   "A handover is a lead interval that starts on any day of the window while the interval before it, in order of start and practitioner_id, is another practitioner's; the first interval of a TAC is none.",
// ]
// parameters = [
//   {name = "months", type = "integer", default = "settings:queries.continuity_months", unit = "calendar months", meaning = "length of the window", minimum = 0},
// ]
// columns = [
//   {name = "tac_id", type = "text", meaning = "the TAC"},
//   {name = "leads", type = "integer", meaning = "distinct practitioners who led it on such a day"},
//   {name = "handovers", type = "integer", meaning = "times the lead went to another practitioner in the window"},
//   {name = "days_without_lead", type = "integer", meaning = "days of the window on which it was active and nobody led"},
// ]

WITH $as_of - duration({months: $months}) + duration({days: 1}) AS first, $as_of + duration({days: 1}) AS after
MATCH (t:Tac)
WHERE t.opened_on <= $as_of AND (t.closed_on IS NULL OR first < t.closed_on)
WITH t, first, CASE WHEN t.opened_on > first THEN t.opened_on ELSE first END AS start,
  CASE WHEN t.closed_on < after THEN t.closed_on ELSE after END AS finish
WHERE start < finish
OPTIONAL MATCH (p:Practitioner)-[l:LEADS]->(t)
WITH t, first, start, finish, p, l
ORDER BY l.started_on, p.practitioner_id
WITH t, first, start, finish, collect(CASE WHEN l IS NOT NULL THEN {
  who: p.practitioner_id, started: l.started_on,
  from: duration.inDays(start, CASE WHEN l.started_on > start THEN l.started_on ELSE start END).days,
  to: duration.inDays(start, CASE WHEN l.ended_on < finish THEN l.ended_on ELSE finish END).days
} END) AS spans, duration.inDays(start, finish).days AS days
WITH t, first, spans, days, [x IN spans WHERE x.from < x.to] AS led
// the sweep keeps [day up to which it has looked, days nobody led so far]
WITH t, first, spans, led, days, reduce(swept = [0, 0], x IN led | [
  CASE WHEN x.to > swept[0] THEN x.to ELSE swept[0] END,
  swept[1] + CASE WHEN x.from > swept[0] THEN x.from - swept[0] ELSE 0 END
]) AS swept
WITH t, swept, days, reduce(seen = [], x IN led | CASE WHEN x.who IN seen THEN seen ELSE seen + [x.who] END) AS seen,
  size([i IN range(1, size(spans) - 1) WHERE first <= head(spans[i..i + 1]).started
    AND head(spans[i..i + 1]).started <= $as_of
    AND head(spans[i..i + 1]).who <> head(spans[i - 1..i]).who]) AS handovers
RETURN t.tac_id AS tac_id, size(seen) AS leads, handovers, swept[1] + days - swept[0] AS days_without_lead
ORDER BY tac_id

WITH opened AS (
  SELECT t.tac_id, a.practitioner_id AS assessor,
    first(p.agency_id ORDER BY NOT coalesce(p.home, true), p.started_on, p.agency_id) AS agency_id
  FROM tacs t JOIN assessments a USING (assessment_id) JOIN posts p ON p.practitioner_id = a.practitioner_id
    AND p.started_on <= a.started_on AND (p.ended_on IS NULL OR a.started_on < p.ended_on)
  WHERE t.opened_on <= $d AND t.opened_on > $d - 365 GROUP BY ALL
), first_lead AS (
  SELECT tac_id, first(practitioner_id ORDER BY started_on, practitioner_id) AS lead FROM leads WHERE started_on <= $d GROUP BY tac_id
)
SELECT agency_id, count(*) AS tacs, count(*) FILTER (WHERE lead = assessor) AS assessor_led,
  count(*) FILTER (WHERE lead = assessor) / count(*) AS share
FROM opened LEFT JOIN first_lead USING (tac_id) GROUP BY agency_id ORDER BY agency_id

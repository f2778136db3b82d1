WITH done AS (
  SELECT a.assessment_id, a.child_id, a.kind, a.started_on,
    first(p.agency_id ORDER BY NOT coalesce(p.home, true), p.started_on, p.agency_id) AS agency_id
  FROM assessments a JOIN posts p ON p.practitioner_id = a.practitioner_id
    AND p.started_on <= a.started_on AND (p.ended_on IS NULL OR a.started_on < p.ended_on)
  WHERE a.started_on <= $d AND a.started_on > $d - 2 * getvariable('repeat_window_days')
  GROUP BY ALL
)
SELECT b.child_id, b.kind, a.assessment_id, a.agency_id, b.assessment_id, b.agency_id, b.started_on - a.started_on AS days_between
FROM done b JOIN done a ON a.child_id = b.child_id AND a.kind = b.kind AND a.agency_id <> b.agency_id
  AND (a.started_on < b.started_on OR a.started_on = b.started_on AND a.assessment_id < b.assessment_id)
  AND b.started_on - a.started_on <= getvariable('repeat_window_days')
WHERE b.started_on > $d - getvariable('repeat_window_days')
ORDER BY 1, 2, 3, 4, 5

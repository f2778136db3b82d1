WITH RECURSIVE line(step, practitioner_id, above) AS (
  SELECT 0, practitioner_id, line_manager_id FROM practitioners WHERE practitioner_id = $practitioner_id
  UNION ALL
  SELECT step + 1, q.practitioner_id, q.line_manager_id FROM line JOIN practitioners q ON q.practitioner_id = line.above
  WHERE step < 1000
)
SELECT step, practitioner_id, q.role, h.home_agency_id
FROM line JOIN practitioners q USING (practitioner_id) LEFT JOIN home_on($d) h USING (practitioner_id) ORDER BY step

WITH begun AS (
  SELECT i.child_id, s.agency_id, min(i.started_on) AS begun
  FROM interventions_on($d) i JOIN services s USING (service_id)
  WHERE i.child_id NOT IN (SELECT child_id FROM tacs_on($d)) GROUP BY ALL
)
SELECT child_id, list(agency_id ORDER BY agency_id) AS agency_ids, list(begun ORDER BY begun)[2] AS since
FROM begun GROUP BY child_id HAVING count(*) > 1 ORDER BY child_id

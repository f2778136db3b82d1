SELECT i.child_id, s.category, list(DISTINCT s.agency_id ORDER BY s.agency_id) AS agency_ids, count(*) AS interventions
FROM interventions_on($d) i JOIN services s USING (service_id)
GROUP BY i.child_id, s.category HAVING count(DISTINCT s.agency_id) > 1
ORDER BY i.child_id, s.category

WITH used AS (SELECT service_id, count(DISTINCT child_id) AS children FROM interventions_on($d) GROUP BY service_id)
SELECT category, service_id, name, agency_id, is_sensitive(sensitive, category) AS sensitive, coalesce(children, 0) AS active_children
FROM services LEFT JOIN used USING (service_id) ORDER BY category, service_id

WITH led AS (
  SELECT child_id, list(DISTINCT practitioner_id ORDER BY practitioner_id) AS lead_ids
  FROM leads_on($d) GROUP BY child_id HAVING count(DISTINCT practitioner_id) > 1
)
SELECT child_id, list(t.tac_id ORDER BY t.tac_id) AS tac_ids, lead_ids
FROM led JOIN tacs_on($d) t USING (child_id) GROUP BY child_id, lead_ids ORDER BY child_id

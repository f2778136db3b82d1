WITH family AS (
  SELECT c.family_id, count(DISTINCT c.child_id) AS children, list(DISTINCT c.child_id ORDER BY c.child_id) AS child_ids,
    list(DISTINCT t.tac_id ORDER BY t.tac_id) AS tac_ids
  FROM tacs_on($d) t JOIN children c USING (child_id) WHERE c.family_id IS NOT NULL GROUP BY c.family_id
), led AS (
  SELECT c.family_id, count(DISTINCT l.practitioner_id) AS people,
    list(DISTINCT l.practitioner_id ORDER BY l.practitioner_id) AS lead_ids,
    coalesce(list(DISTINCT h.home_agency_id ORDER BY h.home_agency_id) FILTER (WHERE h.home_agency_id IS NOT NULL), []) AS agency_ids
  FROM leads_on($d) l JOIN children c USING (child_id) LEFT JOIN home_on($d) h USING (practitioner_id) GROUP BY c.family_id
)
SELECT family_id, child_ids, tac_ids, lead_ids, agency_ids
FROM family JOIN led USING (family_id) WHERE children > 1 AND people > 1 ORDER BY family_id

WITH ruling AS (
  SELECT s.child_id, first(r ORDER BY r.precedence) AS rule
  FROM statuses s JOIN allocation_rule r USING (status)
  WHERE s.started_on <= $d AND (s.ended_on IS NULL OR $d < s.ended_on) GROUP BY s.child_id
), led AS (
  SELECT l.tac_id, l.child_id, list(l.practitioner_id ORDER BY l.practitioner_id) AS lead_ids, list(DISTINCT q.role ORDER BY q.role) AS lead_roles
  FROM leads_on($d) l JOIN practitioners q USING (practitioner_id) GROUP BY ALL
)
SELECT tac_id, child_id, rule.status, rule.strength, list_sort(rule.roles) AS required_roles, lead_ids, lead_roles
FROM led JOIN ruling USING (child_id) WHERE NOT list_has_any(lead_roles, rule.roles) ORDER BY tac_id

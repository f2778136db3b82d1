WITH last AS (SELECT tac_id, max(ended_on) AS ended_on FROM leads WHERE ended_on <= $d GROUP BY tac_id),
size AS (SELECT tac_id, count(*) AS size FROM team_on($d) GROUP BY tac_id)
SELECT t.tac_id, t.child_id, coalesce(n.level, getvariable('default_needs_level'))::BIGINT AS level, coalesce(s.size, 0) AS team_size,
  $d - greatest(t.opened_on, coalesce(l.ended_on, t.opened_on)) AS days_without_lead
FROM tacs_on($d) t ANTI JOIN leads_on($d) x USING (tac_id)
LEFT JOIN last l USING (tac_id) LEFT JOIN size s USING (tac_id) LEFT JOIN level_on($d) n USING (child_id)
ORDER BY t.tac_id

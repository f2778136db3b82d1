WITH last AS (SELECT tac_id, max(held_on) AS held_on FROM reviews WHERE held_on <= $d GROUP BY tac_id),
due AS (
  SELECT t.tac_id, t.child_id, coalesce(t.next_review_on, coalesce(l.held_on, t.opened_on) + getvariable('review_days')) AS due_on
  FROM tacs_on($d) t LEFT JOIN last l USING (tac_id)
)
SELECT tac_id, child_id, coalesce(lead_ids, []) AS lead_ids, due_on, $d - due_on AS days_overdue
FROM due LEFT JOIN lead_lists($d) USING (tac_id) WHERE due_on < $d ORDER BY tac_id

SELECT a.action_id, a.tac_id, a.practitioner_id, h.home_agency_id, a.due_on, $d - a.due_on AS days_overdue
FROM actions a SEMI JOIN tacs_on($d) t USING (tac_id) LEFT JOIN home_on($d) h USING (practitioner_id)
WHERE a.due_on < $d AND (a.done_on IS NULL OR a.done_on > $d) ORDER BY a.action_id

SELECT l.tac_id, l.practitioner_id, 'no_post' AS problem FROM leads_on($d) l ANTI JOIN posts_on($d) p USING (practitioner_id)
UNION ALL
SELECT l.tac_id, l.practitioner_id, 'not_member' FROM leads_on($d) l
ANTI JOIN memberships m ON m.tac_id = l.tac_id AND m.practitioner_id = l.practitioner_id
  AND m.started_on <= $d AND (m.ended_on IS NULL OR $d < m.ended_on)
ORDER BY 1, 2, 3

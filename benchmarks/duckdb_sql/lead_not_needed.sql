SELECT tac_id, child_id, practitioner_id FROM team_on($d) WHERE size = 1 ORDER BY tac_id

SELECT child_id, list(tac_id ORDER BY tac_id) AS tac_ids
FROM tacs_on($d) GROUP BY child_id HAVING count(*) > 1 ORDER BY child_id

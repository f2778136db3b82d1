WITH team AS (SELECT * FROM team_on($d)),
pairs AS (
  SELECT a.tac_id AS tac_id_1, b.tac_id AS tac_id_2, a.child_id AS child_1, b.child_id AS child_2, a.size AS size_1, b.size AS size_2,
    count(*) AS shared
  FROM team a JOIN team b ON a.practitioner_id = b.practitioner_id AND a.tac_id < b.tac_id
  GROUP BY ALL HAVING count(*) >= getvariable('min_shared')
)
SELECT tac_id_1, tac_id_2, shared, shared / (size_1 + size_2 - shared) AS jaccard,
  child_1 = child_2 OR coalesce(one.family_id = other.family_id, false) AS same_family
FROM pairs LEFT JOIN children one ON one.child_id = child_1 LEFT JOIN children other ON other.child_id = child_2
ORDER BY tac_id_1, tac_id_2

-- the first of the month plus days: 29 February of a year without one becomes 1 March
WITH young AS (
  SELECT c.child_id, t.tac_id, make_date(year(birth_date) + 18, month(birth_date), 1) + (day(birth_date)::INT - 1) AS turns_18_on
  FROM tacs_on($d) t JOIN children c USING (child_id) WHERE birth_date IS NOT NULL
)
SELECT child_id, tac_id, coalesce(lead_ids, []) AS lead_ids, turns_18_on
FROM young LEFT JOIN lead_lists($d) USING (tac_id)
WHERE turns_18_on > $d AND turns_18_on <= $d + getvariable('transition_days') ORDER BY child_id, tac_id

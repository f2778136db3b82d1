WITH sides AS (
  SELECT tac_id, home_agency_id AS agency_id, list(practitioner_id) AS people
  FROM team_on($d) JOIN home_on($d) USING (practitioner_id) GROUP BY ALL
)
SELECT a.agency_id, b.agency_id, count(*) AS shared_tacs,
  len(list_distinct(flatten(list(list_concat(a.people, b.people))))) AS practitioners
FROM sides a JOIN sides b ON a.tac_id = b.tac_id AND a.agency_id < b.agency_id
GROUP BY 1, 2 ORDER BY 1, 2

WITH room AS (SELECT *, sum(capacity) OVER (PARTITION BY practitioner_id) AS total FROM capacity_on($d)),
able AS (SELECT DISTINCT practitioner_id, total, home_agency_id FROM room JOIN home_on($d) USING (practitioner_id) WHERE total > 0),
points AS (SELECT * FROM points_on($d)),
carried AS (
  SELECT practitioner_id, home_agency_id, count(*) AS led, sum(points) AS points
  FROM points JOIN able USING (practitioner_id) WHERE leads = 1 GROUP BY ALL
),
drawn AS (
  SELECT a.home_agency_id, a.total / sum(a.total) OVER (PARTITION BY p.tac_id) AS chance
  FROM (SELECT *, sum(leads) OVER (PARTITION BY tac_id) AS leads_there FROM points) p JOIN able a USING (practitioner_id)
  WHERE p.leads_there = 1
),
rows AS (
  SELECT agency_id, coalesce(sum(c.points * capacity / total), 0) AS lead_points, sum(capacity) AS capacity
  FROM room LEFT JOIN carried c USING (practitioner_id) GROUP BY agency_id HAVING sum(capacity) > 0
)
SELECT r.agency_id, coalesce(l.led, 0)::BIGINT AS tacs_led, coalesce(e.expected, 0) AS expected_tacs_led, lead_points, capacity,
  lead_points / nullif(sum(lead_points) OVER (), 0) AS load_share, capacity / sum(capacity) OVER () AS capacity_share,
  load_share / capacity_share AS disparity
FROM rows r
LEFT JOIN (SELECT home_agency_id, sum(led) AS led FROM carried GROUP BY 1) l ON l.home_agency_id = r.agency_id
LEFT JOIN (SELECT home_agency_id, sum(chance) AS expected FROM drawn GROUP BY 1) e ON e.home_agency_id = r.agency_id
ORDER BY r.agency_id

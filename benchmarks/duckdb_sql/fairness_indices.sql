-- Gini, Theil with its parts, Hoover, Jain: the measures page, Fairness across agencies
WITH room AS (SELECT *, sum(capacity) OVER (PARTITION BY practitioner_id) AS total FROM capacity_on($d)),
points AS (SELECT * FROM points_on($d)),
used AS (
  SELECT r.practitioner_id, h.home_agency_id, coalesce(p.points, 0) / r.total AS x
  FROM (SELECT DISTINCT practitioner_id, total FROM room WHERE total > 0) r
  LEFT JOIN (SELECT practitioner_id, sum(points) AS points FROM points GROUP BY 1) p USING (practitioner_id)
  JOIN home_on($d) h USING (practitioner_id)
), whole AS (SELECT count(*) AS n, avg(x) AS mu FROM used),
ranked AS (SELECT x, row_number() OVER (ORDER BY x) AS i FROM used),
equal AS (
  SELECT sum(count * avg / mu * CASE WHEN avg > 0 THEN ln(avg / mu) ELSE 0 END) / any_value(n) AS theil_between
  FROM (SELECT home_agency_id, count(*) AS count, avg(x) AS avg FROM used GROUP BY 1), whole
), shares AS (
  SELECT agency_id, sum(capacity) AS capacity, coalesce(sum(c.points * capacity / total) FILTER (WHERE total > 0), 0) AS led
  FROM room LEFT JOIN (SELECT practitioner_id, sum(points) AS points FROM points WHERE leads = 1 GROUP BY 1) c USING (practitioner_id)
  GROUP BY agency_id HAVING sum(capacity) > 0
), totals AS (SELECT sum(capacity) AS capacity, nullif(sum(led), 0) AS led FROM shares),
agencies AS (
  SELECT sum(abs(s.led / t.led - s.capacity / t.capacity)) / 2 AS hoover,
    sum(s.led / s.capacity) ^ 2 / (count(*) * nullif(sum((s.led / s.capacity) ^ 2), 0)) AS jain
  FROM shares s, totals t
), theil AS (SELECT sum(CASE WHEN x > 0 THEN x / mu * ln(x / mu) ELSE 0 END) / any_value(n) AS theil FROM used, whole)
SELECT (SELECT sum((2 * i - n - 1) * x) / (any_value(n) ^ 2 * any_value(mu)) FROM ranked, whole) AS gini,
  theil, theil_between, theil - theil_between AS theil_within, hoover, jain
FROM theil, equal, agencies

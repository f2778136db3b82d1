WITH people AS (
  SELECT c.school_id, a.* FROM around_on($d) a JOIN children c USING (child_id)
  WHERE c.school_id IS NOT NULL AND a.home_agency_id <> c.school_id
), roles AS (
  SELECT school_id, list(role || ':' || held ORDER BY role || ':' || held) AS roles
  FROM (SELECT school_id, role, count(DISTINCT practitioner_id) AS held FROM people GROUP BY ALL) GROUP BY school_id
)
SELECT school_id, count(DISTINCT child_id) AS children, count(DISTINCT practitioner_id) AS practitioners,
  count(DISTINCT home_agency_id) AS agencies, first(roles) AS roles
FROM people JOIN roles USING (school_id) GROUP BY school_id
HAVING count(DISTINCT practitioner_id) >= getvariable('min_practitioners_school') ORDER BY school_id

WITH roles AS (
  SELECT child_id, role, count(*) AS held, list(home_agency_id) AS homes FROM around_on($d) GROUP BY child_id, role
)
SELECT child_id, sum(held)::BIGINT AS practitioners,
  len(list_distinct(list_filter(flatten(list(homes)), lambda a: a IS NOT NULL))) AS agencies,
  coalesce(list(role ORDER BY role) FILTER (WHERE held > 1), []) AS roles_doubled
FROM roles GROUP BY child_id HAVING sum(held) >= getvariable('min_practitioners_child') ORDER BY child_id

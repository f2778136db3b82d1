WITH numbers AS (
  UNPIVOT (SELECT child_id, birth_date, nhs_number, upn FROM children WHERE birth_date IS NULL OR birth_date <= $d)
  ON nhs_number, upn INTO NAME kind VALUE number
), shared AS (
  SELECT *, first(child_id) OVER same AS first_id, first(birth_date) OVER same AS first_born, count(*) OVER (PARTITION BY kind, number) AS sharing
  FROM numbers WINDOW same AS (PARTITION BY kind, number ORDER BY child_id)
)
SELECT first_id, child_id, list(kind ORDER BY kind) AS numbers, max(sharing) AS sharing, first(first_born = birth_date) AS same_birth_date
FROM shared WHERE sharing > 1 AND child_id <> first_id GROUP BY first_id, child_id ORDER BY first_id, child_id

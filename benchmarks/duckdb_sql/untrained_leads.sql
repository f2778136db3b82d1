WITH led AS (SELECT practitioner_id, count(*) AS tacs_led FROM leads_on($d) GROUP BY practitioner_id)
SELECT practitioner_id, h.home_agency_id, tacs_led, NOT coalesce(lead_trained_on <= $d, false) AS untrained,
  coalesce(term_time_only, false) AS term_time_only
FROM led JOIN practitioners USING (practitioner_id) LEFT JOIN home_on($d) h USING (practitioner_id)
WHERE untrained OR coalesce(term_time_only, false) ORDER BY practitioner_id

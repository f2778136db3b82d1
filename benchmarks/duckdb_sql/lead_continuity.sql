WITH frame AS (SELECT ($d - to_months(getvariable('continuity_months')))::DATE + 1 AS first, $d + 1 AS finish),
tac AS (
  SELECT tac_id, greatest(opened_on, first) AS opens, least(coalesce(closed_on, finish), finish) AS shuts
  FROM tacs, frame WHERE greatest(opened_on, first) < least(coalesce(closed_on, finish), finish)
  AND (closed_on IS NULL OR opened_on < closed_on)
), span AS (
  SELECT tac_id, practitioner_id, started_on, greatest(started_on, opens) AS begins, least(coalesce(ended_on, shuts), shuts) AS ends,
    lag(practitioner_id) OVER (PARTITION BY tac_id ORDER BY started_on, practitioner_id) AS before
  FROM leads JOIN tac USING (tac_id)
), led AS (
  SELECT *, max(ends) OVER (PARTITION BY tac_id ORDER BY started_on, practitioner_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
  FROM span WHERE begins < ends
), covered AS (
  SELECT tac_id, count(DISTINCT practitioner_id) AS leads, sum(greatest(0, ends - greatest(begins, coalesce(reached, begins)))) AS days
  FROM led GROUP BY tac_id
), changed AS (
  SELECT tac_id, count(*) AS handovers FROM span, frame WHERE before <> practitioner_id AND started_on BETWEEN first AND $d GROUP BY tac_id
)
SELECT tac_id, coalesce(leads, 0) AS leads, coalesce(handovers, 0) AS handovers, (shuts - opens - coalesce(days, 0))::BIGINT AS days_without_lead
FROM tac LEFT JOIN covered USING (tac_id) LEFT JOIN changed USING (tac_id) ORDER BY tac_id

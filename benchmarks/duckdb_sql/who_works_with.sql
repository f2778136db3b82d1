WITH ways AS (
  SELECT l.practitioner_id, 'lead' AS via, l.started_on FROM leads l SEMI JOIN tacs_on($d) t ON t.tac_id = l.tac_id AND t.child_id = $child_id
  WHERE l.started_on <= $d AND (l.ended_on IS NULL OR $d < l.ended_on)
  UNION ALL
  SELECT m.practitioner_id, 'member', m.started_on FROM memberships m SEMI JOIN tacs_on($d) t ON t.tac_id = m.tac_id AND t.child_id = $child_id
  WHERE m.started_on <= $d AND (m.ended_on IS NULL OR $d < m.ended_on)
  UNION ALL
  SELECT i.practitioner_id, 'intervention', i.started_on FROM interventions_on($d) i JOIN services s USING (service_id)
  WHERE i.child_id = $child_id AND i.practitioner_id IS NOT NULL AND (coalesce(i.consent, false) OR NOT is_sensitive(s.sensitive, s.category))
  UNION ALL
  SELECT practitioner_id, 'assessment', started_on FROM assessments
  WHERE child_id = $child_id AND practitioner_id IS NOT NULL AND started_on <= $d AND (completed_on IS NULL OR $d < completed_on)
)
SELECT practitioner_id, first(q.role) AS role, first(h.home_agency_id) AS agency_id, via, min(started_on) AS since
FROM ways JOIN practitioners q USING (practitioner_id) LEFT JOIN home_on($d) h USING (practitioner_id)
GROUP BY practitioner_id, via ORDER BY practitioner_id, via

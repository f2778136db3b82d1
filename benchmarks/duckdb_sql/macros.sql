-- What most questions need, once. Definitions: the measures page, Teams and load.
-- The weights of the settings are variables and two small tables: need_weight(level, weight), role_share(role, share).

CREATE MACRO tacs_on(d) AS TABLE
  SELECT * FROM tacs WHERE opened_on <= d AND (closed_on IS NULL OR d < closed_on);

CREATE MACRO leads_on(d) AS TABLE
  SELECT DISTINCT t.tac_id, t.child_id, l.practitioner_id
  FROM tacs_on(d) t JOIN leads l USING (tac_id)
  WHERE l.started_on <= d AND (l.ended_on IS NULL OR d < l.ended_on);

CREATE MACRO posts_on(d) AS TABLE
  SELECT * FROM posts WHERE started_on <= d AND (ended_on IS NULL OR d < ended_on);

CREATE MACRO home_on(d) AS TABLE
  SELECT practitioner_id, first(agency_id ORDER BY NOT coalesce(home, true), started_on, agency_id) AS home_agency_id
  FROM posts_on(d) GROUP BY practitioner_id;

CREATE MACRO team_on(d) AS TABLE
  SELECT tac_id, child_id, opened_on, practitioner_id, max(leads) AS leads,
    count(*) OVER (PARTITION BY tac_id) AS size
  FROM (
    SELECT tac_id, practitioner_id, 0 AS leads FROM memberships
    WHERE started_on <= d AND (ended_on IS NULL OR d < ended_on)
    UNION ALL
    SELECT tac_id, practitioner_id, 1 FROM leads
    WHERE started_on <= d AND (ended_on IS NULL OR d < ended_on)
  ) JOIN tacs_on(d) USING (tac_id)
  GROUP BY tac_id, child_id, opened_on, practitioner_id;

CREATE MACRO level_on(d) AS TABLE
  SELECT child_id, max(level) AS level FROM needs
  WHERE started_on <= d AND (ended_on IS NULL OR d < ended_on) GROUP BY child_id;

CREATE MACRO points_on(d) AS TABLE
  SELECT t.tac_id, t.practitioner_id, t.leads, w.weight * CASE WHEN t.leads = 0 THEN getvariable('supporting_factor')
    ELSE (1 + getvariable('team_size_step') * greatest(0, t.size - getvariable('team_size_free')))
      * CASE WHEN d - t.opened_on < getvariable('set_up_days') THEN getvariable('set_up_factor') ELSE 1 END
    END AS points
  FROM team_on(d) t LEFT JOIN level_on(d) n USING (child_id)
  JOIN need_weight w ON w.level = coalesce(n.level, getvariable('default_needs_level'));

CREATE MACRO capacity_on(d) AS TABLE
  SELECT p.practitioner_id, p.agency_id,
    p.fte * coalesce(p.tac_share, s.share, getvariable('default_tac_share')) * getvariable('points_per_fte')
      * CASE WHEN d < q.newly_qualified_until THEN getvariable('newly_qualified_share') ELSE 1 END AS capacity
  FROM posts_on(d) p JOIN practitioners q USING (practitioner_id) LEFT JOIN role_share s USING (role);

CREATE MACRO load_on(d) AS TABLE
  WITH carried AS (
    SELECT practitioner_id, sum(leads) AS tacs_led, count(*) - sum(leads) AS tacs_supported, sum(points) AS points
    FROM points_on(d) GROUP BY practitioner_id
  ), room AS (SELECT practitioner_id, sum(capacity) AS capacity FROM capacity_on(d) GROUP BY practitioner_id)
  SELECT practitioner_id, q.role, h.home_agency_id, coalesce(tacs_led, 0)::BIGINT AS tacs_led,
    coalesce(tacs_supported, 0)::BIGINT AS tacs_supported, coalesce(points, 0) AS points,
    coalesce(capacity, 0) AS capacity, CASE WHEN capacity > 0 THEN coalesce(points, 0) / capacity END AS utilisation
  FROM (carried FULL JOIN room USING (practitioner_id)) LEFT JOIN practitioners q USING (practitioner_id)
  LEFT JOIN home_on(d) h USING (practitioner_id);

CREATE MACRO lead_lists(d) AS TABLE
  SELECT tac_id, list(practitioner_id ORDER BY practitioner_id) AS lead_ids FROM leads_on(d) GROUP BY tac_id;

CREATE MACRO interventions_on(d) AS TABLE
  SELECT * FROM interventions WHERE started_on <= d AND (ended_on IS NULL OR d < ended_on);

-- everybody around a child: in an active team, or delivering an active intervention
CREATE MACRO around_on(d) AS TABLE
  SELECT a.child_id, a.practitioner_id, q.role, h.home_agency_id
  FROM (
    SELECT child_id, practitioner_id FROM team_on(d)
    UNION
    SELECT child_id, practitioner_id FROM interventions_on(d) WHERE practitioner_id IS NOT NULL
  ) a JOIN practitioners q USING (practitioner_id) LEFT JOIN home_on(d) h USING (practitioner_id);

CREATE MACRO is_sensitive(stated, category) AS
  coalesce(stated, list_contains(getvariable('sensitive_categories'), category));

-- The import format as tables; a file is inserted by the names of its columns, so a column may be absent.
CREATE TABLE agencies (agency_id VARCHAR, name VARCHAR, sector VARCHAR, parent_agency_id VARCHAR, pooled_contribution_gbp DOUBLE);
CREATE TABLE practitioners (practitioner_id VARCHAR, role VARCHAR, name VARCHAR, line_manager_id VARCHAR, lead_trained_on DATE,
  term_time_only BOOLEAN, newly_qualified_until DATE);
CREATE TABLE posts (practitioner_id VARCHAR, agency_id VARCHAR, started_on DATE, ended_on DATE, fte DOUBLE, home BOOLEAN, tac_share DOUBLE);
CREATE TABLE children (child_id VARCHAR, family_id VARCHAR, school_id VARCHAR, birth_date DATE, locality VARCHAR, upn VARCHAR,
  nhs_number VARCHAR, first_name VARCHAR, last_name VARCHAR, postcode VARCHAR);
CREATE TABLE statuses (child_id VARCHAR, status VARCHAR, started_on DATE, ended_on DATE);
CREATE TABLE needs (child_id VARCHAR, level INTEGER, started_on DATE, ended_on DATE);
CREATE TABLE assessments (assessment_id VARCHAR, child_id VARCHAR, practitioner_id VARCHAR, kind VARCHAR, started_on DATE, completed_on DATE);
CREATE TABLE tacs (tac_id VARCHAR, child_id VARCHAR, opened_on DATE, closed_on DATE, model VARCHAR, assessment_id VARCHAR, next_review_on DATE);
CREATE TABLE memberships (tac_id VARCHAR, practitioner_id VARCHAR, started_on DATE, ended_on DATE);
CREATE TABLE leads (tac_id VARCHAR, practitioner_id VARCHAR, started_on DATE, ended_on DATE, reason VARCHAR);
CREATE TABLE services (service_id VARCHAR, agency_id VARCHAR, category VARCHAR, name VARCHAR, sensitive BOOLEAN);
CREATE TABLE interventions (intervention_id VARCHAR, child_id VARCHAR, service_id VARCHAR, practitioner_id VARCHAR, started_on DATE,
  ended_on DATE, consent BOOLEAN);
CREATE TABLE actions (action_id VARCHAR, tac_id VARCHAR, practitioner_id VARCHAR, due_on DATE, done_on DATE);
CREATE TABLE reviews (tac_id VARCHAR, held_on DATE);
CREATE TABLE need_weight (level INTEGER, weight DOUBLE);
CREATE TABLE role_share (role VARCHAR, share DOUBLE);
CREATE TABLE allocation_rule (status VARCHAR, precedence INTEGER, strength VARCHAR, roles VARCHAR[]);

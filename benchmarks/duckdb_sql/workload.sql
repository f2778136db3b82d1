SELECT * FROM load_on($d) ORDER BY practitioner_id

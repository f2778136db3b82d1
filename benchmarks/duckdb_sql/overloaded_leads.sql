SELECT * FROM load_on($d)
WHERE tacs_led > 0 AND utilisation > getvariable('overload_threshold') + 1e-9
ORDER BY round(utilisation, 9) DESC, practitioner_id

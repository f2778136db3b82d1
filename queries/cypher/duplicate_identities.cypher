// title = "Children who may be one child"
// question = "Which children share an NHS number or a unique pupil number, and so may be one child twice?"
// grain = "a child, and the first child (by id) that has the same number"
// source = "DU, CAF fact sheet; the measures page, the query catalogue"
// tags = ["duplication", "data quality"]
// identifying = "child"
// sort = ["child_id_1", "child_id_2"]
// notes = [
//   "Numbers are compared by their keyed hashes, which nobody can read back. Children born after the date are left out.",
//   "Of many children with one number each is set beside the first only: `sharing` says how many there are. A number on very many children is a placeholder, not a duplicate.",
//   "Pairs that `tacgraph match` found by name, date of birth and postcode are on the page Same child?: names are not in the graph.",
// ]
// parameters = []
// columns = [
//   {name = "child_id_1", type = "text", meaning = "the first child with the number"},
//   {name = "child_id_2", type = "text", meaning = "another child with the number"},
//   {name = "numbers", type = "list", meaning = "which numbers they share: nhs_number, upn"},
//   {name = "sharing", type = "integer", meaning = "children who have the number (the most, of two numbers)"},
//   {name = "same_birth_date", type = "boolean", meaning = "whether their dates of birth are equal; empty where one is missing"},
// ]

MATCH (c:Child)
WHERE c.birth_date IS NULL OR c.birth_date <= $as_of
UNWIND [['nhs_number', c.nhs_number_hash], ['upn', c.upn_hash]] AS held
WITH c, held[0] AS kind, held[1] AS number
WHERE number IS NOT NULL
WITH c, kind, number
ORDER BY c.child_id
WITH kind, number, collect(c) AS children
WHERE size(children) >= 2
UNWIND children[1..] AS other
WITH head(children) AS first, other, kind, size(children) AS sharing
ORDER BY kind
WITH first, other, collect(kind) AS numbers, max(sharing) AS sharing
RETURN first.child_id AS child_id_1,
  other.child_id AS child_id_2,
  numbers,
  sharing,
  first.birth_date = other.birth_date AS same_birth_date
ORDER BY child_id_1, child_id_2

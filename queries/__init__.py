"""The catalogue of Cypher queries and how they are run."""

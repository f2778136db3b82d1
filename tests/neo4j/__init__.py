"""A real Neo4j 5.26 LTS Community server for tests and benchmarks, from its published Maven artifacts."""

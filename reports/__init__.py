"""Charts and the monthly workload report."""

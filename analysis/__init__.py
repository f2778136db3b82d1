"""The as-of slice and the second road to each figure."""

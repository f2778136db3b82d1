"""The pages that managers open."""

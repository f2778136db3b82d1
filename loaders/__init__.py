"""Read, check, shape, load: from somebody's files to the graph."""

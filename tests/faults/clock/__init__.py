"""For the path of a process alone."""

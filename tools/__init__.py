"""Tools of the project: the list of parts, the archives, the pictures, the demo."""

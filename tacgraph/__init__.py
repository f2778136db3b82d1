"""The command line that ties the rest."""

"""`python -m tacgraph`: the command line."""

from tacgraph.cli import main

main()

"""How fast it is, measured: `make bench` runs every group and writes the figures with the machine."""

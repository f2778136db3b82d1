"""Faults of the machine, provoked for real: lines cut, processes killed, disks full, clocks set."""

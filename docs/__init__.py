"""The documentation, and the program that computes its reference pages."""

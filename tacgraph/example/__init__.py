"""A made-up authority in the canonical format, sized by published figures, with planted and listed cases."""

from tacgraph.example.write import ExampleRefused, ExampleReport, write_example

__all__ = ["ExampleRefused", "ExampleReport", "write_example"]

"""The query catalogue: one `.cypher` file a query, checked as it is read, run as of a date."""

from queries.catalogue import catalogue, check_file, read_catalogue
from queries.header import Column, Parameter, Query
from queries.result import Result
from queries.run import coerce, run, shaped, sorted_rows

__all__ = [
    "Column",
    "Parameter",
    "Query",
    "Result",
    "catalogue",
    "check_file",
    "coerce",
    "read_catalogue",
    "run",
    "shaped",
    "sorted_rows",
]

"""The query catalogue: one `.cypher` file a query, checked as it is read, run as of a date."""

from queries.browser import for_browser
from queries.catalogue import catalogue, check_file, read_catalogue
from queries.free_text import guessed, run_text
from queries.header import Column, Parameter, Query
from queries.own import own_queries, save, search
from queries.result import Result
from queries.run import coerce, find, frame, run, run_query, shaped, sorted_rows

__all__ = [
    "Column",
    "Parameter",
    "Query",
    "Result",
    "catalogue",
    "check_file",
    "coerce",
    "find",
    "for_browser",
    "frame",
    "guessed",
    "own_queries",
    "read_catalogue",
    "run",
    "run_query",
    "run_text",
    "save",
    "search",
    "shaped",
    "sorted_rows",
]

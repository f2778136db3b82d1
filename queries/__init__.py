"""The query catalogue: one `.cypher` file a query, checked as it is read, run as of a date."""

from queries.answering import answer, answer_query, coerce, find, shaped, sorted_rows
from queries.browser import for_browser
from queries.catalogue import catalogue, check_file, read_catalogue
from queries.free_text import answer_text, guessed
from queries.header import Column, Parameter, Query
from queries.notebook import run
from queries.own import own_queries, save, search
from queries.result import Result

__all__ = [
    "Column",
    "Parameter",
    "Query",
    "Result",
    "answer",
    "answer_query",
    "answer_text",
    "catalogue",
    "check_file",
    "coerce",
    "find",
    "for_browser",
    "guessed",
    "own_queries",
    "read_catalogue",
    "run",
    "save",
    "search",
    "shaped",
    "sorted_rows",
]

"""The catalogue from a notebook: one call, one data frame."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from graphmodel.access import Viewer
from graphmodel.settings import data_folder
from graphmodel.store import Store
from queries.answering import answer


def run(
    name: str,
    *,
    as_of: date | str | None = None,
    store: Store | None = None,
    viewer: Viewer | None = None,
    home: Path | str | None = None,
    time_limit: float | None = None,
    row_limit: int | None = None,
    **parameters: Any,
) -> pd.DataFrame:
    """The rows of the query `name` as of a date (or its ISO text; left out: today) as a data frame.

    Nothing else needs to be given: it opens the database that `NEO4J_URI` names, else that of the data
    folder (`home`, else `TACGRAPH_HOME`, else `.tacgraph`), as the account that can only read, and closes it;
    an open `store` is used as it is and stays open. Without a `viewer` it is the one who runs the process;
    give one to state a role and a reason for the audit record. Limits left out are those of the settings.

    Columns are the header's, in its order: dates are datetime64, whole numbers `Int64`, truth values
    `boolean`, decimals float64 (empty: NaN), lists are lists of text. `frame.attrs` says where the rows come
    from: query, title, as_of, parameters (defaults included), load_id, rows, complete, row_limit,
    time_limit_seconds.

    Raises what `answer` raises: `QueryError` for an unknown query, a wrong parameter or what the database
    refuses; `AccessRefused` where the viewer may not see such rows; `EngineError` where there is no database.
    """
    with ExitStack() as stack:
        folder = data_folder() if home is None else Path(home)
        held = store or stack.enter_context(Store.open(folder))
        result = answer(
            name,
            as_of=datetime.now().astimezone().date() if as_of is None else as_of,
            store=held,
            viewer=viewer,
            time_limit=time_limit,
            row_limit=row_limit,
            **parameters,
        )
    return result.frame()

"""The command line that ties the rest: one thin module a command group.

Exit codes: 0 done; 1 a fault not named below; 2 wrong arguments or settings; 3 the database cannot be had;
4 the query failed; 5 the viewer may not see this; 6 the source cannot be read; 7 a load was refused;
8 a disk or a folder is full, read-only, closed, gone or in use.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from cyclopts import App, CycloptsError

from graphmodel.disk import disk_fault
from graphmodel.errors import TacgraphError
from graphmodel.settings import data_folder
from tacgraph import (
    advice_commands,
    agencies_commands,
    audit_commands,
    backup_commands,
    cost_commands,
    data_commands,
    engine_commands,
    export_commands,
    figure_commands,
    ledger_commands,
    matching_commands,
    network_commands,
    overload_commands,
    protection_commands,
    provenance_commands,
    query_commands,
    report_commands,
    site_commands,
    spreadsheet_commands,
    whatif_commands,
)
from tacgraph.console import warn

app = App(
    name="tacgraph",
    help="Who works with whom around which child: workload, fairness and duplication in multi-agency "
    "children's services.",
    version=lambda: version("tacgraph"),
)
app.command(engine_commands.app)
app.command(data_commands.load)
app.command(data_commands.example)
app.command(export_commands.export)
app.command(spreadsheet_commands.map_, name="map")
app.command(spreadsheet_commands.template)
app.command(audit_commands.app)
app.command(backup_commands.backup)
app.command(backup_commands.restore)
app.command(protection_commands.retain)
app.command(protection_commands.subject_access)
app.command(protection_commands.erase)
app.command(provenance_commands.where_from)
app.command(ledger_commands.app)
app.command(matching_commands.app)
app.command(agencies_commands.app)
app.command(query_commands.query)
app.command(query_commands.cypher)
app.command(figure_commands.fairness)
app.command(network_commands.network)
app.command(overload_commands.overload)
app.command(overload_commands.certainty)
app.command(cost_commands.costs)
app.command(whatif_commands.what_if)
app.command(whatif_commands.schemes)
app.command(advice_commands.advise)
app.command(advice_commands.who_should_lead)
app.command(report_commands.report)
app.command(report_commands.schedule)
app.command(site_commands.dashboard)
app.command(site_commands.doctor)
app.command(site_commands.completion)


def main(words: Sequence[str] | None = None) -> None:
    """Run `words` (default: the process's own); a fault ends in one line: the thing, the fault, the mend."""
    os.umask(0o077)
    try:
        code = app(sys.argv[1:] if words is None else list(words))
    except TacgraphError as fault:
        warn(str(fault))
        sys.exit(fault.exit_code)
    except CycloptsError:
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except KeyboardInterrupt:
        warn("Interrupted; what was committed stays, and the same command can be run again.")
        sys.exit(130)
    except Exception as fault:
        told = disk_fault(fault, data_folder())
        if told is None:
            raise
        warn(str(told))
        sys.exit(told.exit_code)
    sys.exit(code if isinstance(code, int) else 0)

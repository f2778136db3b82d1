"""Charts: rows in, a Plotly figure with its finding, its text summary and its table out.

The one package that knows Plotly. After the Government Analysis Function's guidance on charts: the title
states the finding, marks are labelled directly, bars lie and are sorted, colour never speaks alone, and
the same data stand beside the chart as a table. Frames are those that may be shown: a suppressed figure is
NaN with `suppressed` true.
"""

from reports.charts.advice import handover_curve
from reports.charts.bars import bars, coverage_counts, duplication_counts, lead_points_by
from reports.charts.days import over_days
from reports.charts.drawing import CONFIG, MOST_ROWS, Chart, fragment, library
from reports.charts.ecomap import ecomap
from reports.charts.explained import certainty_of_leads, overload_parts, weights_alone
from reports.charts.fairness import disparity_intervals, load_against_capacity, lorenz
from reports.charts.fairness_months import fairness_trend
from reports.charts.months import over_months, trend
from reports.charts.network import agency_network, numbers, practitioner_network, ties_outside
from reports.charts.overload import overload_by_role, utilisation_bars

__all__ = [
    "CONFIG",
    "MOST_ROWS",
    "Chart",
    "agency_network",
    "bars",
    "certainty_of_leads",
    "coverage_counts",
    "disparity_intervals",
    "duplication_counts",
    "ecomap",
    "fairness_trend",
    "fragment",
    "handover_curve",
    "lead_points_by",
    "library",
    "load_against_capacity",
    "lorenz",
    "numbers",
    "over_days",
    "over_months",
    "overload_by_role",
    "overload_parts",
    "practitioner_network",
    "ties_outside",
    "trend",
    "utilisation_bars",
    "weights_alone",
]

"""How both results are written, for the command line."""

from sprat.report.forms import Form

COMPARED = Form(
    what="a comparison of two runs",
    summary="sprat.studies.history.compare:compare_runs",
    show="sprat.report.history.compare_text:print_comparison",
    html="sprat.report.history.compare_html:render",
    markdown="sprat.report.history.compare_text:markdown",
)
OVER_TIME = Form(
    what="runs over time",
    summary="sprat.studies.history.series:history_of",
    show="sprat.report.history.series_text:print_history",
    html="sprat.report.history.series_html:render",
    markdown="sprat.report.history.series_text:markdown",
)

"""The evaluation table as one self-contained page; every cell leads to its evidence."""

from sprat.report import heuristics as words
from sprat.report.house import page
from sprat.studies.heuristics import Heuristics


def render(table: Heuristics) -> str:
    """The table as one HTML page."""
    names = words.names(table)
    context = {
        "table": table,
        "names": names,
        "lines": words.lines(table),
        "notes": words.footnotes(table),
        "title": " and ".join(names) if len(names) < 3 else f"{len(names)} models",
    }
    styles = ("style.css", "heuristics.css")
    return page("heuristics.html.j2", context, styles=styles, script="")

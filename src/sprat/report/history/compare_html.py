"""Two runs beside each other as one page."""

from typing import Any

from sprat.report.browse.links import to_answer, to_study
from sprat.report.history import compare_rows as rows
from sprat.report.history.pages import made
from sprat.report.pictures.change import change_picture
from sprat.studies.history.compare import RunComparison

MOST_SHOWN = 400


def render(compared: RunComparison, *, framed: bool = False) -> str:
    """One page; `framed`: the gateway shows it, so that links lead to the runs and answers."""
    change = compared.change
    head, tone = rows.HEADS[change.decision]
    moved = rows.moved_rows(compared, MOST_SHOWN)
    context = {
        "c": compared,
        "head": head,
        "tone": tone,
        "difference": rows.difference_words(compared),
        "picture": change_picture(change),
        "sides": rows.side_rows(compared),
        "links": [to_study(change.before.run), to_study(change.now.run)] if framed else [],
        "moved": [(_link(compared, row[0], framed=framed), row) for row in moved],
        "more": len(change.moved) - len(moved),
        "names": {"moved": rows.MOVED, "measures": rows.MEASURES, "grades": rows.GRADES},
        "measures": rows.measure_rows(compared),
        "grades": rows.grade_rows(compared),
        "left_out": rows.left_out(compared),
    }
    return made("runs_compare.html.j2", "Compare", context, framed=framed)


def _link(compared: RunComparison, question: str, *, framed: bool) -> dict[str, Any] | None:
    if not framed:
        return None
    change = compared.change
    return {
        "before": to_answer(change.before.run, question),
        "now": to_answer(change.now.run, question),
    }

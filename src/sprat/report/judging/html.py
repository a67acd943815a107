"""A judge's measurement as one self-contained page."""

from typing import Any

from sprat.report.house import page
from sprat.report.judging import words
from sprat.report.judging.pictures import grade_picture
from sprat.studies.judging.result import JudgeMeasure

MOST_ANSWERS = 1_000
"""More would make a page that no browser likes; `--json` has all."""


def render(found: JudgeMeasure) -> str:
    """A measurement as one HTML page."""
    answers = words.worst_first(found.answers)
    context: dict[str, Any] = {
        "j": found,
        "head": words.headline(found),
        "sentence": words.sentence(found),
        "how": words.how(found),
        "summary_heads": words.SUMMARY,
        "summary": words.summary_rows(found),
        "reasons": words.reasons(found),
        "grades": words.GRADES,
        "dimensions": [
            {
                "name": one.name,
                "asks": one.asks,
                "lines": words.lines(one),
                "picture": grade_picture(one.name, found.answers),
                "given": words.given_rows(found, one.name),
            }
            for one in found.dimensions
        ],
        "answers": [
            (one, words.grade_rows(one), words.apart(one)) for one in answers[:MOST_ANSWERS]
        ],
        "left_out": max(0, len(answers) - MOST_ANSWERS),
    }
    styles = ("style.css", "policy.css", "grounded.css", "judge.css")
    return page("judge.html.j2", context, styles=styles, script="")

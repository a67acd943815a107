"""Grounded answers as one self-contained page."""

from typing import Any

from sprat.report.grounded import pictures, words
from sprat.report.house import page
from sprat.studies.grounded.result import GroundedEvaluation

MOST_ANSWERS = 2_000
"""More would make a page that no browser likes; `--json` has all."""


def render(found: GroundedEvaluation) -> str:
    """An evaluation as one HTML page."""
    answers = words.worth_a_look(found.answers)
    context: dict[str, Any] = {
        "e": found,
        "head": words.headline(found),
        "sentence": words.sentence(found),
        "tables": words.tables(found),
        "path_heads": words.PATH_HEADS,
        "paths": words.path_rows(found),
        "risk": pictures.risk_picture(found.risk),
        "answers": [(answer, *words.outcome(answer)) for answer in answers[:MOST_ANSWERS]],
        "left_out": max(0, len(answers) - MOST_ANSWERS),
    }
    styles = ("style.css", "policy.css", "grounded.css")
    return page("grounded.html.j2", context, styles=styles, script="")

"""Scores with their intervals on one scale, a line for each model, as SVG."""

from markupsafe import Markup

from sprat.report import numbers
from sprat.report.evaluation.words import columns
from sprat.report.pictures.svg import Scale, box, line, picture, text
from sprat.studies.evaluation.result import Evaluation

ROW = 46
"""Height of a model's line: its name above, its interval below."""
TOP, AXIS = 6, 24
MARKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def scores_picture(found: Evaluation) -> Markup:
    """Each model's score and interval from 0% to 100%; empty where nothing is scored."""
    named = zip(columns(found), found.models, strict=True)
    scored = [(name, model.summary) for name, model in named if model.summary.score is not None]
    if not scored:
        return Markup()
    scale = Scale(0.0, 1.0)
    bottom = TOP + ROW * len(scored)
    children: list[Markup] = [
        line(scale(value), TOP, scale(value), bottom, "grid") for value in MARKS
    ]
    children += [
        text(scale(value), bottom + 17, f"{value:.0%}", "tick") for value in (0.0, 0.5, 1.0)
    ]
    said: list[str] = []
    for place, (name, one) in enumerate(scored):
        middle = TOP + ROW * place + 32
        value, low, high = one.score or 0.0, one.score_low or 0.0, one.score_high or 0.0
        children.append(text(0, middle - 14, name, "region"))
        children.append(box(scale(low), scale(high), middle - 4, 8, "interval"))
        children.append(line(scale(value), middle - 9, scale(value), middle + 9, "interval-middle"))
        said.append(f"{name} {numbers.score(value)}, interval {numbers.score_range(low, high)}")
    return picture(bottom + AXIS, "; ".join(said), children)

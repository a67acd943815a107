"""Quality against time: up is better, left is faster."""

from statistics import median

import msgspec
from markupsafe import Markup

from sprat.report import numbers
from sprat.report.facts import Side, kind_name
from sprat.report.pictures.svg import Scale, line, mark, picture, text
from sprat.studies.comparison import KindSummary, ModelSummary

HEIGHT, TOP, BOTTOM = 300, 18, 262


class Spot(msgspec.Struct, frozen=True):
    """A side on one kind of question: median seconds, score."""

    role: str
    x: float
    y: float
    title: str


def plane_picture(small: Side, large: Side, kinds: tuple[KindSummary, ...]) -> Markup:
    """Both models with their intervals, and each kind of question as a faint mark."""
    models = [side.summary for side in (small, large) if _placed(side.summary)]
    if not models:
        return Markup()
    spots = [*_spots(small, kinds), *_spots(large, kinds)]
    furthest = max([model.answer_s.p95 or model.answer_s.p50 or 0 for model in models])
    scale = Scale(0, max([furthest, *(spot.x for spot in spots)]) * 1.06)
    faint = [mark(s.role, scale(s.x), _y(s.y), s.title, "faint") for s in spots]
    drawn = [piece for model in models for piece in _model(model, scale)]
    said = "; ".join(
        f"{m.name}: score {numbers.score(m.score)}, median answer {numbers.seconds(m.answer_s.p50)}"
        for m in models
    )
    return picture(HEIGHT, f"Score against seconds. {said}.", [*_frame(scale), *faint, *drawn])


def _placed(model: ModelSummary) -> bool:
    return model.score is not None and model.answer_s.p50 is not None


def _y(score: float) -> float:
    return BOTTOM - score * (BOTTOM - TOP)


def _frame(scale: Scale) -> list[Markup]:
    shares = (0, 0.25, 0.5, 0.75, 1)
    rules = [line(0, _y(share), 100, _y(share), "grid") for share in shares]
    sides = [text(0, _y(share) - 4, f"{share:.0%}") for share in shares[1:]]
    ticks = [text(scale(value), BOTTOM + 17, f"{value:g}") for value in scale.ticks()]
    return [*rules, *sides, *ticks, text(50, BOTTOM + 34, "seconds per answer")]


def _model(model: ModelSummary, scale: Scale) -> list[Markup]:
    x, y = scale(model.answer_s.p50 or 0), _y(model.score or 0)
    pieces: list[Markup] = []
    if model.score_low is not None and model.score_high is not None:
        pieces.append(
            line(x, _y(model.score_low), x, _y(model.score_high), f"whisker {model.role}")
        )
    if model.answer_s.p95 is not None:
        pieces.append(line(x, y, scale(model.answer_s.p95), y, f"reach {model.role}"))
    title = f"{model.name}: {numbers.score(model.score)}, {numbers.seconds(model.answer_s.p50)}"
    return [*pieces, mark(model.role, x, y, title, "big")]


def _spots(side: Side, kinds: tuple[KindSummary, ...]) -> list[Spot]:
    found: list[Spot] = []
    for kind in kinds:
        score = kind.small_score if side.summary.role == "small" else kind.large_score
        taken = [a.timing.get("answer_s") for a in side.answers.values() if a.kind == kind.kind]
        known = [value for value in taken if value is not None]
        if score is not None and known:
            title = f"{side.summary.name}, {kind_name(kind.kind)}: {numbers.score(score)}"
            found.append(Spot(side.summary.role, median(known), score, title))
    return found

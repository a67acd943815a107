"""One self-contained page: nothing is fetched, nothing is sent, and it works without JavaScript."""

from typing import Any

from sprat.report import facts, numbers
from sprat.report.answers import choices, shown_pairs
from sprat.report.house import page
from sprat.report.rows import (
    PATH_COLUMNS,
    PATHS_NOTE,
    Row,
    key_rows,
    path_cells,
    policies,
)
from sprat.studies.comparison import Comparison


def render(comparison: Comparison) -> str:
    """The comparison as one HTML page."""
    context = {**_words(comparison), **_pictures(comparison), **_answers(comparison)}
    return page("page.html.j2", context, styles=("style.css",), script="filter.js")


def _words(comparison: Comparison) -> dict[str, Any]:
    small, large = facts.sides(comparison)
    head, tone = facts.headline(comparison)
    rows = key_rows(comparison)
    return {
        "c": comparison,
        "small": small,
        "large": large,
        "head": head,
        "tone": tone,
        "sentence": facts.sentence(comparison),
        "next_step": facts.next_step(comparison.verdict),
        "created": comparison.created.replace("T", " ").removesuffix("Z")[:16] + " UTC",
        "rows": rows,
        "trades": _trades(rows),
        "policies": [
            {"name": model.name, "rows": [path_cells(path) for path in model.paths]}
            for model in policies(comparison)
        ],
        "path_columns": PATH_COLUMNS,
        "paths_note": PATHS_NOTE,
        "missing": numbers.NOT_MEASURED,
        "seconds": numbers.seconds,
        "cell": numbers.count,
        "p_value": _p_value(comparison),
        "about": _about(comparison),
    }


def _trades(rows: list[Row]) -> list[Row]:
    """What is gained and lost at a glance."""
    wanted = ("Score", "First token, median", "Answer, median", "Peak memory")
    return [row for row in rows if row.label in wanted and row.compare]


def _p_value(comparison: Comparison) -> str:
    value = comparison.verdict.mcnemar_p if comparison.verdict else None
    shown = numbers.probability(value)
    return shown if value is None or value < 0.001 else f"= {shown}"


def _about(comparison: Comparison) -> list[tuple[str, list[tuple[str, str]]]]:
    questions = comparison.questions
    asked = {
        "run": comparison.run,
        "created": comparison.created,
        "questions": f"{questions.name}, {questions.n}",
        "questions sha256": questions.sha256,
    }
    chosen = {key: value for key, value in comparison.settings.items() if value is not None}
    sections = [
        ("Settings", facts.flat({**asked, **chosen})),
        ("Environment", facts.flat(comparison.environment)),
        *((model.name, facts.flat(model.identity)) for model in comparison.models),
    ]
    return [(title, lines) for title, lines in sections if lines]


def _pictures(comparison: Comparison) -> dict[str, Any]:
    from sprat.report.pictures import latency
    from sprat.report.pictures.plane import plane_picture
    from sprat.report.pictures.verdict import interval_picture

    small, large = facts.sides(comparison)
    first = latency.distribution_picture(
        "Seconds to the first token", small, large, lambda a: a.timing.get("ttft_s")
    )
    whole = latency.distribution_picture(
        "Seconds to the whole answer", small, large, lambda a: a.timing.get("answer_s")
    )
    return {
        "interval": interval_picture(comparison.verdict) if comparison.verdict else "",
        "first_token": first,
        "answer_time": whole,
        "plane": plane_picture(small, large, comparison.kinds),
        "phases": latency.phases(small, large),
        **_kinds(comparison),
    }


def _kinds(comparison: Comparison) -> dict[str, Any]:
    from sprat.report.pictures import kinds

    if comparison.verdict is None or not comparison.kinds:
        return {"kinds": [], "scores_axis": "", "difference_axis": ""}
    margin = comparison.verdict.margin
    scale = kinds.kinds_scale(comparison.kinds, margin)
    return {
        "scores_axis": kinds.scores_axis(),
        "difference_axis": kinds.difference_axis(scale, margin),
        "kinds": [
            {
                "name": facts.kind_name(kind.kind),
                "n": kind.n,
                "small": numbers.score(kind.small_score),
                "large": numbers.score(kind.large_score),
                "difference": numbers.points(kind.difference),
                "between": numbers.points_range(kind.low, kind.high),
                "scores": kinds.scores_picture(kind),
                "picture": kinds.difference_picture(kind, scale, margin),
            }
            for kind in comparison.kinds
        ],
    }


def _answers(comparison: Comparison) -> dict[str, Any]:
    pairs = facts.pairs(comparison)
    shown = shown_pairs(pairs)
    return {"pairs": shown, "hidden": len(pairs) - len(shown), "choices": choices(pairs)}

"""Evaluations as one self-contained page."""

from typing import Any

from sprat.report import facts, numbers
from sprat.report.answers import expected_text
from sprat.report.evaluation import words
from sprat.report.evaluation.pictures import scores_picture
from sprat.report.house import page
from sprat.studies.evaluation.result import EvaluatedModel, Evaluation, MarkedAnswer

MOST_ANSWERS = 2_000
"""In all; more would make a page that no browser likes, and `--json` has them."""
MAX_CHARS = 6_000


def render(found: Evaluation) -> str:
    """Evaluations as one HTML page."""
    context: dict[str, Any] = {
        "e": found,
        "head": words.headline(found),
        "sentences": words.sentences(found),
        "columns": words.columns(found),
        "rows": words.rows(found),
        "kinds": _slices(found, "kinds"),
        "languages": _slices(found, "languages"),
        "notices": words.notices(found),
        "scores": scores_picture(found),
        "models": [_model(found, model) for model in found.models],
        "not_measured": words.not_measured(found),
        "missing": numbers.NOT_MEASURED,
        "one": len(found.models) == 1,
    }
    styles = ("style.css", "policy.css", "grounded.css", "evaluation.css")
    return page("evaluation.html.j2", context, styles=styles, script="")


def _slices(found: Evaluation, which: str) -> list[words.Row]:
    rows = words.slice_rows(found, which)
    return rows if len(rows) > 1 else []


def _model(found: Evaluation, model: EvaluatedModel) -> dict[str, Any]:
    answers = words.worst(found, model)
    most = MOST_ANSWERS // len(found.models)
    change = model.change
    return {
        "m": model,
        "change": change,
        "decision": words.DECISIONS[change.decision] if change else "",
        "change_lines": words.change_lines(change) if change else [],
        "moved": change.moved[:50] if change else (),
        "rescored": words.rescored_line(model.rescored) if model.rescored else "",
        "judge_lines": words.judge_lines(model),
        "answers": [_answer(marked) for marked in answers[:most]],
        "left_out": max(0, len(answers) - most),
        "about": facts.flat(
            {"run": model.run, "created": model.created, **model.settings, **model.summary.identity}
        ),
    }


def _answer(marked: MarkedAnswer) -> dict[str, Any]:
    answer = marked.answer
    tone = "off" if answer.right is None and answer.error is None else "bad"
    outcome = "failed" if answer.error else "not scored" if answer.right is None else "wrong"
    if answer.right:
        tone, outcome = "good", "right"
    return {
        "id": answer.id,
        "tone": tone,
        "outcome": outcome,
        "prompt": answer.prompt[:MAX_CHARS],
        "short": " ".join(answer.prompt.split())[-180:],
        "expected": expected_text(answer.expected)[:MAX_CHARS],
        "error": answer.error,
        "text": (answer.text or "(empty)")[:MAX_CHARS],
        "why": answer.why,
        "scorer": answer.scorer,
        "score": "" if answer.score is None else numbers.score(answer.score),
        "grades": words.grade_line(marked.grades),
        "notes": marked.notes,
        "judged": words.grade_line(marked.judged),
        "seconds": numbers.seconds(answer.timing.get("answer_s")),
        "cut": answer.finish == "length",
    }

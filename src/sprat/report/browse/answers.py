"""The page of a study's answers."""

from typing import Any, get_args

from sprat.report import numbers
from sprat.report.browse.frame import framed, trail
from sprat.report.browse.links import columns_of, to_answer, to_answers, to_study, turn_of
from sprat.report.browse.outcome import badge_of
from sprat.report.facts import kind_name
from sprat.runs.browse import AnswerPage, AnswerWish, Choices, Outcome
from sprat.runs.study import Study
from sprat.types import Run

MOST_CHARACTERS = 160
OUTCOMES: dict[Outcome, str] = {
    "right": "right", "wrong": "wrong", "unscored": "not scored", "error": "failed",
    "cut": "cut off by the token limit",
}  # fmt: skip
_COLUMNS = (
    ("Question", "question", False), ("Model", "", False), ("Outcome", "score", False),
    ("Answer", "", False), ("Seconds", "seconds", True), ("Tokens", "tokens", True),
)  # fmt: skip


def answers_page(study: Study, found: AnswerPage, wish: AnswerWish, choices: Choices) -> str:
    """A table of them, with filters; each leads to everybody's answer to its question."""
    path = to_answers(study.id)
    further = [(study.id, to_study(study.id)), ("JSON", f"/api{path}")]
    return framed(
        "runs_answers.html.j2",
        "",
        {
            "trail": trail("", further),
            "study": study,
            "names": {model.role: model.name for model in study.models},
            "path": path,
            "answers": [_shown(study.id, run) for run in found.runs],
            "wish": wish,
            "roles": choices.roles,
            "kinds": [(kind, kind_name(kind), n) for kind, n in choices.kinds],
            "outcomes": [(name, OUTCOMES[name]) for name in get_args(Outcome)],
            "columns": columns_of(path, wish, _COLUMNS),
            "turn": turn_of(path, wish, len(found.runs), found.total),
            "sort": f"{'-' if wish.descending else ''}{wish.sort}",
            "filtered": any((wish.role, wish.kind, wish.outcome, wish.text)),
        },
    )


def _shown(study: str, run: Run) -> dict[str, Any]:
    reply = run.reply
    text = run.error or (reply.text if reply else "")
    return {
        "run": run,
        "href": to_answer(study, run.question),
        "kind": kind_name(run.kind),
        "badge": badge_of(run),
        "text": short(text),
        "seconds": numbers.seconds(reply.timing.answer_s) if reply else "",
        "tokens": numbers.count(reply.usage.output_tokens) if reply else "",
    }


def short(text: str) -> str:
    """The beginning of a text, in one line."""
    line = " ".join(text[: 4 * MOST_CHARACTERS].split())
    return line if len(line) <= MOST_CHARACTERS else f"{line[:MOST_CHARACTERS]} …"

"""The page of all recorded studies."""

from typing import Any, get_args

from sprat.report.browse.frame import framed
from sprat.report.browse.links import HOME, columns_of, to_answers, to_study, turn_of
from sprat.runs.browse import Choices, StudyPage, StudyWish
from sprat.runs.study import Status, StudyLine

_COLUMNS = (
    ("Study", "created", False), ("Kind", "kind", False), ("Models", "", False),
    ("Questions", "questions", False), ("Answers", "answers", True), ("Status", "status", False),
)  # fmt: skip


def studies_page(found: StudyPage, wish: StudyWish, choices: Choices) -> str:
    """A table of them, with filters, that sorts and turns its pages by links."""
    return framed(
        "runs_studies.html.j2",
        "Runs",
        {
            "lines": [_shown(line) for line in found.lines],
            "wish": wish,
            "choices": choices,
            "statuses": get_args(Status),
            "columns": columns_of(HOME, wish, _COLUMNS),
            "turn": turn_of(HOME, wish, len(found.lines), found.total),
            "filtered": any(
                getattr(wish, name)
                for name in ("kind", "model", "questions", "status", "since", "until")
            ),
            "sort": f"{'-' if wish.descending else ''}{wish.sort}",
        },
    )


def _shown(line: StudyLine) -> dict[str, Any]:
    return {
        "line": line,
        "when": line.created.replace("T", " ")[:16],
        "href": to_study(line.id),
        "answers": to_answers(line.id),
        "tone": {"done": "good", "running": "open", "stopped": "off"}[line.status],
    }

"""What may stand behind a `?`, for the OpenAPI document: the words of every route, once."""

from typing import Any, get_args

from sprat.runs.browse import AnswerOrder, Outcome, StudyOrder
from sprat.runs.study import Status

MOST_CHARACTERS = 200
_DAY = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def _query(name: str, words: str, example: object, **schema: object) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": words,
        "schema": {"type": "string", **schema},
        "example": example,
    }


def _text(name: str, words: str, example: str) -> dict[str, Any]:
    return _query(name, words, example, maxLength=MOST_CHARACTERS)


def _one_of(name: str, words: str, values: tuple[str, ...]) -> dict[str, Any]:
    return _query(name, words, values[0], enum=list(values))


_ORDERS = tuple(dict.fromkeys((*get_args(StudyOrder), *get_args(AnswerOrder))))

QUERIES: dict[str, dict[str, Any]] = {
    "v": _query(
        "v", "The first 16 characters of the file's SHA-256: then it may be kept for ever.",
        "0123456789abcdef", pattern="^[0-9a-f]{16}$", maxLength=16,
    ),
    "kind": _text("kind", "Of studies: `compare`, `bench` …; of answers: of question.", "compare"),
    "model": _text("model", "A model's name; in a list a part of it.", "smollm2-135m"),
    "questions": _text("questions", "The name of a question set.", "everyday"),
    "status": _one_of("status", "How the study stands.", get_args(Status)),
    "since": _query("since", "The first day, in UTC.", "2026-11-01", pattern=_DAY, maxLength=10),
    "until": _query("until", "The last day, itself included.", "2026-11-30", pattern=_DAY,
                    maxLength=10),
    "role": _text("role", "The side that answered.", "small"),
    "outcome": _one_of("outcome", "How the answer fared.", get_args(Outcome)),
    "text": _text("text", "A part of the question, the answer or the error.", "river"),
    "sort": _query(
        "sort", "What to sort by; with a - in front downwards. Studies: "
        f"{', '.join(get_args(StudyOrder))}; answers: {', '.join(get_args(AnswerOrder))}.",
        "-created", pattern=f"^-?({'|'.join(_ORDERS)})$", maxLength=20,
    ),
    "page": _query("page", "Which page of the list, from 1.", 1, type="integer", minimum=1,
                   maximum=1_000_000),
    "a": _text("a", "The earlier run: `RUN` or `RUN:ROLE`.", "latest:small"),
    "b": _text("b", "The later run.", "latest:large"),
}  # fmt: skip

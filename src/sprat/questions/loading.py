"""`load`: a name or a file → a question set."""

from collections.abc import Collection
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sprat.questions.collection import QuestionSet, collect, only, sample
from sprat.questions.files import missing_file, read_questions
from sprat.questions.options import shuffled
from sprat.questions.rows import to_question
from sprat.types import Question

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

SETS = ("everyday",)
LANGUAGE_FILES = ("ms", "sw")


def load(
    name_or_file: str,
    *,
    limit: int | None = None,
    seed: int = 0,
    kinds: Collection[str] | None = None,
    languages: Collection[str] | None = None,
    shuffle_choices: bool = False,
) -> QuestionSet:
    """Return the named set, or the questions of a file (formats: docs/questions.md).

    `kinds` and `languages` filter first (None: all); `limit` then takes that many, balanced over
    kinds and drawn by `seed`: a larger limit with the same seed contains the smaller one.
    `shuffle_choices` puts the options of multiple choice into an order drawn by `seed`, too.

    Raises:
        QuestionError: no such set or file, a file that cannot be used, or nothing left to ask.
    """
    if name_or_file in SETS:
        name, questions = name_or_file, everyday()
    else:
        path = _existing(name_or_file)
        name, questions = path.name, read_questions(path)
    chosen = sample(only(questions, kinds, languages), limit, seed)
    if shuffle_choices:
        chosen = [shuffled(question, seed) for question in chosen]
    return collect(name, chosen)


def _existing(name: str) -> Path:
    try:
        path = Path(name).expanduser()
        if path.is_file():
            return path
    except (OSError, RuntimeError, ValueError):  # too long a name, no home, a NUL in it
        pass
    raise missing_file(name)


def load_prompt(text: str, *, max_tokens: int = 256) -> QuestionSet:
    """Return a set of one prompt, which nothing scores: the answers are for reading.

    Raises:
        QuestionError: the prompt is empty or too long.
    """
    row = {"id": "prompt", "kind": "prompt", "prompt": text, "max_tokens": max_tokens}
    return collect("prompt", [to_question(row, "--prompt", 1)])


def everyday() -> list[Question]:
    """Return all of the everyday set: six kinds, then the Malay and Swahili versions."""
    folder = resources.files("sprat.questions") / "sets" / "everyday"
    questions: list[Question] = []
    for entry in sorted(folder.iterdir(), key=_file_order):
        if entry.name.endswith(".jsonl"):
            lines = entry.read_text("utf-8").split("\n")
            questions += [
                _everyday_question(line, entry.name, at) for at, line in enumerate(lines, 1) if line
            ]
    return questions


def _file_order(entry: "Traversable") -> tuple[bool, str]:
    return entry.name.partition(".")[0] in LANGUAGE_FILES, entry.name


def _everyday_question(line: str, name: str, number: int) -> Question:
    return to_question(msgspec.json.decode(line), f"{name}, line {number}", number)

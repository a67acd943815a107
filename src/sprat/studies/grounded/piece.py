"""What of the documents can be asked about, and what of a drafted question can be checked."""

import random
import re
from collections.abc import Iterator, Sequence

import msgspec

from sprat.questions.scorers.words import names, tokens
from sprat.rag.store.base import Store
from sprat.studies.grounded.content import content_words

LEAST_CHARS, MOST_CHARS = 100, 1_200
"""Of a passage that is asked about."""
MOST_ANSWER_WORDS = 12
_PARAGRAPH = re.compile(r"(?:(?!\n\s*\n).)+", re.DOTALL)
NAME = re.compile(
    r"(?<![.?!] )(?<!^)(?<![\w.,/-])"
    r"(?:[A-Z][\w-]{2,}(?: [A-Z][\w-]{2,}){0,2}|\d[\d.,]*\d)(?![\w/-]|[.,]\w)"
)
"""A name or a number inside a sentence, as one sees it without knowing the language."""


class Piece(msgspec.Struct, frozen=True):
    """A paragraph of a document."""

    file: str
    start: int
    text: str


def pieces(store: Store) -> Iterator[Piece]:
    """Every paragraph of the store that is long enough to ask about."""
    for file in sorted(store.documents()):
        text = store.text(file) or ""
        for found in _PARAGRAPH.finditer(text):
            part = found[0].strip()
            if LEAST_CHARS <= len(part) <= MOST_CHARS and _is_prose(part):
                yield Piece(file, found.start() + found[0].index(part), part)


def fault_of(question: str, answer: str, piece: Piece) -> str | None:
    """Why a draft is not worth keeping, as the end of "so many …"; None: it is.

    The answer must be short and stand there word for word, and not in the question; the question
    must share a content word with the passage beside the answer.
    """
    words = tokens(answer)
    if not question.rstrip().endswith("?"):
        return "did not keep to the form"
    if not 0 < len(words) <= MOST_ANSWER_WORDS or place_of(answer, piece.text) is None:
        return "had no answer from the passage"
    if names(tokens(question), answer):
        return "gave the answer away"
    about = content_words(question) & (content_words(piece.text) - content_words(answer))
    return None if about else "were about something else"


def changed_subject(
    question: str, piece: Piece, every: Sequence[Piece], draw: random.Random
) -> str | None:
    """The question about something that its document does not name; None: no name to change.

    A number is changed for a number, a name for a name, each from another document.
    """
    found = list(NAME.finditer(question))
    if not found:
        return None
    name = max(found, key=lambda one: len(one[0]))
    own = " ".join(other.text for other in every if other.file == piece.file)
    others = [other for other in every if other.file != piece.file]
    draw.shuffle(others)
    for other in others:
        for swap in NAME.findall(other.text):
            alike = swap[0].isdigit() == name[0][0].isdigit()
            if alike and swap.casefold() not in own.casefold():
                return f"{question[: name.start()]}{swap}{question[name.end() :]}"
    return None


def spread(every: Sequence[Piece], draw: random.Random) -> list[Piece]:
    """One of each document in turn, so that a long one does not have all the questions."""
    by_file: dict[str, list[Piece]] = {}
    for piece in every:
        by_file.setdefault(piece.file, []).append(piece)
    for group in by_file.values():
        draw.shuffle(group)
    ranked = [(rank, piece) for group in by_file.values() for rank, piece in enumerate(group)]
    return [piece for _, piece in sorted(ranked, key=lambda pair: pair[0])]


def place_of(answer: str, text: str) -> tuple[int, int] | None:
    """Its words in a row, whatever stands between them; as the text has them."""
    pattern = r"\W+".join(re.escape(word) for word in re.findall(r"\w+", answer))
    found = re.search(rf"(?<!\w){pattern}(?!\w)", text, re.IGNORECASE) if pattern else None
    return (found.start(), found.end()) if found else None


def _is_prose(text: str) -> bool:
    """Sentences rather than tables and code: mostly letters, and some full stop."""
    letters = sum(char.isalpha() or char.isspace() for char in text)
    return letters >= 0.8 * len(text) and re.search(r"\w[.!?](?:\s|$)", text) is not None

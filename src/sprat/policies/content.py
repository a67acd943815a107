"""Which tokens of a JSON answer are its content, and which only its form."""

from collections.abc import Sequence

from sprat.policies.shape import document
from sprat.policies.tokens import TokenFacts

_OPENING, _CLOSING = "{[", "}]"


def is_document(text: str) -> bool:
    """Say whether a text is a JSON object or list, nobody having asked for one."""
    parsed, value = document(text) if text.lstrip()[:1] in _OPENING else (False, None)
    return parsed and isinstance(value, dict | list)


def content_of(tokens: Sequence[TokenFacts]) -> list[TokenFacts]:
    """The tokens of a JSON answer that hold a character of a value.

    What a brace, a key or a comma is, the form decides and not the model; their near-certainty
    would drown the doubt about a value.
    """
    marks = value_marks("".join(token.text for token in tokens))
    kept: list[TokenFacts] = []
    start = 0
    for token in tokens:
        end = start + len(token.text)
        if any(marks[start:end]):
            kept.append(token)
        start = end
    return kept


def value_marks(text: str) -> list[bool]:
    """For each character, whether it belongs to a value: a string's inside, a number, a literal.

    Reads from the left and never looks ahead, so that the beginning of an answer is judged as it
    will be within the whole.
    """
    reader = _Reader()
    return [reader.is_value(char) for char in text]


class _Reader:
    """Where in a JSON document one is."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._key = False
        self._string = False
        self._escaped = False

    def is_value(self, char: str) -> bool:
        """Take one more character; say whether it belongs to a value."""
        if self._string:
            return self._in_string(char) and not self._key
        if char == '"':
            self._string = bool(self._open)
        elif char in _OPENING:
            self._open.append(char)
            self._key = char == "{"
        elif char in _CLOSING:
            self._open = self._open[:-1]
            self._key = False
        elif char == ",":
            self._key = self._open[-1:] == ["{"]
        elif char == ":":
            self._key = False
        else:
            return bool(self._open) and not char.isspace()
        return False

    def _in_string(self, char: str) -> bool:
        if self._escaped:
            self._escaped = False
        elif char == "\\":
            self._escaped = True
        elif char == '"':
            self._string = False
            return False
        return True

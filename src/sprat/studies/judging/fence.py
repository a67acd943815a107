"""Text to be judged, fenced: data between two marks, never an instruction."""

import hashlib
import re

CODE_CHARS = 12
_MARKS = re.compile(r"<{3,}|>{3,}")


def fence_code(seed: int, *texts: str) -> str:
    """What stands in the marks: of the seed and of the very texts inside, so it can be done again.

    Whoever wrote a text would have to write its own hash into it to close the fence.
    """
    told = "\0".join([str(seed), *texts])
    return hashlib.sha256(told.encode()).hexdigest()[:CODE_CHARS]


def fenced(text: str, code: str = "") -> str:
    """The text between `<<<code` and `code>>>`; marks of its own are pulled apart."""
    return f"<<<{code}{_gap(code)}{harmless(text, code)}{_gap(code)}{code}>>>"


def harmless(text: str, code: str = "") -> str:
    """The text with nothing in it that looks like a fence."""
    text = _MARKS.sub(lambda found: " ".join(found[0]), text)
    return text.replace(code, "…") if code else text


def _gap(code: str) -> str:
    return "\n" if code else ""

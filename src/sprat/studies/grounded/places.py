"""Gold places looked up in the store: they exist, and what stands around them is known."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from sprat.errors import QuestionError
from sprat.studies.grounded.question import Gold, GroundedQuestion
from sprat.studies.grounded.ranks import same_file

if TYPE_CHECKING:
    from sprat.rag.store.base import Store

MOST_CHARS = 1_200
"""Of the paragraph around a place."""
_FIX = "Index it, or correct the question's `gold`."


def placed(questions: Sequence[GroundedQuestion], store: "Store") -> list[GroundedQuestion]:
    """The questions, each gold place with the paragraph around it as it is indexed now.

    Raises:
        QuestionError: a gold file that is not in the store, or is any of several; offsets beyond
            its end.
    """
    files = list(store.documents())
    texts: dict[str, str] = {}
    found: list[GroundedQuestion] = []
    for one in questions:
        golds = tuple(_placed(one.id, gold, files, texts, store) for gold in one.gold)
        found.append(msgspec.structs.replace(one, gold=golds) if golds else one)
    return found


def _placed(
    name: str, gold: Gold, files: Sequence[str], texts: dict[str, str], store: "Store"
) -> Gold:
    if gold.file is None:
        return gold
    file = _file(name, gold.file, files)
    if gold.start is None or gold.end is None:
        return gold
    if file not in texts:
        texts[file] = store.text(file) or ""
    text = texts[file]
    if gold.end > len(text):
        what = f"{name}: {gold.file} has {len(text)} characters; the gold place ends at {gold.end}."
        raise QuestionError(what, fix=_FIX)
    return msgspec.structs.replace(gold, around=_around(text, gold.start, gold.end))


def _file(name: str, wanted: str, files: Sequence[str]) -> str:
    """The one document that is meant."""
    found = [one for one in files if same_file(one, wanted)]
    if not found:
        raise QuestionError(f"{name}: the store has no document {wanted!r}.", fix=_FIX)
    if len(found) > 1:
        raise QuestionError(
            f"{name}: {wanted!r} is any of {len(found)} documents: {found[0]}, {found[1]}"
            f"{', …' if len(found) > 2 else ''}.",
            fix="Give more of its path in the question's `gold`.",
        )
    return found[0]


def _around(text: str, start: int, end: int) -> str:
    """The paragraph, or as much of it as there is room for on both sides."""
    first = text.rfind("\n\n", 0, start) + 2 if "\n\n" in text[:start] else 0
    last = text.find("\n\n", end)
    spare = max(0, MOST_CHARS - (end - start)) // 2
    first, last = max(first, start - spare), min(len(text) if last < 0 else last, end + spare)
    return text[first:last].strip()

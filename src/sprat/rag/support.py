"""Which words of the passages an answer rests on, where the model did not quote them."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sprat.rag.marks import figures, numbers_there, worded
from sprat.rag.prompt import Form, Shown
from sprat.rag.terms import share, terms

_END = re.compile(r"(?<=[.!?])([\"')\]]*)\s+(?=[\"'(\[]*[A-Z0-9])|\n\s*\n|\n(?=\s*[-*#|])")


class Rests(NamedTuple):
    """The sentence that an answer rests on."""

    shown: Shown
    start: int
    """In the document's text, as `end`."""
    end: int
    support: float
    """The share of the answer's own content words, those not in the question, that stand there."""
    near: float
    """The share of the question's content words that stand there or in the sentence before."""


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence begins and ends."""
    start = 0
    for end in _END.finditer(text):
        last = end.end(1) if end[1] else end.start()  # closing brackets belong to it
        if text[start:last].strip():
            yield start, last
        start = end.end()
    if text[start:].strip():
        yield start, len(text)


def own_terms(answer: str, question: str) -> list[str]:
    """The content words that the answer adds to the question; all of them where it adds none."""
    asked = set(terms(question))
    said = terms(answer)
    return [term for term in said if term not in asked] or said


def own_share(answer: str, question: str, text: str) -> float:
    """The share of the answer's own content words in `text`; 0 if one of its numbers is not there.

    The question's numbers count too: what a question takes for granted is no document's.
    """
    if not figures(answer) <= numbers_there(text):
        return 0.0
    return share(own_terms(worded(answer), question), set(terms(text)))


def rests_on(answer: str, question: str, passages: Sequence[Shown]) -> Rests | None:
    """The sentence that holds most of what the answer says, and of what was asked.

    None: no sentence shares a content word with the answer.
    """
    own, asked = own_terms(answer, question), terms(question)
    best: Rests | None = None
    for one in passages:
        before: set[str] = set()
        text, offset = one.found.passage.text, one.found.passage.start
        for start, end in sentences(text):
            there = set(terms(text[start:end]))
            support, near = share(own, there), share(asked, there | before)
            rests = Rests(one, offset + start, offset + end, support, near)
            if own and support > 0 and (best is None or _worth(rests) > _worth(best)):
                best = rests
            before = there
    return best


def _worth(rests: Rests) -> float:
    """What the answer says counts most, for it is what must be shown."""
    return rests.support + 0.5 * rests.near


def guess_of(question: str, passages: Sequence[Shown], form: Form) -> str:
    """What a model probably writes: the sentence that shares most with the question, quoted.

    Then the passages themselves: whoever copies from them comes back to them. Only a guess that
    saves time where it is right; an answer never depends on it.
    """
    asked = terms(question)
    found = [
        (share(asked, set(terms(one.found.passage.text[start:end]))), -one.number, -start, end)
        for one in passages
        for start, end in sentences(one.found.passage.text)
    ]
    if form == "sentence" or not found:
        return "The"
    _, number, start, end = max(found)
    one = next(one for one in passages if one.number == -number)
    nearest = f'"{one.found.passage.text[-start:end]}" [{one.number}]'
    return "\n\n".join([nearest, *(shown.text for shown in passages)])

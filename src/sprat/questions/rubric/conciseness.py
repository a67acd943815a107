"""Does every word of an answer serve? What a rule can see of it."""

from collections.abc import Iterator

from sprat.questions.rubric.coherence import LITTLE_VARIETY, LOOP, echoes, to_graders
from sprat.questions.rubric.faults import Fault
from sprat.questions.rubric.need import need_words
from sprat.questions.rubric.repetition import looped_share, redundant_share, variety
from sprat.questions.rubric.speech import FILLER
from sprat.questions.scorers.words import fold
from sprat.types import Question

EXCESS = ((2.0, 3.0), (1.4, 2.0), (1.1, 1.0))
"""Words written to words needed, from which on so many points go. Length alone leaves a 2: a 1 is
for what says nothing."""


def conciseness_faults(question: Question, text: str) -> Iterator[Fault]:
    """What could be cut from `text`: too many words, words said again, words that say nothing."""
    yield from (
        fault
        for fault in (
            *_padding(question, text),
            _repetition(text),
            Fault(4, "gives the question back") if echoes(question, text) else None,
            Fault(2, "speaks to whoever grades it") if to_graders(question, text) else None,
        )
        if fault
    )


def _padding(question: Question, text: str) -> Iterator[Fault]:
    """Too many words, and fillers: both together no more than the most of the first."""
    excess, fillers = _excess(question, text), _fillers(text)
    if excess:
        yield excess
    if fillers:
        left = EXCESS[0][1] - (excess.points if excess else 0)
        yield Fault(min(left, fillers.points), fillers.what)


def _excess(question: Question, text: str) -> Fault | None:
    need, written = need_words(question), len(text.split())
    if need is None:
        return None
    for ratio, points in EXCESS:
        if written > max(ratio * need, need + 2):
            return Fault(points, f"{written} words where {need} do")
    return None


def _repetition(text: str) -> Fault | None:
    if (share := looped_share(text)) > LOOP:
        return Fault(4, f"{share:.0%} of it repeats")
    different = variety(text)
    if different is not None and different < LITTLE_VARIETY:
        return Fault(4, "turns in a circle")
    again = redundant_share(text)
    if again >= 0.5:
        return Fault(2, "says most of it again")
    return Fault(1, "says a part of it again") if again >= 0.2 else None


def _fillers(text: str) -> Fault | None:
    found = [match.group().strip() for match in FILLER.finditer(fold(text))]
    if not found:
        return None
    return Fault(min(2, len(found)), f"fillers such as {found[0][:40]!r}")

"""Does an answer hold together? What a rule can see of it."""

import re
from collections.abc import Iterator

from sprat.questions.rubric.ending import breaks_off
from sprat.questions.rubric.faults import Fault
from sprat.questions.rubric.form import asks_for_shape, form_faults
from sprat.questions.rubric.need import need_words
from sprat.questions.rubric.prompt import instruction_of, text_of
from sprat.questions.rubric.repetition import (
    looped_share,
    said_again,
    sentences_of,
    variety,
    words_of,
)
from sprat.questions.rubric.speech import SECOND_THOUGHTS, SMALL, TO_GRADERS
from sprat.questions.rubric.tongue import mixes, scrambled
from sprat.questions.scorers.numeric import numbers
from sprat.questions.scorers.words import fold, names, tokens
from sprat.types import Question

LOOP = 0.3
"""A text of which more than this only repeats what stands before it is stuck."""
LITTLE_VARIETY = 0.45
_PROSE = frozenset({"facts", "format", "none"})
_ANSWER = re.compile(r"\W*(?:final )?(?:answer|jawapan|jibu)\W*:")
TELEGRAM_WORDS = 20
"""An answer for which there is room for so many words is to be prose."""


def coherence_faults(question: Question, text: str) -> Iterator[Fault]:
    """What breaks the thread of `text`; nothing does where a word was asked for and given."""
    yield from _repetition(text)
    if echoes(question, text):
        yield Fault(4, "gives the question back")
    yield from (
        fault
        for fault in (
            breaks_off(text, question.language),
            mixes(question, text),
            scrambled(question, text),
            _to_graders(question, text),
            _takes_back(text),
            _telegram(question, text),
        )
        if fault
    )
    yield from form_faults(question, text)


def _repetition(text: str) -> Iterator[Fault]:
    share = looped_share(text)
    if share > LOOP:
        yield Fault(4, f"is stuck: {share:.0%} of it repeats")
        return
    if again := said_again(text):
        yield Fault(
            min(3, again), f"says {again} {'sentence' if again == 1 else 'sentences'} twice"
        )
    different = variety(text)
    if different is not None and different < LITTLE_VARIETY:
        yield Fault(3, "turns in a circle")


def echoes(question: Question, text: str) -> bool:
    """Whether `text` gives the prompt's instruction or its closing question back.

    Copied from the text to work on, an answer may be right ("Change nothing else"); copied from
    what is to be done, it is none. Less than eight words in a row may be chance.
    """
    given = tokens(text)
    instruction = tokens(instruction_of(question))
    last = sentences_of(text_of(question))[-1:]
    closing = last[0] if last and text_of(question).rstrip().endswith("?") else []
    if len(closing) > 5 and names(given, " ".join(closing)):
        return True
    return len(given) >= 8 and names(instruction, " ".join(given))


def to_graders(question: Question, text: str) -> bool:
    """Whether `text` speaks to whoever grades it, where its question does not."""
    return bool(TO_GRADERS.search(fold(text)) and not TO_GRADERS.search(fold(text_of(question))))


def _to_graders(question: Question, text: str) -> Fault | None:
    return Fault(2, "speaks to whoever grades it") if to_graders(question, text) else None


def _takes_back(text: str) -> Fault | None:
    if SECOND_THOUGHTS.search(fold(text)):
        return Fault(3, "takes back what it says")
    count = answers_given(text)
    return Fault(3, f"gives {count} answers") if count > 1 else None


def answers_given(text: str) -> int:
    """How many different numbers `text` gives in lines such as "Answer: 35"."""
    lines = fold(text).splitlines()
    ends = [numbers(line)[-1:] for line in lines if _ANSWER.match(line)]
    return len({end[0] for end in ends if end})


def _telegram(question: Question, text: str) -> Fault | None:
    """The fault of notes where there was room for sentences: no small word at all in them.

    A sum, a label, a list or JSON has none either, so they are not looked at.
    """
    if question.scorer not in _PROSE or asks_for_shape(question):
        return None
    words, room = words_of(text), need_words(question)
    small = SMALL.get(question.language.split("-")[0])
    if room is None or room < TELEGRAM_WORDS or small is None or len(words) < 2:
        return None
    if any(word in small for word in words):
        return None
    return Fault(2 if len(words) > 4 else 1, "notes, no sentence")

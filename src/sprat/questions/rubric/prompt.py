"""What a question asks for, as far as its words say so: its text, its instruction, its limit."""

import re

from sprat.questions.scorers.words import fold
from sprat.types import Question

SENTENCE_WORDS = 20
"""Room for a sentence, where a number of sentences is asked for: English prose has about that."""
_NUMBERS = {
    "a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "satu": 1, "dua": 2, "tiga": 3, "moja": 1, "mbili": 2, "tatu": 3,
}  # fmt: skip
_COUNT = r"\d{1,4}|" + "|".join(_NUMBERS)
_WORDS = re.compile(
    rf"\b({_COUNT})[ -](?:words?|patah perkataan|perkataan)\b|\bmaneno (?:yasiyozidi )?({_COUNT})\b"
)
_SENTENCES = re.compile(rf"\b({_COUNT})(?:[ -]or[ -]({_COUNT}))?[ -](?:sentences?|ayat|sentensi)\b")
_ENDING = re.compile(r"\b([^\W\d_]+): <[^<>\n]{1,30}>")


def text_of(question: Question) -> str:
    """Everything that the model was told."""
    return "\n\n".join(message.content for message in question.messages)


def instruction_of(question: Question) -> str:
    """What is to be done: the first paragraph of the last message, before any text to work on."""
    return question.messages[-1].content.split("\n\n", 1)[0]


def words_allowed(question: Question) -> int | None:
    """How many words the prompt itself asks for; None: it does not say."""
    told = fold(text_of(question))
    if found := _WORDS.search(told):
        return _number(found[1] or found[2])
    if found := _SENTENCES.search(told):
        return SENTENCE_WORDS * _number(found[2] or found[1])
    return None


def ending_asked(question: Question) -> str | None:
    """The word of the line that an answer has to end with ("Answer: <number>"), or None."""
    found = _ENDING.findall(text_of(question))
    return found[-1] if found else None


def _number(word: str) -> int:
    return _NUMBERS.get(word) or int(word)

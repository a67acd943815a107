"""What is looked for when a question only makes sense after what was said before."""

import re
from collections.abc import Sequence

from sprat.rag.terms import terms
from sprat.types import Message

_POINTS = re.compile(
    r"\b(?:it|its|itself|they|them|their|theirs|he|him|his|she|her|hers|this|that|these|those|"
    r"there|then|one|ones|same|former|latter|such|both|else)\b",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    r"^\W*(?:and|but|so|or|also|what about|how about|why|why not|how so|since when|really|"
    r"how come|in which case|for example|more|another|any other)\b",
    re.IGNORECASE,
)
_CITED = re.compile(r"\[\d+\]")
_SHORT = 2
"""A question with at most so many content words, that points or goes on, borrows."""
_TURNS = 2
_MOST_TERMS = 8
_MOST_CHARS = 4000


def question_of(messages: Sequence[Message]) -> str:
    """The last thing that the user said."""
    said = [message.content for message in messages if message.role == "user"]
    return said[-1].strip() if said else ""


def before(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The last turns before the question, of user and assistant, oldest first."""
    talk = [one for one in messages if one.role in {"user", "assistant"} and one.content.strip()]
    last = max((place for place, one in enumerate(talk) if one.role == "user"), default=0)
    return tuple(talk[max(0, last - 2 * _TURNS) : last])


def goes_on(question: str) -> bool:
    """Whether the question leans on what was said before.

    It does where it begins as one that goes on ("And …", "What about …"), where a pronoun stands
    in it and few content words do, or where it hardly has any.
    """
    own = terms(question)
    if _BEGINS.match(question):
        return len(own) <= 2 * _SHORT
    if _POINTS.search(question):
        return len(own) <= 2 * _SHORT
    return len(own) < _SHORT


def query_of(messages: Sequence[Message]) -> str:
    """What to look for: the question, and if it goes on, content words of the turns before.

    The user's own words first, the latest turn before older ones, and of an answer only what
    stands in it as a name or a number: those are what a pronoun means.
    """
    question = question_of(messages)[:_MOST_CHARS]
    talk = before(messages)
    if not talk or not goes_on(question):
        return question
    borrowed = _borrowed(question, talk)
    return f"{question} {' '.join(borrowed)}" if borrowed else question


def _borrowed(question: str, talk: Sequence[Message]) -> list[str]:
    known, found = set(terms(question)), list[str]()
    latest_first = list(reversed(talk))
    for turn in sorted(latest_first, key=lambda one: one.role != "user"):
        text = _CITED.sub("", turn.content[:_MOST_CHARS])
        for word in re.findall(r"\w[\w.-]*\w|\d", text):
            wanted = turn.role == "user" or word[0].isupper() or word[0].isdigit()
            new = [term for term in terms(word) if term not in known]
            if wanted and new:
                known.update(new)
                found.append(word)
    return found[:_MOST_TERMS]

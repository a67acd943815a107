"""Which questions are the same one, whatever they are called."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from sprat.types import Message


def wording_of(messages: Sequence[Message]) -> str:
    """A short mark of a conversation: the same words have the same one, in any set."""
    said = msgspec.json.encode([(message.role, message.content) for message in messages])
    return hashlib.sha256(said).hexdigest()[:16]


def together(links: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Each question's group, where groups that share a question or a wording are one.

    `links` are (question, group, wording); an empty wording is unknown. Of several names of a
    group the first in the alphabet is kept.
    """
    known = list(links)
    above: dict[str, str] = {}
    first: dict[str, str] = {}
    for question, group, wording in known:
        marks = [f"question {question}", *([f"wording {wording}"] if wording else [])]
        for mark in marks:
            one, other = sorted((_top(above, group), _top(above, first.setdefault(mark, group))))
            if one != other:
                above[other] = one
    return {question: _top(above, group) for question, group, _ in known}


def _top(above: Mapping[str, str], group: str) -> str:
    while group in above:
        group = above[group]
    return group

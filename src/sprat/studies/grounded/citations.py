"""Does the answer stand in what it cites? By words alone: no judge, the same result every time.

The questions are those of Gao et al. (2023), arXiv:2305.14627 (ALCE), which asks a language model
whether a passage entails a sentence; here its content words must stand in the passage. So a
paraphrase may be called unsupported and a clever distortion supported: it is a floor to be watched,
not a proof.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from sprat.studies.grounded.case import CITED, Case
from sprat.studies.grounded.content import content_words, is_number, sentences

ENOUGH = 0.75
"""So much of a sentence's content must stand in the passages."""
_AFTER = re.compile(r"([.!?]+[\"')\u201d]?)((?:\s*\[\d{1,4}\])+)")


class Claim(NamedTuple):
    """A sentence of an answer, and the numbers that it cites."""

    text: str
    numbers: tuple[int, ...]


def claims(case: Case) -> list[Claim]:
    """The sentences of the answer; a citation after the full stop belongs to the sentence before.

    None for an abstention or a failure: they claim nothing.
    """
    if case.reply is None or case.abstained:
        return []
    found: list[Claim] = []
    for sentence in sentences(_drawn_in(case.reply.text)):
        words = CITED.sub("", sentence).strip()
        numbers = tuple(dict.fromkeys(int(n) for n in CITED.findall(sentence)))
        if content_words(words):
            found.append(Claim(words, numbers))
    return found


def supported(text: str, passages: Iterable[str]) -> bool:
    """Whether a sentence's content stands in these passages together.

    At least three quarters of its content words, and every number of it. A sentence without content
    words claims nothing: True.
    """
    wanted = content_words(text)
    there = frozenset[str]().union(*(content_words(passage) for passage in passages))
    if any(is_number(word) and word not in there for word in wanted):
        return False
    return not wanted or len(wanted & there) >= ENOUGH * len(wanted)


def citation_support(case: Case) -> float | None:
    """The share of the citations whose passage supports, alone, a sentence that cites it.

    A number that is no source counts against it. None: nothing is cited.
    """
    if not case.numbers:
        return None
    texts = {source.number: source.text for source in case.cited}
    citing = claims(case)
    good = sum(
        number in texts
        and any(number in one.numbers and supported(one.text, [texts[number]]) for one in citing)
        for number in case.numbers
    )
    return good / len(case.numbers)


def faithfulness(case: Case) -> float | None:
    """The share of the answer's sentences that the cited passages support together.

    An answer that cites nothing has no passage to stand in: 0. None: it claims nothing.
    """
    said = claims(case)
    if not said:
        return None
    texts = [source.text for source in case.cited]
    return sum(supported(one.text, texts) for one in said) / len(said) if texts else 0.0


def quote_found(case: Case) -> float | None:
    """1 if every quotation that was marked lies in its passage, else 0; None: none was marked.

    It tests the marks, not the model: Sprat marks only what it found in that passage itself.
    """
    quoted = [source for source in case.cited if source.quote is not None]
    if not quoted:
        return None
    return float(
        all(
            source.quote is not None
            and source.start <= source.quote[0] < source.quote[1] <= source.end
            for source in quoted
        )
    )


def _drawn_in(text: str) -> str:
    """The citations after a full stop moved in front of it, into their own sentence."""
    return _AFTER.sub(r"\2\1", text)

"""What a judge's reply says: a grade as its own probabilities have it, or a letter."""

import math
import re
from typing import NamedTuple

from sprat.types import Reply, TokenLogprob, Verdict

WORST, BEST = 1, 5
ALTERNATIVES = 20
"""Kept with each token: as many as any OpenAI-compatible endpoint gives."""
_DIGIT = re.compile(r"(?<![\d.,])([1-5])(?![\d]|[.,]\d)")
_SCALE = re.compile(
    r"\b(?:1 ?(?:to|-|\u2013) ?5|5 ?(?:to|-|\u2013) ?1)\b|(?:\b[Oo]ut of|(?<=\d) ?/) ?5\b"
)
"""The scale itself, said again: "from 1 to 5", "4 out of 5"."""
_NAMED = re.compile(r"\b(?:grade|score|rating)\b\W*(?:(?:is|of)\W+)?\Z", re.IGNORECASE)
_GOES_ON = re.compile(r"\s*(?:,|/|-|\u2013|or\b|and\b|to\b)\s*\d")
_LETTER = re.compile(r"\b(?:A(?!\s+(?!(?:is|has|and|or)\b)[a-z])|B)\b")
"""An A before a small word is an article, unless the word says what A is."""
_IN_FRONT = re.compile(r"[\W_]*([AB])[\W_]*(?:[.:,;!\n)*]|\Z)")


class Read(NamedTuple):
    """A grade, and how it was come by."""

    grade: float | None
    """1 to 5; None: no digit came."""
    digit: int | None
    """The one that was said."""
    mass: float | None = None
    """How much of the model's probability lay on the five grades, 0..1; None: not told."""

    @property
    def how(self) -> str:
        """`expected`, `plain`, or `none`."""
        return "none" if self.grade is None else "plain" if self.mass is None else "expected"


def read_grade(reply: Reply) -> Read:
    """The expected grade: sum of k p(k) over sum of p(k), of the token that holds the grade.

    Where the engine tells no log-probabilities it is the digit itself. A local engine's are those
    before the grammar, so `mass` says how much it wanted to say a grade at all.

    Source: Liu et al. (2023), arXiv:2303.16634, section 2 (G-Eval), renormalised over the grades.
    """
    found = _said(reply.text)
    if found is None:
        return Read(None, None)
    digit = int(found[1])
    token = _token_at(reply.logprobs or (), found.start())
    chances = _chances(token) if token else {}
    mass = sum(chances.values())
    if digit not in chances or mass <= 0:
        return Read(float(digit), digit)
    return Read(sum(k * p for k, p in chances.items()) / mass, digit, min(1.0, mass))


def _said(text: str) -> re.Match[str] | None:
    """The digit that is the grade; None: there is none, or several and none of them is named."""
    plain = _SCALE.sub(lambda scale: " " * len(scale[0]), text)
    found = list(_DIGIT.finditer(plain))
    if len({one[1] for one in found}) < 2:
        return found[0] if found else None
    outright = (one for one in found if _is_outright(plain, one))
    return next(outright, None)


def _is_outright(text: str, one: re.Match[str]) -> bool:
    """In front of everything, or named a grade; and not the first of a row of digits."""
    before = text[: one.start()]
    said = not re.search(r"\w", before) or _NAMED.search(before) is not None
    return said and not _GOES_ON.match(text, one.end())


def _token_at(tokens: tuple[TokenLogprob, ...], place: int) -> TokenLogprob | None:
    """The token that holds the character at `place`, if it holds nothing else that is said."""
    at = 0
    for token in tokens:
        at += len(token.token)
        if at > place:
            return token if _grade_in(token.token) else None
    return None


def _chances(token: TokenLogprob) -> dict[int, float]:
    """Probability by grade: ` 4` and `4` are one grade."""
    chances: dict[int, float] = {}
    for text, logprob in {token.token: token.logprob, **dict(token.top)}.items():
        if (grade := _grade_in(text)) is not None:
            chances[grade] = chances.get(grade, 0.0) + math.exp(logprob)
    return chances


def _grade_in(text: str) -> int | None:
    bare = text.strip()
    return int(bare) if len(bare) == 1 and bare in "12345" else None


def grade_verdict(dimension: str, reply: Reply | None, *, flipped: bool) -> Verdict:
    """One order's grade as the store keeps it: 0 to 1."""
    scorer = f"judge/{dimension}"
    if reply is None:
        return Verdict(scorer=scorer, value=None, why="no reply")
    read = read_grade(reply)
    if read.grade is None:
        return Verdict(scorer=scorer, value=None, why="no grade in the reply")
    order = "5 to 1" if flipped else "1 to 5"
    sure = "" if read.mass is None else f", {read.mass:.3f} of the probability on the grades"
    why = f"{read.how} grade {read.grade:.2f}, grades shown {order}{sure}"
    return Verdict(scorer=scorer, value=as_score(read.grade), answer=str(read.digit), why=why)


def letter_verdict(reply: Reply | None, *, swapped: bool) -> Verdict:
    """1: the first answer is preferred; 0: the second one; None: neither letter, or both."""
    letter = _letter(reply.text) if reply else None
    if letter is None:
        return Verdict(scorer="judge/pair", value=None, why="no letter that is clear")
    order = "second first" if swapped else "first first"
    preferred = float((letter == "A") != swapped)
    return Verdict(scorer="judge/pair", value=preferred, answer=letter, why=order)


def _letter(text: str) -> str | None:
    if (front := _IN_FRONT.match(text)) is not None:
        return front[1]
    said = set(_LETTER.findall(text))
    return said.pop() if len(said) == 1 else None


def as_score(grade: float) -> float:
    """A grade of 1 to 5 as a score of 0 to 1."""
    return (grade - WORST) / (BEST - WORST)


def as_grade(score: float) -> float:
    """The inverse of `as_score`."""
    return WORST + (BEST - WORST) * score


def rounded(grade: float) -> int:
    """The whole grade: halves go up."""
    return math.floor(grade + 0.5)

"""What is kept of each token of an answer: enough for every feature, and little to store.

Both a reply that has just come and one read from an outcome log become a list of `TokenFacts`,
rounded alike, so that a policy decides offline exactly as it does when it serves.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from sprat.types import TokenLogprob

LEAST_NATS = -100.0
"""Less likely than this is all the same (some servers say -9999 or -inf for "not at all")."""


class TokenFacts(NamedTuple):
    """One token. Nats, rounded to thousandths: what an outcome log keeps."""

    text: str
    logprob: float
    margin: float | None
    """Its log-probability minus that of the likeliest other token; below 0: another was likelier,
    as happens where a model reads what it did not write. None: no alternatives are known."""
    entropy: float | None
    """Of the known alternatives and one more that stands for all others: a lower bound of the
    entropy over the vocabulary. None: no alternatives are known."""


class Recalled(TokenLogprob, frozen=True, kw_only=True):
    """A token from an outcome log: its alternatives are gone, what they told is kept."""

    margin: float | None = None
    entropy: float | None = None


def facts_of(tokens: Sequence[TokenLogprob]) -> list[TokenFacts]:
    """What is to be kept of each token."""
    return [_facts(token) for token in tokens]


def nats(milli: int) -> float:
    """Thousandths of a nat, as a log keeps them, in nats."""
    return milli / 1000


def milli_nats(value: float) -> int:
    """Nats in thousandths, bounded; not a number counts as impossible."""
    return round(1000 * (LEAST_NATS if math.isnan(value) else max(value, LEAST_NATS)))


def _facts(token: TokenLogprob) -> TokenFacts:
    if isinstance(token, Recalled):
        return TokenFacts(token.token, token.logprob, token.margin, token.entropy)
    others = _others(token)
    if not others:
        return TokenFacts(token.token, _rounded(token.logprob), None, None)
    margin = max(token.logprob, LEAST_NATS) - max(others)
    entropy = _entropy([token.logprob, *others])
    return TokenFacts(token.token, _rounded(token.logprob), _rounded(margin), _rounded(entropy))


def _others(token: TokenLogprob) -> list[float]:
    """The alternatives' log-probabilities, bounded; the token's own, which is among them, left out.

    Two tokens may be shown as the same text, so the nearest of that text is the token itself.
    """
    same = [place for place, (text, _) in enumerate(token.top) if text == token.token]
    own = min(same, key=lambda place: abs(token.top[place][1] - token.logprob), default=-1)
    return [max(value, LEAST_NATS) for place, (_, value) in enumerate(token.top) if place != own]


def _entropy(logprobs: Sequence[float]) -> float:
    """`-Σ p ln p` over these and what is left of the probability.

    Source: Shannon (1948), A Mathematical Theory of Communication, section 6; lumping outcomes
    together never raises it (section 6, property 3).
    """
    shares = [math.exp(min(0.0, max(value, LEAST_NATS))) for value in logprobs]
    shares.append(max(0.0, 1 - sum(shares)))
    return -sum(share * math.log(share) for share in shares if share > 0)


def _rounded(value: float) -> float:
    return nats(milli_nats(value))

"""The outcome log: who answered what, how surely, rightly or not, in which time, at what cost.

Every policy over its models can be tried out on it without asking anybody again. How it is made:
`policies.outcomes`; its form on disk: `policies.logfile`; an engine that answers from it:
`policies.recorded`.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from sprat.errors import RunError
from sprat.policies.tokens import Recalled, facts_of, milli_nats, nats
from sprat.types import ChatRequest, Finish, Question, Reply, Timing, TokenLogprob, Usage

FORMAT = 1


class Tokens(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The tokens of one text, as four columns of one length. In thousandths of a nat."""

    text: str | None = None
    """What the tokens spell; None: just what was answered."""
    chars: tuple[int, ...]
    """How many characters each has."""
    logprobs: tuple[int, ...]
    margins: tuple[int | None, ...] = ()
    """`TokenFacts.margin`; empty: of none is it known."""
    entropies: tuple[int | None, ...] = ()
    """`TokenFacts.entropy`; empty: of none is it known."""


class Reading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a model made of another one's draft of the same answer."""

    tokens: Tokens
    """How likely it thinks each token of the draft."""
    usage: Usage
    answer_s: float
    """Seconds that reading it took, from sent to done."""
    exact_usage: Usage | None = None
    """Of answering with the draft as prediction, which gives the answer without one; None: not
    tried."""
    exact_s: float | None = None
    exact_ttft_s: float | None = None


class Extra(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one more request to the same model told about its answer."""

    value: float
    """The feature, 0..1."""
    text: str
    usage: Usage
    answer_s: float
    ttft_s: float | None = None
    top: tuple[tuple[str, float], ...] = ()
    """The first token's alternatives and their log-probabilities."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question answered once by one model."""

    question: str
    kind: str
    group: str
    """Questions of one group are not independent of each other."""
    wording: str = ""
    """`wording.wording_of` what was asked, which is not in a log itself; empty: not known."""
    scorer: str
    model: str
    right: bool | None = None
    """None is "unscored"; an error of a scored question is wrong."""
    score: float | None = None
    text: str | None = None
    """None: there was an error."""
    finish: Finish | None = None
    error: str | None = None
    usage: Usage | None = None
    answer_s: float
    """From sent to done; of an error from asking to the error."""
    ttft_s: float | None = None
    cost_usd: float | None = None
    energy_joules: float | None = None
    tokens: Tokens | None = None
    readings: dict[str, Reading] = {}
    """By the model whose draft it is."""
    extra: dict[str, Extra] = {}
    """By `features.EXTRA`."""


class LoggedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model of a log."""

    name: str
    identity: dict[str, Any] = {}


class LoggedSet(msgspec.Struct, frozen=True, kw_only=True):
    """A question set of a log."""

    name: str
    sha256: str = ""


class OutcomeLog(msgspec.Struct, frozen=True, kw_only=True):
    """Outcomes, and what they are outcomes of."""

    models: tuple[LoggedModel, ...]
    sets: tuple[LoggedSet, ...] = ()
    created: str = ""
    """ISO 8601, UTC."""
    environment: dict[str, Any] = {}
    outcomes: tuple[Outcome, ...] = ()

    def of(self, model: str) -> dict[str, Outcome]:
        """A model's outcomes by question.

        Raises:
            RunError: the log has no such model, or two outcomes of one question.
        """
        found = [outcome for outcome in self.outcomes if outcome.model == model]
        if not found:
            names = ", ".join(sorted({outcome.model for outcome in self.outcomes})) or "none"
            raise RunError(
                f"The outcome log holds nothing of {model!r}.", fix=f"It holds: {names}."
            )
        by_question = {outcome.question: outcome for outcome in found}
        if len(by_question) < len(found):
            raise RunError(f"The outcome log holds two answers of {model} to one question.")
        return by_question


def tokens_of(tokens: Sequence[TokenLogprob], text: str) -> Tokens:
    """What a log keeps of the tokens of `text`."""
    facts = facts_of(tokens)
    spelled = "".join(fact.text for fact in facts)
    margins = tuple(_kept(fact.margin) for fact in facts)
    entropies = tuple(_kept(fact.entropy) for fact in facts)
    return Tokens(
        text=None if spelled == text else spelled,
        chars=tuple(len(fact.text) for fact in facts),
        logprobs=tuple(milli_nats(fact.logprob) for fact in facts),
        margins=() if all(value is None for value in margins) else margins,
        entropies=() if all(value is None for value in entropies) else entropies,
    )


def logprobs_of(tokens: Tokens, text: str) -> tuple[TokenLogprob, ...]:
    """The tokens of a log as a reply holds them: without alternatives, with what they told."""
    spelled = text if tokens.text is None else tokens.text
    found: list[TokenLogprob] = []
    start = 0
    for place, (chars, logprob) in enumerate(zip(tokens.chars, tokens.logprobs, strict=True)):
        found.append(
            Recalled(
                token=spelled[start : start + chars],
                logprob=nats(logprob),
                margin=_recalled(tokens.margins, place),
                entropy=_recalled(tokens.entropies, place),
            )
        )
        start += chars
    return tuple(found)


def reply_of(outcome: Outcome, sent_ns: int = 0) -> Reply:
    """The recorded reply. Lost: reasoning, tool calls, every stamp but the first and last.

    Raises:
        RunError: there was none, but an error.
    """
    if outcome.text is None or outcome.usage is None:
        raise RunError(f"{outcome.model} gave no answer to {outcome.question!r}: {outcome.error}")
    return Reply(
        text=outcome.text,
        finish=outcome.finish or "stop",
        usage=outcome.usage,
        timing=timing_of(outcome.answer_s, outcome.ttft_s, sent_ns),
        model=outcome.model,
        logprobs=logprobs_of(outcome.tokens, outcome.text) if outcome.tokens else None,
        cost_usd=outcome.cost_usd,
    )


def timing_of(answer_s: float, ttft_s: float | None, sent_ns: int = 0) -> Timing:
    """A `Timing` with the recorded seconds, as if it had been sent at `sent_ns`."""
    done_ns = sent_ns + round(answer_s * 1e9)
    first_ns = None if ttft_s is None else sent_ns + round(ttft_s * 1e9)
    return Timing(
        scheduled_ns=sent_ns,
        sent_ns=sent_ns,
        first_token_ns=first_ns,
        first_answer_ns=first_ns,
        last_token_ns=None if first_ns is None else done_ns,
        done_ns=done_ns,
    )


def request_of(question: Question) -> ChatRequest:
    """The greedy request that a question stands for, as studies ask it."""
    return ChatRequest(
        messages=question.messages,
        max_tokens=question.max_tokens,
        response_format=question.response_format,
        temperature=0.0,
        seed=0,
    )


def _kept(value: float | None) -> int | None:
    return None if value is None else milli_nats(value)


def _recalled(column: tuple[int | None, ...], place: int) -> float | None:
    value = column[place] if column else None
    return None if value is None else nats(value)

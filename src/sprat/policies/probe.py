"""The beginning of a draft decides whether it goes on (mode `probe`)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec

from sprat.policies.attempt import Attempt
from sprat.policies.confidence import Confidence, confidence_of
from sprat.policies.judge import settle
from sprat.policies.routes import escalated
from sprat.policies.spec import Policy
from sprat.policies.turn import Turn
from sprat.types import ChatRequest, Delta, Reply, Usage


async def probe(turn: Turn) -> AsyncGenerator[Delta]:
    """Yield the draft from the decision on, live; or give it up, and the large model answers."""
    draft = turn.begin("small", "draft", request=turn.asking(True))
    async with aclosing(_probed(turn, draft)) as pieces:
        async for piece in pieces:
            yield piece
    if turn.refused_logprobs(draft):
        way = probe(turn)
    elif draft.kept:
        return
    else:
        why = "its beginning was not good enough" if draft.pieces else "there is no draft"
        way = escalated(turn, draft, why)
    async with aclosing(way) as pieces:
        async for piece in pieces:
            yield piece


async def _probed(turn: Turn, draft: Attempt) -> AsyncGenerator[Delta]:
    tokens = turn.policy.probe_tokens
    async with aclosing(draft.run()) as pieces:
        async for _ in pieces:
            if tokens_in(draft.pieces) >= tokens:
                break
        if draft.error is not None or not _accepts(turn, draft):
            return  # closing the stream gives the draft up
        turn.keep(draft, "accepted")
        draft.within_s = None
        for piece in tuple(draft.pieces):
            yield piece
        async for piece in pieces:
            yield piece
    if draft.error is not None:
        raise draft.error


def _accepts(turn: Turn, draft: Attempt) -> bool:
    policy, request = turn.policy, turn.request
    if draft.reply is not None:  # it was at its end before it was cut
        return settle(turn, draft, confidence_of_head(policy, request, draft.reply))
    head = head_of(_begun(draft), policy.probe_tokens)
    return settle(turn, draft, _of_beginning(policy, request, head))


def confidence_of_head(policy: Policy, request: ChatRequest, reply: Reply) -> Confidence:
    """The confidence in an answer whose first `probe_tokens` tokens are all that is known."""
    head = head_of(reply, policy.probe_tokens)
    if head is reply:
        return confidence_of(policy, request, reply)
    return _of_beginning(policy, request, head)


def _of_beginning(policy: Policy, request: ChatRequest, head: Reply) -> Confidence:
    """What is not at its end is no JSON yet, and may be short."""
    rules = msgspec.structs.replace(policy.rules, schema=False, min_chars=0)
    return confidence_of(msgspec.structs.replace(policy, rules=rules), request, head)


def head_of(reply: Reply, tokens: int) -> Reply:
    """The answer as it stood after so many tokens; itself where it is no longer than that.

    Tokens are counted where log-probabilities tell them; else the text is taken as it is.
    """
    if reply.logprobs is None or len(reply.logprobs) <= tokens:
        return reply
    first = reply.logprobs[:tokens]
    text = "".join(entry.token for entry in first)
    return msgspec.structs.replace(reply, text=text, logprobs=first, finish="stop")


def tokens_in(pieces: list[Delta]) -> int:
    """How many tokens came; a piece that does not say counts as one."""
    return sum(
        len(piece.logprobs) or (1 if piece.tokens is None else piece.tokens) for piece in pieces
    )


def _begun(draft: Attempt) -> Reply:
    """What came so far, as if it were an answer."""
    entries = tuple(entry for piece in draft.pieces for entry in piece.logprobs)
    return Reply(
        text=draft.text,
        finish="stop",
        usage=draft.usage or Usage(0, 0, counted_by="estimate"),
        timing=draft.elapsed(),
        logprobs=entries or None,
    )

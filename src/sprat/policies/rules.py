"""What is wrong with an answer, as far as rules can tell."""

import re
from collections.abc import Iterator

from sprat.policies.shape import misshapen
from sprat.policies.spec import Rules
from sprat.questions.scorers.abstain import abstains
from sprat.types import ChatRequest, Reply

_WITHIN = 200
"""An answer that refuses does so at once, in characters."""
_CANNOT = (
    r"(?:can't|cannot|can not|won't|will not|couldn't|could not|am unable to|'m unable to"
    r"|am not able to|'m not able to|must decline to|don't have the ability to)"
)
_HELPS = (
    r"(?:help(?! but)|assist|provide|answer|comply|fulfil|fulfill|give|offer|generate|write"
    r"|create|discuss|share|engage|continue|translate|summari[sz]e|process|access|browse"
    r"|perform|do (?:this|that|so))\b"
)
_REFUSES = re.compile(
    rf"\b(?:i|we)(?: |(?='))(?:really |simply |just )?{_CANNOT} {_HELPS}"
    r"|\A\W*as an? (?:ai\b|artificial intelligence|(?:large )?language model)"
    r"|\A\W*maaf\b.{0,40}\btidak (?:dapat|boleh) (?:membantu|memberi|menjawab|memenuhi)"
    r"|\A\W*samahani\b.{0,40}\bsiwezi (?:kusaidia|kutoa|kujibu|kufanya)",
    re.DOTALL,
)
"""A letter may say sorry, or that somebody cannot come: what is looked for is that it will not
help."""


def faults(rules: Rules, request: ChatRequest, reply: Reply) -> list[str]:
    """Every fault that `rules` look for, each in a few words; empty: none was found."""
    return list(_found(rules, request, reply))


def _found(rules: Rules, request: ChatRequest, reply: Reply) -> Iterator[str]:
    said = reply.text.strip()
    if len(said) < rules.min_chars and not reply.tool_calls:
        yield "too short"
    if rules.unknown and (reply.finish == "content_filter" or refuses(said)):
        yield "refuses"
    elif rules.unknown and abstains(said):
        yield "says that it does not know"
    if rules.cut_off and reply.finish == "length":
        yield "cut off"
    if fault := broken_form(rules, request, reply):
        yield fault


def broken_form(rules: Rules, request: ChatRequest, reply: Reply) -> str | None:
    """How an answer breaks the form that was asked for; None: it does not, or nobody looks."""
    wanted = request.response_format if rules.schema and not reply.tool_calls else None
    fault = misshapen(reply.text.strip(), wanted) if wanted else None
    return f"not of the form that was asked for: {fault}" if fault else None


def refuses(text: str) -> bool:
    """Whether an answer declines to help, in English, Malay or Swahili."""
    return bool(_REFUSES.search(text[:_WITHIN].replace("\u2019", "'").casefold()))

"""What is wrong with an answer, as far as rules can tell."""

import re
from collections.abc import Iterator

from sprat.policies.shape import misshapen
from sprat.policies.spec import Rules
from sprat.questions.scorers.abstain import abstains
from sprat.types import ChatRequest, Reply

_WITHIN = 200
"""An answer that refuses does so at once, in characters."""
_REFUSES = re.compile(
    r"\A\W*(?:(?:i'm|i am|we're|we are) (?:really |very |so |deeply )?sorry\b"
    r"|sorry,? (?:but )?(?:i|we)\b|i apologi[sz]e\b"
    r"|(?:i|we) (?:can't|cannot|can not|won't|will not|am not able to|am unable to|'m not able to"
    r"|'m unable to|must decline)\b"
    r"|(?:i'm|i am) (?:not able|unable) to\b"
    r"|as an? (?:ai|artificial intelligence|language model)\b"
    r"|(?:maaf|samahani)\b)"
)


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
    wanted = request.response_format if rules.schema and not reply.tool_calls else None
    if wanted and (fault := misshapen(said, wanted)):
        yield f"not of the form that was asked for: {fault}"


def refuses(text: str) -> bool:
    """Whether an answer begins with a refusal, in English, Malay or Swahili."""
    return bool(_REFUSES.match(text[:_WITHIN].replace("\u2019", "'").casefold()))

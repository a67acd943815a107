"""What is wrong with an answer, as far as rules can tell."""

import re
from collections.abc import Iterator

from sprat.policies.schema import misfit
from sprat.policies.spec import Rules
from sprat.questions.scorers.abstain import abstains
from sprat.types import ChatRequest, Reply, ResponseFormat

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
        yield f"too short: {len(said)} of {rules.min_chars} characters"
    if rules.unknown and (reply.finish == "content_filter" or refuses(said)):
        yield "refuses"
    elif rules.unknown and abstains(said):
        yield "says that it does not know"
    if rules.cut_off and reply.finish == "length":
        yield "cut off at its token limit"
    if rules.schema and request.response_format is not None and not reply.tool_calls:
        yield from _shape(request.response_format, said)


def refuses(text: str) -> bool:
    """Whether an answer begins with a refusal, in English, Malay or Swahili."""
    return bool(_REFUSES.match(text[:_WITHIN].replace("\u2019", "'").casefold()))


def _shape(wanted: ResponseFormat, said: str) -> Iterator[str]:
    import json

    if wanted.kind == "regex":
        if re.fullmatch(wanted.pattern or "", said) is None:
            yield "not of the form asked for"
        return
    try:
        value = json.loads(said)
    except (ValueError, RecursionError):
        yield "no JSON"
        return
    if wanted.kind == "json_object" and not isinstance(value, dict):
        yield "no JSON object"
    elif wanted.schema is not None and (fault := misfit(value, wanted.schema)):
        yield f"not of the schema: {fault}"

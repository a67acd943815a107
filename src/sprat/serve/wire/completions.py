"""`POST /v1/completions`: the body → requests.

Source: https://platform.openai.com/docs/api-reference/completions/create
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from sprat.serve.wire.completions_form import CompletionForm
from sprat.serve.wire.fields import MOST_CHOICES, Tokens, read, refuse
from sprat.serve.wire.form import Asked
from sprat.serve.wire.sampling import Sampling, counts_usage, sampled, spread
from sprat.types import ChatRequest

DEFAULT_TOKENS = 16
"""What OpenAI gives when `max_tokens` is absent."""

Prompt = Annotated[str, Meta(min_length=1)]


class CompletionBody(Sampling, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A text to go on with as it stands, without a chat template."""

    prompt: Prompt | Annotated[list[Prompt], Meta(min_length=1, max_length=MOST_CHOICES)]
    """Several prompts are answered each: choices `0…n-1` belong to the first, and so on."""
    max_tokens: Tokens | None = None
    """16 when absent."""
    logprobs: Annotated[int, Meta(ge=0, le=5)] | None = None
    """The chosen tokens' log-probabilities, and so many alternatives."""
    echo: bool | None = None
    """The prompt stands before the answer."""
    best_of: Annotated[int, Meta(ge=1, le=MOST_CHOICES)] | None = None
    """Only `n` itself: nothing is generated and thrown away."""
    suffix: None = None


def parse(raw: bytes) -> Asked:
    """Read a body.

    Raises:
        BadRequest: anything in it that cannot be honoured, by name.
    """
    body = read(raw, CompletionBody)
    prompts = [body.prompt] if isinstance(body.prompt, str) else body.prompt
    count = body.n or 1
    _check(body, count, len(prompts))
    form = CompletionForm(
        body.model,
        prompts,
        count,
        include_usage=counts_usage(body),
        logprobs=body.logprobs,
        echo=bool(body.echo),
    )
    return Asked(
        model=body.model,
        requests=tuple(one for prompt in prompts for one in spread(_request(body, prompt), count)),
        stream=bool(body.stream),
        form=form,
        caller=body.user,
    )


def _check(body: CompletionBody, count: int, prompts: int) -> None:
    if body.best_of is not None and body.best_of != count:
        raise refuse("best_of", "best_of differs from n.", fix="Leave it out.")
    if count * prompts > MOST_CHOICES:
        line = f"{prompts} prompts and n = {count} are {count * prompts} answers."
        raise refuse("n", line, fix=f"Ask for {MOST_CHOICES} at a time.")
    if body.echo and body.logprobs is not None:
        line = "echo and logprobs are both set: no prompt's log-probabilities are known here."
        raise refuse("echo", line, fix="Send one of them.")


def _request(body: CompletionBody, prompt: str) -> ChatRequest:
    most = DEFAULT_TOKENS if body.max_tokens is None else body.max_tokens
    return msgspec.structs.replace(
        sampled(body), prompt=prompt, max_tokens=most, logprobs=body.logprobs
    )

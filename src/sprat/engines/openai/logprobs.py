"""Log-probabilities in either of the two forms that servers write; what is unknown is left out."""

from collections.abc import Mapping

from sprat.engines.openai.chunks import Logprobs
from sprat.types import TokenLogprob


def token_logprobs(said: Logprobs) -> tuple[TokenLogprob, ...]:
    """Those of a chat (`content`), or those of a text completion (three lists side by side)."""
    if said.content is None:
        return _of_lists(said)
    return tuple(
        TokenLogprob(
            entry.token,
            entry.logprob,
            tuple((t.token, t.logprob) for t in entry.top_logprobs or () if t.logprob is not None),
        )
        for entry in said.content
        if entry.logprob is not None
    )


def _of_lists(said: Logprobs) -> tuple[TokenLogprob, ...]:
    tokens, chances, tops = said.tokens or (), said.token_logprobs or (), said.top_logprobs or ()
    return tuple(
        TokenLogprob(token, chance, _likeliest(tops[at] if at < len(tops) else None))
        for at, (token, chance) in enumerate(zip(tokens, chances, strict=False))
        if chance is not None
    )


def _likeliest(top: Mapping[str, float | None] | None) -> tuple[tuple[str, float], ...]:
    known = [(token, chance) for token, chance in (top or {}).items() if chance is not None]
    return tuple(sorted(known, key=lambda entry: -entry[1]))

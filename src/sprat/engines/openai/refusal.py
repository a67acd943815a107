"""What an endpoint's "no" means, in one line with what to do next."""

from difflib import get_close_matches

from sprat.errors import ContextTooLong, EngineError, EngineRefused

_TOO_LONG = ("context_length_exceeded", "exceed_context_size", "maximum context length")
_LISTED = 12


class Refused(EngineRefused):
    """An `EngineRefused` that remembers how long the server asked us to wait."""

    retry_after_s: float | None = None


def refusal(
    label: str,
    status: int,
    said: str,
    *,
    model: str,
    offered: list[str],
    location: str,
    retry_after_s: float | None,
) -> EngineError:
    """The error for an HTTP status that is not 200; `said` is one line of the server's words."""
    line = f"{label} refused with HTTP {status}: {said or 'no reason given'}."
    if any(mark in said.lower() for mark in _TOO_LONG) or "context size" in said.lower():
        return ContextTooLong(line, fix="Shorten the prompt or lower --max-tokens.")
    error = Refused(line, status=status, fix=_fix(label, status, model, offered, location))
    error.retry_after_s = retry_after_s
    return error


def _fix(label: str, status: int, model: str, offered: list[str], location: str) -> str | None:
    section = f"[endpoints.{label}]"
    if status in {401, 403}:
        return f"Set key_env under {section} in sprat.toml to the variable that holds your key."
    if status == 404:
        return _offer(label, model, offered)
    if 300 <= status < 400:
        return f"Put the address {location!r} (without /chat/completions) under {section} url."
    if status == 429:
        return "Wait, or lower the number of requests at once."
    return None


def _offer(label: str, model: str, offered: list[str]) -> str:
    if not offered:
        return f"Check that the url under [endpoints.{label}] ends in /v1."
    near = get_close_matches(model, offered, n=1, cutoff=0.5)
    listed = ", ".join(offered[:_LISTED]) + (", …" if len(offered) > _LISTED else "")
    hint = f" Did you mean {label}/{near[0]}?" if near and near[0] != model else ""
    return f"It offers: {listed}.{hint}"

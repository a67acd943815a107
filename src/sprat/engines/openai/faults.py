"""What goes wrong at one endpoint, in one line with what to do next."""

import os
from difflib import get_close_matches

from sprat.engines.openai.chunks import plain, words
from sprat.errors import ContextTooLong, EngineDied, EngineError, EngineRefused, EngineTimeout

_TOO_LONG = (
    "context_length_exceeded",
    "exceed_context_size",
    "maximum context length",
    "context size",
)
_LISTED = 12
_SHOWN = 8
"""A shorter beginning of a key (`sk-…`) says nothing."""


class Faults:
    """Makes the errors of one endpoint; its key is never in them."""

    def __init__(self, label: str, url: str, key: str | None) -> None:
        self._label = label
        self._url = url
        self._key = key

    @property
    def where(self) -> str:
        """The endpoint, as every message names it."""
        return f"{self._label} at {self._url}"

    def hide(self, text: str) -> str:
        """The text without the key, which a server may echo, and without a long beginning of it.

        A message is cut to one line's length: the cut may go through the key.
        """
        key = self._key or ""
        for length in range(len(key), min(len(key), _SHOWN) - 1, -1):
            text = text.replace(key[:length], "…") if length else text
        return text

    def censored(self, error: EngineRefused) -> EngineRefused:
        """The same error without our key, should the server have echoed it."""
        return EngineRefused(
            self.hide(error.message),
            status=error.status,
            retry_after_s=error.retry_after_s,
            fix=error.fix,
        )

    def died(self, what: str, error: BaseException) -> EngineDied:
        """The connection to the endpoint went away."""
        why = self.hide(words(_reason(error)))
        return EngineDied(
            f"{self.where} {what}: {why}.",
            fix=f"Is the server running? Check [endpoints.{self._label}] url in sprat.toml.",
        )

    def empty(self) -> EngineDied:
        """The endpoint said 200 and then nothing."""
        return EngineDied(f"{self.where} sent an empty answer.", fix="Look at the server's log.")

    def timed_out(self, what: str, seconds: float) -> EngineTimeout:
        """The endpoint was silent for too long."""
        return EngineTimeout(
            f"{self.where} took more than {seconds:g} s {what}.",
            fix=f"Raise timeout_s under [endpoints.{self._label}] in sprat.toml.",
        )

    def refused(
        self,
        status: int,
        said: object,
        *,
        model: str,
        offered: list[str],
        location: str,
        retry_after_s: float | None,
    ) -> EngineError:
        """The error for an HTTP status that is not 200; `said` is its body."""
        why = self.hide(words(said))
        line = f"{self._label} refused with HTTP {status}: {why or 'no reason given'}."
        if any(mark in plain(said).lower() for mark in _TOO_LONG):
            return ContextTooLong(line, fix="Shorten the prompt or lower --max-tokens.")
        return EngineRefused(
            line,
            status=status,
            retry_after_s=retry_after_s,
            fix=self.hide(_fix(self._label, status, model, offered, location) or "") or None,
        )


def _reason(error: BaseException) -> str:
    """The system's words where it has some: `Connection refused`."""
    number = error.errno if isinstance(error, OSError) else None
    if number and 0 < number < 1000:  # beyond are numbers of Windows, which strerror does not know
        return os.strerror(number)
    return str(error).replace(" ssl:default", "") or type(error).__name__


def _fix(label: str, status: int, model: str, offered: list[str], location: str) -> str | None:
    section = f"[endpoints.{label}]"
    if status in {401, 403}:
        return f"Set key_env under {section} in sprat.toml to the variable that holds your key."
    if status == 404:
        return _offer(label, model, offered)
    if 300 <= status < 400:
        return f"Put the address {location!r} (up to /v1) under {section} url."
    if status == 429:
        return "Wait, or lower the number of requests at once."
    if status in {502, 503, 504}:
        return "Is the server overloaded, or still starting? Wait a little, then ask again."
    return None


def _offer(label: str, model: str, offered: list[str]) -> str:
    if not offered:
        return f"Check that the url under [endpoints.{label}] ends in /v1."
    near = get_close_matches(model, offered, n=1, cutoff=0.5)
    listed = ", ".join(offered[:_LISTED]) + (", …" if len(offered) > _LISTED else "")
    hint = f" Did you mean {label}/{near[0]}?" if near and near[0] != model else ""
    return f"It offers: {listed}.{hint}"

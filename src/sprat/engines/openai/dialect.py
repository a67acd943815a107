"""Fields that some servers refuse and can do without: learnt at the first refusal."""

from typing import Any

from sprat.errors import EngineRefused

_LEFT_OUT = ("stream_options", "encoding_format", "ignore_eos")


class Dialect:
    """How one server wants to be asked."""

    def __init__(self) -> None:
        self._unknown: set[str] = set()
        self._new_max_tokens = False

    def of(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The same request in the words that this server takes."""
        if not self._unknown and not self._new_max_tokens:
            return fields
        spoken = {key: value for key, value in fields.items() if key not in self._unknown}
        if self._new_max_tokens and "messages" in spoken and "max_tokens" in spoken:
            spoken["max_completion_tokens"] = spoken.pop("max_tokens")
        return spoken

    def learn(self, error: EngineRefused) -> None:
        """Take what a refusal teaches.

        Source: https://platform.openai.com/docs/api-reference/chat/create (`max_completion_tokens`
        replaces `max_tokens`, which reasoning models refuse).
        """
        if error.status in {400, 422}:
            self._unknown.update(name for name in _LEFT_OUT if name in error.message)
            self._new_max_tokens |= "max_completion_tokens" in error.message

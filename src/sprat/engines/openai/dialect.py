"""Fields that some servers refuse though they only rename or count: learnt at the first refusal."""

from typing import Any

from sprat.errors import EngineRefused


class Dialect:
    """How one server wants to be asked."""

    def __init__(self) -> None:
        self._no_stream_options = False
        self._new_max_tokens = False

    def of(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The same request in the words that this server takes."""
        spoken = dict(fields)
        if self._no_stream_options:
            spoken.pop("stream_options", None)
        if self._new_max_tokens:
            spoken["max_completion_tokens"] = spoken.pop("max_tokens")
        return spoken

    def learns(self, error: EngineRefused) -> bool:
        """Whether this refusal taught something new, so that asking again makes sense.

        Source: https://platform.openai.com/docs/api-reference/chat/create (`max_completion_tokens`
        replaces `max_tokens`, which reasoning models refuse).
        """
        before = (self._no_stream_options, self._new_max_tokens)
        if error.status in {400, 422}:
            self._no_stream_options |= "stream_options" in error.message
            self._new_max_tokens |= "max_completion_tokens" in error.message
        return before != (self._no_stream_options, self._new_max_tokens)

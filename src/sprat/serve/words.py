"""One engine, several APIs: an error names what is wrong in the words of the API that was asked."""

from collections.abc import Mapping

from sprat.errors import ContextTooLong, UnsupportedRequest
from sprat.serve.exchange import Exchange, Work
from sprat.serve.problem import BadRequest

COMPLETIONS = {"messages": "prompt"}
RESPONSES = {
    "messages": "input",
    "max_tokens": "max_output_tokens",
    "response_format": "text.format",
    "reasoning_effort": "reasoning.effort",
    "logprobs": "top_logprobs",
}
EMBEDDINGS = {"messages": "input"}


def in_words_of(words: Mapping[str, str], work: Work) -> Work:
    """The work, with `words` (chat completions' name → this API's) for what an engine refuses."""

    async def worded(exchange: Exchange, raw: bytes) -> None:
        try:
            await work(exchange, raw)
        except ContextTooLong as error:
            code = "context_length_exceeded"
            param = words.get("messages", "messages")
            raise BadRequest(str(error), param=param, code=code) from error
        except UnsupportedRequest as error:
            param = words.get(error.param, error.param) if error.param else None
            raise BadRequest(str(error), param=param, code="unsupported_value") from error

    return worded

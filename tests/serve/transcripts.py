"""Golden transcripts: streams of a real gateway, kept byte for byte under `golden/`.

python -m tests.serve.transcripts        writes them anew; look at the difference before you commit
"""

import asyncio
import re
import tempfile
from pathlib import Path
from typing import Any

from tests.serve.running import At, gateway, serving
from tests.serve.tools import FLAT_TOOL, TOOL, WEATHER

GOLDEN = Path(__file__).parent / "golden"
CHAT, TEXT, RESPONSES = "/v1/chat/completions", "/v1/completions", "/v1/responses"
USAGE = {"stream_options": {"include_usage": True}}
EXPECTED = {"type": "content", "content": "Hello there, all of you."}
INCLUDE = {"include": ["message.output_text.logprobs"]}


def chat(content: str, model: str = "echo", **fields: Any) -> tuple[str, dict[str, Any]]:
    """A streamed chat completion."""
    messages = [{"role": "user", "content": content}]
    return CHAT, {"model": model, "messages": messages, "stream": True, **fields}


def text(prompt: str | list[str], **fields: Any) -> tuple[str, dict[str, Any]]:
    """A streamed text completion."""
    return TEXT, {"model": "echo", "prompt": prompt, "stream": True, **fields}


def response(given: str, model: str = "echo", **fields: Any) -> tuple[str, dict[str, Any]]:
    """A streamed response."""
    return RESPONSES, {"model": model, "input": given, "stream": True, **fields}


CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "chat-text": chat("Hello"),
    "chat-usage": chat("Hello", **USAGE),
    "chat-logprobs": chat("Hello", logprobs=True, top_logprobs=1),
    "chat-length": chat("Hello", max_completion_tokens=2),
    "chat-prediction": chat("Hello", prediction=EXPECTED, **USAGE),
    "chat-two-answers": chat("Hello", n=2, **USAGE),
    "chat-thinking": chat("think", "calls"),
    "chat-tool-call": chat("weather?", "calls", tools=[TOOL]),
    "chat-tool-calls-only": chat("two cities", "calls", tools=[TOOL], **USAGE),
    "chat-error-halfway": chat("break it"),
    "completions-text": text("Once upon"),
    "completions-logprobs": text("Once upon", logprobs=1, **USAGE),
    "completions-two-prompts-echoed": text(["Once", "Twice"], echo=True),
    "completions-error-halfway": text("break it"),
    "responses-text": response("Hello"),
    "responses-logprobs": response("Hello", top_logprobs=1, **INCLUDE),
    "responses-thinking": response("think", "calls"),
    "responses-function-call": response("weather?", "calls", tools=[FLAT_TOOL]),
    "responses-two-calls": response("two cities", "calls", tools=[FLAT_TOOL]),
    "responses-incomplete": response("Hello", max_output_tokens=2),
    "responses-failed": response("break it"),
}

_VOLATILE = (
    (re.compile(r'"((?:chatcmpl|cmpl|resp|msg|rs|fc)[-_])[0-9a-f]{24,32}"'), r'"\g<1>ID"'),
    (re.compile(r'"(created|created_at|completed_at)":\d+'), r'"\1":1700000000'),
    (re.compile(r'"(\w+_s|tokens_per_s)":(?:[\d.]+(?:e-?\d+)?|null)'), r'"\1":0.5'),
)


def normalised(stream: str) -> str:
    """The stream with what differs from run to run replaced, and nothing else.

    Identifiers keep their prefix and become `ID`; moments become 1700000000; the seconds and the
    rate of `sprat.timing` become 0.5. Numbers stay numbers, so that a parser can be tested with it.
    """
    for pattern, instead in _VOLATILE:
        stream = pattern.sub(instead, stream)
    return stream


async def record(at: At, name: str) -> str:
    """What the gateway at `at` says in a case, normalised."""
    path, body = CASES[name]
    async with await at.post(path, body) as answer:
        return normalised((await answer.read()).decode())


async def _write() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with gateway(serving(Path(folder), {"calls": WEATHER})) as at:
            for name in CASES:
                stream = await record(at, name)
                (GOLDEN / f"{name}.sse").write_bytes(stream.encode())


if __name__ == "__main__":
    asyncio.run(_write())

"""What the tests of the endpoint engine share."""

from sprat.engines.openai import Limits, OpenAIEngine
from sprat.settings import Endpoint
from sprat.types import ChatRequest, Message

QUICK = Limits(connect_s=5, silence_s=5, total_s=20, backoff_s=0.001)


def hello(**fields) -> ChatRequest:
    return ChatRequest(messages=(Message("user", "hello there"),), **fields)


def endpoint_engine(url: str, *, limits: Limits = QUICK, **fields) -> OpenAIEngine:
    return OpenAIEngine("there/tiny", Endpoint(url=url, **fields), "tiny", limits=limits)

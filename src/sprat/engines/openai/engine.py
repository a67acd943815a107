"""The engine: one model behind an OpenAI-compatible endpoint."""

from collections.abc import AsyncGenerator

from sprat.engines.base import Load, ask
from sprat.engines.openai.answer import Answer
from sprat.engines.openai.incoming import Incoming
from sprat.engines.openai.remote import Remote
from sprat.engines.openai.wire import asked
from sprat.engines.stamps import Stamps
from sprat.types import ChatRequest, Delta, Message, Reply, Step

WARM_UP = ChatRequest(messages=(Message("user", "Say ok."),), max_tokens=2)
"""The shortest request that makes a server have its model in memory."""


class OpenAIEngine(Remote):
    """One model of one endpoint.

    A chunk is not a token: token counts are the server's own or, where it gives none, an estimate
    that says so (`Usage.counted_by`).
    """

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Reply]:
        """Yield the pieces, then one `Reply`. Closing the iterator closes the connection.

        Raises:
            UnsupportedRequest: a field that OpenAI's form has no place for.
            EngineRefused: the server said no, at the start or halfway.
            EngineTimeout: it was silent for too long.
            EngineDied: the connection broke.
        """
        stamps, answer, steps = Stamps(request), Answer(), list[Step]()

        def retried(why: str) -> None:
            steps.append(Step(role="retry", engine=self.name, why=why))

        call = await self._client.post(asked(request, self._model), stamps.sent, retried)
        try:
            incoming = Incoming(call, answer)
            while (pieces := await incoming.more()) is not None:
                for piece in pieces:
                    stamps.piece(piece, tool_call=bool(piece.tool_calls))
                    if piece.text or piece.reasoning or piece.tool_calls or piece.logprobs:
                        yield piece
            timing = stamps.done()
            await call.finish()
        finally:
            call.close()
        yield Reply(
            text=answer.text,
            finish=answer.finish or "stop",
            usage=answer.usage(request),
            timing=timing,
            model=self.name,
            reasoning=answer.reasoning,
            tool_calls=answer.tool_calls,
            logprobs=answer.logprobs,
            steps=tuple(steps),
        )

    async def warm(self) -> Load:
        """Send a tiny prompt, so that the server has its model in memory and we a connection.

        Raises:
            EngineError: as `stream`.
        """
        reply = await ask(self, WARM_UP)
        return Load(load_s=None, warm_up_s=reply.timing.total_s)

    async def models(self) -> list[str]:
        """The model names that the endpoint offers; empty when it does not say."""
        return await self._client.models()

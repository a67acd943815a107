"""`FoundryEngine`: a model in Foundry Local's native runtime, in a worker process of its own."""

import itertools
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from sprat.engines.base import Load
from sprat.engines.foundry.check import check
from sprat.engines.foundry.process import Process
from sprat.engines.foundry.registry import Registered
from sprat.engines.foundry.wire import Ask, Done, Options
from sprat.engines.stamps import Stamps
from sprat.engines.worker.keeper import Keeper, Lock
from sprat.engines.worker.taken import asked_again
from sprat.errors import EngineError
from sprat.measure.clock import now_ns
from sprat.types import ChatRequest, Delta, Message, Reply, Usage

_WARM_UP = ChatRequest(messages=(Message("user", "Hello"),), max_tokens=4)


class FoundryEngine:
    """Runs a model that Foundry Local holds.

    The worker is started by the first request (or by `warm`), and again after it died. Requests
    take turns: computed at once they are slower in sum (docs/decisions/foundry.md).
    """

    def __init__(self, name: str, model: Registered, home: Path) -> None:
        self._name = name
        self._options = Options(
            home=str(home), id=model.id, folder=model.folder, public=model.public
        )
        self._keeper = Keeper(lambda: Process.start(self._options, self._name))
        self._turn = Lock()
        self._numbers = itertools.count(1)

    @property
    def name(self) -> str:
        """The model name that the user typed."""
        return self._name

    @property
    def pids(self) -> tuple[int, ...]:
        """The worker, while there is one."""
        return self._keeper.pids

    async def stream(self, request: ChatRequest) -> AsyncGenerator[Delta | Reply]:
        """Yield pieces as they come, then one `Reply`. Closing early frees the place.

        Raises:
            UnsupportedRequest: a parameter that Foundry Local cannot honour.
            ContextTooLong: the prompt does not fit the model.
            EngineDied: the worker went away while it held this request.
            SpratError: the model cannot be loaded.
        """
        check(request)
        stamps, sent_ns = Stamps(request), now_ns()
        stamps.sent(sent_ns)
        ask = Ask(next(self._numbers), request)
        async with (
            self._turn.held(),
            aclosing(asked_again(lambda: self._asked(ask, stamps, sent_ns))) as pieces,
        ):
            async for piece in pieces:
                yield piece

    async def _asked(self, ask: Ask, stamps: Stamps, sent_ns: int) -> AsyncGenerator[Delta | Reply]:
        process, ready = await self._keeper.ready()
        if ready.at_ns > sent_ns:  # whoever started it: this request had to wait too
            stamps.loaded(ready.at_ns)
        pieces: list[Delta] = []
        async with aclosing(process.answers(ask)) as messages:
            async for message in messages:
                if isinstance(message, Done):
                    yield self._reply(message, stamps, pieces)
                    return
                pieces.append(Delta(message.text, message.reasoning))
                stamps.piece(pieces[-1])
                yield pieces[-1]
        raise EngineError(f"{self._name} ended its stream without a reply.")

    def _reply(self, done: Done, stamps: Stamps, pieces: list[Delta]) -> Reply:
        stamps.started(done.started_ns)
        return Reply(
            text="".join(piece.text for piece in pieces),
            reasoning="".join(piece.reasoning for piece in pieces),
            finish=done.finish,
            usage=Usage(done.input_tokens, done.output_tokens, counted_by=done.counted_by),
            timing=stamps.done(),
            model=self._name,
        )

    async def warm(self) -> Load:
        """Load the model if need be, and decode a few tokens.

        Raises:
            SpratError: the model cannot be loaded.
        """
        _, ready = await self._keeper.ready()
        before = now_ns()
        async with aclosing(self.stream(_WARM_UP)) as pieces:
            async for _ in pieces:
                pass
        return Load(
            load_s=self._keeper.load_s,
            warm_up_s=(now_ns() - before) / 1e9,
            provider=ready.provider.removesuffix("ExecutionProvider").lower(),
        )

    async def aclose(self) -> None:
        """Stop the worker."""
        await self._keeper.stop()

"""One request to the native runtime: a session of its own, so that no answer knows another."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sprat.engines.foundry.facts import Facts
from sprat.engines.foundry.native import FoundryError, Native, sdk
from sprat.engines.foundry.said import plain
from sprat.engines.foundry.wire import Ask, Done, Piece
from sprat.engines.onnx.text import StopFilter
from sprat.errors import ContextTooLong, EngineError
from sprat.measure.clock import now_ns
from sprat.types import ChatRequest, CountedBy, Finish

_FINISHES: dict[str, Finish] = {"STOP": "stop", "LENGTH": "length"}


class Job:
    """A request under way. The SDK computes in a thread of its own; `step` waits for its next word.

    The SDK has no stop strings: they are looked for here, and end the computing when they come.
    """

    def __init__(self, ask: Ask, model: Native, facts: Facts) -> None:
        self.id = ask.id
        self.over = False
        self._ask = ask.request
        self._model = model
        self._facts = facts
        self._held = ExitStack()
        self._changing = threading.Lock()
        self._request: Native = None
        self._stream: Native = None
        self._items: Iterator[Native] | None = None
        self._stops = StopFilter(ask.request.stop)
        self._said: list[str] = []
        self._input_tokens = 0
        self._started_ns = 0

    def step(self) -> list[Piece | Done]:
        """What the runtime says next.

        Raises:
            ContextTooLong: the prompt does not fit the model.
            EngineError: the runtime failed; in its own words.
        """
        try:
            if self._items is None:
                self._items = self._begin()
            item = next(self._items, None)
            said = self._end() if item is None else self._piece(item)
        except FoundryError as error:
            self.close()
            raise EngineError(f"Foundry Local failed: {plain(error)}") from error
        except BaseException:
            self.close()
            raise
        return said

    def cancel(self) -> None:
        """Stop computing soon; from any thread, while `step` may be waiting."""
        with self._changing:  # what is being freed must not be touched
            if self._request is not None and not self.over:
                self._request.cancel()

    def close(self) -> None:
        """Stop computing and free the session; waits until the runtime has let go of it."""
        with self._changing:
            self.over = True
        self._held.close()

    def _begin(self) -> Iterator[Native]:
        session = self._held.enter_context(sdk.ChatSession(self._model))
        session.set_streaming(True)
        request = self._held.enter_context(sdk.Request())
        for message in self._ask.messages:
            role = sdk.MessageRole[message.role.upper()]
            request.add_item(sdk.MessageItem(role, message.content, message.name))
        request.set_options(_options(self._ask, self._room(session, request), self._facts.vocab))
        self._request, self._started_ns = request, now_ns()
        self._stream = self._held.enter_context(session.process_streaming_request(request))
        return iter(self._stream)

    def _room(self, session: Native, request: Native) -> int:
        """How many tokens the answer may have; the runtime refuses more than fit."""
        request.set_options(_options(self._ask, 1, self._facts.vocab))
        budget = session.preflight_request(request)
        self._input_tokens, context = int(budget.prompt_tokens), int(budget.context_limit_tokens)
        room = context - self._input_tokens
        if room < 1:
            raise ContextTooLong(
                f"The prompt has {self._input_tokens} tokens; the model's context is {context}.",
                fix="Shorten the prompt, or take a model with a longer context.",
            )
        return room if self._ask.max_tokens is None else min(self._ask.max_tokens, room)

    def _piece(self, item: Native) -> list[Piece | Done]:
        if not isinstance(item, sdk.TextItem):
            return []
        text = str(item.text)
        if item.type == sdk.TextItemType.REASONING:
            return [Piece(self.id, reasoning=text)]
        self._said.append(text)
        shown = self._stops.add(text)
        pieces: list[Piece | Done] = [Piece(self.id, shown)] if shown else []
        return [*pieces, *self._stopped()] if self._stops.stopped else pieces

    def _stopped(self) -> list[Piece | Done]:
        """A stop string came: the runtime's own count is lost with the rest of its answer."""
        self.close()
        tokens, counted_by = _count("".join(self._said), len(self._said), self._facts.folder)
        return [self._done("stop", tokens, counted_by)]

    def _end(self) -> list[Piece | Done]:
        with self._stream.final_response as final:
            usage, ended = final.get_usage(), str(final.finish_reason.name)
        self.close()
        if (finish := _FINISHES.get(ended)) is None:
            raise EngineError(f"Foundry Local ended the answer without a reason it names: {ended}.")
        self._input_tokens = int(usage.prompt_tokens)
        rest = self._stops.flush()
        done = self._done(finish, int(usage.completion_tokens), "engine")
        return [Piece(self.id, rest), done] if rest else [done]

    def _done(self, finish: Finish, output_tokens: int, counted_by: CountedBy) -> Done:
        return Done(
            id=self.id,
            finish=finish,
            input_tokens=self._input_tokens,
            output_tokens=output_tokens,
            counted_by=counted_by,
            started_ns=self._started_ns,
        )


def _options(request: ChatRequest, max_tokens: int, vocab: int | None) -> Native:
    """The request's sampling in the SDK's words.

    What is not said, a folder's own defaults decide, so all is said. Every token is `top_k=vocab`:
    with `top_k=0` the runtime forgets `top_p`. Its `top_p=0` means "no bound"; ours, like
    temperature 0, leaves only the likeliest token.
    """
    sampled = request.temperature > 0 and request.top_p > 0
    search: dict[str, Any] = {"max_output_tokens": max_tokens, "do_sample": sampled}
    if sampled:
        search |= {"temperature": request.temperature, "top_p": request.top_p, "top_k": vocab}
        search |= {"seed": request.seed}
    else:
        search |= {"temperature": 0.0, "top_k": 1}
    return sdk.RequestOptions(search=sdk.SearchOptions(**search))


def _count(text: str, pieces: int, folder: Path) -> tuple[int, CountedBy]:
    """Tokens of an answer that was cut off; its pieces where the folder has no plain tokenizer."""
    file = folder / "tokenizer.json"
    if not file.is_file():
        return pieces, "estimate"
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    return len(tokenizer.encode(text, add_special_tokens=False).ids), "tokenizer"

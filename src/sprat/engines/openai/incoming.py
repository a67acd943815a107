"""The body of an answer, whatever its form, as pieces."""

import re

from sprat.engines.openai.answer import Answer
from sprat.engines.openai.call import Call
from sprat.engines.openai.chunks import encoded_error, no_answer, words
from sprat.engines.openai.sse import Event, EventReader
from sprat.errors import EngineDied, EngineRefused
from sprat.types import Delta

_DONE = "[DONE]"
_TAG = re.compile(r"<[^>]*>")


class Incoming:
    """Reads a call to its end: a stream of events, or one JSON though a stream was asked for."""

    def __init__(self, call: Call, answer: Answer) -> None:
        self._call = call
        self._answer = answer
        self._reader: EventReader | None = None
        self._over = False

    async def more(self) -> list[Delta] | None:
        """The pieces in the next bytes (perhaps none); None when the answer is over.

        Raises:
            EngineRefused: an error from the server, or something that is no answer.
            EngineDied: the stream ended before the answer did.
        """
        if self._over:
            return None
        try:
            chunk = await self._call.read()
            if self._reader is None and _is_json(self._call.content_type, chunk):
                return self._one_json(chunk + await self._call.read_all())
            return self._read(chunk)
        except EngineRefused as error:
            raise self._call.censored(error) from None  # a traceback would show the key

    def _read(self, chunk: bytes) -> list[Delta]:
        if self._reader is None:
            _refuse_page(self._call.content_type, chunk)
            self._reader = EventReader()
        if not chunk:
            return self._last(self._reader)
        pieces = self._pieces(self._reader.feed(chunk))
        if self._answer.finish and not self._over:
            self._call.is_whole()
        return pieces

    def _pieces(self, events: list[Event]) -> list[Delta]:
        pieces: list[Delta] = []
        for event in events:
            if event.data[:6] == _DONE:
                self._done()
                break
            failed = event.name == "error" and '"error"' not in event.data
            found = self._answer.take(encoded_error(event.data) if failed else event.data)
            if found is not None:
                pieces.append(found)
            if self._answer.complete:  # nothing that is still to come could change the reply
                self._over = True
                break
        return pieces

    def _done(self) -> None:
        self._over = True
        if not self._answer.begun:
            raise EngineDied("The server ended its stream without an answer in it.")

    def _last(self, reader: EventReader) -> list[Delta]:
        try:
            pieces = self._pieces(reader.close())
        except EngineDied:
            if self._answer.finish is None:
                raise
            pieces = []  # half of what follows a whole answer
        if not self._over and self._answer.finish is None:
            raise EngineDied(
                "The server ended its stream without saying that the answer is whole.",
                fix="Look at the server's log.",
            )
        self._over = True
        return pieces

    def _one_json(self, body: bytes) -> list[Delta]:
        self._over = True
        found = self._answer.take(body)
        if found is None:
            raise no_answer(body, "no completion", "it has no choices")
        return [found]


def _is_json(content_type: str, first: bytes) -> bool:
    if content_type == "text/event-stream":
        return False
    return content_type == "application/json" or first.lstrip().startswith(b"{")


def _refuse_page(content_type: str, first: bytes) -> None:
    if content_type == "text/html":
        page = words(_TAG.sub(" ", first.decode("utf-8", "replace")))
        raise EngineRefused(
            f"The server answered with a web page: {page[:120]!r}.",
            fix="Check that the endpoint's url ends in /v1 and belongs to a model server.",
        )

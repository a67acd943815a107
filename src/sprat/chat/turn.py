"""One question in a chat, answered: the stream, the sources, and what is kept of it."""

# Chainlit tells the types of its own things only in part.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, cast

import chainlit as cl
import msgspec
from chainlit.element import Element
from chainlit.utils import utc_now

from sprat.chat.trail import Trail
from sprat.chat.views import pdf_url, props_of, view_of
from sprat.chat.words import (
    Stream,
    figures,
    list_of,
    source_line,
    without_images,
)
from sprat.engines.base import Engine
from sprat.errors import SpratError, first_line
from sprat.types import ChatRequest, Delta, Reply, Source

LOG = logging.getLogger("sprat.chat")
NEAREST = 3
"""Passages shown where the documents do not say."""


class Answer:
    """One answer under way: what has come, and what it came to."""

    def __init__(self) -> None:
        self.message = cl.Message(content="", created_at=utc_now())
        self._stream = Stream()
        self.reply: Reply | None = None
        self.error: str | None = None
        self.stopped = False

    async def come(self, engine: Engine, request: ChatRequest, trail: Trail) -> None:
        """Stream it. However it ends, the engine's work has ended too when this returns.

        Raises:
            CancelledError: somebody pressed the stop button.
        """
        try:
            stream = cast("AsyncGenerator[Delta | Reply]", engine.stream(request))
            async with aclosing(stream) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Reply):
                        self.reply = piece
                    else:
                        await trail.caught_up()
                        await self.message.stream_token(self._stream.more(piece.text))
            if self.reply is None:
                self.error = f"{engine.name} ended without an answer."
        except SpratError as error:
            self.error = str(error)
        except Exception as error:
            LOG.exception("an answer failed")
            self.error = f"Something unforeseen happened: {first_line(error)}"
        except BaseException:
            self.stopped = True
            raise
        finally:
            await trail.close(self.reply.steps if self.reply else ())

    async def finish(
        self, text_of: Callable[[str], str | None], url_of: Callable[[str], str | None]
    ) -> None:
        """Show the whole of it: the text, where it stands, how long it took; or what went wrong."""
        if self.reply is not None:
            elements = elements_of(self.reply, text_of, url_of)
            said = without_images(self.reply.text)
            self.message.metadata = {"said": said, "answered": self.reply.answered}
            await self._show(shown_text(self.reply), elements)
        elif self.message.content or self.stopped:
            said = without_images(self.message.content + self._stream.rest())
            self.message.metadata = {"said": said}
            await self._show(f"{said}\n\n*Stopped.*" if self.stopped else said, [])
        if self.error:
            await cl.ErrorMessage(content=self.error).send()

    async def _show(self, text: str, elements: list[Any]) -> None:
        begun = self.message.streaming
        self.message.content, self.message.elements = text, elements
        await (self.message.update() if begun else self.message.send())

    def record(self, request: ChatRequest, **beside: object) -> dict[str, Any]:
        """What is kept of it, for whoever reads the feedback."""
        return {
            **beside,
            "request": msgspec.to_builtins(request),
            "reply": msgspec.to_builtins(self.reply) if self.reply else None,
            "error": "stopped" if self.stopped else self.error,
        }


def shown_text(reply: Reply) -> str:
    """An answer with its sources; or that the documents do not say, with the nearest passages."""
    numbered = numbered_sources(reply)
    lines = [_line(source, number) for number, source in numbered]
    foot = f"\n\n*{figures(reply)}*"
    if reply.answered is False:
        head = f"**{without_images(reply.text).strip() or 'The documents do not say.'}**"
        return head + list_of("The nearest passages", lines) + foot
    return without_images(reply.text) + list_of("Sources", lines) + foot


def numbered_sources(reply: Reply) -> list[tuple[int, Source]]:
    """The cited sources by their numbers; of those only found, the nearest, if nothing was said."""
    cited = [(source.number, source) for source in reply.sources if source.number is not None]
    if reply.answered is not False:
        return sorted(cited, key=lambda one: one[0])
    return list(enumerate(reply.sources[:NEAREST], start=1))


def elements_of(
    reply: Reply, text_of: Callable[[str], str | None], url_of: Callable[[str], str | None]
) -> list[Element]:
    """What a click on `[n]` opens: the passage in its document, and a PDF's page."""
    found: list[Element] = []
    for number, source in numbered_sources(reply):
        url = pdf_url(source, url_of)
        view = view_of(source, text_of(source.file), url)
        name = f"[{number}]"
        found.append(cl.CustomElement(name=name, props=props_of(view), display="side"))
        if url:
            pdf = cl.Pdf(name=_page_name(source, number), url=url, page=source.page, display="side")
            found.append(pdf)
    return found


def _line(source: Source, number: int) -> str:
    """`[n] file, page, heading`; of a PDF the page is a thing to click too."""
    if source.page and source.file.lower().endswith(".pdf"):
        bare = msgspec.structs.replace(source, page=None)
        return f"[{number}] {source_line(bare)} · {_page_name(source, number)}"
    return f"[{number}] {source_line(source)}"


def _page_name(source: Source, number: int) -> str:
    return f"page {source.page} [{number}]"

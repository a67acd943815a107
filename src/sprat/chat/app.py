"""The Chainlit app: what happens when a chat begins, goes on, is resumed, stopped or judged."""

# Chainlit tells the types of its own things only in part.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import asyncio
import logging
from collections import OrderedDict
from pathlib import Path
from typing import Any

import chainlit as cl
from chainlit.chat_context import chat_context
from chainlit.types import ChatProfile, Starter, ThreadDict

from sprat.chat.caller import CALLER
from sprat.chat.desk import Desk
from sprat.chat.find import Finder, Together, Upload, Uploads
from sprat.chat.history.attachments import PREFIX, address_of
from sprat.chat.history.layer import History
from sprat.chat.password import Password
from sprat.chat.places import document_address, is_id
from sprat.chat.stopping import stop_all, unstopped
from sprat.chat.trail import Trail
from sprat.chat.turn import Answer
from sprat.chat.widgets import widgets
from sprat.chat.wishes import Wishes, wishes_of
from sprat.chat.words import conversation, passages_of, read_of
from sprat.errors import DocumentError, SpratError, first_line
from sprat.types import ChatRequest, Role

LOG = logging.getLogger("sprat.chat")
LOCAL = "local"
"""Who uses a chat without a password: whoever can reach this machine's loopback."""
_OPEN_UPLOADS = 64


class App:
    """What Chainlit calls. One per process; a chat's own state is Chainlit's session."""

    def __init__(
        self,
        desk: Desk,
        history: History,
        uploads: Path,
        *,
        wishes: Wishes,
        starters: tuple[tuple[str, str], ...] = (),
        password: str | None = None,
    ) -> None:
        """`uploads`: where chats keep theirs; `starters`: labels and the questions behind them."""
        self.desk, self.history = desk, history
        self._uploads_folder = uploads
        self._uploads: OrderedDict[str, Uploads] = OrderedDict()
        self._wishes, self._starters = wishes, starters
        self._password = None if password is None else Password(password)

    def register(self) -> None:
        """Tell Chainlit."""
        cl.data_layer(lambda: self.history)
        cl.set_chat_profiles(self.profiles)
        cl.set_starters(self.starters)
        cl.on_chat_start(self.start)
        cl.on_chat_resume(self.resume)
        cl.on_message(self.message)
        if self._password is None:
            cl.header_auth_callback(self.let_in)
        else:
            cl.password_auth_callback(self.sign_in)

    async def let_in(self, headers: Any) -> cl.User:  # noqa: ANN401 - Starlette's
        """Without a password there is one user, and it needs no page to sign in."""
        return cl.User(identifier=LOCAL, display_name="You")

    async def sign_in(self, username: str, password: str) -> cl.User | None:
        """Any name with the right password: it keeps chats apart, not people out."""
        name = " ".join(username.split())[:64]
        if self._password is None or not name:
            return None
        fits = await self._password.fits(password, CALLER.get())
        return cl.User(identifier=name) if fits else None

    async def profiles(self, user: Any = None) -> list[ChatProfile]:  # noqa: ANN401 - Chainlit's
        """Small, hybrid, large; or the one model."""
        return [
            ChatProfile(name=one.name, markdown_description=one.about, default=at == 0)
            for at, one in enumerate(self.desk.profiles)
        ]

    async def starters(self, user: Any = None) -> list[Starter]:  # noqa: ANN401 - Chainlit's
        """Questions that the documents themselves suggest."""
        return [Starter(label=label, message=question) for label, question in self._starters]

    async def start(self) -> None:
        """A new chat."""
        await self._offer_settings()

    async def resume(self, thread: ThreadDict) -> None:
        """A chat of before goes on: its settings, and what was uploaded into it.

        Chainlit adds all its messages once more after each loss of the connection; an edit would
        take the second ones for what came after the first.
        """
        chat_context.clear()
        uploaded = {
            str(element.get("name")): str(element.get("url"))
            for element in thread.get("elements") or []
            if str(element.get("url")).startswith(PREFIX)
        }
        cl.user_session.set("urls", uploaded)
        await self._offer_settings()

    async def message(self, message: cl.Message) -> None:
        """A question, files, or both."""
        thread = cl.context.session.thread_id
        try:
            await self._check(thread)
            taken = [await self._take(thread, element) for element in message.elements or []]
            if taken and not message.content.strip():
                await cl.Message(content=read_of(taken)).send()
            if message.content.strip():
                await self._answer(thread, message.content)
        except SpratError as error:
            await cl.ErrorMessage(content=str(error)).send()
        except Exception as error:
            LOG.exception("a message was not answered")
            line = f"Something unforeseen happened: {first_line(error)}"
            await cl.ErrorMessage(content=line).send()

    async def _check(self, thread: str) -> None:
        if await self.history.is_forgotten(thread):  # elsewhere, and this page does not know
            raise SpratError("This chat was deleted.", fix="Start a new one.")

    async def _answer(self, thread: str, question: str) -> None:
        wishes, profile = self._wanted(), cl.context.session.chat_profile
        finder = await self._finder(thread, wishes)
        request = ChatRequest(
            messages=conversation(_turns()) or conversation([("user", question)]),
            temperature=wishes.temperature,
            max_tokens=wishes.max_tokens,
        )
        answer, trail, uploads = Answer(), Trail(), self._of_thread(thread)
        engine = self.desk.engine(profile, wishes, finder, trail.watch)
        try:
            await answer.come(engine, request, trail)
        finally:
            kept = answer.record(request, profile=profile, passages=wishes.passages)
            await unstopped(self._finish(answer, uploads, thread, engine.name, kept))

    async def _finish(
        self, answer: Answer, uploads: Uploads, thread: str, model: str, kept: dict[str, Any]
    ) -> None:
        """Show it whole, and keep what it came of, under the step that the page's thumbs judge."""
        run = cl.context.current_run
        try:
            texts = await asyncio.to_thread(self._texts, answer, uploads)
            await answer.finish(texts.get, self._url_of)
        finally:
            await self.history.put_run(run.id if run else answer.message.id, thread, model, kept)

    def _texts(self, answer: Answer, uploads: Uploads) -> dict[str, str | None]:
        """The whole text of every document behind an answer; none where one fails. Blocks."""
        files = {source.file for source in answer.reply.sources} if answer.reply else set[str]()
        try:
            return {file: self._text(file, uploads) for file in files}
        except Exception:  # the answer stands without: its passages are shown alone
            LOG.exception("a document's text was not found")
            return {}

    def _text(self, file: str, uploads: Uploads) -> str | None:
        found = uploads.text(file)
        if found is None and self.desk.store is not None:
            found = self.desk.store.text(file)
        return found

    def _url_of(self, file: str) -> str | None:
        urls: dict[str, str] = cl.user_session.get("urls") or {}
        return urls.get(file) or (document_address(file) if self.desk.store is not None else None)

    async def _finder(self, thread: str, wishes: Wishes) -> Finder | None:
        uploads = self._of_thread(thread)
        await uploads.open()
        uploaded = uploads.finder()
        if uploaded is None or self.desk.finder is None:
            return uploaded or self.desk.finder
        return uploaded if wishes.uploads_only else Together([uploaded, self.desk.finder])

    async def _take(self, thread: str, element: Any) -> Upload:  # noqa: ANN401 - Chainlit's
        """Index one uploaded file, and show that."""
        name = str(element.name)
        async with cl.Step(name=f"Reading {name}", type="tool", show_input=False) as shown:
            try:
                data = await asyncio.to_thread(Path(element.path).read_bytes)
                passages = await self._of_thread(thread).add(name, data)
                urls = dict(cl.user_session.get("urls") or {})
                urls[name] = address_of(thread, element.id)
                cl.user_session.set("urls", urls)
                taken = Upload(name=name, passages=passages)
            except SpratError as error:
                taken = Upload(name=name, error=str(error))
                shown.is_error = True
            except OSError as error:
                taken = Upload(name=name, error=f"{name} cannot be read: {error.strerror}.")
                shown.is_error = True
            shown.name = (
                f"{name}: not read" if taken.error else f"{name}: {passages_of(taken.passages)}"
            )
            shown.output = taken.error or f"{passages_of(taken.passages)}, for this chat only."
        if taken.error:
            await self.history.delete_element(element.id, thread)
            await cl.ErrorMessage(content=taken.error).send()
        return taken

    def _of_thread(self, thread: str) -> Uploads:
        if not is_id(thread):  # a browser names the chat that it resumes: never a path
            raise DocumentError("This is no chat of ours.", fix="Start a new one.")
        found = self._uploads.pop(thread, None)
        if found is None:
            found = Uploads(self._uploads_folder / thread, self.desk.embedder)
        self._uploads[thread] = found
        while len(self._uploads) > _OPEN_UPLOADS:
            self._uploads.popitem(last=False)[1].close()
        return found

    async def forget(self, thread: str) -> None:
        """A chat was removed: what is under way in it ends, what was uploaded into it goes too."""
        await stop_all(thread)
        if found := self._uploads.pop(thread, None):
            found.close()

    def _wanted(self) -> Wishes:
        return wishes_of(cl.context.session.chat_settings or {}, self._wishes)

    async def _offer_settings(self) -> None:
        wanted, profile = self._wanted(), cl.context.session.chat_profile
        grounded = self.desk.finder is not None
        shown = widgets(wanted, self.desk.policies(profile), grounded=grounded)
        await cl.ChatSettings(shown).send()


def _turns() -> list[tuple[Role, str]]:
    """What was said so far, the question included: without errors, sources and figures."""
    said: list[tuple[Role, str]] = []
    for message in chat_context.get():
        if message.type == "user_message":
            said.append(("user", message.content))
        elif text := (message.metadata or {}).get("said"):
            said.append(("assistant", str(text)))
    return said

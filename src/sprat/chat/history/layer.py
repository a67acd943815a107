"""Chainlit's data layer over our history. Imported only where Chainlit is installed.

Why not Chainlit's own over SQLAlchemy: docs/decisions/chat.md.
"""

# Chainlit tells the types of its own things only in part.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from chainlit.data.base import BaseDataLayer
from chainlit.data.utils import queue_until_user_message
from chainlit.element import Element, ElementDict
from chainlit.step import StepDict
from chainlit.types import (
    Feedback,
    PageInfo,
    PaginatedResponse,
    Pagination,
    ThreadDict,
    ThreadFilter,
)
from chainlit.user import PersistedUser, User

from sprat.chat.history.attachments import Attachments, address_of
from sprat.chat.history.book import Book
from sprat.chat.history.database import Body, Database
from sprat.chat.history.runs import Runs

Value = TypeVar("Value")


class History(BaseDataLayer):
    """One thread of its own reads and writes, in the order in which Chainlit asks."""

    def __init__(
        self,
        database: Database,
        attachments: Attachments,
        forgotten: Callable[[str], Awaitable[None]],
    ) -> None:
        """`forgotten` is told the identifier of every thread that a user removes."""
        self._database = database
        self._book, self._runs = Book(database), Runs(database)
        self._attachments = attachments
        self._forgotten = forgotten
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sprat-history")

    async def _do(self, call: Callable[..., Value], *values: object, **named: object) -> Value:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: call(*values, **named))

    async def get_user(self, identifier: str) -> PersistedUser | None:
        """Who that is; None: nobody yet."""
        found = await self._do(self._book.user, identifier)
        return None if found is None else PersistedUser(**found)

    async def create_user(self, user: User) -> PersistedUser | None:
        """Know a user from now on."""
        await self._do(self._book.put_user, user.identifier, user.metadata)
        return await self.get_user(user.identifier)

    async def upsert_feedback(self, feedback: Feedback) -> str:
        """Keep what a user thinks of an answer."""
        return await self._do(
            self._runs.put_feedback,
            feedback.forId,
            feedback.value,
            thread=feedback.threadId,
            comment=feedback.comment,
        )

    async def delete_feedback(self, feedback_id: str) -> bool:
        """Forget it."""
        return await self._do(self._runs.remove_feedback, feedback_id)

    @queue_until_user_message()
    async def create_element(self, element: Element) -> None:
        """Keep an element; the bytes of an upload are copied beside the history."""
        await self._do(self._keep, element)

    def _keep(self, element: Element) -> None:
        if self._book.is_forgotten(element.thread_id):
            return
        body: Body = dict(element.to_dict())
        if body.get("type") != "custom" and not body.get("url"):
            if not self._attachments.has_room(element):
                return
            self._attachments.keep(element)
            body["url"] = address_of(element.thread_id, element.id)
        self._book.put_element(body)

    async def get_element(self, thread_id: str, element_id: str) -> ElementDict | None:
        """One element."""
        found: Any = await self._do(self._book.element, thread_id, element_id)
        return found

    @queue_until_user_message()
    async def delete_element(self, element_id: str, thread_id: str | None = None) -> None:
        """Forget an element and its bytes."""
        await self._do(self._book.remove_element, element_id)
        if thread_id:
            await self._do(self._attachments.remove, thread_id, element_id)

    @queue_until_user_message()
    async def create_step(self, step_dict: StepDict) -> None:
        """Keep a step."""
        await self._do(self._book.put_step, dict(step_dict))

    @queue_until_user_message()
    async def update_step(self, step_dict: StepDict) -> None:
        """Keep what has become of a step."""
        await self._do(self._book.put_step, dict(step_dict))

    @queue_until_user_message()
    async def delete_step(self, step_id: str) -> None:
        """Forget a step."""
        await self._do(self._book.remove_step, step_id)

    async def get_thread_author(self, thread_id: str) -> str:
        """Whose thread it is; empty: nobody's."""
        return await self._do(self._book.author, thread_id) or ""

    async def delete_thread(self, thread_id: str) -> None:
        """Forget a thread, its attachments, and the documents that were uploaded into it."""
        await self._do(self._book.remove_thread, thread_id)
        await self._forgotten(thread_id)
        await self._do(self._attachments.remove_all, thread_id)

    async def is_forgotten(self, thread_id: str) -> bool:
        """Whether it was removed: a page may show it still."""
        return await self._do(self._book.is_forgotten, thread_id)

    async def list_threads(
        self, pagination: Pagination, filters: ThreadFilter
    ) -> PaginatedResponse[ThreadDict]:
        """A page of a user's threads, the latest first."""
        found: Any = await self._do(
            self._book.threads,
            filters.userId or "",
            pagination.first + 1,
            after=pagination.cursor,
            words=filters.search,
            feedback=filters.feedback,
        )
        page = found[: pagination.first]
        info = PageInfo(
            hasNextPage=len(found) > len(page),
            startCursor=page[0]["id"] if page else None,
            endCursor=page[-1]["id"] if page else None,
        )
        return PaginatedResponse(pageInfo=info, data=page)

    async def get_thread(self, thread_id: str) -> ThreadDict | None:
        """A thread with everything in it."""
        found: Any = await self._do(self._book.thread, thread_id)
        return found

    async def update_thread(
        self,
        thread_id: str,
        name: str | None = None,
        user_id: str | None = None,
        metadata: dict[str, Any] | None = None,
        tags: list[str] | None = None,
    ) -> None:
        """Make or change a thread."""
        await self._do(
            self._book.put_thread, thread_id, name=name, user=user_id, metadata=metadata, tags=tags
        )

    async def put_run(self, step: str, thread: str, model: str, run: Body) -> None:
        """Keep what an answer came of."""
        await self._do(self._runs.put_run, step, thread, model, run)

    async def get_favorite_steps(self, user_id: str) -> list[StepDict]:
        """None: favourites are turned off."""
        return []

    async def build_debug_url(self) -> str:
        """None."""
        return ""

    async def close(self) -> None:
        """Write what is still to be written, and let go."""
        await self._do(self._database.close)
        self._thread.shutdown()

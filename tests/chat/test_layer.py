"""The history as Chainlit calls it: what comes after a chat was deleted."""

import asyncio
from uuid import uuid4

import pytest
from chainlit.context import init_ws_context
from chainlit.element import File
from chainlit.session import WebsocketSession

from sprat.chat.history import attachments
from sprat.chat.history.attachments import Attachments
from sprat.chat.history.database import Database
from sprat.chat.history.layer import History
from sprat.chat.stopping import stop_all, unstopped


def page():
    async def emit(event, data):
        await asyncio.sleep(0)

    return WebsocketSession(
        id=str(uuid4()), socket_id=str(uuid4()), emit=emit, emit_call=emit, user_env={},
        client_type="webapp",
    )  # fmt: skip


@pytest.fixture
async def history(tmp_path):
    gone = []

    async def forgotten(thread):
        gone.append(thread)

    made = History(Database(tmp_path / "history.db"), Attachments(tmp_path / "kept"), forgotten)
    made.gone = gone
    session = page()
    session.has_first_interaction = True
    init_ws_context(session)
    yield made
    await session.delete()
    await made.close()


def upload(thread, content=b"text"):
    return File(id=str(uuid4()), thread_id=thread, name="a.md", content=content, for_id="step")


async def test_an_upload_that_comes_after_its_chat_was_deleted_leaves_nothing(history, tmp_path):
    thread = str(uuid4())
    await history.create_element(upload(thread))
    assert len(list((tmp_path / "kept" / thread).iterdir())) == 1
    await history.delete_thread(thread)
    assert history.gone == [thread]
    await history.create_element(upload(thread))
    await history.update_thread(thread, metadata={"chat_profile": "Small"})
    assert await history.get_thread(thread) is None
    assert not (tmp_path / "kept" / thread).exists()
    assert await history.is_forgotten(thread)


async def test_one_chat_keeps_only_so_many_uploads_and_bytes(history, tmp_path, monkeypatch):
    thread = str(uuid4())
    monkeypatch.setattr(attachments, "MOST", 2)
    for _ in range(3):
        await history.create_element(upload(thread))
    assert len((await history.get_thread(thread))["elements"]) == 2
    assert len(list((tmp_path / "kept" / thread).iterdir())) == 2
    monkeypatch.setattr(attachments, "MOST", 9)
    monkeypatch.setattr(attachments, "MOST_BYTES", 10)
    await history.create_element(upload(thread, b"more"))
    assert len(list((tmp_path / "kept" / thread).iterdir())) == 2


async def test_what_is_under_way_in_a_deleted_chat_ends():
    sessions = [page(), page()]
    for session in sessions:
        session.current_task = asyncio.create_task(asyncio.Event().wait())
    await asyncio.sleep(0)
    await stop_all(sessions[0].thread_id)
    assert sessions[0].current_task.cancelled()
    assert not sessions[1].current_task.done()
    sessions[1].current_task.cancel()
    for session in sessions:
        await session.delete()


async def test_work_that_was_begun_is_done_although_it_is_stopped_twice():
    done, may = [], asyncio.Event()

    async def work():
        await may.wait()
        done.append(True)

    outer = asyncio.create_task(unstopped(work()))
    await asyncio.sleep(0)
    outer.cancel()
    await asyncio.sleep(0)
    outer.cancel()
    await asyncio.wait({outer})
    assert outer.cancelled()
    may.set()
    for _ in range(3):
        await asyncio.sleep(0)
    assert done == [True]

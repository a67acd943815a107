"""The app as Chainlit calls it, with a page that only writes down what it is told."""

import asyncio
from uuid import uuid4

import chainlit as cl
import pytest
from chainlit.context import init_ws_context, local_steps
from chainlit.session import WebsocketSession
from tests.chat.test_turn import Counting, Pages, source

from sprat.chat.app import App
from sprat.chat.desk import Desk
from sprat.chat.history.attachments import Attachments
from sprat.chat.history.database import Database
from sprat.chat.history.layer import History
from sprat.chat.history.runs import Runs
from sprat.chat.wishes import Wishes


class Broken:
    """A store whose documents cannot be read any more."""

    def text(self, file):
        raise OSError("the disk is gone")


@pytest.fixture
async def database(tmp_path):
    opened = Database(tmp_path / "history.db")
    yield opened
    opened.close()


@pytest.fixture
async def page():
    told = Pages()
    session = WebsocketSession(
        id=str(uuid4()), socket_id=str(uuid4()), emit=told.emit, emit_call=told.emit,
        user_env={}, client_type="webapp",
    )  # fmt: skip
    session.has_first_interaction = True
    init_ws_context(session)
    local_steps.set(None)
    told.thread = session.thread_id
    yield told
    await session.delete()


def app_of(engine, database, tmp_path, **more):
    app = None

    async def forgotten(thread):
        await app.forget(thread)

    history = History(database, Attachments(tmp_path / "attachments"), forgotten)
    desk = Desk(engine, grounds=lambda *given: engine, **more)
    app = App(desk, history, tmp_path / "uploads", wishes=Wishes())
    return app


def kept(database):
    return database.rows("SELECT body FROM runs")


async def test_an_answer_stands_where_its_documents_text_cannot_be_read(page, database, tmp_path):
    engine = Counting("Yes [1]", sources=(source(1, 0),), answered=True)
    app = app_of(engine, database, tmp_path, store=Broken())
    await app.message(cl.Message(content="Well?", type="user_message"))
    assert page.texts("update_message")[-1].startswith("Yes [1]\n\n**Sources**")
    assert len(kept(database)) == 1


async def test_an_answer_that_is_stopped_after_its_last_word_is_kept(
    page, database, tmp_path, monkeypatch
):
    begun, may = asyncio.Event(), asyncio.Event()
    app = app_of(Counting("All of it."), database, tmp_path)
    put_run = app.history.put_run

    async def slow(*given):
        begun.set()
        await may.wait()
        await put_run(*given)

    monkeypatch.setattr(app.history, "put_run", slow)
    task = asyncio.create_task(app.message(cl.Message(content="Well?", type="user_message")))
    await begun.wait()
    task.cancel()
    await asyncio.wait({task}, timeout=0)
    may.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(kept(database)) == 1
    assert page.texts("update_message")[-1].startswith("All of it.")


async def test_a_question_in_a_deleted_chat_is_not_answered_and_leaves_nothing(
    page, database, tmp_path
):
    engine = Counting("Secret")
    app = app_of(engine, database, tmp_path)
    await app.history.delete_thread(page.thread)
    await app.message(cl.Message(content="Well?", type="user_message"))
    assert engine.closed == 0
    assert page.texts("new_message") == ["This chat was deleted. Start a new one."]
    assert list(Runs(database).judged()) == kept(database) == []
    assert not (tmp_path / "uploads" / page.thread).exists()


async def test_deleting_a_chat_stops_its_answer(page, database, tmp_path):
    engine = Counting("one ", endless=True)
    app = app_of(engine, database, tmp_path)
    session = cl.context.session
    session.current_task = asyncio.create_task(
        app.message(cl.Message(content="Well?", type="user_message"))
    )
    await page.begun.wait()
    await app.history.delete_thread(page.thread)
    assert (engine.running, engine.closed) == (0, 1)
    assert session.current_task.done()
    assert kept(database) == []


async def test_an_upload_that_cannot_be_read_is_not_kept(page, database, tmp_path):
    app = app_of(Counting("x"), database, tmp_path)
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 and no more")
    (tmp_path / "boiler.md").write_text("The red lamp means that the boiler is cold.")
    files = [
        cl.File(id=str(uuid4()), name=name, path=str(tmp_path / name), for_id="step")
        for name in ("broken.pdf", "boiler.md")
    ]
    for file in files:
        await app.history.create_element(file)
    await app.message(cl.Message(content="", type="user_message", elements=files))
    folder = tmp_path / "attachments" / page.thread
    assert [file.name for file in folder.iterdir()] == [files[1].id]
    kept = (await app.history.get_thread(page.thread))["elements"]
    assert [element["name"] for element in kept] == ["boiler.md"]

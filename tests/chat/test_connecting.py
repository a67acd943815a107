"""Who comes in, and by what names: Chainlit's own handlers with ours around them."""

import asyncio
import contextlib
from uuid import uuid4

import pytest
from chainlit import server, socket
from chainlit.auth import create_jwt, decode_jwt
from chainlit.chat_context import chat_context
from chainlit.config import config
from chainlit.context import init_ws_context
from chainlit.message import Message
from chainlit.session import WebsocketSession
from chainlit.user import User

from sprat.chat.app import App
from sprat.chat.connecting import check_names, may_connect
from sprat.chat.root import signing_key
from sprat.chat.wishes import Wishes


@pytest.fixture
def connect():
    before = server.sio.handlers["/"]["connect"]
    check_names()
    yield server.sio.handlers["/"]["connect"]
    server.sio.on("connect", before)


def told(session, thread=""):
    return {"sessionId": session, "threadId": thread, "clientType": "webapp"}


async def test_a_session_named_like_a_folder_neither_enters_nor_removes_it(connect, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    for name in (str(home), f"../{uuid4()}", "..", "", None, 7, str(uuid4()).upper()):
        with contextlib.suppress(ConnectionRefusedError):
            await connect("sid", {}, told(name))
            await socket.clean_session("sid")
            await socket.disconnect("sid")
        assert WebsocketSession.get("sid") is None
    assert home.is_dir()


async def test_a_session_named_by_an_identifier_enters(connect):
    name = str(uuid4())
    assert await connect("sid", {}, told(name)) is True
    assert WebsocketSession.get("sid").id == name
    await WebsocketSession.get("sid").delete()


@pytest.mark.parametrize("auth", [None, "x", {}, told(str(uuid4()), "/tmp"), told("x")])
def test_what_names_nothing_may_not_connect(auth):
    assert not may_connect(auth)
    assert may_connect(told(str(uuid4()), str(uuid4())))


def test_a_cookie_of_another_password_is_none(tmp_path, monkeypatch):
    keys = [signing_key(tmp_path, password) for password in (None, "one", "two", "one")]
    assert keys[1] == keys[3]
    assert len(set(keys)) == 3
    monkeypatch.setenv("CHAINLIT_AUTH_SECRET", keys[0])
    cookie = create_jwt(User(identifier="local"))
    assert decode_jwt(cookie).identifier == "local"
    for key in keys[1:]:
        monkeypatch.setenv("CHAINLIT_AUTH_SECRET", key)
        with pytest.raises(Exception, match=r"[Ss]ignature"):
            decode_jwt(cookie)


async def test_a_connection_lost_twice_leaves_each_message_once(tmp_path, monkeypatch):
    app = App(None, None, tmp_path, wishes=Wishes())

    async def nothing():
        pass

    async def found(session):
        return thread

    async def emit(event, data):
        await asyncio.sleep(0)

    monkeypatch.setattr(app, "_offer_settings", nothing)
    monkeypatch.setattr(config.code, "on_chat_resume", app.resume)
    monkeypatch.setattr(socket, "resume_thread", found)
    session = WebsocketSession(
        id=str(uuid4()), socket_id="sid", emit=emit, emit_call=emit, user_env={},
        client_type="webapp", thread_id=str(uuid4()),
    )  # fmt: skip
    context = init_ws_context(session)
    said = [Message(content=text, type="user_message").to_dict() for text in ("one", "two")]
    thread = {"id": session.thread_id, "steps": said, "elements": []}
    for _ in range(3):
        await socket.connection_successful("sid")
    assert context.session is session
    assert [message.content for message in chat_context.get()] == ["one", "two"]
    await session.delete()

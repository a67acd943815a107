"""The addresses of uploads, asked by their own user, by another one, and by nobody."""

from uuid import uuid4

import httpx
import pytest
from chainlit import server
from chainlit.auth import create_jwt
from chainlit.config import SpontaneousFileUploadFeature, config
from chainlit.session import WebsocketSession
from chainlit.user import User

from sprat.chat import uploading
from sprat.chat.root import ACCEPTED
from sprat.chat.uploading import add_upload_addresses


class Client:
    """A browser that has signed in, with the session of its page."""

    def __init__(self, name):
        self.cookies = {"access_token": create_jwt(User(identifier=name))} if name else {}
        self.session = WebsocketSession(
            id=str(uuid4()), socket_id=str(uuid4()), emit=None, emit_call=None, user_env={},
            client_type="webapp", user=User(identifier=name or "x"),
        )  # fmt: skip

    async def ask(self, method, path, **more):
        transport = httpx.ASGITransport(app=server.app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", cookies=self.cookies
        ) as client:
            return await client.request(method, path, **more)

    async def send(self, name, data, media, session=None):
        params = {"session_id": session or self.session.id}
        file = {"file": (name, data, media)}
        return await self.ask("POST", "/project/file", params=params, files=file)

    async def get(self, file, session=None):
        params = {"session_id": session or self.session.id}
        return await self.ask("GET", f"/project/file/{file}", params=params)


@pytest.fixture
async def clients(monkeypatch):
    before = list(server.app.router.routes)
    add_upload_addresses()

    async def sign_in(username, password):
        return None

    accept = SpontaneousFileUploadFeature(enabled=True, accept=ACCEPTED, max_size_mb=32)
    monkeypatch.setattr(config.code, "password_auth_callback", sign_in)
    monkeypatch.setattr(config.features, "spontaneous_file_upload", accept)
    made = [Client("anna"), Client("berta"), Client(None)]
    for one in made:
        one.session.files_dir.parent.mkdir(exist_ok=True)
    yield made
    for one in made:
        await one.session.delete()
    server.app.router.routes[:] = before


async def test_a_page_that_was_uploaded_is_saved_and_never_shown(clients):
    anna, *_ = clients
    sent = await anna.send("evil.html", b"<script>alert(1)</script>", "text/html")
    assert sent.status_code == 200
    got = await anna.get(sent.json()["id"])
    assert got.content == b"<script>alert(1)</script>"
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"].startswith("attachment")
    assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"


async def test_nobody_else_reaches_an_upload_or_adds_one(clients):
    anna, berta, nobody = clients
    sent = (await anna.send("a.md", b"text", "text/markdown")).json()["id"]
    for other in (berta, nobody):
        assert (await other.get(sent, anna.session.id)).status_code in {401, 404}
        answer = await other.send("b.md", b"text", "text/markdown", anna.session.id)
        assert answer.status_code in {401, 404}
    assert list(anna.session.files) == [sent]
    assert (await anna.get(str(uuid4()))).status_code == 404


async def test_a_session_that_is_a_path_takes_nothing(clients, tmp_path):
    anna, *_ = clients
    for name in (str(tmp_path), "../..", ""):
        answer = await anna.send("a.md", b"text", "text/markdown", name or "/")
        assert answer.status_code == 404
    assert list(tmp_path.iterdir()) == []


async def test_an_empty_file_is_said_and_a_table_is_taken_as_every_browser_calls_it(clients):
    anna, *_ = clients
    empty = await anna.send("a.md", b"", "text/markdown")
    assert (empty.status_code, empty.json()["detail"]) == (400, "a.md is empty.")
    for media in ("text/csv", "application/vnd.ms-excel", "application/octet-stream"):
        assert (await anna.send("t.csv", b"a,b\n1,2\n", media)).status_code == 200
    assert (await anna.send("t.xls", b"x", "application/vnd.ms-excel")).status_code == 400


async def test_one_page_brings_only_so_many_files_and_bytes(clients, monkeypatch):
    anna, berta, _ = clients
    monkeypatch.setattr(uploading, "MOST_HELD", 2)
    sent = [await anna.send("a.md", b"text", "text/markdown") for _ in range(3)]
    assert [answer.status_code for answer in sent] == [200, 200, 413]
    assert len(anna.session.files) == len(list(anna.session.files_dir.iterdir())) == 2
    monkeypatch.setattr(uploading, "MOST_HELD_BYTES", 3)
    assert (await berta.send("a.md", b"text", "text/markdown")).status_code == 413

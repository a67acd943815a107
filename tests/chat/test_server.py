"""The chat as a process, asked by two users without a browser."""

import json
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from tests.chat.handbook import SMALL, sitting

PASSWORD = "correct horse"


class Visitor:
    """A user who signed in, and a socket by plain requests (Engine.IO 4, polling)."""

    def __init__(self, url, name):
        self.http = httpx.Client(base_url=url, headers={"origin": url}, timeout=20)
        self.session = str(uuid4())
        signed = self.http.post("/login", data={"username": name, "password": PASSWORD})
        assert signed.status_code == 200

    def connect(self, session=None, thread=""):
        """`40` where the chat lets it in, `44` where it does not."""
        path = "/ws/socket.io/?EIO=4&transport=polling"
        opened = json.loads(self.http.get(path).text[1:])
        self.place = f"{path}&sid={opened['sid']}"
        auth = {"sessionId": session or self.session, "threadId": thread, "clientType": "webapp"}
        self.http.post(self.place, content=f"40{json.dumps(auth)}")
        return self.http.get(self.place).text[:2]

    def emit(self, *event):
        self.http.post(self.place, content=f"42{json.dumps(event)}")

    def leave(self):
        self.http.post(self.place, content="41")

    def send(self, data, session=None):
        return self.http.post(
            "/project/file",
            params={"session_id": session or self.session},
            files={"file": ("note.html", data, "text/html")},
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def users(folder):
    script = folder / "small.toml"
    script.write_text(SMALL, "utf-8")
    options = ("--model", f"scripted:{script}", "--embedder", "none", "--password", PASSWORD)
    with sitting(folder / "home", *options) as url:
        made = Visitor(url, "anna"), Visitor(url, "berta")
        yield made
        for one in made:
            one.http.close()
    assert list((folder / "home" / "chat" / "app").iterdir()) == []  # nor any upload in it


def test_a_session_named_like_a_folder_is_not_let_in_and_the_folder_stays(users, folder):
    anna, _ = users
    victim = folder / "victim"
    victim.mkdir()
    assert anna.connect(str(victim)) == "44"
    anna.emit("clear_session")
    anna.leave()
    assert anna.send(b"x", str(victim)).status_code == 404
    assert anna.connect(thread="../../x") == "44"
    assert list(victim.iterdir()) == []


def test_an_upload_is_its_own_users_and_only_saved(users):
    anna, berta = users
    assert anna.connect() == "40"
    sent = anna.send(b"<b>mine</b>").json()["id"]
    place, page = f"/project/file/{sent}", {"session_id": anna.session}
    got = anna.http.get(place, params=page)
    assert (got.text, got.headers["content-type"]) == ("<b>mine</b>", "application/octet-stream")
    assert berta.http.get(place, params=page).status_code == 404
    assert berta.send(b"x", anna.session).status_code == 404
    berta.connect(anna.session)
    assert berta.http.get(place, params=page).status_code == 404
    assert anna.http.get(place, params=page).status_code == 200


def test_a_wrong_password_and_an_unsigned_cookie_open_nothing(users):
    anna, _ = users
    wrong = anna.http.post("/login", data={"username": "a", "password": "x"})
    assert wrong.status_code == 401
    with httpx.Client(base_url=anna.http.base_url, cookies={"sprat_chat": "a.b.c"}) as nobody:
        assert nobody.post("/project/threads", json={}).status_code == 401
        large = nobody.post("/project/file", params={"session_id": "x"}, content=b"x" * 100_000)
        assert large.status_code == 413

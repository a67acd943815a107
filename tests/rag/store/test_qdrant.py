"""A Qdrant server's store: the contract over Qdrant's own local mode, and over a server if any."""

import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.rag.store.contract import Opener
from tests.rag.store.points_contract import PointsContract

from sprat.errors import DocumentError, UsageError
from sprat.rag.store import open_store

qdrant_client = pytest.importorskip("qdrant_client")


@pytest.mark.filterwarnings("ignore:Payload indexes have no effect")
class TestLocalMode(PointsContract):
    """The contract over the client's own stand-in for a server, which shares its interface."""

    @pytest.fixture
    def opener(self) -> Opener:
        from sprat.rag.store.points import PointStore
        from sprat.rag.store.qdrant import ServerPoints

        client = qdrant_client.QdrantClient(":memory:", force_disable_check_same_thread=True)
        turns = threading.Lock()

        class Kept:
            """A server goes on when a client leaves; and takes requests of many at once."""

            def __getattr__(self, name):
                if name == "close":
                    return lambda: None
                found = getattr(client, name)

                def call(*args, **more):
                    with turns:
                        return found(*args, **more)

                return call

        def opened(*, create=False, embedder="tiny", dimensions=4):
            points = ServerPoints(Kept(), "sprat", "http://local/sprat", create=create)
            return PointStore(points, create=create, embedder=embedder, dimensions=dimensions)

        return opened


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server's address, where there is one on this machine."""
    if (program := shutil.which("qdrant")) is None:
        pytest.skip("there is no qdrant in PATH")
    folder = tmp_path_factory.mktemp("qdrant")
    with socket.socket() as free, socket.socket() as other:
        free.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        port, grpc = free.getsockname()[1], other.getsockname()[1]
    told = {
        "QDRANT__SERVICE__HTTP_PORT": str(port),
        "QDRANT__SERVICE__GRPC_PORT": str(grpc),
        "QDRANT__SERVICE__HOST": "127.0.0.1",
        "QDRANT__STORAGE__STORAGE_PATH": str(folder / "storage"),
        "QDRANT__TELEMETRY_DISABLED": "true",
    }
    running = subprocess.Popen([program], cwd=folder, env={**os.environ, **told})
    url = f"http://127.0.0.1:{port}"
    for _ in range(100):
        try:
            urllib.request.urlopen(f"{url}/readyz", timeout=1)
            break
        except OSError:
            time.sleep(0.1)
    yield url
    running.terminate()
    running.wait(10)


class TestServer(PointsContract):
    """The contract over a real server."""

    @pytest.fixture
    def opener(self, server: str, tmp_path: Path) -> Opener:
        where = f"{server}/{tmp_path.name}"

        def opened(*, create=False, embedder="tiny", dimensions=4):
            return open_store(where, create=create, embedder=embedder, dimensions=dimensions)

        return opened


def test_a_server_that_is_not_there_is_said_in_one_line():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(DocumentError, match="does not answer") as caught:
        open_store(where)
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
@pytest.mark.parametrize(("status", "words"), [(401, "QDRANT_API_KEY"), (500, "answers 500")])
def test_a_server_that_refuses_is_said_in_one_line_and_the_key_is_not(
    monkeypatch: pytest.MonkeyPatch, status: int, words: str
):
    seen = list[str | None]()

    class Refuses(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.headers.get("api-key"))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"no\nno")

        def log_message(self, *_):
            pass

    monkeypatch.setenv("QDRANT_API_KEY", "sesame")
    with HTTPServer(("127.0.0.1", 0), Refuses) as refusing:
        threading.Thread(target=refusing.serve_forever, daemon=True).start()
        with pytest.raises(DocumentError, match=words) as caught:
            open_store(f"http://127.0.0.1:{refusing.server_port}")
        refusing.shutdown()
    assert seen == ["sesame"]
    assert "\n" not in str(caught.value)
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize(
    "where", ["http://", "http://h/a/b", "http://user:word@h/a", "http://h/a?b=c"]
)
def test_what_is_no_address_is_wrong_use(where: str):
    with pytest.raises(UsageError, match="QDRANT_API_KEY") as caught:
        open_store(where)
    assert "word" not in str(caught.value)


@pytest.mark.parametrize("where", ["http://127.0.0.1:1", "qdrant-edge:FOLDER"])
def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str
):
    monkeypatch.setitem(__import__("sys").modules, "qdrant_client", None)
    monkeypatch.setitem(__import__("sys").modules, "qdrant_edge", None)
    with pytest.raises(UsageError, match=r"pip install 'sprat\[qdrant\]'"):
        open_store(where.replace("FOLDER", str(tmp_path)), create=True)

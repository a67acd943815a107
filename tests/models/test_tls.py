"""Certificates: refused, trusted through pip's `cert`, or excused through `trusted-host`."""

import http.server
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from sprat.models.index import find_wheel
from sprat.models.pip_config import PipConfig
from sprat.models.web import BeyondUs, Web

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="makes its certificate with the openssl command"
)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        pass


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1, its key in the same file."""
    file = tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-keyout", str(tmp_path / "key.pem"), "-out", str(file),
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_text(file.read_text() + (tmp_path / "key.pem").read_text())
    return file


@pytest.fixture
def index(certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an index behind that certificate."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    page = tmp_path / "www" / "simple" / "toy" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text('<a href="toy-1.0-py3-none-any.whl">toy-1.0-py3-none-any.whl</a>')
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    handler = partial(Quiet, directory=str(tmp_path / "www"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # a client that refuses us is what we are here for
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}/simple"
        server.shutdown()
        thread.join()


def test_a_certificate_that_nobody_vouches_for_is_refused_by_name(index: str):
    with pytest.raises(BeyondUs, match=r"127\.0\.0\.1:\d+ shows a certificate that is not trusted"):
        find_wheel(Web(PipConfig(index_url=index)), "toy", "1.0")


def test_the_certificate_of_pips_configuration_is_trusted(index: str, certificate: Path):
    config = PipConfig(index_url=index, cert=str(certificate))
    assert find_wheel(Web(config), "toy", "1.0").url.startswith(index)


@pytest.mark.parametrize("named", ["127.0.0.1", "with the port"])
def test_a_trusted_host_is_not_checked(index: str, named: str):
    host = named if named[0].isdigit() else index.split("/")[2]
    config = PipConfig(index_url=index, trusted_hosts=(host,))
    assert find_wheel(Web(config), "toy", "1.0").url.startswith(index)

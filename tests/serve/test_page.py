"""The page at `/`, as it is sent: whole, alone in its process, kept where it may be."""

import gzip
import hashlib
import re
import webbrowser
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.serve.policies import made, policed
from tests.serve.running import At, gateway, serving
from tests.serve.test_web_files import got

from sprat.cli import serve as command
from sprat.errors import SpratError
from sprat.policies.file import read_policy
from sprat.policies.spec import Side
from sprat.serve.page.built import Built, takes_gzip
from sprat.serve.routes import ROUTES

PAGE = Path(__file__).parents[2] / "src" / "sprat" / "page"
FILES = [path.relative_to(PAGE).as_posix() for path in sorted(PAGE.rglob("*")) if path.is_file()]
ALONE = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
}
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; "
    "connect-src 'self'; style-src 'self'; img-src 'self' data:; manifest-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
KEY = "a-key-of-more-than-16-characters"


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[At]:
    async with gateway(serving(tmp_path)) as found:
        yield found


async def test_every_file_of_the_page_is_sent_as_it_was_built(at: At):
    assert len(FILES) > 10
    for name in FILES:
        path = "/" if name == "index.html" else f"/{name.removesuffix('.gz')}"
        answer = await got(at, path, **{"Accept-Encoding": "identity"})
        built = (PAGE / name).read_bytes()
        assert answer.status == 200, name
        assert answer.body == (gzip.decompress(built) if name.endswith(".gz") else built)
        assert {key: answer.headers[key] for key in ALONE} == ALONE
        assert answer.headers["Content-Security-Policy"] == POLICY
        kept = "immutable" in answer.headers["Cache-Control"]
        assert kept == name.startswith("assets/"), name
        assert "octet-stream" not in answer.headers["Content-Type"]


async def test_the_runtime_is_sent_packed_to_those_who_take_it(at: At):
    name = next(name for name in FILES if name.endswith(".wasm.gz"))
    path = f"/{name.removesuffix('.gz')}"
    async with at.client.get(at.url + path, headers={"Accept-Encoding": "br, gzip"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Content-Length"] == str((PAGE / name).stat().st_size)
        assert "Accept-Encoding" in answer.headers.getall("Vary")
        whole = hashlib.sha256(await answer.read()).hexdigest()
        packed = answer.headers["ETag"]
    assert whole == hashlib.sha256(gzip.decompress((PAGE / name).read_bytes())).hexdigest()
    assert (await got(at, path, **{"Accept-Encoding": "identity"})).headers["ETag"] != packed
    async with at.client.head(at.url + path, headers={"Accept-Encoding": "identity"}) as answer:
        assert int(answer.headers["Content-Length"]) > (PAGE / name).stat().st_size


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        (b"gzip", True), (b"br;q=1.0, GZIP;q=0.5", True), (b"*", True), (b"x-gzip", True),
        (b"gzip;q=0", False), (b"gzip; q=0.000", False), (b"br", False), (b"", False),
        (None, False),
    ],
)  # fmt: skip
def test_who_takes_gzip(accepted: bytes | None, takes: bool):
    assert takes_gzip(accepted) is takes


async def test_what_was_not_built_is_not_there(at: At):
    for path in ("/assets/none.js", "/assets/..%2Findex.html", "/assets/", "/index.html"):
        assert (await got(at, path)).status == 404, path


async def test_an_unchanged_page_is_not_sent_again(at: At):
    for path in ("/", "/sw.js"):
        first = await got(at, path)
        assert first.headers["Cache-Control"] == "no-cache"
        assert (await got(at, path, **{"If-None-Match": first.headers["ETag"]})).status == 304


async def test_only_the_page_is_alone_in_its_process(at: At):
    page = {"/", "/sw.js", "/assets/{file}"}
    for route in ROUTES:
        if route.method == "GET" and route.path not in page:
            answer = await got(at, re.sub(r"\{[a-z]+\}", "none", route.path))
            assert "Cross-Origin-Opener-Policy" not in answer.headers, route.path
            assert "Cross-Origin-Embedder-Policy" not in answer.headers, route.path


async def test_the_page_tells_nothing_and_needs_no_key(tmp_path: Path):
    async with gateway(serving(tmp_path, key=KEY)) as at:
        for name in ("/", "/sw.js", f"/{next(n for n in FILES if n.endswith('.css'))}"):
            answer = await got(at, name)
            assert answer.status == 200
            assert b"echo" not in answer.body
        assert (await got(at, "/api/web/models")).status == 401


def test_a_page_that_was_not_built_says_how(tmp_path: Path):
    with pytest.raises(SpratError, match="make page"):
        Built.read(tmp_path)


async def test_a_policy_s_file_comes_byte_for_byte_unless_it_names_a_file_here(tmp_path: Path):
    sides = {"small": Side(model="smollm2-135m"), "large": Side(model="qwen2.5-coder-0.5b")}
    plain = made(tmp_path, name="plain", **sides)
    async with policed(tmp_path, made(tmp_path), plain) as at:
        whole, own = [await got(at, f"/api/policies/{name}") for name in ("policy:plain", "good")]
        kept = at.gateway.policies.files.file(at.gateway.names.find("policy:plain"))
    assert (whole.status, whole.body) == (200, kept.read_bytes())
    assert read_policy(kept).sha256 == whole.json["sha256"]
    assert own.status == 404
    assert "for this gateway alone" in own.json["error"]["message"]
    assert str(tmp_path) not in own.body.decode()


def test_the_page_is_opened_by_the_address_that_was_bound(monkeypatch: pytest.MonkeyPatch):
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda page: not opened.append(page))
    thread = command._open("http://127.0.0.1:5273/")
    thread.join(10)
    assert opened == ["http://127.0.0.1:5273/"]
